"""The figures of an evaluation as tables: overall beside the baseline, by class, confusions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bertplay.cli.printable import figure, one_line, percent

_PLAIN_WIDTH = 100
_NAME_WIDTH = 24
_HEADING_WIDTH = 12
_LARGEST_CONFUSIONS = 10
_MOST_CLASSES = 20

_OVERALL = {
    "accuracy": "accuracy",
    "balanced accuracy": "balanced_accuracy",
    "macro-F1": "macro_f1",
    "mean confidence": "mean_confidence",
    "expected calibration error": "ece",
    "log loss (nats)": "log_loss",
}
_OF_BASELINE = {
    "accuracy": "majority_accuracy",
    "balanced_accuracy": "balanced_accuracy",
    "macro_f1": "macro_f1",
}


def quiet_console(**settings: Any) -> Console:
    """A console that takes texts literally, as users' texts may hold what rich reads as markup."""
    return Console(markup=False, highlight=False, emoji=False, **settings)


def result_console(stream: TextIO) -> Console:
    """A console on a terminal, or one that writes plain text of a fixed width elsewhere."""
    if stream.isatty():
        return quiet_console(file=stream)
    # Said outright, as a variable such as FORCE_COLOR makes rich take a file for a terminal.
    return quiet_console(
        file=stream, width=_PLAIN_WIDTH, color_system=None, force_terminal=False, no_color=True
    )


def print_result(
    console: Console,
    metrics: Mapping[str, Any],
    baseline: Mapping[str, Any],
    lines: Sequence[str] = (),
) -> None:
    """Print everything that an evaluation found.

    Args:
        console: where to.
        metrics: as `bertplay.metrics.Metrics.as_dict` gives them.
        baseline: as `bertplay.metrics.majority_baseline` gives it.
        lines: of the checks that fired.
    """
    console.print(_overall(metrics, baseline))
    console.print()
    _print_classes(console, metrics["per_class"])
    console.print()
    _print_confusions(console, list(metrics["per_class"]), metrics["confusion_matrix"])
    warnings = list(lines)
    if metrics["accuracy"] <= baseline["majority_accuracy"]:
        majority = one_line(str(baseline["majority_class"]), _NAME_WIDTH)
        warnings.insert(0, f"The accuracy does not beat always answering {majority!r}.")
    if warnings:
        console.print()
    for message in warnings:
        warn(console, message)


def warn(console: Console, message: str) -> None:
    """Print a warning that stands out."""
    console.print(Text.assemble(("Warning: ", "bold yellow"), one_line(message)))


def _overall(metrics: Mapping[str, Any], baseline: Mapping[str, Any]) -> Table:
    majority = one_line(str(baseline["majority_class"]), _HEADING_WIDTH)
    table = plain_table("", "model", f"always {majority}")
    for name, key in _OVERALL.items():
        compared = baseline.get(_OF_BASELINE.get(key, ""))
        table.add_row(
            name,
            Text(figure(metrics[key]), style="bold"),
            "" if compared is None else figure(compared),
        )
    return table


def _print_classes(console: Console, per_class: Mapping[str, Mapping[str, Any]]) -> None:
    shown = list(per_class.items())
    if len(shown) > _MOST_CLASSES:
        shown = sorted(shown, key=lambda item: item[1]["f1"] or 0)[:_MOST_CLASSES]
        note = f"The {_MOST_CLASSES} of {len(per_class)} classes with the lowest F1"
        console.print(Text(f"{note} (--json has all of them)", "dim"))
    table = plain_table("class", "precision", "recall", "F1", "rows")
    for name, figures in shown:
        table.add_row(
            one_line(name, _NAME_WIDTH),
            *(figure(figures[key]) for key in ("precision", "recall", "f1")),
            f"{figures['support']:,}",
        )
    console.print(table)


def _print_confusions(
    console: Console, classes: Sequence[str], matrix: Sequence[Sequence[int]]
) -> None:
    names = [one_line(name, _NAME_WIDTH) for name in classes]
    table = _confusion_matrix(names, matrix)
    if _width(console, table) <= console.width:
        console.print(Text("Confusion matrix (rows: true class, columns: predicted)", "dim"))
        console.print(table)
        return
    if not any(count for i, row in enumerate(matrix) for j, count in enumerate(row) if i != j):
        console.print(Text("No row was taken for another class", "dim"))
        return
    console.print(Text("Most frequent confusions (--json has all of them)", "dim"))
    console.print(_largest_confusions(names, matrix))


def _width(console: Console, table: Table) -> int:
    """Columns that a table takes where nothing limits it."""
    return console.measure(table, options=console.options.update(width=10_000)).maximum


def _confusion_matrix(names: Sequence[str], matrix: Sequence[Sequence[int]]) -> Table:
    table = plain_table("", *(one_line(name, _HEADING_WIDTH) for name in names))
    for column in table.columns:
        column.no_wrap = True
    for number, (name, row) in enumerate(zip(names, matrix, strict=True)):
        cells = [
            Text(
                f"{count:,} {_row_share(count, row):>4}",
                "bold" if place == number else "" if count else "dim",
            )
            for place, count in enumerate(row)
        ]
        table.add_row(name, *cells)
    return table


def _largest_confusions(names: Sequence[str], matrix: Sequence[Sequence[int]]) -> Table:
    wrong = [
        (count, true, predicted)
        for true, row in enumerate(matrix)
        for predicted, count in enumerate(row)
        if count and true != predicted
    ]
    table = plain_table("true", "predicted", "rows", "of the class")
    table.columns[1].justify = "left"
    for count, true, predicted in sorted(wrong, key=lambda w: -w[0])[:_LARGEST_CONFUSIONS]:
        table.add_row(names[true], names[predicted], f"{count:,}", _row_share(count, matrix[true]))
    return table


def _row_share(count: int, row: Sequence[int]) -> str:
    return percent(count / sum(row), 0) if sum(row) else "-"


def plain_table(first: str, *headings: str) -> Table:
    """A table without lines: a first column of names, then columns of figures."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(first)
    for heading in headings:
        table.add_column(heading, justify="right")
    return table
