"""How well the probabilities put the rows of a class before the others: ROC, precision-recall."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bertplay.report.blocks import Cell, Figures, Prose, Section, Table
from bertplay.report.figures_of_column import MOST_CLASSES
from bertplay.report.lines import Place, line_figure
from bertplay.report.predicted_rows import PredictedRows
from bertplay.report.ranking_curves import ranking_curves
from bertplay.report.svg import Drawing, drawing
from bertplay.report.unit_curves import UnitCurve, coloured_classes, unit_curves
from bertplay.report.wording import figure, percent

_THRESHOLDS = 99


def ranking_section(rows: PredictedRows, anchor: str) -> Section:
    """ROC, precision-recall and threshold curves; classes without rows have none.

    Args:
        rows: at least one of each of two classes.
        anchor: of the section.
    """
    roc: dict[str, UnitCurve] = {}
    recall: dict[str, UnitCurve] = {}
    for number, name in enumerate(rows.classes):
        is_class, share = rows.labels == number, rows.probabilities[:, number]
        if not is_class.any() or is_class.all():
            continue
        roc[name], recall[name] = ranking_curves(is_class, share)
    rare = min(roc, key=lambda name: int((rows.labels == list(rows.classes).index(name)).sum()))
    drawings = (
        _roc(_lowest(roc), anchor),
        _precision_recall(_lowest(recall), anchor),
        _thresholds(rows, rare, anchor),
    )
    return Section(
        anchor,
        "How well it tells classes apart",
        (
            Prose(
                "Each class against all others, whatever the threshold: how well its probability "
                "puts the rows of the class first."
            ),
            Figures(drawings),
            _areas(rows, roc, recall),
        ),
    )


def _lowest(curves: Mapping[str, UnitCurve]) -> dict[str, UnitCurve]:
    """Of many classes, those with the least area."""
    lowest = sorted(curves, key=lambda name: curves[name].area)[:MOST_CLASSES]
    return {name: curve for name, curve in curves.items() if name in lowest}


def _roc(curves: Mapping[str, UnitCurve], anchor: str) -> Drawing:
    return drawing(
        unit_curves(
            curves,
            x_label="false positive rate",
            y_label="true positive rate",
            diagonal=True,
        ),
        f"{anchor}-roc",
        "ROC curve of each class",
        f"The area under the curve is {_listed(curves)}; chance gives 0.500.",
        f"ROC{_coloured(curves)}, with the area under each curve. Chance is the dashed line.",
    )


def _precision_recall(curves: Mapping[str, UnitCurve], anchor: str) -> Drawing:
    return drawing(
        unit_curves(curves, x_label="recall", y_label="precision"),
        f"{anchor}-precision",
        "Precision over recall of each class",
        f"The average precision is {_listed(curves)}.",
        f"Precision and recall{_coloured(curves)}, with the average precision. Chance gives the "
        "share of the class.",
    )


def _thresholds(rows: PredictedRows, name: str, anchor: str) -> Drawing:
    number = list(rows.classes).index(name)
    is_class, share = rows.labels == number, rows.probabilities[:, number]
    thresholds = np.arange(1, _THRESHOLDS + 1) / (_THRESHOLDS + 1)
    answered = share[None, :] >= thresholds[:, None]
    hits, answers = (answered & is_class).sum(axis=1), answered.sum(axis=1)
    recalls, f1 = hits / is_class.sum(), 2 * hits / np.maximum(answers + is_class.sum(), 1)
    some = answers > 0
    precisions = hits[some] / answers[some]
    best = int(f1.argmax())
    at, reached = float(thresholds[best]), float(f1[best])
    picture, _ = line_figure(
        {
            "precision": (thresholds[some].tolist(), precisions.tolist()),
            "recall": (thresholds.tolist(), recalls.tolist()),
            "F1": (thresholds.tolist(), f1.tolist()),
        },
        x_label=f"threshold on the probability of {name}",
        y_label=f"rows of {name}",
        y_limits=(-0.02, 1.04),
        mark=Place(at, f"best F1: {at:.2f}"),
        height=3.4,
    )
    return drawing(
        picture,
        f"{anchor}-thresholds",
        f"Precision, recall and F1 of {name} by threshold",
        f"The largest F1, {reached:.3f}, is reached at a threshold of {at:.2f}; a higher one "
        "trades recall for precision.",
        f"What a threshold on the probability of {name}, the rarest class, would give. The "
        "threshold that is best on these rows is a little too good on them.",
    )


def _areas(
    rows: PredictedRows, roc: Mapping[str, UnitCurve], recall: Mapping[str, UnitCurve]
) -> Table:
    cells: list[tuple[str | Cell, ...]] = []
    for number, name in enumerate(rows.classes):
        if name in roc:
            share = float((rows.labels == number).mean())
            row = name, figure(roc[name].area), figure(recall[name].area), percent(share)
            cells.append(row)
    return Table(
        "Area under the ROC curve and average precision of each class",
        ("class", "ROC area", "average precision", "share of rows"),
        tuple(cells),
    )


def _coloured(curves: Mapping[str, UnitCurve]) -> str:
    """Which curves have names, where not all do."""
    named = coloured_classes(curves)
    few = len(named) < len(curves)
    return f" of each class; named are the {len(named)} lowest" if few else " of each class"


def _listed(curves: Mapping[str, UnitCurve]) -> str:
    return ", ".join(f"{curve.area:.3f} for {name}" for name, curve in curves.items())
