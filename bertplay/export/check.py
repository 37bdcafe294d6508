"""How far another program's results are from the model's, and whether that is near enough."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from bertplay.export.failures import ExportFailedError

TOLERANCE = 1e-4
"""The largest difference of a number that an export may have."""


@dataclass(frozen=True)
class Check:
    """The comparison of an export with the model.

    Attributes:
        program: what read the export, such as "onnxruntime 1.20.0".
        compared: what was compared, such as "logits".
        texts: on how many texts.
        difference: the largest one; None where the program is not installed.
    """

    program: str
    compared: str
    texts: int
    difference: float | None

    @property
    def sentence(self) -> str:
        """The result in words."""
        if self.difference is None:
            return f"{self.compared} were not compared, as {self.program} is not installed here"
        return (
            f"{self.compared} of {self.texts} sample texts differ by at most "
            f"{self.difference:.1e} from those of {self.program}"
        )


def not_checked(program: str, compared: str) -> Check:
    """Where a program is missing."""
    return Check(program, compared, 0, None)


def checked(
    program: str, compared: str, found: npt.ArrayLike, expected: npt.NDArray[np.floating[Any]]
) -> Check:
    """Compare another program's numbers with the model's.

    Args:
        program: what computed them.
        compared: what they are.
        found: `[N, ...]`.
        expected: of the same shape.

    Raises:
        ExportFailedError: they differ by more than `TOLERANCE`, or one of them is not finite.
    """
    difference = float(np.max(np.abs(np.asarray(found, dtype=np.float64) - expected)))
    # Turned round, as no comparison with NaN holds.
    if not difference <= TOLERANCE:
        raise ExportFailedError(
            f"the export's {compared} in {program} differ by {difference:.1e} from the model's, "
            f"more than {TOLERANCE:.0e}: nothing was written; please report this as a defect"
        )
    return Check(program, compared, len(expected), difference)


def installed(*packages: str) -> bool:
    """Whether all of some packages can be imported."""
    return all(find_spec(package) is not None for package in packages)


def named_with_version(*packages: str) -> str:
    """Packages with their versions: "transformers 4.50.0, torch 2.5.1"."""
    return ", ".join(f"{package} {version(package)}" for package in packages)
