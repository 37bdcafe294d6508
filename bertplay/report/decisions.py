"""What was fitted on the validation rows after training: calibration, rule, abstention, sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bertplay.diagnostics.confidence import ReliabilityBin
from bertplay.metrics import CALIBRATION_BINS
from bertplay.report.blocks import Block, Figures, Prose, Section, Table
from bertplay.report.confidence_figures import reliability_figure
from bertplay.report.figures_of_column import MOST_CLASSES
from bertplay.report.svg import Drawing, drawing
from bertplay.report.wording import figure, percent

_CALIBRATIONS = {
    "none": "The probabilities are the network's own.",
    "temperature": "The logits are divided by a temperature of {}, which changes no label.",
    "vector": "Each class's logit has a factor and a shift (vector scaling).",
    "isotonic": "The probability rises with the difference of the logits (isotonic).",
}
_FIGURES = {
    "accuracy": "accuracy",
    "ece": "expected calibration error",
    "adaptive_ece": "adaptive calibration error",
    "brier": "Brier score",
    "log_loss": "log loss (nats)",
}
_OF_RULE = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro-F1",
    "recall": "recall",
    "precision": "precision",
    "cost": "mean cost",
}


def decisions_section(summary: Mapping[str, Any]) -> tuple[Section, ...]:
    """What is kept with the model besides its weights, and what it is worth; nothing for none.

    Args:
        summary: of a run with a single label column.
    """
    facts = summary.get("decisions", {})
    if "after" not in facts:
        return ()
    blocks: list[Block] = [
        Prose(
            f"{_calibration_sentence(facts['calibration'])} All that follows is fitted on the "
            f"{facts['rows']:,} validation rows. After it, each of them is judged by what was "
            "fitted on four fifths that it is not in, so that the figures do not flatter."
        )
    ]
    if facts["calibration"]["method"] != "none":
        blocks += [
            Figures((_reliability(facts),)),
            _table("Probabilities before and after calibration", _FIGURES, _columns(facts)),
        ]
    if "rule" in facts:
        blocks += _rule(facts["rule"], facts["classes"])
    if "abstention" in facts:
        blocks += _abstention(facts["abstention"])
    if "sets" in facts:
        blocks += _sets(facts["sets"], facts["classes"])
    return (Section("decisions", "From probabilities to decisions", tuple(blocks)),)


def _calibration_sentence(calibration: Mapping[str, Any]) -> str:
    if "reason" in calibration:
        return f"The probabilities are the network's own, as {calibration['reason']}."
    temperature = figure(calibration.get("temperature"))
    return _CALIBRATIONS[calibration["method"]].format(temperature)


def _columns(facts: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {
        "before": facts["before"],
        "after": facts["after"],
        **{f"{when}, test rows": of for when, of in facts.get("test", {}).items()},
    }


def _table(
    caption: str, names: Mapping[str, str], columns: Mapping[str, Mapping[str, Any]]
) -> Table:
    shown = [key for key in names if key in next(iter(columns.values()))]
    rows = tuple((names[key], *(figure(of[key]) for of in columns.values())) for key in shown)
    return Table(caption, ("figure", *columns), rows)


def _reliability(facts: Mapping[str, Any]) -> Drawing:
    series = {
        when: [ReliabilityBin(**one) for one in bins] for when, bins in facts["reliability"].items()
    }
    before, after = facts["before"]["ece"], facts["after"]["ece"]
    return drawing(
        reliability_figure(series),
        "decisions-reliability",
        "Reliability before and after calibration",
        f"The expected calibration error is {before:.3f} before calibration and {after:.3f} after "
        "it, each row being calibrated by the others.",
        f"Calibration error {before:.3f} before and {after:.3f} after, over {CALIBRATION_BINS} "
        "bins. Below the dashed line the model is too sure, above it not sure enough.",
    )


def _rule(rule: Mapping[str, Any], classes: Sequence[str]) -> list[Block]:
    if "reason" in rule:
        return [Prose(f"Labels are the likeliest classes, as {rule['reason']}.")]
    aim = rule["aim"]
    if "costs" in rule:
        how = "Each row is given the class of the least expected cost."
    elif len(classes) == 2:
        how = (
            f"Labels are decided for {aim}: {classes[1]} from a probability of "
            f"{figure(rule['weights'][0])} on."
        )
    else:
        how = (
            f"Labels are decided for {aim}: the class with the largest product of probability "
            "and weight."
        )
    columns = {
        "likeliest": rule["before"],
        aim: rule["after"],
        "fitted rows": rule["in_sample"],
        **{f"{when}, test rows": of for when, of in rule.get("test", {}).items()},
    }
    blocks: list[Block] = [Prose(how), _table("What the decision rule gains", _OF_RULE, columns)]
    if "weights" in rule and 2 < len(classes) <= MOST_CLASSES:
        weights = zip(classes, map(figure, rule["weights"]), strict=True)
        blocks.append(Table("Weights of the classes", ("class", "weight"), tuple(weights)))
    return blocks


def _abstention(abstention: Mapping[str, Any]) -> list[Block]:
    if "reason" in abstention:
        return [Prose(f"Every row is answered, as {abstention['reason']}.")]
    of = abstention["after"]
    return [
        Prose(
            f"The model abstains where the probability of its label is below "
            f"{figure(abstention['threshold'])}, for {percent(abstention['target_accuracy'])} "
            f"right answers: it answers {percent(of['coverage'])} of the rows, and "
            f"{percent(of['accuracy'])} of the answers are right."
        )
    ]


def _sets(sets: Mapping[str, Any], classes: Sequence[str]) -> list[Block]:
    of = sets["after"]
    blocks: list[Block] = [
        Prose(
            f"Prediction sets are to hold {percent(sets['coverage'])} of each class's rows "
            f"(conformal prediction). They hold {percent(of['coverage'])} of all rows, have "
            f"{of['mean_size']:.2f} classes on average, and {percent(of['single'])} of them a "
            "single one. A class with a threshold of 0 has too few rows for the promise and is in "
            "every set."
        )
    ]
    if len(classes) <= MOST_CLASSES:
        rows = tuple(
            (name, figure(threshold), figure(of["per_class"][name]))
            for name, threshold in zip(classes, sets["thresholds"], strict=True)
        )
        headings = ("class", "probability from", "rows whose set holds it")
        blocks.append(Table("Prediction sets by class", headings, rows))
    return blocks
