"""Decisions fitted on the validation rows of a run, and what they are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bertplay.decisions.abstention import Abstention, abstention_figures, fit_abstention
from bertplay.decisions.asked import Asked
from bertplay.decisions.cross_fitting import cross_fitted
from bertplay.decisions.decided import Decided, undecided
from bertplay.decisions.decisions import Decisions
from bertplay.decisions.fitting import fit_calibration
from bertplay.decisions.labelled_logits import LabelledLogits
from bertplay.decisions.prediction_sets import PredictionSets, fit_sets, sets_figures
from bertplay.decisions.probability_figures import probability_figures
from bertplay.decisions.rule_fitting import fit_rule, rule_figures
from bertplay.decisions.rules import LIKELIEST, DecisionRule, Likeliest
from bertplay.diagnostics.confidence import reliability_bins


def decide(rows: LabelledLogits, asked: Asked) -> Decisions | None:
    """What is asked for, fitted on the rows; None where nothing is."""
    return None if asked.nothing else _fitted(rows, asked)


def decision_facts(
    rows: LabelledLogits,
    asked: Asked,
    decisions: Decisions | None,
    test: LabelledLogits | None = None,
) -> dict[str, Any]:
    """What decisions are worth, as summary.json has it.

    Args:
        rows: the validation rows that they were fitted on.
        asked: what was to be fitted.
        decisions: that came of it.
        test: rows that nothing was fitted on, where there are some.

    Returns:
        `asked`, `classes`, `rows`, `calibration` with its parameters, and the figures `before`, of
        the network's own probabilities. Where there are decisions, `after` has the figures of each
        validation row under what was fitted on the other four fifths, and `reliability` the bins
        of the calibration error of both; the figures of the test rows are under `test`, `before`
        and `after` what is kept. `rule`, `abstention` and `sets`, where they were asked for, have
        their parameters and their figures: `after`, each row decided by what the others gave,
        `in_sample`, and of the test rows; the rule's `before` are those of the likeliest classes.
    """
    own = undecided(rows.logits)
    facts: dict[str, Any] = {
        "asked": asked.as_dict(),
        "classes": list(rows.classes),
        "rows": len(rows),
        "calibration": {"method": "none"},
        "before": _figures(own, rows),
        "reliability": {"before": _reliability(own, rows)},
    }
    if decisions is None:
        return facts
    honest, fitted = _cross_decided(rows, asked), decisions.decided(rows.logits)
    of_test = None if test is None else (decisions.decided(test.logits), test)
    facts["calibration"] = decisions.calibration.as_dict()
    facts["after"] = _figures(honest, rows)
    facts["reliability"]["after"] = _reliability(honest, rows)
    if of_test is not None:
        decided, test_rows = of_test
        facts["test"] = {
            "before": _figures(undecided(test_rows.logits), test_rows),
            "after": _figures(decided, test_rows),
        }

    parts = {"after": (honest, rows), "in_sample": (fitted, rows)}
    if of_test is not None:
        parts["test"] = of_test
    worth = {
        when: further_figures(found, of.labels, of.classes) for when, (found, of) in parts.items()
    }
    if asked.aim is not None:
        facts["rule"] = {
            **decisions.rule.as_dict(),
            "aim": asked.aim.text,
            **_rule_worth(asked, honest, fitted, rows, of_test),
        }
    if decisions.abstention is not None:
        facts["abstention"] = _with("abstention", decisions.abstention, worth)
    if decisions.sets is not None:
        facts["sets"] = _with("sets", decisions.sets, worth)
    return facts


def further_figures(
    decided: Decided, labels: NDArray[np.integer[Any]], classes: Sequence[str]
) -> dict[str, Any]:
    """What abstention and prediction sets are worth, each where there is one.

    Args:
        decided: of N rows.
        labels: `[N]`, positions in `classes`.
        classes: C names.

    Returns:
        `abstention`, as `abstention_figures` has it, and `sets`, as `sets_figures`.
    """
    figures: dict[str, Any] = {}
    if decided.answered is not None:
        figures["abstention"] = abstention_figures(decided.answered, decided.labels == labels)
    if decided.sets is not None:
        figures["sets"] = sets_figures(decided.sets, labels, classes)
    return figures


def _fitted(rows: LabelledLogits, asked: Asked) -> Decisions:
    calibration = fit_calibration(asked.calibration, rows)
    shares = calibration.probabilities(rows.logits)
    rule: DecisionRule = Likeliest()
    if asked.aim is not None:
        rule = fit_rule(asked.aim, asked.costs, shares, rows.labels, rows.classes)
    abstention = sets = None
    if asked.target_accuracy:
        decided = Decided(shares, rule.labels(shares), rule.name)
        right = decided.labels == rows.labels
        abstention = fit_abstention(decided.confidence, right, asked.target_accuracy)
    if asked.coverage:
        sets = fit_sets(rows, asked.coverage)
    return Decisions(rows.classes, len(rows), calibration, rule, abstention, sets)


def _cross_decided(rows: LabelledLogits, asked: Asked) -> Decided:
    """What is decided of each row by what the others gave."""

    def decided(others: LabelledLogits, logits: NDArray[np.float64]) -> list[NDArray[Any]]:
        found = _fitted(others, asked).decided(logits)
        everything = (found.probabilities, found.labels, found.answered, found.sets)
        return [array for array in everything if array is not None]

    shares, labels, *rest = cross_fitted(rows, decided)
    return Decided(
        shares,
        labels,
        LIKELIEST if asked.aim is None else asked.aim.text,
        rest.pop(0) if asked.target_accuracy else None,
        rest.pop(0) if asked.coverage else None,
    )


def _figures(decided: Decided, rows: LabelledLogits) -> dict[str, Any]:
    return probability_figures(decided.probabilities, rows.labels).as_dict()


def _reliability(decided: Decided, rows: LabelledLogits) -> list[dict[str, Any]]:
    """The bins of the expected calibration error, of the likeliest classes."""
    right = decided.probabilities.argmax(axis=1) == rows.labels
    bins = reliability_bins(decided.probabilities.max(axis=1), right)
    return [asdict(one) for one in bins]


def _with(
    name: str, stored: Abstention | PredictionSets, worth: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """What is kept, and what it is worth."""
    return {**stored.as_dict(), **{when: figures[name] for when, figures in worth.items()}}


def _rule_worth(
    asked: Asked,
    honest: Decided,
    fitted: Decided,
    rows: LabelledLogits,
    of_test: tuple[Decided, LabelledLogits] | None,
) -> dict[str, Any]:
    aim = asked.aim
    assert aim is not None

    def figures(labels: NDArray[np.int64], of: LabelledLogits) -> dict[str, float | None]:
        return rule_figures(aim, asked.costs, labels, of.labels, of.classes)

    worth: dict[str, Any] = {
        "before": figures(honest.probabilities.argmax(axis=1), rows),
        "after": figures(honest.labels, rows),
        "in_sample": figures(fitted.labels, rows),
    }
    if of_test is not None:
        decided, test = of_test
        worth["test"] = {
            "before": figures(decided.probabilities.argmax(axis=1), test),
            "after": figures(decided.labels, test),
        }
    return worth
