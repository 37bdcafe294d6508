"""Predictions as CSV, as JSON, as tab-separated lines, and as a table in a terminal."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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

    def notes(self) -> list[str]:
        """What a reader must know besides the table: one line for the rule, one for abstention."""
        rows, notes = len(self.decided), []
        if self.decided.rule != LIKELIEST:
            unlikely = int(self.decided.unlikely.sum())
            notes.append(
                f"labels are decided for {self.decided.rule}: {unlikely:,} of {rows:,} "
                f"{'is' if unlikely == 1 else 'are'} not the likeliest class (--raw leaves this "
                "out)"
            )
        if self.decided.answered is not None:
            left = rows - int(self.decided.answered.sum())
            notes.append(
                f"abstained from {left:,} of {rows:,}, of too little confidence for the target "
                "accuracy"
            )
        return notes

    def table(self) -> list[Sequence[object]]:
        """Headings and rows: name, label, confidence, what was decided, the probabilities."""
        rows: list[Sequence[object]] = []
        more: list[str] = []
        for row in self._rows():
            more = list(row.more)
            figures = [figure(share, _DECIMALS) for share in (row.confidence, *row.shares)]
            rows.append([row.name, row.label, figures[0], *_cells(row.more), *figures[1:]])
        return [[self.heading, "label", "confidence", *more, *self.classes], *rows]

    def json_text(self) -> str:
        """A JSON list with one object a row."""
        rows = [
            {
                self.heading: row.name,
                "label": row.label,
                "confidence": round(row.confidence, _DECIMALS),
                **row.more,
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
        rows = list(self._rows())
        for name in rows[0].more if rows else ():
            table.add_column(name.replace("_", " "))
        for name in classes if in_columns else ["then"]:
            table.add_column(name, justify="right" if in_columns else "left")
        for row in rows:
            others = sorted(zip(row.shares, classes, self.classes, strict=True), reverse=True)
            next_two = [other for other in others if other[2] != row.label][:2]
            cells = [figure(share) for share in row.shares]
            if not in_columns:
                cells = [", ".join(f"{name} {figure(share)}" for share, name, _ in next_two)]
            more = [one_line(cell) for cell in _cells(row.more)]
            label = one_line(row.label)
            table.add_row(Text(one_line(row.name)), label, figure(row.confidence), *more, *cells)
        console.print(table)

    def _rows(self) -> Iterator[_Row]:
        found = self.decided
        for row, (name, label, confidence, shares) in enumerate(
            zip(
                self.names,
                found.labels.tolist(),
                found.confidence.tolist(),
                found.probabilities.tolist(),
                strict=True,
            )
        ):
            yield _Row(name, self.classes[label], confidence, self._more(row), shares)

    def _more(self, row: int) -> dict[str, Any]:
        """What else was decided of a row, by the name of its column."""
        found, more = self.decided, dict[str, Any]()
        if found.rule != LIKELIEST:
            more["decided_by"] = found.rule if found.unlikely[row] else LIKELIEST
        if found.answered is not None:
            more["abstained"] = not found.answered[row]
        if found.sets is not None:
            more["set"] = list(found.plausible(row, self.classes) or ())
        return more


@dataclass(frozen=True)
class _Row:
    """A row of the output."""

    name: str
    label: str
    confidence: float
    more: dict[str, Any]
    shares: list[float]


def _cells(more: dict[str, Any]) -> list[str]:
    """As a table has them: yes or no, and the classes of a set with bars between."""
    return [
        "|".join(value) if isinstance(value, list) else {True: "yes", False: "no"}.get(value, value)
        for value in more.values()
    ]


def csv_text(table: Sequence[Sequence[object]]) -> str:
    """A table as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(table)
    return text.getvalue()


def tab_separated(table: Sequence[Sequence[object]]) -> str:
    """A table as one line a row, for `cut` and `awk`; tabs and line breaks in cells are spaces."""
    lines = ("\t".join(one_line(str(cell)) for cell in row) for row in table)
    return "\n".join(lines) + "\n"
