"""Fine-tunes encoders on the same rows, in turn, and compares what comes out and how long it takes.

    python benchmarks/backbones.py --train train.csv --validation val.csv \
        small all-MiniLM-L6-v2 random:small random:small@5e-4

`random:DIR` is the architecture and vocabulary of DIR with random weights; `@LR` gives a learning
rate of its own. Every run is bertplay's own `train` in a process of its own; the weights of the
last epoch are evaluated, so that the validation rows choose nothing.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RANDOM = "random:"


@dataclass(frozen=True)
class Contestant:
    """An encoder and the learning rate it is trained with."""

    backbone: str
    lr: float

    @property
    def name(self) -> str:
        """As the table shows it."""
        random = self.backbone.startswith(RANDOM)
        name = Path(self.backbone.removeprefix(RANDOM)).name
        return f"{name}{', random weights' if random else ''}, lr {self.lr:g}"


def contestant(text: str, default_lr: float) -> Contestant:
    """Read BACKBONE or BACKBONE@LR."""
    backbone, _, lr = text.partition("@")
    return Contestant(backbone, float(lr) if lr else default_lr)


def randomised(folder: str, seed: int, target: Path) -> None:
    """Write an encoder of the architecture and vocabulary of `folder`, with random weights."""
    import mlx.core as mx

    from bertplay.atomic_files import write_json
    from bertplay.encoders import load_encoder
    from bertplay.encoders.scratch import initialise
    from bertplay.named_arrays import named_arrays

    encoder, tokenizer = load_encoder(folder)
    initialise(encoder, mx.random.key(seed))
    target.mkdir()
    tensors = named_arrays(encoder.parameters())
    mx.save_safetensors(str(target / "model.safetensors"), tensors, {"format": "mlx"})
    write_json(target / "config.json", encoder.config.as_dict())
    tokenizer.save(str(target / "tokenizer.json"))


def run(args: argparse.Namespace, one: Contestant, seed: int) -> dict[str, Any]:
    """Train once."""
    from bertplay import TrainOptions, train

    with tempfile.TemporaryDirectory() as folder:
        backbone = one.backbone
        if backbone.startswith(RANDOM):
            randomised(backbone.removeprefix(RANDOM), seed, Path(folder) / "random")
            backbone = f"{folder}/random"
        summary = train(
            TrainOptions(
                task="emotion",
                data=args.train,
                validation=args.validation,
                loss=args.loss,
                backbone=backbone,
                pooling="mean",
                epochs=args.epochs,
                lr=one.lr,
                seed=seed,
                keep="last",
                output=f"{folder}/run",
                report=False,
            )
        )
    figures = summary["validation"]
    return {
        "macro_f1": figures["macro_f1"],
        "accuracy": figures["accuracy"],
        "ece": figures["ece"],
        "epoch_seconds": summary["train_seconds"] / summary["epochs_run"],
    }


def table(results: dict[str, list[dict[str, Any]]]) -> str:
    """Means and standard deviations over the seeds, as Markdown; times also beside the first's."""

    def cell(runs: list[dict[str, Any]], name: str, digits: int) -> str:
        values = [run[name] for run in runs]
        spread = f" +- {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
        return f"{statistics.mean(values):.{digits}f}{spread}"

    def seconds(runs: list[dict[str, Any]]) -> float:
        return statistics.median(run["epoch_seconds"] for run in runs)

    first = next(iter(results.values()))
    lines = [
        "| encoder | macro-F1 | accuracy | ECE | seconds an epoch | times the first |",
        "|---|---|---|---|---|---|",
    ]
    for name, runs in results.items():
        cells = [
            cell(runs, "macro_f1", 4),
            cell(runs, "accuracy", 4),
            cell(runs, "ece", 4),
            f"{seconds(runs):.1f}",
            f"{seconds(runs) / seconds(first):.2f}",
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Read the command line and run the comparison, or one run of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("backbones", nargs="+", metavar="BACKBONE[@LR]")
    parser.add_argument("--train", required=True)
    parser.add_argument("--validation", required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--lr", type=float, default=1e-4)
    parser.add_argument("--loss", default="ce")
    parser.add_argument("--output", type=Path, help="also write the table to this file")
    parser.add_argument("--seed", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    contestants = [contestant(text, args.lr) for text in args.backbones]
    if args.seed is not None:
        print(json.dumps(run(args, contestants[0], args.seed)))
        return
    settings = ["--train", args.train, "--validation", args.validation, "--loss", args.loss]
    settings += ["--epochs", str(args.epochs)]
    results: dict[str, list[dict[str, Any]]] = {one.name: [] for one in contestants}
    for seed in range(args.seeds):
        for one in contestants:
            own = [f"{one.backbone}@{one.lr}", "--seed", str(seed)]
            command = [sys.executable, __file__, *own, *settings]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            figures = json.loads(done.stdout.strip().splitlines()[-1])
            results[one.name].append(figures)
            print(f"seed {seed} {one.name}: {json.dumps(figures)}", flush=True)
    report = table(results)
    print(f"\n{report}")
    if args.output:
        args.output.write_text(report + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
