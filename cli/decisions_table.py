"""What was fitted on the validation rows after training, and what it is worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from bertplay.cli.printable import figure
from bertplay.cli.result_tables import plain_table

_FIGURES = {
    "accuracy": "accuracy",
    "expected calibration error": "ece",
    "adaptive calibration error": "adaptive_ece",
    "Brier score": "brier",
    "log loss (nats)": "log_loss",
}
_LEGEND = "After it, each validation row is judged by what the other rows gave"
_OWN = "the probabilities are the network's own"


def print_decisions(console: Console, facts: Mapping[str, Any]) -> None:
    """Print a heading, and the figures before and after.

    Args:
        console: where to.
        facts: under `decisions` in summary.json.
    """
    calibration = facts["calibration"]
    console.print(Text(f"Calibration: {calibration_text(calibration)}", "bold"))
    if "after" not in facts or "reason" in calibration:
        return
    columns = {"before": facts["before"], "after": facts["after"]}
    for when, figures in facts.get("test", {}).items():
        columns[f"{when}, test rows"] = figures
    table = plain_table("", *columns)
    for title, key in _FIGURES.items():
        table.add_row(title, *(figure(figures[key]) for figures in columns.values()))
    console.print(Text(_LEGEND, "dim"))
    console.print(table)


def calibration_text(calibration: Mapping[str, Any]) -> str:
    """What a calibration is, in a few words."""
    method = calibration["method"]
    if method == "temperature":
        return f"temperature {figure(calibration['temperature'])}, which changes no label"
    if method == "vector":
        return "vector scaling, a factor and a shift for each class"
    if method == "isotonic":
        return f"isotonic, {len(calibration['margins'])} knots"
    return f"none, {calibration.get('reason', _OWN)}"
