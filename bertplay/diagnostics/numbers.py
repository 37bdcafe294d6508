"""Every figure of predicted numbers: how far they are off, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from bertplay.diagnostics.slices import ErrorSlice, error_slices
from bertplay.multi_task.metrics import RegressionMetrics, regression_metrics

_RANGES = 5


@dataclass(frozen=True, eq=False)
class NumberRows:
    """N rows of a table that have a number each.

    Attributes:
        ids: N row names.
        texts: N texts.
        targets: `[N]`.
        predictions: `[N]`, in the same unit.
        columns: of the table by name, N cells each, to group the rows by.
    """

    ids: Sequence[str]
    texts: Sequence[str]
    targets: npt.NDArray[np.float64]
    predictions: npt.NDArray[np.float64]
    columns: Mapping[str, Sequence[object]] = field(default_factory=dict)

    @property
    def errors(self) -> npt.NDArray[np.float64]:
        """`[N]`, predictions minus labels."""
        errors: npt.NDArray[np.float64] = self.predictions - self.targets
        return errors


@dataclass(frozen=True)
class RangeFigures:
    """Rows whose labels lie in a range.

    Attributes:
        low: the least label.
        high: the largest.
        rows: how many.
        mean_error: of predictions minus labels; above 0 for small labels and below 0 for large ones
            where a model keeps to the middle.
        mean_absolute_error: in the labels' unit.
    """

    low: float
    high: float
    rows: int
    mean_error: float
    mean_absolute_error: float


@dataclass(frozen=True, eq=False)
class NumberDiagnosis:
    """How far a model is off on N rows.

    Attributes:
        rows: the rows.
        metrics: concordance, correlation, R2 and mean errors.
        mean_error: of predictions minus labels.
        median_absolute_error: in the labels' unit.
        spread_ratio: deviation of the predictions, as a part of that of the labels; below 1 where
            the model keeps to the middle. None where the labels are all the same.
        ranges: rows by their label, about equally many each.
        slices: groups of rows, those with the largest errors first.
    """

    rows: NumberRows
    metrics: RegressionMetrics
    mean_error: float
    median_absolute_error: float
    spread_ratio: float | None
    ranges: tuple[RangeFigures, ...]
    slices: tuple[ErrorSlice, ...]

    def as_dict(self) -> dict[str, Any]:
        """All figures, ready for `json.dumps`."""
        return {
            **self.metrics.as_dict(),
            "mean_error": self.mean_error,
            "median_absolute_error": self.median_absolute_error,
            "spread_ratio": self.spread_ratio,
            "ranges": [asdict(of) for of in self.ranges],
            "slices": [asdict(of) for of in self.slices],
        }


def diagnose_numbers(rows: NumberRows) -> NumberDiagnosis:
    """The figures of predicted numbers.

    Args:
        rows: at least one, with their predictions.
    """
    from sklearn.metrics import median_absolute_error

    targets, spread = rows.targets, float(rows.targets.std())
    return NumberDiagnosis(
        rows=rows,
        metrics=regression_metrics(rows.predictions, targets),
        mean_error=float(rows.errors.mean()),
        median_absolute_error=float(median_absolute_error(targets, rows.predictions)),
        spread_ratio=float(rows.predictions.std()) / spread if spread else None,
        ranges=_ranges(targets, rows.errors),
        slices=error_slices(rows.errors, rows.texts, rows.columns),
    )


def _ranges(
    targets: npt.NDArray[np.float64], errors: npt.NDArray[np.float64]
) -> tuple[RangeFigures, ...]:
    shares = np.arange(1, _RANGES + 1) / _RANGES
    highest = np.unique(np.quantile(targets, shares, method="inverted_cdf"))
    group = np.searchsorted(highest, targets, side="left")
    return tuple(
        RangeFigures(
            float(targets[group == place].min()),
            float(targets[group == place].max()),
            int((group == place).sum()),
            float(errors[group == place].mean()),
            float(np.abs(errors[group == place]).mean()),
        )
        for place in range(len(highest))
    )
