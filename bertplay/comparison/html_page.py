"""A comparison as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bertplay.comparison.baselines import MAJORITY
from bertplay.comparison.design import design_of, families
from bertplay.comparison.encoder_table import HEADINGS, WORDS, encoder_rows
from bertplay.comparison.figures import FIGURES
from bertplay.comparison.forest import forest_plot
from bertplay.comparison.page import shown_difference, shown_interval
from bertplay.report.blocks import Cell, Figures, Page, Prose, Section, Table
from bertplay.report.rendering import rendered
from bertplay.report.svg import drawing_style

_DRAWN = ("macro_f1", "rare_recall", "accuracy", "tempered_log_loss")


def html(facts: Mapping[str, Any]) -> str:
    """The page of a comparison: what can be said first, then differences and figures.

    Args:
        facts: as compare.json has them.
    """
    rare, reference, design = facts["rare"], facts["reference"], design_of(facts)
    titles = tuple(figure.title(rare) for figure in FIGURES)
    of_methods = {
        name: of["differences"] for name, of in facts["methods"].items() if of["differences"]
    }
    # So far off in most figures that the others would lie on one another.
    drawn = {name: of for name, of in of_methods.items() if name != MAJORITY}
    with drawing_style():
        drawings = tuple(
            forest_plot(figure, drawn, reference, rare)
            for figure in sorted(FIGURES, key=lambda figure: not figure.primary)
            if figure.key in _DRAWN
        )
    differences = Table(
        f"Differences to {reference} with 95% intervals, in points, those of log loss in nats"
        f"{', majority here alone' if MAJORITY in of_methods else ''}",
        ("method", *titles),
        tuple(
            (name, *(Cell(*shown_difference(figure, of[figure.key])) for figure in FIGURES))
            for name, of in of_methods.items()
        ),
    )
    figures = Table(
        f"Of each method: {design.means}",
        ("method", *titles, "seconds"),
        tuple(
            (
                name,
                *(Cell(*shown_interval(of["figures"][figure.key])) for figure in FIGURES),
                f"{of['seconds']:.1f}",
            )
            for name, of in facts["methods"].items()
        ),
    )
    encoders = Table("Their sizes, speed and memory", HEADINGS, tuple(encoder_rows(facts)), WORDS)
    said = tuple(Prose(text) for text in (*facts["conclusions"], *facts["limits"]))
    page = Page(
        title=design.title,
        subtitle=f"{facts['source']}, {facts['train_rows']:,} training rows, figures of "
        f"{facts['evaluated_rows']:,} rows; backbone {facts['backbone']}",
        lead=(facts["recommendation"],),
        tiles=(),
        sections=(
            Section("said", "What can be said", said),
            *((Section("encoders", "Encoders", (encoders,)),) if encoders.rows else ()),
            Section("differences", "Differences", (Figures(drawings), differences)),
            Section("figures", "Figures", (figures,)),
        ),
        footer=f"{design.pairs}; p after Holm's correction: {families(rare)}. A filled "
        "point is a difference that was found: a corrected p below .05, and an interval without 0.",
    )
    return rendered(page)
