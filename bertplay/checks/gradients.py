"""Checks of the gradients of each group of parameters: BP301 and BP302."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bertplay.checks.result import CheckResult, fired, not_applicable, passed
from bertplay.checks.stretch import Stretch, mean_norms
from bertplay.checks.thresholds import Thresholds


def gradient_checks(
    epochs: Sequence[Sequence[Stretch]], thresholds: Thresholds
) -> tuple[CheckResult, CheckResult]:
    """BP301 and BP302, of the last epoch.

    - BP301: in a tenth of the epoch, the mean norm of a group is more than `gradient_explosion`
      times that of the first tenth in which the group was trained.
    - BP302: over the epoch, the mean norm of a group is less than `gradient_vanishing` of the root
      of the squares of all.

    Args:
        epochs: each one's stretches; a group that is not trained is missing there.
        thresholds: from where on they fire.
    """
    return _exploding(epochs, thresholds), _vanishing(tuple(epochs[-1]), thresholds)


def _exploding(epochs: Sequence[Sequence[Stretch]], thresholds: Thresholds) -> CheckResult:
    begin: dict[str, float] = {}
    for part in (part for epoch in epochs for part in epoch):
        for name, norm in part.gradient_norms.items():
            begin.setdefault(name, norm)
    largest = {
        name: max(part.gradient_norms.get(name, 0.0) for part in epochs[-1]) for name in begin
    }
    found = [
        name
        for name, norm in largest.items()
        if begin[name] > 0 and norm > thresholds.gradient_explosion * begin[name]
    ]
    if not found:
        return passed("BP301")
    worst = max(found, key=lambda name: largest[name] / begin[name])
    return fired(
        "BP301",
        f"Gradients explode in {_listed(found)}: the norm of {worst} went from {begin[worst]:.3g} "
        f"to {largest[worst]:.3g}. Try a lower --lr, a smaller --clip-norm or more --warmup.",
        about=_listed(found),
    )


def _vanishing(parts: tuple[Stretch, ...], thresholds: Thresholds) -> CheckResult:
    norms = mean_norms(parts)
    if len(norms) < 2:
        return not_applicable("BP302", "only one group of parameters is trained")
    total = math.sqrt(sum(norm**2 for norm in norms.values()))
    found = [name for name, norm in norms.items() if norm <= thresholds.gradient_vanishing * total]
    if not found:
        return passed("BP302")
    return fired(
        "BP302",
        f"Gradients vanish in {_listed(found)}: of a norm of {total:.3g} in all, at most "
        f"{max(norms[name] for name in found):.3g} is theirs, so nothing is learned there. Try "
        "another --pooling or a lower --lr, or freeze what does not learn anyway.",
        about=_listed(found),
    )


def _listed(names: Sequence[str]) -> str:
    shown = list(names[:4]) + ([f"{len(names) - 4} more"] if len(names) > 4 else [])
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
