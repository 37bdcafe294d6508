"""What to do next, as far as it follows from the figures."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from bertplay.checks.labels import FEWEST_ROWS
from bertplay.checks.thresholds import Thresholds
from bertplay.diagnostics.confident_learning import doubted_labels
from bertplay.diagnostics.diagnosis import Diagnosis
from bertplay.diagnostics.numbers import NumberDiagnosis
from bertplay.diagnostics.slices import SliceFigures
from bertplay.report.diagnosed import AnyDiagnosis
from bertplay.report.slices import clearly_worse
from bertplay.report.wording import figure, percent

_CLEAR_F1 = 0.03
"""From this gain of F1 on a threshold is worth fitting, as the same rows flatter it a little."""

_CLEAR_ECE, _CLEAR_GAP = 0.1, 0.05
_FEW_ROWS = 30
"""Of fewer rows of a class, its recall is known to a fifth at best."""

_NARROW = 0.8
_MOST = 4


def next_steps(columns: Mapping[str, AnyDiagnosis], run: str | None) -> tuple[str, ...]:
    """At most four steps, the gravest first; those of several tasks begin with their names.

    Args:
        columns: label column to its figures.
        run: the folder of the run whose model it is; None for one of somewhere else.
    """
    found = [
        (grade, f"{name}: {step}" if name else step)
        for name, of in columns.items()
        for grade, step in _of_column(of, run if not name else None)
    ]
    found.sort(key=lambda one: one[0])
    return tuple(step for _, step in found[:_MOST]) or (_nothing(run),)


def _of_column(of: AnyDiagnosis, run: str | None) -> Iterator[tuple[int, str]]:
    if isinstance(of, NumberDiagnosis):
        if of.spread_ratio is not None and of.spread_ratio < _NARROW:
            yield (
                3,
                "the predictions keep to the middle: train longer, or with more rows at both ends",
            )
        worse = [group for group in of.slices if group.adjusted_p < 0.05 and group.mean_error]
        if worse:
            yield 4, f"collect more rows with {worse[0].column} {worse[0].value}"
        return
    if isinstance(of, Diagnosis):
        yield from _collapsed(of)
        yield from _labels(of)
        yield from _calibration(of, run)
    yield from _threshold(of, run)
    yield from _slices(of.slices)
    yield from _few(of)


def _collapsed(of: Diagnosis) -> Iterator[tuple[int, str]]:
    answered = [found for found in of.classes if found.predicted]
    missed = [found for found in of.classes if found.support and not found.predicted]
    if len(answered) == 1 and missed:
        yield (
            0,
            f"every row is called '{answered[0].name}': train with --class-weights balanced or "
            "another --lr, and look at nothing else before",
        )
    elif missed:
        named = ", ".join(f"'{found.name}'" for found in missed[:3])
        yield 1, f"give {named} more weight (--class-weights balanced), as it is never predicted"


def _labels(of: Diagnosis) -> Iterator[tuple[int, str]]:
    if len(of.rows.labels) < FEWEST_ROWS:
        return
    limits = Thresholds()
    rows = doubted_labels(of.rows.probabilities, of.rows.labels, limits.label_confidence).rows
    clear = [row for row in of.labels.most_suspicious.tolist() if rows[row]]
    if len(clear) >= max(1, limits.label_errors * len(of.rows.labels)):
        named = ", ".join(of.rows.ids[row] for row in clear[:5])
        yield 2, f"look at the labels of rows {named}, which the model contradicts while it is sure"


def _calibration(of: Diagnosis, run: str | None) -> Iterator[tuple[int, str]]:
    gap = of.metrics.mean_confidence - of.metrics.accuracy
    if abs(gap) < _CLEAR_GAP or of.metrics.ece < _CLEAR_ECE:
        return
    kind = "too high" if gap > 0 else "too low"
    how = "fit a temperature on other rows (bertplay.calibration.fit_temperature)"
    if run is not None:
        how = "use the calibrated ones of `bertplay predict`, or fit another calibration with "
        how += f"`bertplay decide {shlex.quote(run)} --calibration vector`"
    yield 2, f"do not take its probabilities as they are, they are {kind} by {abs(gap):.2f}: {how}"


def _threshold(of: AnyDiagnosis, run: str | None) -> Iterator[tuple[int, str]]:
    """The class that gains most from a threshold of its own."""
    if isinstance(of, NumberDiagnosis):
        return
    now = {found.name: found.f1 or 0.0 for found in of.classes}
    gains = [(curves.by_threshold.best_f1 - now[curves.name], curves) for curves in of.ranking]
    gain, curves = max(gains, key=lambda one: one[0], default=(0.0, None))
    if curves is None or gain < _CLEAR_F1:
        return
    best = curves.by_threshold
    how = "tune a threshold on other rows than these"
    if run is not None:
        how = f"`bertplay decide {shlex.quote(run)} --optimise macro_f1`"
    yield (
        3,
        f"'{curves.name}' could have an F1 of {figure(best.best_f1)} in place of "
        f"{figure(now[curves.name])} with a threshold of {best.best:.2f}: {how}",
    )


def _slices(slices: tuple[SliceFigures, ...]) -> Iterator[tuple[int, str]]:
    worse = clearly_worse(slices)
    if worse:
        yield (
            4,
            f"read the {worse[0].wrong:,} wrong rows with {worse[0].column} {worse[0].value}, of "
            f"which only {percent(worse[0].accuracy)} are right, and collect more such rows",
        )


def _few(of: AnyDiagnosis) -> Iterator[tuple[int, str]]:
    if isinstance(of, NumberDiagnosis):
        return
    few = [found for found in of.classes if 0 < found.support < _FEW_ROWS]
    if few:
        least = min(few, key=lambda found: found.support)
        yield (
            5,
            f"hold out more rows of '{least.name}' before you judge it: {least.support} are too "
            "few to tell its figures from chance",
        )


def _nothing(run: str | None) -> str:
    if run is None:
        return "nothing stands out; diagnose rows of another source"
    return (
        "nothing stands out; see whether it holds on other rows: `bertplay diagnose "
        f"{shlex.quote(run)} --data FILE`"
    )
