"""Quantizes a trained model and trains LoRA on quantized encoders: size, speed and accuracy.

    bertplay train --task emotion --data train.csv --validation val.csv --loss ce \
        --backbone DIR --pooling mean --lr 1e-4 --epochs 2 --output RUN
    python benchmarks/quantized_encoders.py --run RUN --backbone DIR --train train.csv \
        --validation val.csv

Prediction: the model of RUN in full precision and in 8 and 4 bits, on all validation rows. Times
are of `--timed` of them, in rounds that take the three in turn; a ratio is that of a round, and the
median of all rounds stands in the table.

LoRA: `--rows` rows and one epoch on DIR in full precision, 8 and 4 bits, for each seed in turn; a
ratio is that of a seed's three runs, in processor seconds of a whole run, as a run is too long to
share its minute with the next. Figures are on the validation rows, means over the seeds.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import bertplay
from bertplay.encoders import load_encoder
from bertplay.encoders.quantizing import fitting, quantize_linears
from bertplay.metrics import evaluate
from bertplay.named_arrays import named_arrays

BITS = (0, 8, 4)
NAMES = {0: "float32", 8: "8 bits", 4: "4 bits"}
FIGURES = ("accuracy", "macro_f1", "ece")


def predictions(args: argparse.Namespace, folder: Path) -> dict[int, dict[str, Any]]:
    """Bits to the stored bytes, the seconds of each round, and figures of the model of a run."""
    models = {0: Path(args.run) / "model"}
    for bits in BITS[1:]:
        models[bits] = bertplay.quantize(models[0], folder / f"{bits}", bits=bits).folder
    loaded = {bits: bertplay.load(place) for bits, place in models.items()}
    table = pd.read_csv(args.validation, keep_default_na=False)
    texts, classes = table.text.tolist(), loaded[0].classes
    labels = np.array([classes.index(label) for label in table.label])
    shares = {bits: model.predict_proba(texts) for bits, model in loaded.items()}
    seconds: dict[int, list[float]] = {bits: [] for bits in BITS}
    for _ in range(args.rounds):
        for bits, model in loaded.items():
            started = time.perf_counter()
            model.predict_proba(texts[: args.timed])
            seconds[bits].append(time.perf_counter() - started)
    return {
        bits: {
            "bytes": (models[bits] / "model.safetensors").stat().st_size,
            "seconds": seconds[bits],
            "changed": float((shares[bits].argmax(1) != shares[0].argmax(1)).mean()),
            **_figures(evaluate(shares[bits], labels, classes).as_dict()),
        }
        for bits in BITS
    }


def trainings(args: argparse.Namespace, folder: Path) -> dict[int, dict[str, Any]]:
    """Bits to the layers' bytes, the processor seconds of each seed's run, and mean figures."""
    table = folder / "rows.csv"
    pd.read_csv(args.train, keep_default_na=False).head(args.rows).to_csv(table, index=False)
    runs: dict[int, list[dict[str, Any]]] = {bits: [] for bits in BITS}
    for seed in range(args.seeds):
        for bits in BITS:
            started = time.process_time()
            summary = bertplay.train(
                bertplay.TrainOptions(
                    task="emotion",
                    data=str(table),
                    validation=args.validation,
                    loss="ce",
                    backbone=args.backbone,
                    pooling="mean",
                    adapter="lora",
                    adapter_targets="all-linear",
                    quantize=bits,
                    epochs=1,
                    lr=args.lr,
                    seed=seed,
                    keep="last",
                    output=str(folder / f"lora-{bits}-{seed}"),
                    report=False,
                )
            )
            seconds = time.process_time() - started
            runs[bits].append({**summary["validation"], "seconds": seconds})
            print(f"seed {seed}, {NAMES[bits]}: {seconds:.1f} processor seconds", flush=True)
    return {
        bits: {
            "bytes": layer_bytes(args.backbone, bits),
            "seconds": [run["seconds"] for run in of_bits],
            **{name: statistics.mean(run[name] for run in of_bits) for name in FIGURES},
        }
        for bits, of_bits in runs.items()
    }


def layer_bytes(backbone: str, bits: int) -> int:
    """Of all arrays in an encoder's layers."""
    encoder, _ = load_encoder(backbone)
    if bits:
        quantize_linears(encoder, fitting(encoder, bits))
    layers = [named_arrays(layer.parameters()).values() for layer in encoder.layers]
    return sum(array.nbytes for arrays in layers for array in arrays)


def _figures(metrics: Mapping[str, Any]) -> dict[str, float]:
    return {name: metrics[name] for name in FIGURES}


def median_ratio(seconds: Sequence[float], of_full: Sequence[float]) -> float:
    """Of the times that were taken together."""
    return statistics.median(a / b for a, b in zip(seconds, of_full, strict=True))


def table(measured: Mapping[int, Mapping[str, Any]], size: str) -> str:
    """As Markdown; `size` names what the bytes are of."""
    changed = "changed" in measured[0]
    lines = [
        f"| | {size} | time, by float32's | accuracy | macro-F1 | ECE |"
        + (" changed class |" if changed else ""),
        "|---|---|---|---|---|---|" + ("---|" if changed else ""),
    ]
    for bits, figures in measured.items():
        cells = [
            NAMES[bits],
            f"{figures['bytes'] / 1e6:.1f} MB",
            f"{median_ratio(figures['seconds'], measured[0]['seconds']):.2f}",
            *(f"{figures[name]:.4f}" for name in FIGURES),
            *([f"{figures['changed']:.2%}"] if changed else []),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Read the command line, measure, and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", required=True, help="a finished run on the task emotion")
    parser.add_argument("--backbone", required=True)
    parser.add_argument("--train", required=True)
    parser.add_argument("--validation", required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--timed", type=int, default=400, help="texts of a timed prediction")
    parser.add_argument("--rows", type=int, default=1200, help="that LoRA learns from")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--lr", type=float, default=3e-3, help="of LoRA")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(table(predictions(args, Path(folder)), "model.safetensors"), flush=True)
        print(table(trainings(args, Path(folder)), "layers"))


if __name__ == "__main__":
    main()
