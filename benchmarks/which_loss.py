"""Trains every loss of `bertplay.losses.LOSSES` on a built-in table, beside cross-entropy.

    python benchmarks/which_loss.py --json emotion.json --output emotion.md
    python benchmarks/which_loss.py --task titanic --seeds 10 --json titanic.json

Each loss has its default options, but the focal losses are trained with `alpha=balanced` and with
`alpha=none`, since `bertplay train` chooses one of them by the table. All else is the table's
recipe. The weights at the end of the last epoch are taken, so that no row that is evaluated chooses
anything.

The figures are those of the test rows on the emotion table, which has as many of every class, and
those of the validation rows on the Titanic table, a fifth drawn anew by each seed. ECE is given as
it comes and after temperature scaling ("at T"), with the temperature fitted on the emotion table's
validation rows, and on the Titanic table for each half of the validation rows on the other half.

The same seed means the same split, first weights and order for every loss, so that differences to
cross-entropy are taken seed by seed.

With `--json` every run is stored when it ends, and the same command continues after an
interruption. A stored run is reused if the table, the backbone's files, all training options and
the versions of bertplay and MLX are the same; the heading tells when the table mixes runs of
different code.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from stored_runs import Record, StoredRuns
from titanic_table import backbone_name, command_shown, weights_text
from which_loss_figures import figures_of, rare_classes
from which_loss_table import COMPARED_TO, markdown_table

import bertplay
from bertplay import InputError, TrainOptions
from bertplay.cli.named_losses import parse_loss, shown_loss
from bertplay.comparison.fingerprints import code_sha256, folder_sha256, training_settings
from bertplay.comparison.several_at_once import finished

ALPHAS = dict.fromkeys(("focal", "focal_smooth"), ("balanced", "none"))


@dataclass(frozen=True, eq=False)
class Training:
    """One run of one loss.

    Attributes:
        loss: as the command line names it.
        options: what to train.
        settings: all that decides the result, ready for JSON.
    """

    loss: str
    options: TrainOptions
    settings: Mapping[str, Any]


def every_loss() -> list[str]:
    """All losses, as the command line names them."""
    from bertplay.losses import LOSSES

    return [
        f"{name}:alpha={alpha}" if alpha else name
        for name in LOSSES
        for alpha in ALPHAS.get(name, (None,))
    ]


def plan_trainings(args: argparse.Namespace) -> list[Training]:
    """Every loss with every seed, seed by seed, so that the losses advance together.

    Raises:
        InputError: a loss or an option is wrong.
    """
    from bertplay.training.preparation import with_recipe

    names = every_loss() if args.losses is None else args.losses.split(",")
    losses = [(text, *parse_loss(text)) for text in dict.fromkeys(map(str.strip, names))]
    backbone = {"name": backbone_name(args.backbone), "sha256": folder_sha256(args.backbone)}
    table = {"task": args.task, "sha256": table_sha256(args.task)}
    versions = {"bertplay": bertplay.__version__, "mlx": version("mlx")}
    trainings = []
    for seed in range(args.seeds):
        for text, loss, arguments in losses:
            options = TrainOptions(
                task=args.task,
                loss=loss,
                loss_args=arguments,
                backbone=args.backbone,
                epochs=args.epochs,
                lr=args.lr,
                keep="last",
                seed=seed,
            )
            options = with_recipe(options, args.task)
            settings = {
                "loss": text,
                "table": table,
                "options": training_settings(options),
                "backbone": backbone,
                "versions": versions,
            }
            trainings.append(Training(text, options, settings))
    return trainings


def table_sha256(task: str) -> str:
    """The fingerprint of a built-in table."""
    from bertplay.data.emotions import EMOTIONS_FILE
    from bertplay.data.source_file import file_sha256
    from bertplay.data.titanic import PASSENGERS_FILE

    return file_sha256({"emotion": EMOTIONS_FILE, "titanic": PASSENGERS_FILE}[task])


def run(training: Training) -> Record:
    """Train once; the figures, the time and the training rows of each class."""
    import mlx.core as mx

    with tempfile.TemporaryDirectory(prefix="which-loss-") as name:
        output = Path(name) / "run"
        summary = bertplay.train(replace(training.options, output=str(output), report=False))
        counts = summary["data"]["class_counts"]
        figures = figures_of(output, counts)
    mx.clear_cache()
    return {**figures, "class_counts": counts, "train_seconds": summary["train_seconds"]}


def run_missing(trainings: Sequence[Training], stored: StoredRuns, jobs: int) -> None:
    """Run what is not stored yet, with a line for each run."""
    missing = [training for training in trainings if stored.find(training.settings) is None]
    if len(missing) < len(trainings):
        report(f"{len(trainings) - len(missing)} of {len(trainings)} runs are stored already")
    code = code_sha256()
    started = time.perf_counter()
    for done, (training, result) in enumerate(finished(run, missing, jobs), start=1):
        stored.add(training.settings, {**result, "code_sha256": code})
        left = (time.perf_counter() - started) / done * (len(missing) - done)
        report(
            f"[{done}/{len(missing)}] seed {training.options.seed}, {shown_loss(training.loss)}: "
            f"macro-F1 {result['macro_f1']:.3f}, rare F1 {result['rare_f1']:.3f}, "
            f"ECE {result['ece']:.3f}, {result['train_seconds']:.0f} s; "
            f"about {left / 60:.1f} minutes left"
        )


def report(line: str) -> None:
    """Show progress, apart from the table."""
    print(line, file=sys.stderr, flush=True)


def compare(args: argparse.Namespace, argv: Sequence[str]) -> str:
    """Run everything; returns the table and its heading as Markdown.

    Raises:
        InputError: an option is wrong.
    """
    for name in ("seeds", "jobs"):
        if getattr(args, name) < 1:
            raise InputError(f"--{name} {getattr(args, name)}: it must be at least 1")
    trainings = plan_trainings(args)
    stored = StoredRuns(Path(args.json) if args.json else None)
    run_missing(trainings, stored, args.jobs)
    results: dict[str, dict[int, Record]] = {}
    for training in trainings:
        found = stored.find(training.settings)
        assert found is not None
        results.setdefault(training.loss, {})[training.options.seed] = found
    runs = [run for of_loss in results.values() for run in of_loss.values()]
    counts = runs[0]["class_counts"]
    text = heading(args, argv, trainings[0].options, counts)
    if len({run["code_sha256"] for run in runs}) > 1:
        text += (
            "\n\nThe runs were made by different states of bertplay's code: delete "
            f"{Path(args.json).name} and repeat them."
        )
    return f"{text}\n\n{markdown_table(results, rare_classes(counts))}\n"


def heading(
    args: argparse.Namespace,
    argv: Sequence[str],
    options: TrainOptions,
    counts: Mapping[str, int],
) -> str:
    """The command and the facts behind the table."""
    rare = ", ".join(f"{name} ({counts[name]})" for name in rare_classes(counts))
    evaluated, fitted = {
        "emotion": ("test", "fitted on the validation rows"),
        "titanic": ("validation", "fitted on the other half of them"),
    }[args.task]
    facts = [
        f"built-in {args.task} table, {sum(counts.values()):,} training rows; rare: {rare}",
        f"figures of the {evaluated} rows; T is {fitted}",
        f"mean +- standard deviation, seeds 0 to {args.seeds - 1}",
        f"differences to {COMPARED_TO} seed by seed, in points (hundredths), +- standard error",
        f"backbone {backbone_name(args.backbone)}, epochs {options.epochs}, lr {options.lr:g}, "
        f"pooling {options.pooling}, batch size {options.batch_size}, "
        f"{weights_text(options.average_weights)}",
        f"bertplay {bertplay.__version__}, mlx {version('mlx')}",
    ]
    return f"`{command_shown(Path(__file__).name, args, argv)}`\n\n{'; '.join(facts)}."


def command_line() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--task", choices=("emotion", "titanic"), default="emotion")
    parser.add_argument(
        "--losses", help="NAME or NAME:KEY=VALUE, separated by commas; default: all of them"
    )
    parser.add_argument("--seeds", type=int, default=5, help="how many; default: %(default)s")
    parser.add_argument("--backbone", default="mini", help="default: %(default)s")
    parser.add_argument("--epochs", type=int, help="default: the recipe, as for the next one")
    parser.add_argument("--lr", type=float)
    parser.add_argument("--jobs", type=int, default=1, help="runs at once, of one thread each")
    parser.add_argument("--output", metavar="FILE", help="also write the table to this file")
    parser.add_argument("--json", metavar="FILE", help="store every run, and continue from there")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit codes are those of `bertplay train`."""
    from bertplay.atomic_files import write_text
    from bertplay.training import TrainingFailedError, TrainingInterruptedError

    argv = sys.argv[1:] if argv is None else argv
    parser = command_line()
    args = parser.parse_args(argv)
    try:
        text = compare(args, argv)
    except InputError as error:
        parser.error(str(error))
    except (KeyboardInterrupt, TrainingInterruptedError):
        report("stopped" + ("; the same command continues" if args.json else ""))
        return 130
    except TrainingFailedError as error:
        report(f"stopped: {error}")
        return 1
    print(text, end="")
    if args.output:
        write_text(Path(args.output), text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
