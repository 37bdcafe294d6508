"""What is kept with a model so that its logits become decisions: model/decisions.json."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bertplay.atomic_files import write_json
from bertplay.data.errors import InputError
from bertplay.decisions.abstention import Abstention, abstention_from
from bertplay.decisions.calibrations import Calibration, calibration_from
from bertplay.decisions.decided import Decided
from bertplay.decisions.prediction_sets import PredictionSets, sets_from
from bertplay.decisions.rules import DecisionRule, rule_from

DECISIONS_FILE = "decisions.json"


@dataclass(frozen=True)
class Decisions:
    """How a model's logits become decisions.

    Attributes:
        classes: the C names, in the order of the logits.
        rows: how many validation rows it was fitted on.
        calibration: what makes probabilities of logits.
        rule: what makes classes of probabilities.
        abstention: which rows are left to somebody else; None for none.
        sets: what makes prediction sets; None for none.
    """

    classes: tuple[str, ...]
    rows: int
    calibration: Calibration
    rule: DecisionRule
    abstention: Abstention | None = None
    sets: PredictionSets | None = None

    def decided(self, logits: NDArray[np.floating[Any]]) -> Decided:
        """What follows from logits `[N, C]`.

        A row's label is in its set, also where its probability is below the class's threshold, so
        that no set is empty and none contradicts the label; a set only covers more for it.
        """
        probabilities = self.calibration.probabilities(logits)
        decided = Decided(probabilities, self.rule.labels(probabilities), self.rule.name)
        if self.abstention is not None:
            decided = replace(decided, answered=self.abstention.answered(decided.confidence))
        if self.sets is not None:
            members = self.sets.members(logits)
            members[np.arange(len(members)), decided.labels] = True
            decided = replace(decided, sets=members)
        return decided

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "classes": list(self.classes),
            "rows": self.rows,
            "calibration": self.calibration.as_dict(),
            "rule": self.rule.as_dict(),
            "abstention": None if self.abstention is None else self.abstention.as_dict(),
            "sets": None if self.sets is None else self.sets.as_dict(),
        }


def decisions_from(values: Mapping[str, Any], classes: Sequence[str]) -> Decisions:
    """What `Decisions.as_dict` gave.

    Args:
        values: as they were stored.
        classes: of the model.

    Raises:
        ValueError: they are for other classes, or a number is out of range.
        KeyError: something is missing.
        TypeError: something is of another type.
    """
    if values["classes"] != list(classes):
        raise ValueError("it is for other classes than the model's")
    abstention, sets = values.get("abstention"), values.get("sets")
    return Decisions(
        tuple(classes),
        int(values["rows"]),
        calibration_from(values["calibration"], len(classes)),
        rule_from(values["rule"], len(classes)),
        None if abstention is None else abstention_from(abstention),
        None if sets is None else sets_from(sets, len(classes)),
    )


def write_decisions(folder: Path, decisions: Decisions) -> None:
    """Write decisions.json into a model's folder, atomically."""
    write_json(folder / DECISIONS_FILE, decisions.as_dict())


def read_decisions(folder: Path, classes: Sequence[str]) -> Decisions | None:
    """Read decisions.json of a model's folder; None where there is none.

    Args:
        folder: of the model.
        classes: of the model.

    Raises:
        InputError: the file is damaged, or is another model's.
    """
    path = folder / DECISIONS_FILE
    try:
        return decisions_from(json.loads(path.read_text(encoding="utf-8")), classes)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else error
        raise InputError(
            f"{path} is damaged ({what}): fit it anew with `bertplay decide RUN`, or delete it to "
            "have the network's own probabilities"
        ) from None
