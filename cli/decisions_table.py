"""What was fitted on the validation rows after training, and what it is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bertplay.cli.printable import figure, one_line
from bertplay.cli.result_tables import plain_table

_FIGURES = {
    "accuracy": "accuracy",
    "expected calibration error": "ece",
    "adaptive calibration error": "adaptive_ece",
    "Brier score": "brier",
    "log loss (nats)": "log_loss",
}
_RULE_FIGURES = {
    "accuracy": "accuracy",
    "balanced accuracy": "balanced_accuracy",
    "macro-F1": "macro_f1",
    "recall": "recall",
    "precision": "precision",
    "mean cost": "cost",
}
_ANSWERS = {"answered": "coverage", "right of them": "accuracy"}
_SETS = {"coverage": "coverage", "classes in a set": "mean_size", "sets of one class": "single"}
_LEGEND = "After it, each validation row is judged by what the other rows gave"
_RULE_LEGEND = "Fitted rows flatter a rule: the second column decides each by what the others gave"
_OWN = "the probabilities are the network's own"
_NAME_WIDTH, _MOST_CLASSES = 24, 8


def print_decisions(console: Console, facts: Mapping[str, Any]) -> None:
    """Print what was fitted, and the figures before and after.

    Args:
        console: where to.
        facts: under `decisions` in summary.json.
    """
    calibration = facts["calibration"]
    console.print(Text(f"Calibration: {calibration_text(calibration)}", "bold"))
    if "after" in facts and "reason" not in calibration and calibration["method"] != "none":
        columns = {"before": facts["before"], "after": facts["after"]}
        columns |= _of_test(facts.get("test", {}))
        console.print(Text(_LEGEND, "dim"))
        console.print(_table(_FIGURES, columns))
    if "rule" in facts:
        _print_rule(console, facts["rule"], facts["classes"])
    for key, heading, text, names in (
        ("abstention", "Abstention", abstention_text, _ANSWERS),
        ("sets", "Prediction sets", sets_text, _SETS),
    ):
        if key in facts:
            console.print()
            console.print(Text(f"{heading}: {one_line(text(facts))}", "bold"))
            titles = {"after": "other rows", "in_sample": "fitted rows", "test": "test rows"}
            part = facts[key]
            columns = {title: part[when] for when, title in titles.items() if when in part}
            console.print(_table(names, columns))


def _print_rule(console: Console, rule: Mapping[str, Any], classes: Sequence[str]) -> None:
    console.print()
    console.print(Text(f"Decision rule: {one_line(rule_text(rule, classes))}", "bold"))
    if "reason" in rule:
        return
    columns = {
        "likeliest": rule["before"],
        rule["aim"]: rule["after"],
        "fitted rows": rule["in_sample"],
        **_of_test(rule.get("test", {})),
    }
    console.print(Text(_RULE_LEGEND, "dim"))
    console.print(_table(_RULE_FIGURES, columns))


def _of_test(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{when}, test rows": of for when, of in figures.items()}


def _table(names: Mapping[str, str], columns: Mapping[str, Mapping[str, Any]]) -> Table:
    table = plain_table("", *columns)
    shown = next(iter(columns.values()))
    for title, key in names.items():
        if key in shown:
            table.add_row(title, *(figure(figures[key]) for figures in columns.values()))
    return table


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


def rule_text(rule: Mapping[str, Any], classes: Sequence[str]) -> str:
    """What a decision rule is, in a few words."""
    if "reason" in rule:
        return f"the likeliest class, as {rule['reason']}"
    if "costs" in rule:
        return "the class of the least expected cost"
    if len(classes) == 2:
        threshold = figure(rule["weights"][0])
        return f"{rule['aim']}, {classes[1]!r} from a probability of {threshold} on"
    weights = [
        f"{one_line(name, _NAME_WIDTH)} {figure(weight)}"
        for name, weight in zip(classes, rule["weights"], strict=True)
    ]
    more = ", ..." if len(weights) > _MOST_CLASSES else ""
    return f"{rule['aim']}, probabilities times {', '.join(weights[:_MOST_CLASSES])}{more}"


def abstention_text(facts: Mapping[str, Any]) -> str:
    """What an abstention is, in a few words."""
    abstention = facts["abstention"]
    if "reason" in abstention:
        return f"none, as {abstention['reason']}"
    return (
        f"below a confidence of {figure(abstention['threshold'])}, so that "
        f"{abstention['target_accuracy']:g} of the answers are right"
    )


def sets_text(facts: Mapping[str, Any]) -> str:
    """What prediction sets are to hold, and which classes have too few rows for that."""
    sets = facts["sets"]
    always = [
        one_line(name, _NAME_WIDTH)
        for name, threshold in zip(facts["classes"], sets["thresholds"], strict=True)
        if threshold == 0
    ]
    text = f"they hold {sets['coverage']:g} of each class's rows"
    if not always:
        return text
    more = ", ..." if len(always) > _MOST_CLASSES else ""
    return (
        f"{text}; of {', '.join(always[:_MOST_CLASSES])}{more} there are too few to leave it out "
        "of any"
    )
