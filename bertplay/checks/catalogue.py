"""All checks: code, name, severity, cause and cure; docs/checks has a page for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        code: `BP1..` before training, `BP2..` predictions and losses, `BP3..` gradients and heads,
            `BP4..` labels.
        name: in a few words.
        severity: "error" where the model is of no use, "warning" where its figures or some of its
            classes suffer, "info" where something could be better.
        cause: what usually lies behind it.
        cure: what to do about it.
    """

    code: str
    name: str
    severity: Severity
    cause: str
    cure: str

    @property
    def page(self) -> str:
        """Its page in the documentation."""
        return f"docs/checks/{self.code}.md"


_ALL = (
    Check(
        "BP101",
        "double correction",
        "warning",
        "sampling and the loss both make up for rare classes",
        "keep one of the two",
    ),
    Check(
        "BP102",
        "duplicate texts across splits",
        "warning",
        "the same texts are trained on and held out, so the figures flatter",
        "remove the repeated rows, or keep them together with --group",
    ),
    Check(
        "BP103",
        "label leakage",
        "warning",
        "a part of the text was written when the answer was known",
        "take it out of the text or the template, unless new texts will have it too",
    ),
    Check(
        "BP104",
        "too few rows",
        "warning",
        "a class has hardly any training rows",
        "collect more, merge the class into another, and read its figures with care",
    ),
    Check(
        "BP201",
        "collapse to one class",
        "error",
        "the model learned only which class is frequent, or a weight or the learning rate is too "
        "high",
        "another learning rate, more epochs, or alpha or class weights 'balanced'",
    ),
    Check(
        "BP202",
        "class never predicted",
        "warning",
        "a class is rare, or too much like another",
        "alpha or class weights 'balanced', more epochs, or more rows of it",
    ),
    Check(
        "BP203",
        "overconfidence",
        "warning",
        "the model trained too long on too few rows",
        "stop earlier, or use label smoothing or a focal loss",
    ),
    Check(
        "BP204",
        "underconfidence",
        "info",
        "strong label smoothing or a large gamma keeps the model from being sure",
        "less smoothing or a smaller gamma, or a temperature fitted afterwards",
    ),
    Check(
        "BP205",
        "loss not decreasing",
        "warning",
        "the learning rate does not fit, too much is frozen, or texts and labels have nothing to "
        "do with each other",
        "bertplay lr-find; train more of the encoder; look at some rows",
    ),
    Check(
        "BP206",
        "loss variance too high",
        "warning",
        "batches are too small for the loss, or a few rows have huge losses",
        "a larger --batch-size or --accumulate, a lower --lr",
    ),
    Check(
        "BP207",
        "learning rate too high",
        "warning",
        "a step of this size leaves the region where the gradient says anything",
        "a lower --lr, more --warmup, a smaller --clip-norm",
    ),
    Check(
        "BP208",
        "learning rate too low",
        "info",
        "each step helps, but there are too few or too small ones",
        "a higher --lr (bertplay lr-find), or more epochs",
    ),
    Check(
        "BP209",
        "train/validation gap",
        "warning",
        "the model learns its training rows by heart",
        "fewer epochs, --patience, more dropout, a smaller --lr, or more rows",
    ),
    Check(
        "BP301",
        "exploding gradients",
        "error",
        "the learning rate is too high, or some rows have extreme losses",
        "a lower --lr, a smaller --clip-norm, more --warmup",
    ),
    Check(
        "BP302",
        "vanishing gradients",
        "warning",
        "what lies above passes nothing back, as it is saturated or zero",
        "another --pooling, a lower --lr; freeze what does not learn anyway",
    ),
    Check(
        "BP303",
        "dead head",
        "error",
        "the head gives every row the same answer, whatever it reads",
        "a lower --lr or --head-lr, another --pooling",
    ),
    Check(
        "BP304",
        "task starving another",
        "warning",
        "the loss of one task is so large that the others' gradients do not count",
        "--task-weight, or --task-weighting uncertainty or gradients",
    ),
    Check(
        "BP401",
        "likely label errors",
        "warning",
        "some rows have labels that the model contradicts where it is otherwise always right",
        "look at the rows named, correct them, or use --loss gce",
    ),
)

CHECKS = {check.code: check for check in _ALL}
"""By code."""
