"""Tiny BERT with a head, a batch for it, and a few steps of training."""

from collections.abc import Iterator
from pathlib import Path

import mlx.core as mx
import numpy as np

from bertplay.adapters.adding import add_adapters
from bertplay.adapters.settings import AdapterSettings
from bertplay.encoders import load_encoder
from bertplay.encoders.quantization import Quantization
from bertplay.encoders.quantizing import quantize_linears
from bertplay.heads import ClassificationHeadV2, TextClassifier
from bertplay.named_arrays import named_arrays
from bertplay.optimizers.parameter_groups import optimizer_for
from bertplay.training.objective import Objective, batch_loss
from bertplay.training.step import TraceGuard, compiled_step

TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"

IDS = mx.array(np.random.default_rng(0).integers(1, 24, (8, 6)).astype(np.int32))
MASK = mx.ones((8, 6))
LABELS = mx.array([0, 1] * 4)


def tiny(
    kind: str | None = None, *, bits: int = 0, dropout: float = 0.0, **settings
) -> TextClassifier:
    """In evaluation mode; the same weights whatever the settings."""
    encoder, _ = load_encoder(TINY)
    encoder.pop("pooler")
    mx.random.seed(0)
    head = ClassificationHeadV2(32, 2, loss="ce", pooling="mean", dropout=0.0)
    if bits:
        quantize_linears(encoder, Quantization(bits, 32))
    if kind is not None:
        add_adapters(encoder, AdapterSettings(kind, dropout=dropout, **settings))
    model = TextClassifier(encoder, head)
    model.eval()
    return model


def steps(model: TextClassifier, count: int, *, lr: float = 1e-2) -> Iterator[float]:
    """Train on the batch; the loss of each step."""
    optimizer = optimizer_for(model, lr=lr, weight_decay=0.01)
    optimizer.init(model.trainable_parameters())
    model.train()
    run, state = compiled_step(
        model, optimizer, batch_loss(model, Objective()), clip_norm=1.0, guard=TraceGuard(1)
    )
    for number in range(count):
        done, rate = mx.array(number / count), mx.array(lr)
        result = run(IDS, MASK, {"labels": LABELS}, mx.ones(8), done, rate, seed=number)
        mx.eval(result.loss, state)
        yield result.loss.item()
    model.eval()


def logits(model: TextClassifier) -> np.ndarray:
    return np.array(model(IDS, MASK))


def loss_of(model: TextClassifier) -> float:
    """On the batch, without dropout."""
    return float(model.head.compute_loss(model(IDS, MASK), LABELS).item())


def bits_of(tree) -> dict[str, bytes]:
    """Every array's bytes, by its name."""
    return {name: np.array(array).tobytes() for name, array in named_arrays(tree).items()}
