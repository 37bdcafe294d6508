"""Where the time of a training step goes, on the CPU.

    python benchmarks/step_profile.py --backbone DIR

One compiled step of the whole classifier is timed as it is, and without one of its parts in turn:
GELU and softmax become the identity, layer norm and dropout are left out, the weights are not
updated. What is missing then is that part's share, forward and backward. Matrix products cannot be
left out, so theirs is the time of the same products alone; putting a batch together and calling the
step are timed by themselves. As MLX fuses neighbouring loops, the shares are not exactly additive;
what they leave over is the last line. Variants take turns, step by step, and each is compared with
the plain step of its own round.
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
import numpy as np
from cpu_layers import exchanged

from bertplay.data.batches import Batch
from bertplay.encoders import BertConfig, load_encoder
from bertplay.encoders.dropout import Dropout
from bertplay.encoders.layer_norm import LayerNorm
from bertplay.freed_memory import keep_freed_memory
from bertplay.heads import ClassificationHeadV2, TextClassifier
from bertplay.optimizers.parameter_groups import optimizer_for
from bertplay.training.objective import Objective, batch_loss
from bertplay.training.rows import TrainingRows
from bertplay.training.step import TraceGuard, compiled_step

PLAIN, PRODUCTS = "the whole step", "matrix products"
CLASSES = 6


class NoNorm(LayerNorm):
    """A layer norm that is left out, with the weights that a checkpoint has for it."""

    def __call__(self, x: mx.array) -> mx.array:
        """Half of it, as states that grow from layer to layer end in numbers slow to compute."""
        return x * 0.5


class NoDropout(Dropout):
    """A dropout that is left out."""

    def __call__(self, x: mx.array) -> mx.array:
        """The same."""
        return x


class NoUpdate:
    """An optimizer that leaves the weights as they are."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}

    def init(self, parameters: Any) -> None:
        """Nothing to keep."""

    def update(self, model: nn.Module, gradients: Any, learning_rate: mx.array) -> None:
        """Do nothing: the norm that the step returns has the gradients computed."""


LEFT_OUT: Mapping[str, Mapping[str, Callable[..., Any]]] = {
    "GELU": {"gelu": lambda x: x},
    "softmax": {"softmax": lambda x: x},
    "layer norm": {"LayerNorm": NoNorm},
    "dropout": {"Dropout": NoDropout},
}


def training_step(args: argparse.Namespace, *, update: bool = True) -> Callable[[], None]:
    """A function that runs one step to its end, compiled already."""
    encoder, _ = load_encoder(args.backbone)
    encoder.pop("pooler", None)
    mx.random.seed(0)
    head = ClassificationHeadV2(encoder.config.hidden_size, CLASSES, loss="ce", pooling="mean")
    model = TextClassifier(encoder, head).train()
    optimizer: Any = optimizer_for(model, lr=1e-4, weight_decay=0.01) if update else NoUpdate()
    optimizer.init(model.trainable_parameters())
    loss = batch_loss(model, Objective())
    step, state = compiled_step(model, optimizer, loss, clip_norm=1.0, guard=TraceGuard(1))
    inputs = batch_maker(args, encoder.config.vocab_size)()
    rates = mx.array(0.5), mx.array(1e-6)

    def run() -> None:
        result = step(*inputs, *rates, seed=0)
        mx.eval(result.loss, result.gradient_norm, state)

    run()
    return run


def batch_maker(args: argparse.Namespace, vocabulary: int) -> Callable[[], Any]:
    """Puts one random batch together, as training does."""
    rng = np.random.default_rng(0)
    ids = [rng.integers(0, vocabulary, args.length).astype(np.int32) for _ in range(args.rows)]
    labels = rng.integers(0, CLASSES, args.rows).astype(np.int32)
    rows = TrainingRows(tuple(map(str, range(args.rows))), ids, {"labels": labels}, labels)
    batch = Batch(np.arange(args.rows), args.length)
    return lambda: rows.batch(batch, args.rows, 0)


def products_of(config: BertConfig, rows: int, length: int) -> Callable[[], None]:
    """All matrix products of a step and nothing else: forward, and two backward for each."""
    hidden, inner, heads = config.hidden_size, config.intermediate_size, config.num_attention_heads
    tokens, size = rows * length, hidden // heads
    linears = [(hidden, hidden)] * 4 + [(hidden, inner), (inner, hidden)]
    maps = [
        (mx.random.normal((tokens, i)), mx.random.normal((o, i)), mx.random.normal((tokens, o)))
        for i, o in linears
    ]
    states = mx.random.normal((rows, heads, length, size))
    scores = mx.random.normal((rows, heads, length, length))
    mx.eval(maps, states, scores)

    def run() -> None:
        for _ in range(config.num_hidden_layers):
            done = [(x @ w.T, y @ w, y.T @ x) for x, w, y in maps]
            turned, scores_turned = states.swapaxes(-1, -2), scores.swapaxes(-1, -2)
            attention = [
                *(states @ turned, scores @ states, scores_turned @ states),  # scores, back
                *(scores @ states, states @ turned, scores_turned @ states),  # values, back
            ]
            mx.eval(done, attention)

    run()
    return run


@contextmanager
def without(name: str) -> Iterator[None]:
    """The encoder is built and traced without a part of it inside this block."""
    with exchanged(LEFT_OUT[name]):
        yield


def seconds(run: Callable[[], Any]) -> float:
    """The time of one call."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def shares(args: argparse.Namespace) -> dict[str, float]:
    """Part to its share of the step's time, the median over the rounds of one step each."""
    encoder, _ = load_encoder(args.backbone)
    runs = {PLAIN: training_step(args)}
    for name in LEFT_OUT:
        with without(name):
            runs[name] = training_step(args)
    runs["optimizer"] = training_step(args, update=False)
    products = products_of(encoder.config, args.rows, args.length)
    make = batch_maker(args, encoder.config.vocab_size)
    found: dict[str, list[float]] = {}
    for _ in range(args.rounds):
        times = {name: seconds(run) for name, run in runs.items()}
        whole = times.pop(PLAIN)
        parts = {name: 1 - time / whole for name, time in times.items()}
        parts = {
            PRODUCTS: seconds(products) / whole,
            **parts,
            "data": seconds(lambda: mx.eval(make())) / whole,
        }
        for name, share in parts.items():
            found.setdefault(name, []).append(share)
    medians = {name: statistics.median(values) for name, values in found.items()}
    return {**medians, "all else": 1 - sum(medians.values())}


def table(found: Mapping[str, float]) -> str:
    """In Markdown."""
    lines = ["| part | share of a step |", "|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {share:.0%} |" for name, share in found.items())])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--backbone", required=True, metavar="DIR")
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--length", type=int, default=24, help="tokens of every text")
    parser.add_argument("--rounds", type=int, default=40)
    args = parser.parse_args()
    keep_freed_memory()
    print(table(shares(args)))


if __name__ == "__main__":
    main()
