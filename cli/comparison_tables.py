"""A comparison in a terminal: the figures that matter most, and all that can be said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bertplay.cli.printable import one_line
from bertplay.comparison.design import design_of, families
from bertplay.comparison.figures import FIGURES, Figure
from bertplay.comparison.page import shown_difference
from bertplay.comparison.paired import stored_difference
from bertplay.report.wording import megabytes

# Four have room in 80 columns; compare.md has all.
_SHOWN = tuple(
    figure
    for key in ("macro_f1", "rare_recall", "accuracy", "ece")
    for figure in FIGURES
    if figure.key == key
)


def print_comparison(facts: Mapping[str, Any], console: Console) -> None:
    """Print it.

    Args:
        facts: as compare.json has them.
        console: of the terminal, from `bertplay.cli.result_tables.quiet_console`.
    """
    design, rare, reference = design_of(facts), facts["rare"], facts["reference"]
    console.print(Text(one_line(design.title), "bold"))
    console.print(
        f"{one_line(facts['source'])}, {facts['train_rows']:,} training rows, figures of "
        f"{facts['evaluated_rows']:,} rows; backbone {one_line(facts['backbone'])}"
    )
    console.print()
    console.print(_figures(facts, rare))
    if facts.get("encoders"):
        console.print()
        console.print(_encoders(facts))
    console.print(Text(f"\nDifferences to {one_line(reference)}", "bold"))
    console.print(
        f"{design.pairs}; {one_line(families(rare))}. In points, with 95% intervals; * found: "
        f"p below .05 after Holm's correction, and an interval without 0."
    )
    console.print()
    console.print(_differences(facts, rare))
    console.print(Text("\nWhat can be said", "bold"))
    for sentence in facts["conclusions"]:
        console.print(f"- {one_line(sentence)}")
    console.print(Text(one_line(" ".join(facts["limits"])), "dim"))
    console.print(Text("\nRecommendation", "bold"))
    console.print(one_line(facts["recommendation"]))
    console.print()


def _figures(facts: Mapping[str, Any], rare: str) -> Table:
    rows = []
    for name, method in facts["methods"].items():
        means = [Text(f"{method['figures'][figure.key]['mean']:.3f}") for figure in _SHOWN]
        rows.append([Text(one_line(name)), *means, Text(f"{method['seconds']:.1f}")])
    return _table(["method", *_titles(rare), "seconds"], rows)


def _encoders(facts: Mapping[str, Any]) -> Table:
    rows = []
    for title, encoder in facts["encoders"].items():
        method = facts["methods"][title]
        cells = (
            one_line(title),
            f"{encoder['parameters'] / 1e6:.1f} M",
            f"{encoder['hidden_size']}",
            f"{encoder['layers']}",
            f"{method['rows_per_second']:,.0f}",
            f"{encoder['predicted_per_second']:,.0f}",
            megabytes(method["peak_bytes"]),
        )
        rows.append(list(map(Text, cells)))
    headings = ("encoder", "parameters", "hidden", "layers", "trained/s", "predicted/s", "memory")
    return _table(headings, rows)


def _differences(facts: Mapping[str, Any], rare: str) -> Table:
    rows = []
    for name, method in facts["methods"].items():
        if method["differences"] is not None:
            cells = [_difference(figure, method["differences"][figure.key]) for figure in _SHOWN]
            rows.append([Text(one_line(name)), *cells])
    return _table(["method", *_titles(rare)], rows)


def _difference(figure: Figure, values: Mapping[str, Any]) -> Text:
    """A difference above its interval."""
    found = stored_difference(values).found
    mean, interval_and_p = shown_difference(figure, values)
    interval, _, _ = interval_and_p.rpartition(", p ")
    return Text.assemble(
        (f"{mean}*" if found else mean, "bold" if found else ""), "\n", (interval, "dim")
    )


def _titles(rare: str) -> list[str]:
    return [one_line(figure.title(rare)) for figure in _SHOWN]


def _table(headings: Sequence[str], rows: Sequence[Sequence[Text]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table
