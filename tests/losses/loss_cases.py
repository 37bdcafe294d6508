"""Every loss of rows with every combination of options: what the contract runs over.

A loss added to `LOSSES` is covered as soon as its name is in `float64_reference.REFERENCES`; an
option that has no values here is taken at its default. Losses with a schedule are part of the way.
"""

import itertools
from dataclasses import dataclass
from functools import partial
from typing import Any

import mlx.core as mx
import numpy as np
from float64_reference import REFERENCES

from bertplay.losses import LOSSES, get_loss

CLASSES = 3
COUNTS = [70, 20, 10]
PROGRESS = 0.4
VALUES = {
    "gamma": [0.0, 0.5, 1.0, 2.0, 5.0],
    "alpha": [None, [0.25, 1.5, 3.0]],
    "class_weights": [[0.5, 2.0, 1.25]],
    "smoothing": [0.0, 0.1],
    "start": [0.2],
    "end": [0.7],
    "ramp": ["step", "linear", "cosine"],
    "gamma_start": [0.0, 3.0],
    "gamma_end": [0.5, 2.0],
    "first": ["focal"],
    "second": ["weighted_ce"],
    "first.gamma": [0.5, 2.0],
    "first.alpha": [[0.25, 1.5, 3.0]],
    "second.class_weights": [[0.5, 2.0, 1.25]],
    "prior": [[0.7, 0.2, 0.1]],
    "tau": [0.5, 1.0],
    "max_margin": [0.0, 0.5],
    "scale": [1.0, 2.0],
    "epsilon": [-0.5, 1.0],
    "exponent": [0.7, 1.0],
}
# Options of the losses that a loss is made of.
OF_PARTS = {"curriculum": ["first.gamma", "first.alpha", "second.class_weights"]}
SCHEDULED = ("adaptive", "curriculum", "focal_schedule")


@dataclass(frozen=True)
class Case:
    name: str
    options: dict[str, Any]

    def __str__(self):
        texts = (f"{k}={'given' if isinstance(v, list) else v}" for k, v in self.options.items())
        return f"{self.name}({','.join(texts)})"

    def loss(self):
        """The loss as bertplay makes it."""
        loss = get_loss(self.name, num_classes=CLASSES, **self.options)
        if self.name in SCHEDULED:
            loss.set_progress(PROGRESS)
        return loss

    def reference(self):
        """The same loss in float64: `reference(logits, targets, *, sample_weights, reduction)`."""
        progress = {"progress": PROGRESS} if self.name in SCHEDULED else {}
        return partial(REFERENCES[self.name], **self.options, **progress)

    def permuted(self, order):
        """The case for classes in another order."""
        options = {
            k: [v[c] for c in order] if isinstance(v, list) else v for k, v in self.options.items()
        }
        return Case(self.name, options)


ROW_LOSSES = {name: spec for name, spec in LOSSES.items() if not spec.of_batch}


def _values(spec):
    """Every option of a loss and the values that it takes."""
    values = {o.name: VALUES.get(o.name, [o.default]) for o in spec.options}
    return {**values, **{name: VALUES[name] for name in OF_PARTS.get(spec.name, [])}}


def _cases():
    for spec in ROW_LOSSES.values():
        values = _values(spec)
        for combination in itertools.product(*values.values()):
            yield Case(spec.name, dict(zip(values, combination, strict=True)))


CASES = list(_cases())
# One case for each loss, with all its factors at work, for what would be slow over all of them.
TYPICAL = [
    Case(
        spec.name,
        {name: {"gamma": 2.0}.get(name, values[-1]) for name, values in _values(spec).items()},
    )
    for spec in ROW_LOSSES.values()
]


def batch(rows=8, classes=CLASSES, scale=2.0, seed=0):
    """Logits, labels, soft labels and sample weights, as NumPy arrays."""
    random = np.random.default_rng(seed)
    # Rounded to float32, so that both sides see the same numbers.
    logits = random.normal(scale=scale, size=(rows, classes)).astype(np.float32)
    labels = random.permutation(np.arange(rows) % classes)
    soft = random.dirichlet(np.ones(classes), size=rows).astype(np.float32)
    weights = random.uniform(0.25, 2.0, size=rows).astype(np.float32)
    return logits, labels, soft, weights


def value_and_gradient(loss, logits, targets, **options):
    """The loss and its gradient with respect to the logits, as float64 NumPy arrays."""
    if not isinstance(logits, mx.array):
        logits = mx.array(np.asarray(logits, np.float32))
    targets = mx.array(targets)
    options = {k: mx.array(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
    value, gradient = mx.value_and_grad(lambda z: loss(z, targets, **options))(logits)
    return np.array(value, np.float64), np.array(gradient.astype(mx.float32), np.float64)
