"""The memory and the time of one training step, computed in different ways.

    python benchmarks/memory_of_steps.py --backbone DIR

One optimizer step on the same random rows: as it is, in several batches (`--accumulate`), with each
layer computed again in the backward pass (`--gradient-checkpointing`), and with both; `--bfloat16`
adds that precision, which MLX's CPU backend is slow in. Memory is the highest that MLX's arrays
took during the step, weights and optimizer included. The ways take turns, and each time is compared
with the plain step's of the same round.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import bertplay  # noqa: F401 - before MLX, which then finds the fast BLAS

# isort: split
import mlx.core as mx

from bertplay.encoders import load_encoder
from bertplay.freed_memory import keep_freed_memory
from bertplay.heads import ClassificationHeadV2, TextClassifier
from bertplay.optimizers.parameter_groups import optimizer_for
from bertplay.training.objective import Objective, batch_loss
from bertplay.training.precision import in_precision
from bertplay.training.step import TraceGuard, compiled_step

PLAIN = "as it is"
WAYS: Mapping[str, Mapping[str, Any]] = {
    PLAIN: {},
    "--accumulate 2": {"accumulate": 2},
    "--accumulate 4": {"accumulate": 4},
    "--gradient-checkpointing": {"recompute": True},
    "--gradient-checkpointing --accumulate 4": {"recompute": True, "accumulate": 4},
}
BFLOAT16 = {"--precision bfloat16": {"precision": "bfloat16"}}


def training_step(
    args: argparse.Namespace,
    *,
    accumulate: int = 1,
    recompute: bool = False,
    precision: str = "float32",
) -> Callable[[], None]:
    """A function that runs one step to its end, compiled already."""
    encoder, _ = load_encoder(args.backbone)
    encoder.pop("pooler", None)
    encoder.recompute = recompute
    mx.random.seed(0)
    head = ClassificationHeadV2(encoder.config.hidden_size, 6, loss="ce", pooling="mean")
    model = TextClassifier(encoder, head).train()
    optimizer = optimizer_for(model, lr=1e-4, weight_decay=0.01)
    optimizer.init(model.trainable_parameters())
    loss = in_precision(batch_loss(model, Objective()), encoder, precision)
    step, state = compiled_step(
        model, optimizer, loss, clip_norm=1.0, guard=TraceGuard(1), accumulate=accumulate
    )
    shape = (args.rows, args.length)
    ids = mx.random.randint(0, encoder.config.vocab_size, shape)
    labels = mx.random.randint(0, 6, [args.rows])
    batch = (ids, mx.ones(shape, dtype=mx.bool_), {"labels": labels}, mx.ones(args.rows))

    def run() -> None:
        result = step(*batch, mx.array(0.5), mx.array(1e-4), seed=0)
        mx.eval(result.loss, result.gradient_norm, state)

    run()
    return run


def peak_bytes(run: Callable[[], None]) -> int:
    """The most memory that arrays take while it runs."""
    mx.clear_cache()
    mx.reset_peak_memory()
    run()
    return mx.get_peak_memory()


def seconds(run: Callable[[], None]) -> float:
    """The time of one step."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def table(megabytes: Mapping[str, float], ratios: Mapping[str, float]) -> str:
    """In Markdown."""
    lines = ["| step | memory, MB | time by the plain step's |", "|---|---|---|"]
    for way in megabytes:
        shown = f"`{way}`" if way.startswith("--") else way
        lines.append(f"| {shown} | {megabytes[way]:,.0f} | {ratios[way]:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--backbone", required=True)
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bfloat16", action="store_true")
    args = parser.parse_args()
    keep_freed_memory()
    ways = {**WAYS, **(BFLOAT16 if args.bfloat16 else {})}
    megabytes, times = {}, {way: list[float]() for way in ways}
    for way, settings in ways.items():
        # One model at a time, as its weights count.
        megabytes[way] = peak_bytes(training_step(args, **settings)) / 1e6
    runs = {way: training_step(args, **settings) for way, settings in ways.items()}
    for _ in range(args.rounds):
        for way, run in runs.items():
            times[way].append(seconds(run))
    ratios = {
        way: statistics.median(
            own / plain for own, plain in zip(times[way], times[PLAIN], strict=True)
        )
        for way in ways
    }
    print(table(megabytes, ratios))


if __name__ == "__main__":
    main()
