"""The table of a cross-validation as Markdown, under the command and the facts that made it."""

from __future__ import annotations

import argparse
import shlex
import statistics
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from titanic_baselines import CLASSES, Passengers
from titanic_trainings import Training

import bertplay
from bertplay.cli.named_losses import shown_loss


def markdown_table(figures: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """One line a method: means and standard deviations of its held-out folds."""

    def cell(values: Sequence[float | None]) -> str:
        numbers = [value for value in values if value is not None]
        if not numbers:
            return "-"
        return f"{statistics.mean(numbers):.3f} +- {statistics.stdev(numbers):.3f}"

    lines = [
        "| method | accuracy | macro-F1 | survivors' recall | ECE |",
        "|---|---|---|---|---|",
    ]
    for method, folds in figures.items():
        cells = [
            cell([fold["accuracy"] for fold in folds]),
            cell([fold["macro_f1"] for fold in folds]),
            cell([fold["per_class"]["survived"]["recall"] for fold in folds]),
            cell([fold["ece"] for fold in folds]),
        ]
        lines.append(f"| {shown_loss(method)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def heading(
    args: argparse.Namespace,
    argv: Sequence[str],
    passengers: Passengers,
    trainings: Sequence[Training],
) -> str:
    """The command and the facts behind the table, with the names of files but not their folders."""
    died, survived = np.bincount(passengers.labels, minlength=len(CLASSES))
    facts = [
        f"{passengers.name}: {len(passengers):,} rows ({died} died, {survived} survived)",
        f"{args.folds} folds, seeds {args.seeds}",
        "mean +- standard deviation over the held-out folds",
    ]
    if trainings:
        options = trainings[0].options
        facts += [
            f"backbone {backbone_name(args.backbone)}, epochs {options.epochs}, lr {options.lr:g}, "
            f"pooling {options.pooling}, batch size {options.batch_size}, R-Drop "
            f"{options.r_drop:g}, {weights_text(options.average_weights)}"
        ]
    facts.append(f"bertplay {bertplay.__version__}, mlx {version('mlx')}")
    facts.append(f"scikit-learn {version('scikit-learn')}")
    return f"`{command_shown('titanic_folds.py', args, argv)}`\n\n{'; '.join(facts)}."


def weights_text(averaged: float | None) -> str:
    """Which weights are evaluated."""
    if averaged:
        return f"weights averaged over the last {averaged:.0%} of the steps"
    return "weights of the last epoch"


def command_shown(script: str, args: argparse.Namespace, argv: Sequence[str]) -> str:
    """The command line of a script, with file names in place of paths."""
    paths = {getattr(args, name, None) for name in ("data", "output", "json")}
    if args.backbone and Path(args.backbone).is_dir():
        paths.add(args.backbone)

    def shown(word: str) -> str:
        option, mark, value = word.partition("=")
        if mark and value in paths:
            return f"{option}={Path(value).name}"
        return Path(word).name if word in paths else word

    return shlex.join(["python", f"benchmarks/{script}", *map(shown, argv)])


def backbone_name(backbone: str) -> str:
    """The name of a checkpoint's folder without those above it; a repo id or scratch as it is."""
    return Path(backbone).name if Path(backbone).is_dir() else backbone
