"""The table of `which_loss.py` as Markdown: means over the seeds, and differences to one loss."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

from bertplay.cli.named_losses import shown_loss

Figures = Mapping[str, float]

COMPARED_TO = "ce"
MEANS = ("macro_f1", "rare_f1", "rare_recall", "accuracy", "ece", "tempered_ece")
DIFFERENCES = ("macro_f1", "rare_f1", "rare_recall")


def markdown_table(results: Mapping[str, Mapping[int, Figures]], rare: Sequence[str]) -> str:
    """One line a loss.

    Args:
        results: loss to seed to figures.
        rare: the classes that `rare_f1` and `rare_recall` are of.
    """
    of_rare = f"of {rare[0]}" if len(rare) == 1 else f"of the {len(rare)} rarest"
    names = {
        "macro_f1": "macro-F1",
        "rare_f1": f"F1 {of_rare}",
        "rare_recall": f"recall {of_rare}",
        "accuracy": "accuracy",
        "ece": "ECE",
        "tempered_ece": "ECE at T",
    }
    headings = [
        *(names[name] for name in MEANS),
        *(f"{names[name]} - {COMPARED_TO}'s" for name in DIFFERENCES),
    ]
    lines = [f"| loss | {' | '.join(headings)} |", f"|---|{'---|' * len(headings)}"]
    reference = results.get(COMPARED_TO, {})
    for loss, runs in results.items():
        cells = [mean_and_deviation([run[name] for run in runs.values()]) for name in MEANS]
        for name in DIFFERENCES:
            pairs = [] if runs is reference else sorted(runs.keys() & reference.keys())
            cells.append(points([runs[seed][name] - reference[seed][name] for seed in pairs]))
        lines.append(f"| {shown_loss(loss)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def mean_and_deviation(values: Sequence[float]) -> str:
    """Mean and standard deviation of the sample."""
    spread = f" +- {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.3f}{spread}"


def points(differences: Sequence[float]) -> str:
    """Mean and its standard error, in hundredths."""
    if not differences:
        return "-"
    mean = f"{100 * statistics.mean(differences):+.1f}"
    if len(differences) == 1:
        return mean
    error = statistics.stdev(differences) / math.sqrt(len(differences))
    return f"{mean} +- {100 * error:.1f}"
