"""How well the probabilities put the rows of a class before the others: ROC, precision-recall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bertplay.diagnostics.ranking import RankingCurves
from bertplay.report.blocks import Figures, Prose, Section, Table
from bertplay.report.figures_of_column import MOST_CLASSES
from bertplay.report.lines import Place, line_figure
from bertplay.report.svg import Drawing, drawing
from bertplay.report.unit_curves import UnitCurve, coloured_classes, unit_curves
from bertplay.report.wording import figure, percent


def ranking_section(
    curves: Sequence[RankingCurves], anchor: str, chosen: Sequence[str] = ()
) -> tuple[Section, ...]:
    """ROC, precision-recall and threshold curves; nothing where no class has curves.

    Args:
        curves: of each class.
        anchor: of the section.
        chosen: classes whose thresholds are drawn; by default the rarest one.
    """
    if not curves:
        return ()
    roc = {
        of.name: UnitCurve(of.false_positive_rate, of.true_positive_rate, of.roc_area)
        for of in curves
    }
    recall = {of.name: UnitCurve(of.recall, of.precision, of.average_precision) for of in curves}
    rarest = min(curves, key=lambda of: of.share)
    drawn = [of for of in curves if of.name in chosen] or [rarest]
    drawings = (
        _roc(_lowest(roc), anchor),
        _precision_recall(_lowest(recall), anchor),
        *(_thresholds(of, f"{anchor}-thresholds-{n}") for n, of in enumerate(drawn, 1)),
    )
    return (
        Section(
            anchor,
            "How well it tells classes apart",
            (
                Prose(
                    "Each class against all others, whatever the threshold: how well its "
                    "probability puts the rows of the class first."
                ),
                Figures(drawings),
                _areas(curves),
            ),
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


def _thresholds(of: RankingCurves, anchor: str) -> Drawing:
    curve, name = of.by_threshold, of.name
    pairs = zip(curve.thresholds, curve.precision, strict=True)
    answered = [(at, precision) for at, precision in pairs if precision is not None]
    lines = {
        "recall": (curve.thresholds, curve.recall),
        "F1": (curve.thresholds, curve.f1),
    }
    if answered:
        x, y = zip(*answered, strict=True)
        lines = {"precision": (x, y), **lines}
    picture, _ = line_figure(
        lines,
        x_label=f"threshold on the probability of {name}",
        y_label=f"rows of {name}",
        y_limits=(-0.02, 1.04),
        mark=Place(curve.best, f"best F1: {curve.best:.2f}"),
        height=3.4,
    )
    return drawing(
        picture,
        anchor,
        f"Precision, recall and F1 of {name} by threshold",
        f"The largest F1, {curve.best_f1:.3f}, is reached at a threshold of {curve.best:.2f}; a "
        "higher one trades recall for precision.",
        f"What a threshold on the probability of {name} would give. The threshold that is best on "
        "these rows is a little too good on them.",
    )


def _areas(curves: Sequence[RankingCurves]) -> Table:
    return Table(
        "Area under the ROC curve and average precision of each class, and the threshold on its "
        "probability with the largest F1",
        ("class", "ROC area", "average precision", "share of rows", "threshold", "F1 there"),
        tuple(
            (
                of.name,
                figure(of.roc_area),
                figure(of.average_precision),
                percent(of.share),
                figure(of.by_threshold.best),
                figure(of.by_threshold.best_f1),
            )
            for of in curves
        ),
    )


def _coloured(curves: Mapping[str, UnitCurve]) -> str:
    """Which curves have names, where not all do."""
    named = coloured_classes(curves)
    few = len(named) < len(curves)
    return f" of each class; named are the {len(named)} lowest" if few else " of each class"


def _listed(curves: Mapping[str, UnitCurve]) -> str:
    return ", ".join(f"{curve.area:.3f} for {name}" for name, curve in curves.items())
