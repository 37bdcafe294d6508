"""Tiles and tables of one label column's figures, as summary.json has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bertplay.diagnostics.class_intervals import class_intervals
from bertplay.report.blocks import Cell, Table, Tile
from bertplay.report.wording import figure, interval

_NAMES = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_f1": "Macro-F1",
    "micro_f1": "Micro-F1",
    "exact_match": "All classes right",
    "ece": "Calibration error",
    "log_loss": "Log loss",
    "ccc": "Concordance",
    "pearson": "Correlation",
    "r2": "R²",
    "mae": "Mean absolute error",
    "rmse": "Root mean squared error",
}
MOST_CLASSES = 25
"""Of more classes, tables and figures show those that matter most."""

_PER_CLASS = ("precision", "recall", "f1")


def tiles_of(figures: Mapping[str, Any], baseline: Mapping[str, Any]) -> tuple[Tile, ...]:
    """A column's headline figures, each beside that of an answer without reading.

    Args:
        figures: of `Metrics`, `MultiLabelMetrics` or `RegressionMetrics`.
        baseline: of the same rows.
    """
    without = {**baseline, "accuracy": baseline.get("majority_accuracy")}
    always = baseline.get("majority_class")
    guess = "the mean" if always is None else f"always {always}"
    tiles = []
    for key, name in _NAMES.items():
        if key not in figures:
            continue
        other = without.get(key)
        note = "" if other is None else f"{guess}: {figure(other)}"
        if key == "ece":
            note = "0 is perfect"
        tiles.append(Tile(name, figure(figures[key]), note))
    return tuple(tiles)


def confusion_table(matrix: Sequence[Sequence[int]], classes: Sequence[str]) -> Table:
    """The confusion matrix: counts, with each row's shares under them and as its shades.

    Of many classes the largest confusions alone, as nobody reads a matrix of thousands of cells.
    """
    if len(classes) > MOST_CLASSES:
        return _largest_confusions(matrix, classes)
    rows: list[tuple[str | Cell, ...]] = []
    for true, counts in enumerate(matrix):
        total = sum(counts)
        cells = []
        for predicted, count in enumerate(counts):
            share = count / total if total else 0.0
            cells.append(
                Cell(
                    f"{count:,}",
                    f"{share:.0%}" if count else "",
                    share if count else None,
                    bad=predicted != true,
                    quiet=not count,
                )
            )
        rows.append((classes[true], *cells))
    return Table(
        "Rows of each true class by what was predicted, with the share of the true class",
        ("true class", *classes),
        tuple(rows),
        corner="predicted",
    )


def _largest_confusions(matrix: Sequence[Sequence[int]], classes: Sequence[str]) -> Table:
    found = sorted(
        (
            (count, true, predicted)
            for true, counts in enumerate(matrix)
            for predicted, count in enumerate(counts)
            if count and predicted != true
        ),
        key=lambda one: -one[0],
    )[:MOST_CLASSES]
    rows = tuple(
        (classes[true], classes[predicted], f"{count:,}", f"{count / sum(matrix[true]):.0%}")
        for count, true, predicted in found
    )
    headings = ("true class", "predicted", "rows", "share of the class")
    return Table("The largest confusions", headings, rows, words=frozenset({0, 1}))


def per_class_table(figures: Mapping[str, Any]) -> Table:
    """Precision, recall, F1 and rows of each class, with intervals where a row has one class."""
    per_class, confusion = figures["per_class"], figures.get("confusion_matrix")
    intervals = [None] * len(per_class) if confusion is None else class_intervals(confusion)
    rows = tuple(
        (
            name,
            *(_cell(of[key], getattr(bounds, key, None)) for key in _PER_CLASS),
            f"{of['support']:,}",
        )
        for (name, of), bounds in zip(per_class.items(), intervals, strict=True)
    )
    caption = "Figures of each class"
    if confusion is not None:
        caption += ", with the 95% bootstrap interval of each"
    return Table(caption, ("class", "precision", "recall", "F1", "rows"), rows)


def _cell(value: float | None, bounds: tuple[float, float] | None) -> Cell:
    return Cell(figure(value), interval(*bounds) if bounds else "")
