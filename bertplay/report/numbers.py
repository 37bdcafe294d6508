"""What predicted numbers show: how far they are off, and where."""

from __future__ import annotations

import numpy as np

from bertplay.diagnostics.numbers import NumberDiagnosis, NumberRows
from bertplay.diagnostics.slices import FEWEST_ROWS, ErrorSlice
from bertplay.report import palette
from bertplay.report.blocks import Figures, Prose, Quote, Quotes, Section, Span, Table
from bertplay.report.hard_rows import SHOWN, cut
from bertplay.report.slices import MOST_SHOWN, p_text
from bertplay.report.svg import Drawing, axes_of, drawing
from bertplay.report.wording import figure

_MOST_POINTS = 400
_BARS = 20


def sections_of_numbers(found: NumberDiagnosis, number: int) -> tuple[Section, ...]:
    """Predictions over labels, errors by label, the largest errors and groups of rows.

    Args:
        found: the figures.
        number: of the task, for anchors.
    """
    return (
        _errors(found, f"errors-{number}"),
        _hard_rows(found.rows, f"wrong-{number}"),
        *_slices(found, f"slices-{number}"),
    )


def _errors(found: NumberDiagnosis, anchor: str) -> Section:
    ranges = Table(
        "Errors by the label, in ranges of about equally many rows",
        ("label", "mean error", "mean absolute error", "rows"),
        tuple(
            (
                f"{of.low:.3g}" if of.low == of.high else f"{of.low:.3g} to {of.high:.3g}",
                f"{of.mean_error:+.3g}",
                f"{of.mean_absolute_error:.3g}",
                f"{of.rows:,}",
            )
            for of in found.ranges
        ),
    )
    return Section(
        anchor,
        "How far it is off",
        (
            Prose(f"{_said(found)} An error is the prediction minus the label."),
            Figures((_scatter(found.rows, anchor), _histogram(found, anchor))),
            ranges,
        ),
    )


def _said(found: NumberDiagnosis) -> str:
    half = f"Half of the rows are off by at most {found.median_absolute_error:.3g}."
    if found.spread_ratio is None:
        return half
    kind = "spread as widely as the labels"
    if found.spread_ratio < 0.8:
        kind = "closer together than the labels, so it keeps to the middle"
    elif found.spread_ratio > 1.25:
        kind = "spread more widely than the labels"
    return f"{half} Its predictions are {kind} ({found.spread_ratio:.2f} of their deviation)."


def _scatter(rows: NumberRows, anchor: str) -> Drawing:
    order = np.argsort(rows.targets, kind="stable")
    kept = order[np.linspace(0, len(order) - 1, min(len(order), _MOST_POINTS)).round().astype(int)]
    picture, axes = axes_of(3.4)
    ends = [float(rows.targets.min()), float(rows.targets.max())]
    axes.plot(ends, ends, color=palette.MUTED, linewidth=1, linestyle=(0, (4, 3)))
    shown = rows.targets[kept], rows.predictions[kept]
    axes.scatter(*shown, s=10, color=palette.FIRST, alpha=0.6, linewidth=0)
    axes.set_xlabel("label")
    axes.set_ylabel("prediction")
    some = f" of {len(kept):,} rows, evenly taken from all," if len(kept) < len(order) else ""
    return drawing(
        picture,
        f"{anchor}-scatter",
        "Predictions over labels",
        f"Labels go from {ends[0]:.3g} to {ends[1]:.3g}, predictions from "
        f"{rows.predictions.min():.3g} to {rows.predictions.max():.3g}.",
        f"The prediction{some} over the label. On the dashed line they are the same.",
    )


def _histogram(found: NumberDiagnosis, anchor: str) -> Drawing:
    from matplotlib.ticker import MaxNLocator

    errors = found.rows.errors
    counts, edges = np.histogram(errors, _BARS)
    picture, axes = axes_of(3.4)
    axes.bar(edges[:-1], counts, np.diff(edges) * 0.92, align="edge", color=palette.FIRST)
    axes.axvline(0, color=palette.MUTED, linewidth=1, linestyle=(0, (4, 3)))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.grid(visible=False, axis="x")
    axes.set_xlabel("prediction minus label")
    axes.set_ylabel("rows")
    return drawing(
        picture,
        f"{anchor}-histogram",
        "Errors",
        f"Errors go from {errors.min():.3g} to {errors.max():.3g}, their mean is "
        f"{found.mean_error:+.3g}.",
        f"How many rows are off by how much; the mean error is {found.mean_error:+.3g}.",
    )


def _hard_rows(rows: NumberRows, anchor: str) -> Section:
    largest = np.argsort(-np.abs(rows.errors), kind="stable")[:SHOWN]
    quotes = tuple(
        Quote(
            f"Row {rows.ids[row]}",
            (
                ("label", f"{rows.targets[row]:.4g}"),
                ("predicted", f"{rows.predictions[row]:.4g}"),
            ),
            (Span(cut(rows.texts[row])),),
        )
        for row in largest.tolist()
    )
    return Section(
        anchor,
        "Rows it gets most wrong",
        (Prose("The rows with the largest errors, with their texts."), Quotes(quotes)),
    )


def _slices(found: NumberDiagnosis, anchor: str) -> tuple[Section, ...]:
    if not found.slices:
        return ()
    return (
        Section(
            anchor,
            "Groups of rows",
            (
                Prose(
                    f"Groups of at least {FEWEST_ROWS} rows, those with the largest errors first. "
                    "Among many groups some are bad by chance."
                ),
                Table(
                    "Errors of each group, and the p of Mann and Whitney's test, adjusted by Holm "
                    "for all groups",
                    ("grouped by", "value", "mean absolute error", "mean error", "rows", "p"),
                    tuple(map(_line, found.slices[:MOST_SHOWN])),
                    words=frozenset({0, 1}),
                ),
            ),
        ),
    )


def _line(of: ErrorSlice) -> tuple[str, ...]:
    return (
        of.column,
        of.value,
        figure(of.mean_absolute_error),
        f"{of.mean_error:+.3f}",
        f"{of.rows:,}",
        p_text(of.adjusted_p),
    )
