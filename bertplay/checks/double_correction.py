"""Sampling and loss that correct for the same imbalance."""

from __future__ import annotations

from typing import Any

from bertplay.checks.result import CheckResult, fired, not_applicable, passed
from bertplay.losses import ConfiguredLoss

_CORRECTIONS = ("alpha", "class_weights", "prior")
_OWN_OPTIONS = {"alpha": "--alpha none", "class_weights": "--class-weights none"}


def double_correction(sampling: str, loss: ConfiguredLoss, task: str | None = None) -> CheckResult:
    """BP101: both sampling and the loss make up for rare classes.

    Args:
        sampling: "natural", "balanced" or "sqrt".
        loss: with its resolved options.
        task: of several, the one whose classes the sampling goes by.
    """
    corrections = [name for name, value in loss.options().items() if _corrects(name, value)]
    if sampling == "natural":
        return not_applicable("BP101", "sampling is natural: each row is shown once an epoch")
    if not corrections:
        return passed("BP101")
    return fired(
        "BP101",
        f"Rare classes may be corrected for twice: --sampling {sampling} shows them more often, "
        f"and the loss treats classes differently as well, by {' and '.join(corrections)}. Keep "
        f"one of the two: {_without(corrections, task)}, or --sampling natural.",
    )


def _corrects(name: str, value: Any) -> bool:
    """Whether an option treats classes differently."""
    of_classes = name.rpartition(".")[2] in _CORRECTIONS and isinstance(value, list)
    return of_classes and len(set(value)) > 1


def _without(corrections: list[str], task: str | None) -> str:
    """The options that switch the loss's corrections off."""
    places = {name: name.rpartition(".")[::2] for name in corrections}
    # A loss that needs a prior is replaced, and its class weights with it.
    replaced = {place for place, option in places.values() if option == "prior"}
    switches = []
    for name, (place, option) in places.items():
        if option == "prior":
            switches.append(f"--loss-arg {place}=ce" if place else "--loss ce")
        elif place not in replaced:
            switches.append(f"--loss-arg {name}=none" if place else _OWN_OPTIONS[option])
    if task is None:
        return " ".join(switches)
    return " ".join(_of_task(switch, task) for switch in switches)


def _of_task(switch: str, task: str) -> str:
    """A switch as it is written for one of several tasks: `--loss-arg emotion.alpha=none`."""
    flag, value = switch.split(" ", 1)
    if flag == "--loss":
        return f"--loss {task}={value}"
    if flag == "--loss-arg":
        return f"--loss-arg {task}.{value}"
    return f"--loss-arg {task}.{flag.removeprefix('--').replace('-', '_')}={value}"
