"""What bertplay's own layers save on the CPU: a training step with each exchanged for MLX's.

    python benchmarks/cpu_layers.py --backbone DIR

One compiled training step of the whole classifier is timed on a random batch: as it is, with each
layer in turn as MLX has it, and with all of them. The variants take turns, so that a slow moment
of the machine meets all of them, and each is compared with the plain step of its own round.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import bertplay  # noqa: F401 - before MLX, which then finds the fast BLAS

# isort: split
import mlx.core as mx
import mlx.nn as nn

from bertplay.encoders import attention, bert, load_encoder, post_norm
from bertplay.freed_memory import keep_freed_memory
from bertplay.heads import ClassificationHeadV2, TextClassifier
from bertplay.optimizers.parameter_groups import optimizer_for
from bertplay.training.objective import Objective, batch_loss
from bertplay.training.step import TraceGuard, compiled_step

MLX_LAYERS: Mapping[str, Callable[..., Any]] = {
    "Dropout": nn.Dropout,
    "LayerNorm": nn.LayerNorm,
    "Linear": nn.Linear,
    "gelu": lambda x: x * (0.5 + 0.5 * mx.erf(x * 0.5**0.5)),
    "softmax": lambda scores: mx.softmax(scores, axis=-1, precise=True),
}
MODULES = (bert, post_norm, attention)
"""Those that a BERT encoder is made of."""

OWN = "bertplay's layers"
STEPS_PER_TURN = 10


@contextmanager
def exchanged(layers: Mapping[str, Callable[..., Any]]) -> Iterator[None]:
    """The encoder is built and traced with these layers inside this block."""
    own = {
        (module, name): getattr(module, name)
        for module in MODULES
        for name in layers
        if hasattr(module, name)
    }
    for module, name in own:
        setattr(module, name, layers[name])
    try:
        yield
    finally:
        for (module, name), layer in own.items():
            setattr(module, name, layer)


def training_step(
    args: argparse.Namespace, layers: Mapping[str, Callable[..., Any]]
) -> Callable[[], None]:
    """A function that runs one step to its end, compiled already."""
    with exchanged(layers):
        encoder, _ = load_encoder(args.backbone)
        head = ClassificationHeadV2(encoder.config.hidden_size, 2, loss="ce", pooling="mean")
        model = TextClassifier(encoder, head)
        model.train()
        optimizer = optimizer_for(model, lr=1e-4, weight_decay=0.01)
        optimizer.init(model.trainable_parameters())
        guard = TraceGuard(planned=1)
        loss = batch_loss(model, Objective())
        step, state = compiled_step(model, optimizer, loss, clip_norm=1.0, guard=guard)
        shape = (args.batch_size, args.length)
        input_ids = mx.random.randint(0, encoder.config.vocab_size, shape)
        labels = mx.random.randint(0, 2, [args.batch_size])
        mask, row_weights = mx.ones(shape, dtype=mx.bool_), mx.ones(args.batch_size)
        batch = (input_ids, mask, {"labels": labels}, row_weights)

        def run() -> None:
            result = step(*batch, mx.array(0.5), mx.array(1e-4), seed=0)
            mx.eval(result.loss, result.gradient_norm, state)

        run()
    return run


def seconds(run: Callable[[], None]) -> float:
    """The median time of a few steps."""
    times = []
    for _ in range(STEPS_PER_TURN):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def compare(args: argparse.Namespace) -> str:
    """The table as Markdown."""
    variants: dict[str, Mapping[str, Callable[..., Any]]] = {OWN: {}}
    variants |= {f"MLX's {name}": {name: layer} for name, layer in MLX_LAYERS.items()}
    variants["MLX's, all of them"] = MLX_LAYERS
    runs = {name: training_step(args, layers) for name, layers in variants.items()}
    rounds = [{name: seconds(run) for name, run in runs.items()} for _ in range(args.rounds)]
    lines = ["| layers | time of a step, bertplay's = 1 | lowest to highest |", "|---|---|---|"]
    for name in variants:
        ratios = [times[name] / times[OWN] for times in rounds]
        lines.append(
            f"| {name} | {statistics.median(ratios):.2f} | {min(ratios):.2f} to {max(ratios):.2f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Read the command line and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--backbone", required=True, metavar="DIR")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--length", type=int, default=24, help="tokens of every text")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    keep_freed_memory()
    print(compare(args))


if __name__ == "__main__":
    main()
