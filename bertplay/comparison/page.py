"""A comparison as Markdown: figures, differences, what they allow to say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bertplay.comparison.design import design_of, families
from bertplay.comparison.encoder_table import HEADINGS, encoder_rows
from bertplay.comparison.figures import FIGURES, Figure

_IN_POINTS = "Differences are in points (hundredths), those of log loss in nats."


def markdown(facts: Mapping[str, Any]) -> str:
    """The page of a comparison.

    Args:
        facts: as compare.json has them.
    """
    rare, design = facts["rare"], design_of(facts)
    titles = [figure.title(rare) for figure in FIGURES]
    lines = [
        f"# {design.title}",
        "",
        f"{facts['source']}, {facts['train_rows']:,} training rows, figures of "
        f"{facts['evaluated_rows']:,} rows; backbone {facts['backbone']}; {design.means}.",
        "",
        f"| method | {' | '.join(titles)} | seconds |",
        f"|---|{'---|' * (len(titles) + 1)}",
    ]
    for method, of_method in facts["methods"].items():
        cells = [" ".join(shown_interval(of_method["figures"][figure.key])) for figure in FIGURES]
        lines.append(f"| {method} | {' | '.join(cells)} | {of_method['seconds']:.1f} |")
    if encoders := encoder_rows(facts):
        lines += ["", "## Encoders", ""]
        lines += [f"| {' | '.join(HEADINGS)} |", f"|---|{'---|' * (len(HEADINGS) - 1)}"]
        lines += [f"| {' | '.join(row)} |" for row in encoders]
    lines += [
        "",
        f"## Differences to {facts['reference']}",
        "",
        f"{design.pairs}, p after Holm's correction: {families(rare)}. {_IN_POINTS}",
        "",
        f"| method | {' | '.join(titles)} |",
        f"|---|{'---|' * len(titles)}",
    ]
    for method, of_method in facts["methods"].items():
        if of_method["differences"] is not None:
            cells = [
                " ".join(shown_difference(figure, of_method["differences"][figure.key]))
                for figure in FIGURES
            ]
            lines.append(f"| {method} | {' | '.join(cells)} |")
    lines += ["", "## What can be said", ""]
    lines += [f"- {sentence}" for sentence in facts["conclusions"]]
    lines += ["", " ".join(facts["limits"])]
    lines += ["", "## Recommendation", "", facts["recommendation"], ""]
    return "\n".join(lines)


def shown_interval(values: Mapping[str, float]) -> tuple[str, str]:
    """A mean and its interval."""
    return f"{values['mean']:.3f}", f"[{values['low']:.3f}, {values['high']:.3f}]"


def shown_difference(figure: Figure, values: Mapping[str, float]) -> tuple[str, str]:
    """A mean difference, and its interval and corrected p."""
    scale, digits = (100, 1) if figure.share else (1, 3)
    mean, low, high = (f"{values[key] * scale:+.{digits}f}" for key in ("mean", "low", "high"))
    p = values["adjusted_p"]
    return mean, f"[{low}, {high}], p {'< .001' if p < 0.001 else f'{p:.3f}'}"
