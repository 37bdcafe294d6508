"""Predictions as CSV, as JSON, as tab-separated lines, and as a table in a terminal."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bertplay.cli.printable import figure, one_line
from bertplay.decisions.rules import LIKELIEST

if TYPE_CHECKING:
    from bertplay.decisions.decided import Decided

_DECIMALS = 6
_CLASS_WIDTH, _TEXT_WIDTH, _MOST_COLUMNS = 12, 30, 8


@dataclass(frozen=True, eq=False)
class Predictions:
    """What was decided of N rows.

    Attributes:
        heading: what the names are, "id" or "text".
        names: N ids or texts.
        classes: C class names.
        decided: of them.
    """

    heading: str
    names: tuple[str, ...]
    classes: tuple[str, ...]
    decided: Decided

    def rule_text(self) -> str:
        """Which rule decided, and of how many rows against the likeliest class; empty for none."""
        if not self._ruled:
            return ""
        rows, unlikely = len(self.decided), int(self.decided.unlikely.sum())
        return (
            f"labels are decided for {self.decided.rule}: {unlikely:,} of {rows:,} "
            f"{'is' if unlikely == 1 else 'are'} not the likeliest class (--raw leaves this out)"
        )

    def table(self) -> list[Sequence[object]]:
        """Headings and rows: name, label, confidence, what decided, each class's probability."""
        more = ["decided_by"] if self._ruled else []
        rows: list[Sequence[object]] = [
            [self.heading, "label", "confidence", *more, *self.classes],
        ]
        for row in self._rows():
            figures = [figure(share, _DECIMALS) for share in row.shares]
            by = [row.by] if self._ruled else []
            rows.append([row.name, row.label, figure(row.confidence, _DECIMALS), *by, *figures])
        return rows

    def json_text(self) -> str:
        """A JSON list with one object a row."""
        rows = [
            {
                self.heading: row.name,
                "label": row.label,
                "confidence": round(row.confidence, _DECIMALS),
                **({"decided_by": row.by} if self._ruled else {}),
                "probabilities": {
                    name: round(share, _DECIMALS)
                    for name, share in zip(self.classes, row.shares, strict=True)
                },
            }
            for row in self._rows()
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
        if self._ruled:
            table.add_column("decided by")
        for name in classes if in_columns else ["then"]:
            table.add_column(name, justify="right" if in_columns else "left")
        for row in self._rows():
            others = sorted(zip(row.shares, classes, self.classes, strict=True), reverse=True)
            next_two = [other for other in others if other[2] != row.label][:2]
            cells = [figure(share) for share in row.shares]
            if not in_columns:
                cells = [", ".join(f"{name} {figure(share)}" for share, name, _ in next_two)]
            by = [row.by] if self._ruled else []
            label = one_line(row.label)
            table.add_row(Text(one_line(row.name)), label, figure(row.confidence), *by, *cells)
        console.print(table)

    @property
    def _ruled(self) -> bool:
        """Whether a rule may give a row another class than the likeliest."""
        return self.decided.rule != LIKELIEST

    def _rows(self) -> Iterator[_Row]:
        found = self.decided
        for name, label, confidence, unlikely, shares in zip(
            self.names,
            found.labels.tolist(),
            found.confidence.tolist(),
            found.unlikely.tolist(),
            found.probabilities.tolist(),
            strict=True,
        ):
            by = found.rule if unlikely else LIKELIEST
            yield _Row(name, self.classes[label], confidence, by, shares)


@dataclass(frozen=True)
class _Row:
    """A row of the output."""

    name: str
    label: str
    confidence: float
    by: str
    shares: list[float]


def csv_text(table: Sequence[Sequence[object]]) -> str:
    """A table as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(table)
    return text.getvalue()


def tab_separated(table: Sequence[Sequence[object]]) -> str:
    """A table as one line a row, for `cut` and `awk`; tabs and line breaks in cells are spaces."""
    lines = ("\t".join(one_line(str(cell)) for cell in row) for row in table)
    return "\n".join(lines) + "\n"
