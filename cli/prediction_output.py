"""Predictions as CSV, as JSON, as tab-separated lines, and as a table in a terminal."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bertplay.cli.printable import figure, one_line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DECIMALS = 6
_CLASS_WIDTH, _TEXT_WIDTH, _MOST_COLUMNS = 12, 30, 8


@dataclass(frozen=True, eq=False)
class Predictions:
    """Class probabilities of N rows.

    Attributes:
        heading: what the names are, "id" or "text".
        names: N ids or texts.
        classes: C class names.
        probabilities: `[N, C]`.
    """

    heading: str
    names: tuple[str, ...]
    classes: tuple[str, ...]
    probabilities: NDArray[np.float64]

    def labels(self) -> list[str]:
        """The likeliest class of each row."""
        return [self.classes[best] for best in self.probabilities.argmax(axis=1)]

    def table(self) -> list[Sequence[object]]:
        """Headings and rows: name, label, confidence, each class's probability."""
        rows: list[Sequence[object]] = [[self.heading, "label", "confidence", *self.classes]]
        for name, label, shares in self._rows():
            figures = (figure(share, _DECIMALS) for share in (shares.max(), *shares))
            rows.append([name, label, *figures])
        return rows

    def json_text(self) -> str:
        """A JSON list with one object a row."""
        rows = [
            {
                self.heading: name,
                "label": label,
                "confidence": round(float(shares.max()), _DECIMALS),
                "probabilities": {
                    name: round(float(share), _DECIMALS)
                    for name, share in zip(self.classes, shares, strict=True)
                },
            }
            for name, label, shares in self._rows()
        ]
        return json.dumps(rows, indent=2, ensure_ascii=False)

    def print_table(self) -> None:
        """Print a table; of classes that do not fit in the width, the next likeliest of a row."""
        from rich.table import Table
        from rich.text import Text

        from bertplay.cli.result_tables import quiet_console

        console = quiet_console()
        classes = [one_line(name, _CLASS_WIDTH) for name in self.classes]
        width = _TEXT_WIDTH + 14 + sum(max(len(name), 5) + 2 for name in [*classes, *classes[:1]])
        in_columns = len(classes) <= _MOST_COLUMNS and width <= console.width
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column(self.heading, overflow="fold")
        table.add_column("label", style="bold")
        table.add_column("confidence", justify="right")
        for name in classes if in_columns else ["then"]:
            table.add_column(name, justify="right" if in_columns else "left")
        for name, label, shares in self._rows():
            next_two = sorted(zip(shares, classes, strict=True), reverse=True)[1:3]
            cells = [figure(share) for share in shares]
            if not in_columns:
                cells = [", ".join(f"{name} {figure(share)}" for share, name in next_two)]
            table.add_row(Text(one_line(name)), one_line(label), figure(shares.max()), *cells)
        console.print(table)

    def _rows(self) -> Iterator[tuple[str, str, NDArray[np.float64]]]:
        return zip(self.names, self.labels(), self.probabilities, strict=True)


def csv_text(table: Sequence[Sequence[object]]) -> str:
    """A table as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(table)
    return text.getvalue()


def tab_separated(table: Sequence[Sequence[object]]) -> str:
    """A table as one line a row, for `cut` and `awk`; tabs and line breaks in cells are spaces."""
    lines = ("\t".join(one_line(str(cell)) for cell in row) for row in table)
    return "\n".join(lines) + "\n"
