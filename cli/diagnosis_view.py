"""What `bertplay diagnose` found, in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bertplay.cli.check_lines import fired_lines
from bertplay.cli.printable import figure, one_line, percent
from bertplay.cli.result_tables import plain_table, print_result, warn

_NAME_WIDTH = 24
_MOST_CLASSES = 20
_MOST_SLICES = 5
_MOST_ROWS = 5
_COVERAGES = (0.5, 0.8, 0.9)


def print_diagnosis(console: Console, result: Mapping[str, Any]) -> None:
    """Print findings, tables and what to do next.

    Args:
        console: where to.
        result: what `--json` prints.
    """
    for sentence in result["findings"]:
        console.print(one_line(sentence))
    console.print()
    if "tasks" in result:
        for name, figures in result["tasks"].items():
            console.print(Text(f"Task {one_line(name, _NAME_WIDTH)}", "bold"))
            _print_figures(console, figures)
        for line in fired_lines(result):
            warn(console, line)
    else:
        print_result(console, result, result["baseline"], fired_lines(result))
        console.print()
        _print_figures(console, result)
    steps = "; ".join(one_line(step) for step in result["next_steps"])
    console.print(Text.assemble(("Next: ", "bold"), f"{steps}."))
    console.print(f"Written to {one_line(str(result['page']))}")


def _print_figures(console: Console, figures: Mapping[str, Any]) -> None:
    tables = [
        _confidence(figures),
        _numbers(figures),
        _ranking(figures),
        _loss(figures),
        _label_errors(figures),
        _slices(figures),
    ]
    for heading, table in filter(None, tables):
        console.print(Text(heading, "dim"))
        console.print(table)
        console.print()


Found: TypeAlias = "tuple[str, Table] | None"


def _confidence(figures: Mapping[str, Any]) -> Found:
    if "calibration" not in figures:
        return None
    of = figures["calibration"]
    table = plain_table("", "value")
    names = {
        "expected calibration error": "ece",
        "adaptive calibration error": "adaptive_ece",
        "Brier score": "brier",
        "  reliability, adds": "reliability",
        "  resolution, takes away": "resolution",
        "  uncertainty, adds": "uncertainty",
    }
    for name, key in names.items():
        table.add_row(name, figure(of[key]))
    if "coverage" in figures:
        curve = figures["coverage"]
        points = list(zip(curve["coverage"], curve["accuracy"], strict=True))
        for coverage in _COVERAGES:
            accuracy = next(accuracy for share, accuracy in points if share >= coverage - 1e-12)
            table.add_row(f"accuracy of the surest {percent(coverage, 0)}", figure(accuracy))
    return "How far probabilities can be trusted", table


def _numbers(figures: Mapping[str, Any]) -> Found:
    if "ranges" not in figures:
        return None
    table = plain_table("label", "mean error", "mean absolute error", "rows")
    for of in figures["ranges"]:
        table.add_row(
            f"{of['low']:.3g} to {of['high']:.3g}",
            f"{of['mean_error']:+.3g}",
            f"{of['mean_absolute_error']:.3g}",
            f"{of['rows']:,}",
        )
    return "Errors, prediction minus label, by the label", table


def _ranking(figures: Mapping[str, Any]) -> Found:
    curves = figures.get("ranking", [])
    if not curves:
        return None
    shown = sorted(curves, key=lambda of: of["roc_area"])[:_MOST_CLASSES]
    heading = "Each class against all others, whatever the threshold, the lowest first"
    headings = "ROC area", "avg. precision", "share", "best threshold", "F1 there"
    table = plain_table("class", *headings)
    for of in shown:
        best = of["by_threshold"]
        table.add_row(
            one_line(of["name"], _NAME_WIDTH),
            figure(of["roc_area"]),
            figure(of["average_precision"]),
            percent(of["share"]),
            figure(best["best"]),
            figure(best["best_f1"]),
        )
    return heading, table


def _loss(figures: Mapping[str, Any]) -> Found:
    shares = figures.get("loss_shares")
    if shares is None:
        return None
    name = one_line(shares["name"], _NAME_WIDTH)
    table = plain_table("", "rows", "gradient of ce", f"of {name}", "loss of ce", f"of {name}")
    groups: Sequence[Mapping[str, Any]] = shares["by_class"]
    if len(groups) > _MOST_CLASSES:
        groups = sorted(groups, key=lambda of: -abs(of["gradient"] - of["plain_gradient"]))
    lines = [
        *((one_line(of["group"], _NAME_WIDTH), of) for of in groups[:_MOST_CLASSES]),
        *((f"probability {of['group']}", of) for of in shares["by_difficulty"]),
    ]
    for label, of in lines:
        table.add_row(
            label,
            percent(of["rows"]),
            percent(of["plain_gradient"]),
            Text(percent(of["gradient"]), "bold"),
            percent(of["plain_loss"]),
            "-" if of["loss"] is None else percent(of["loss"]),
        )
    return f"Where {name} looks, beside cross-entropy (ce), by class and by difficulty", table


def _label_errors(figures: Mapping[str, Any]) -> Found:
    doubted = figures.get("label_errors", {}).get("doubted", [])
    if not doubted:
        return None
    table = plain_table("row", "label", "looks like", "by")
    table.columns[1].justify = table.columns[2].justify = "left"
    for of in doubted[:_MOST_ROWS]:
        table.add_row(
            one_line(of["id"], _NAME_WIDTH),
            one_line(of["label"], _NAME_WIDTH),
            one_line(of["suggested"], _NAME_WIDTH),
            figure(of["margin"]),
        )
    count = f"{len(doubted):,} label is" if len(doubted) == 1 else f"{len(doubted):,} labels are"
    return f"{count} doubted by confident learning, the most suspicious first", table


def _slices(figures: Mapping[str, Any]) -> Found:
    groups = figures.get("slices", [])
    if not groups:
        return None
    measure = "accuracy" if "accuracy" in groups[0] else "mean_absolute_error"
    table = plain_table("worst groups", "value", measure.replace("_", " "), "rows", "adjusted p")
    table.columns[1].justify = "left"
    for of in groups[:_MOST_SLICES]:
        table.add_row(
            one_line(of["column"], _NAME_WIDTH),
            one_line(of["value"], _NAME_WIDTH),
            figure(of[measure]),
            f"{of['rows']:,}",
            figure(of["adjusted_p"]),
        )
    return f"The worst of {len(groups)} groups of rows", table
