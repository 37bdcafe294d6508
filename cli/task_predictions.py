"""Predictions of several tasks as CSV, as JSON, and as a table in a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bertplay.cli.printable import figure, one_line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bertplay.multi_task.task import LabelColumn

_DECIMALS = 6


@dataclass(frozen=True, eq=False)
class TaskPredictions:
    """What several heads say about N rows.

    Attributes:
        heading: what the names are, "id" or "text".
        names: N ids or texts.
        columns: what was predicted.
        outputs: task to `[N, C]` probabilities, or to `[N]` numbers.
    """

    heading: str
    names: tuple[str, ...]
    columns: tuple[LabelColumn, ...]
    outputs: Mapping[str, NDArray[np.float64]]

    def table(self) -> list[Sequence[object]]:
        """Headings and rows: name; of each task the prediction and each class's probability."""
        from bertplay.multi_task.predictions import prediction_table

        return list(prediction_table(self.heading, self.names, self.columns, self.outputs))

    def json_text(self) -> str:
        """A JSON list with one object a row, which has one for each task."""
        rows = [
            {self.heading: name, **{c.name: self._task(c, row) for c in self.columns}}
            for row, name in enumerate(self.names)
        ]
        return json.dumps(rows, indent=2, ensure_ascii=False)

    def print_table(self) -> None:
        """Print a table in the terminal: a line for each task of each row."""
        from rich.table import Table
        from rich.text import Text

        from bertplay.cli.result_tables import quiet_console

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column(self.heading, overflow="fold")
        table.add_column("task")
        table.add_column("prediction", style="bold")
        table.add_column("confidence", justify="right")
        for row, name in enumerate(self.names):
            for place, column in enumerate(self.columns):
                found = self._task(column, row)
                prediction = found["prediction"]
                if isinstance(prediction, list):
                    prediction = ", ".join(prediction) or "none"
                shown = figure(prediction) if isinstance(prediction, float) else str(prediction)
                table.add_row(
                    Text(one_line(name) if place == 0 else ""),
                    one_line(column.name),
                    one_line(shown),
                    figure(found["confidence"]) if "confidence" in found else "",
                )
        quiet_console().print(table)

    def _task(self, column: LabelColumn, row: int) -> dict[str, Any]:
        from bertplay.multi_task.answers import answer

        shares = self.outputs[column.name][row]
        prediction = answer(shares, column)
        if column.kind == "regression":
            return {"prediction": round(float(shares), _DECIMALS)}
        found: dict[str, Any] = {"prediction": prediction}
        if column.kind == "single_label":
            found["confidence"] = round(float(shares.max()), _DECIMALS)
        rounded = [round(float(share), _DECIMALS) for share in shares]
        return {**found, "probabilities": dict(zip(column.classes, rounded, strict=True))}
