"""Times every loss beside MLX's own cross-entropy: value and gradient, compiled.

    python benchmarks/loss_times.py

The losses take turns, so that all of them meet the same machine; a figure is the median over the
rounds of the time by that of MLX's cross-entropy in the same round.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import bertplay  # noqa: F401 - before MLX, which then finds the fast BLAS

# isort: split
import mlx.core as mx
import mlx.nn as nn
import numpy as np

from bertplay.losses import LOSSES, get_loss

REFERENCE = "mlx cross_entropy"

Step = Callable[[], None]


def step_of(loss: Callable[[mx.array, mx.array], mx.array], rows: int, classes: int) -> Step:
    """Value and gradient for a batch of logits `[rows, classes]`, compiled and compiling done."""
    logits = mx.random.normal((rows, classes), key=mx.random.key(0))
    labels = mx.array(np.random.default_rng(0).integers(0, classes, rows).astype(np.int32))
    compiled = mx.compile(mx.value_and_grad(loss))

    def step() -> None:
        mx.eval(compiled(logits, labels))

    step()
    return step


def ratios(steps: dict[str, Step], rounds: int, repeats: int) -> dict[str, float]:
    """The median time of each step by the reference's."""
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            started = time.perf_counter()
            for _ in range(repeats):
                step()
            seconds[name].append(time.perf_counter() - started)
    return {
        name: statistics.median(
            own / base for own, base in zip(times, seconds[REFERENCE], strict=True)
        )
        for name, times in seconds.items()
    }


def table(results: dict[str, float]) -> str:
    """The ratios as Markdown."""
    lines = ["| loss | times MLX's cross-entropy |", "|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {ratio:.2f} |" for name, ratio in results.items())])


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=256)
    parser.add_argument("--classes", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--repeats", type=int, default=10)
    args = parser.parse_args()
    counts = np.arange(1, args.classes + 1) * 10
    losses = {name: get_loss(name, class_counts=counts) for name in LOSSES}
    steps = {REFERENCE: step_of(_mlx_cross_entropy, args.rows, args.classes)}
    steps |= {name: step_of(loss, args.rows, args.classes) for name, loss in losses.items()}
    print(table(ratios(steps, args.rounds, args.repeats)))


def _mlx_cross_entropy(logits: mx.array, labels: mx.array) -> mx.array:
    return nn.losses.cross_entropy(logits, labels, reduction="mean")


if __name__ == "__main__":
    main()
