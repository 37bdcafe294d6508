"""What a model does with each class, in figures: functions on arrays, for whatever model."""

from bertplay.diagnostics.calibration_figures import CalibrationFigures, calibration_figures
from bertplay.diagnostics.class_figures import ClassFigures, class_figures
from bertplay.diagnostics.class_intervals import ClassIntervals, class_intervals
from bertplay.diagnostics.confidence import (
    ConfidenceHistogram,
    CoverageCurve,
    ReliabilityBin,
    confidence_histogram,
    coverage_curve,
    reliability_bins,
)
from bertplay.diagnostics.confident_learning import ConfidentLearning, confident_learning
from bertplay.diagnostics.diagnosis import Diagnosis, TrainedLoss, diagnose, diagnose_rows
from bertplay.diagnostics.loss_shares import GroupShares, LossShares, loss_shares
from bertplay.diagnostics.numbers import NumberDiagnosis, NumberRows, diagnose_numbers
from bertplay.diagnostics.predicted_rows import PredictedRows, predicted_rows
from bertplay.diagnostics.ranking import RankingCurves, ThresholdCurve, ranking_curves
from bertplay.diagnostics.several_labels import (
    SeveralLabelDiagnosis,
    SeveralLabelRows,
    diagnose_several_labels,
)
from bertplay.diagnostics.slices import ErrorSlice, SliceFigures, error_slices, slice_figures

__all__ = [
    "CalibrationFigures",
    "ClassFigures",
    "ClassIntervals",
    "ConfidenceHistogram",
    "ConfidentLearning",
    "CoverageCurve",
    "Diagnosis",
    "ErrorSlice",
    "GroupShares",
    "LossShares",
    "NumberDiagnosis",
    "NumberRows",
    "PredictedRows",
    "RankingCurves",
    "ReliabilityBin",
    "SeveralLabelDiagnosis",
    "SeveralLabelRows",
    "SliceFigures",
    "ThresholdCurve",
    "TrainedLoss",
    "calibration_figures",
    "class_figures",
    "class_intervals",
    "confidence_histogram",
    "confident_learning",
    "coverage_curve",
    "diagnose",
    "diagnose_numbers",
    "diagnose_rows",
    "diagnose_several_labels",
    "error_slices",
    "loss_shares",
    "predicted_rows",
    "ranking_curves",
    "reliability_bins",
    "slice_figures",
]
