"""Decisions fitted on the validation rows of a run, and what they are worth."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bertplay.decisions.asked import Asked
from bertplay.decisions.cross_fitting import cross_fitted
from bertplay.decisions.decided import Decided, undecided
from bertplay.decisions.decisions import Decisions
from bertplay.decisions.fitting import fit_calibration
from bertplay.decisions.labelled_logits import LabelledLogits
from bertplay.decisions.probability_figures import probability_figures
from bertplay.decisions.rule_fitting import fit_rule, rule_figures
from bertplay.decisions.rules import Likeliest


def decide(rows: LabelledLogits, asked: Asked) -> Decisions | None:
    """What is asked for, fitted on the rows; None where nothing is."""
    if asked.calibration == "none" and asked.aim is None:
        return None
    return _fitted(rows, asked)


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
        validation row under what was fitted on the other four fifths; those of the test rows are
        under `test`, `before` and `after` what is kept. Where there is a decision rule, `rule` has
        its name and parameters, and its figures: `before`, of the likeliest classes, `after`, each
        row decided by what the others gave, `in_sample`, and of the test rows.
    """
    own = undecided(rows.logits)
    facts: dict[str, Any] = {
        "asked": asked.as_dict(),
        "classes": list(rows.classes),
        "rows": len(rows),
        "calibration": {"method": "none"},
        "before": _figures(own, rows),
    }
    if decisions is None:
        return facts
    honest = _cross_decided(rows, asked)
    facts["calibration"] = decisions.calibration.as_dict()
    facts["after"] = _figures(honest, rows)
    if test is not None:
        facts["test"] = {
            "before": _figures(undecided(test.logits), test),
            "after": _figures(decisions.decided(test.logits), test),
        }
    if asked.aim is not None:
        facts["rule"] = _rule_facts(rows, asked, decisions, honest, test)
    return facts


def _fitted(rows: LabelledLogits, asked: Asked) -> Decisions:
    calibration = fit_calibration(asked.calibration, rows)
    if asked.aim is None:
        return Decisions(rows.classes, len(rows), calibration, Likeliest())
    shares = calibration.probabilities(rows.logits)
    rule = fit_rule(asked.aim, asked.costs, shares, rows.labels, rows.classes)
    return Decisions(rows.classes, len(rows), calibration, rule)


def _cross_decided(rows: LabelledLogits, asked: Asked) -> Decided:
    def decided(
        others: LabelledLogits, logits: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        found = _fitted(others, asked).decided(logits)
        return found.probabilities, found.labels

    shares, labels = cross_fitted(rows, decided)
    return Decided(shares, labels, "" if asked.aim is None else asked.aim.text)


def _figures(decided: Decided, rows: LabelledLogits) -> dict[str, Any]:
    return probability_figures(decided.probabilities, rows.labels).as_dict()


def _rule_facts(
    rows: LabelledLogits,
    asked: Asked,
    decisions: Decisions,
    honest: Decided,
    test: LabelledLogits | None,
) -> dict[str, Any]:
    aim = asked.aim
    assert aim is not None

    def figures(labels: NDArray[np.int64], of: LabelledLogits) -> dict[str, float | None]:
        return rule_figures(aim, asked.costs, labels, of.labels, of.classes)

    facts: dict[str, Any] = {
        **decisions.rule.as_dict(),
        "aim": aim.text,
        "before": figures(honest.probabilities.argmax(axis=1), rows),
        "after": figures(honest.labels, rows),
        "in_sample": figures(decisions.decided(rows.logits).labels, rows),
    }
    if test is not None:
        found = decisions.decided(test.logits)
        facts["test"] = {
            "before": figures(found.probabilities.argmax(axis=1), test),
            "after": figures(found.labels, test),
        }
    return facts
