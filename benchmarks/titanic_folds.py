"""Cross-validates losses on a Titanic table, beside cheap baselines on the very same folds.

    python benchmarks/titanic_folds.py --backbone DIR --data train.csv --json runs.json

Each of the stratified folds is held out once, and `bertplay.train` learns from the others with the
task's recipe. It is given the held-out fold as its validation table, which by default would also
choose the best epoch; here the weights of the LAST epoch are kept, so that the held-out fold
chooses nothing and its figures do not flatter. Seeds change the folds, the weights and the order
together. The table has means and standard deviations (of the sample, n - 1) over all held-out
folds of all seeds.

With `--json` every run is stored when it ends, and the same command continues after an
interruption. A stored run is reused if the table, its sentences, the backbone's files, all
training options and the versions of bertplay and MLX are the same. An edit of bertplay's code
under the same version does not discard stored runs, but the heading tells when the table mixes
runs of different code.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from stored_runs import Record, StoredRuns
from titanic_baselines import BASELINES, CLASSES, RULES, Passengers, read_passengers
from titanic_table import backbone_name, heading, markdown_table
from titanic_trainings import Fold, Training, stratified_folds, train_all

import bertplay
from bertplay import InputError, TrainOptions
from bertplay.cli.named_losses import parse_loss
from bertplay.comparison.fingerprints import code_sha256, folder_sha256, training_settings

LOSSES = (
    "ce",
    "weighted_ce",
    "focal:alpha=balanced",
    "focal:alpha=none",
    "focal_smooth:alpha=balanced",
    "focal_smooth:alpha=none",
    "adaptive",
)


def plan_trainings(
    args: argparse.Namespace, passengers: Passengers, folds: Sequence[Fold]
) -> list[Training]:
    """Every loss on every fold: seed by seed and fold by fold, so that losses advance together."""
    table = table_settings(args, passengers)
    backbone = {"name": backbone_name(args.backbone), "sha256": folder_sha256(args.backbone)}
    versions = {"bertplay": bertplay.__version__, "mlx": version("mlx")}
    names = dict.fromkeys(text.strip() for text in args.losses.split(","))
    losses = [(text, *parse_loss(text)) for text in names]
    trainings = []
    for fold in folds:
        for text, loss, arguments in losses:
            options = resolved_options(args, loss, arguments, fold.seed)
            settings = {
                **fold_settings(text, table, fold),
                "options": training_settings(options),
                "backbone": backbone,
                "versions": versions,
            }
            trainings.append(Training(text, options, fold, settings))
    return trainings


def resolved_options(
    args: argparse.Namespace, loss: str, arguments: dict[str, Any], seed: int
) -> TrainOptions:
    """The options of a run, with the recipe's settings where the command line gives none."""
    from bertplay.training.preparation import with_recipe

    options = TrainOptions(
        task="titanic",
        data=args.data,
        loss=loss,
        loss_args=arguments,
        backbone=args.backbone,
        pooling=args.pooling,
        epochs=args.epochs,
        lr=args.lr,
        keep="last",
        seed=seed,
    )
    if args.batch_size is not None:
        options = replace(options, batch_size=args.batch_size)
    return with_recipe(options, "titanic")


def table_settings(args: argparse.Namespace, passengers: Passengers) -> dict[str, Any]:
    """The facts of the table that decide a result; a change of the sentences is one of them."""
    sentences = "\n".join(passengers.sentences).encode()
    return {
        "table": passengers.name,
        "sha256": passengers.sha256,
        "sentences_sha256": hashlib.sha256(sentences).hexdigest(),
        "rows": len(passengers),
        "folds": args.folds,
    }


def fold_settings(method: str, table: Mapping[str, Any], fold: Fold) -> dict[str, Any]:
    """The part of the settings that trainings and baselines share."""
    return {"method": method, **table, "seed": fold.seed, "fold": fold.number}


def run_baseline(name: str, passengers: Passengers, fold: Fold) -> Record:
    """A baseline's figures on a fold."""
    from bertplay.metrics import evaluate

    probabilities = BASELINES[name](passengers, fold.train, fold.held_out, fold.seed)
    figures = evaluate(probabilities, passengers.labels[fold.held_out], CLASSES).as_dict()
    if name in RULES:
        figures |= dict.fromkeys(("ece", "log_loss", "mean_confidence", "entropy"))
    return {"validation": figures}


def run_trainings(
    trainings: Sequence[Training], passengers: Passengers, stored: StoredRuns, jobs: int
) -> None:
    """Run what is not stored yet, with a line for each run."""
    missing = [training for training in trainings if stored.find(training.settings) is None]
    if len(missing) < len(trainings):
        report(f"{len(trainings) - len(missing)} of {len(trainings)} runs are stored already")
    code = code_sha256()
    started = time.perf_counter()
    for done, (training, result) in enumerate(train_all(missing, passengers.frame, jobs), start=1):
        stored.add(training.settings, {**result, "code_sha256": code})
        left = (time.perf_counter() - started) / done * (len(missing) - done)
        figures = result["validation"]
        report(
            f"[{done}/{len(missing)}] seed {training.fold.seed}, fold {training.fold.number}, "
            f"{training.method}: accuracy {figures['accuracy']:.3f}, "
            f"macro-F1 {figures['macro_f1']:.3f}, {result['train_seconds']:.0f} s; "
            f"about {left / 60:.1f} minutes left"
        )


def report(line: str) -> None:
    """Show progress, apart from the table."""
    print(line, file=sys.stderr, flush=True)


def command_line() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", metavar="FILE", help="default: the built-in 1,309 passengers")
    parser.add_argument("--backbone", metavar="DIR", help="a checkpoint's folder, or scratch")
    parser.add_argument(
        "--losses",
        default=",".join(LOSSES),
        help="NAME or NAME:KEY=VALUE, separated by commas; default: %(default)s",
    )
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seeds", default="0", help='separated by commas: "0,1,2"')
    parser.add_argument("--epochs", type=int, help="default: the recipe, as for the next ones")
    parser.add_argument("--lr", type=float)
    parser.add_argument("--pooling")
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--limit", type=int, metavar="ROWS", help="take the first rows only")
    parser.add_argument("--jobs", type=int, default=1, help="runs at once, of one thread each")
    parser.add_argument("--baselines-only", action="store_true", help="train no encoder")
    parser.add_argument("--output", metavar="FILE", help="also write the table to this file")
    parser.add_argument("--json", metavar="FILE", help="store every run, and continue from there")
    return parser


def cross_validate(args: argparse.Namespace, argv: Sequence[str]) -> str:
    """Run everything; returns the table and its heading as Markdown.

    Raises:
        InputError: an option or the table is wrong.
    """
    try:
        seeds = [int(seed) for seed in args.seeds.split(",")]
    except ValueError:
        raise InputError(f"--seeds {args.seeds}: write whole numbers, such as 0,1,2") from None
    for name in ("jobs", "limit"):
        value = getattr(args, name)
        if value is not None and value < 1:
            raise InputError(f"--{name} {value}: it must be at least 1")
    if args.backbone is None and not args.baselines_only:
        raise InputError("name a checkpoint's folder with --backbone, or give --baselines-only")
    passengers = read_passengers(args.data, args.limit)
    folds = stratified_folds(passengers.labels, args.folds, seeds)
    trainings = [] if args.baselines_only else plan_trainings(args, passengers, folds)
    stored = StoredRuns(Path(args.json) if args.json else None)

    figures: dict[str, list[Mapping[str, Any]]] = {}
    for name in BASELINES:
        for fold in folds:
            result = run_baseline(name, passengers, fold)
            settings = fold_settings(name, table_settings(args, passengers), fold)
            stored.add(settings, result)
            figures.setdefault(name, []).append(result["validation"])
    run_trainings(trainings, passengers, stored, args.jobs)
    codes = set()
    for training in trainings:
        found = stored.find(training.settings)
        assert found is not None
        figures.setdefault(training.method, []).append(found["validation"])
        codes.add(found["code_sha256"])
    text = heading(args, argv, passengers, trainings)
    if len(codes) > 1:
        text += (
            f"\n\nThe runs were made by {len(codes)} different states of bertplay's code: "
            f"delete {Path(args.json).name} and repeat them."
        )
    return f"{text}\n\n{markdown_table(figures)}\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; the exit codes are those of `bertplay train`."""
    from bertplay.atomic_files import write_text
    from bertplay.training import TrainingFailedError, TrainingInterruptedError

    argv = sys.argv[1:] if argv is None else argv
    parser = command_line()
    args = parser.parse_args(argv)
    try:
        text = cross_validate(args, argv)
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
