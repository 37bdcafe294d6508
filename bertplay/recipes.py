"""The settings that a task trains with unless the user says otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from bertplay.backbones import MINI, SCRATCH


@dataclass(frozen=True)
class Recipe:
    """The settings that a task trains with unless the user says otherwise.

    Attributes:
        epochs: passes over the training rows.
        lr: peak learning rate.
        pooling: how token states become one vector.
        max_length: longest text in tokens.
        average_weights: part of the steps, at the end, whose weights are averaged.
    """

    epochs: int
    lr: float
    pooling: str
    max_length: int
    average_weights: float = 0.0


_PRETRAINED_RECIPES = {
    "titanic": Recipe(epochs=6, lr=1e-4, pooling="mean", max_length=64, average_weights=0.5),
    "emotion": Recipe(epochs=2, lr=1e-4, pooling="mean", max_length=128),
    "table": Recipe(epochs=3, lr=1e-4, pooling="mean", max_length=256),
}
# The tables that come with bertplay, whose texts and sizes are known.
_PRETRAINED_BUILT_IN_RECIPES = {
    # The sentences are short, and the surname, whose family shared its fate, is one word of them.
    "titanic": Recipe(epochs=6, lr=1e-4, pooling="max", max_length=64, average_weights=0.5),
    "emotion": Recipe(epochs=6, lr=1e-4, pooling="mean", max_length=128),
}
# mini is smaller than other encoders and bears larger steps.
_MINI_RECIPES = {
    "titanic": Recipe(epochs=6, lr=3e-4, pooling="mean", max_length=64, average_weights=0.5),
    "emotion": Recipe(epochs=2, lr=3e-4, pooling="mean", max_length=128),
    "table": Recipe(epochs=3, lr=3e-4, pooling="mean", max_length=256),
}
_MINI_BUILT_IN_RECIPES = {
    "titanic": Recipe(epochs=6, lr=3e-4, pooling="max", max_length=64, average_weights=0.5),
    "emotion": Recipe(epochs=4, lr=5e-4, pooling="mean", max_length=128),
}
# Random weights need more passes and bear larger steps than pretrained ones.
_SCRATCH_RECIPES = {
    "titanic": Recipe(epochs=4, lr=5e-4, pooling="mean", max_length=64),
    "emotion": Recipe(epochs=6, lr=5e-4, pooling="mean", max_length=128),
    "table": Recipe(epochs=8, lr=5e-4, pooling="mean", max_length=256),
}


def recipe_for(task: str, *, backbone: str, built_in: bool) -> Recipe:
    """The recommended settings of a task.

    Args:
        task: "titanic", "emotion" or "table".
        backbone: "mini", "scratch", or another pretrained encoder.
        built_in: the task's own table is trained on, not a file.
    """
    if backbone == SCRATCH:
        return _SCRATCH_RECIPES[task]
    if backbone == MINI:
        return (_MINI_BUILT_IN_RECIPES if built_in else _MINI_RECIPES)[task]
    return (_PRETRAINED_BUILT_IN_RECIPES if built_in else _PRETRAINED_RECIPES)[task]
