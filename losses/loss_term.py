"""`LossTerm`: one named, weighted loss that takes its arrays out of a model's outputs by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import mlx.core as mx
import mlx.nn as nn

from bertplay.losses.argument_checks import check_at_least, require
from bertplay.losses.specification import LossFunction

NamedArrays: TypeAlias = Mapping[str, mx.array]

TOTAL = "total"  # the key of the whole among the components, which no term can have


class LossNode(nn.Module):
    """What a term and a composite have in common: a name, and a weight that is never trained."""

    def __init__(self, name: str, weight: mx.array | float):
        super().__init__()
        require(
            isinstance(name, str) and name not in ("", TOTAL) and not set(name) & {"/", "."},
            f"name is {name!r}: expected a name without / and . that is not {TOTAL!r}",
        )
        self.name = name
        self.weight = checked_weight(name, weight)

    def components(
        self, outputs: NamedArrays, targets: NamedArrays, path: str
    ) -> dict[str, mx.array]:
        """The value under `path`, and those of all that is below it; none is weighted."""
        raise NotImplementedError

    def set_progress(self, progress: mx.array | float) -> None:
        """Say how much of training is done, from 0 to 1, to every loss with a schedule."""
        raise NotImplementedError

    @property
    def _no_grad(self) -> set[str]:
        # A model's unfreeze() clears this set in every module without asking the module
        # (mlx 0.32), so the weight is named again on every look.
        return {"weight"}

    @_no_grad.setter
    def _no_grad(self, names: set[str]) -> None:
        """The weight is frozen whatever nn.Module sets; modules below freeze what is theirs."""


class LossTerm(LossNode):
    """A leaf of a `CompositeLoss`: `loss(*outputs, *targets, **options)`, a scalar.

    A loss that is a module is part of the tree: its state is saved, compiled and, if it has
    parameters that are not frozen, trained. Options are fixed; what is to change during training
    belongs into a module, such as those of `get_loss`. The weight is a frozen array in the tree.

    Example:
        >>> text = LossTerm("text", cross_entropy, outputs=("logits",), targets=("tokens",))
        >>> outputs, targets = {"logits": mx.zeros((3, 4))}, {"tokens": mx.array([0, 1, 2])}
        >>> round(text(outputs, targets).item(), 4)
        1.3863

    Args:
        name: how its value is found among the components; without / and ., and not "total".
        loss: a function or module that returns a scalar.
        outputs: names of the model's outputs that it reads, in order, such as logits `[N, C]`.
        targets: names of the targets that follow, in order, such as labels `[N]`.
        weight: what it counts beside its siblings, at least 0. A term that weighs 0 is computed
            and shown but adds nothing, not even a NaN.
        options: keyword arguments of the loss.
        sample_weights: name of the target with the weights `[N]` of rows, passed on as
            `sample_weights`: rows that weigh 0, such as those without this label, do not count.

    Raises:
        ValueError: the name or the weight is none, or no output is named. When called: an output
            or target is missing, the loss refuses its arguments, or what it returns is no scalar.
    """

    def __init__(
        self,
        name: str,
        loss: LossFunction,
        *,
        outputs: Sequence[str],
        targets: Sequence[str] = (),
        weight: mx.array | float = 1.0,
        options: Mapping[str, Any] | None = None,
        sample_weights: str | None = None,
    ):
        super().__init__(name, weight)
        require(callable(loss), f"loss of term {name!r} is {loss!r}: expected a function or module")
        _check_names("outputs", name, outputs)
        _check_names("targets", name, targets)
        require(
            len(outputs) > 0,
            f"outputs of term {name!r} is empty: expected the name of at least one output",
        )
        self.loss = loss
        self._reads = _Reads(tuple(outputs), tuple(targets), sample_weights, dict(options or {}))

    def __call__(self, outputs: NamedArrays, targets: NamedArrays) -> mx.array:
        """The loss without its weight: a float32 scalar.

        Raises:
            ValueError: an output or target is missing, the loss refuses its arguments, or what it
                returns is no scalar.
        """
        return self.components(outputs, targets, self.name)[self.name]

    def components(
        self, outputs: NamedArrays, targets: NamedArrays, path: str
    ) -> dict[str, mx.array]:
        """The loss under its path."""
        reads = self._reads
        arrays = [_array(path, "output", name, outputs) for name in reads.outputs]
        arrays += [_array(path, "target", name, targets) for name in reads.targets]
        options = dict(reads.options)
        if reads.sample_weights is not None:
            options["sample_weights"] = _array(path, "target", reads.sample_weights, targets)
        try:
            value = self.loss(*arrays, **options)
        except ValueError as error:
            raise ValueError(f"term {path!r}: {error}") from error
        require(
            isinstance(value, mx.array) and value.ndim == 0,
            f"term {path!r} gave {_described(value)}: expected a scalar array",
        )
        return {path: value.astype(mx.float32)}

    def set_progress(self, progress: mx.array | float) -> None:
        """Say how much of training is done, from 0 to 1, to a loss with a schedule."""
        if hasattr(self.loss, "set_progress"):
            self.loss.set_progress(progress)

    def _extra_repr(self) -> str:
        return self.name


@dataclass(frozen=True)
class _Reads:
    """What a term passes to its loss; no list or dict of the module, which would be in its tree."""

    outputs: tuple[str, ...]
    targets: tuple[str, ...]
    sample_weights: str | None
    options: dict[str, Any]


def checked_weight(path: str, weight: mx.array | float) -> mx.array:
    """A weight as a float32 scalar; its value is checked only where it is known.

    Raises:
        ValueError: it is negative, not finite, or no scalar.
    """
    check_at_least(f"weight of {path!r}", weight, 0.0)
    return mx.array(weight, dtype=mx.float32)


def _check_names(argument: str, term: str, names: Sequence[str]) -> None:
    valid = not isinstance(names, str) and all(isinstance(name, str) for name in names)
    require(
        valid,
        f"{argument} of term {term!r} is {names!r}: expected a sequence of names, such as "
        '("logits",)',
    )


def _array(path: str, kind: str, name: str, arrays: NamedArrays) -> mx.array:
    require(
        name in arrays,
        f"term {path!r} reads the {kind} {name!r}, which is missing: {kind}s has "
        f"{', '.join(arrays) or 'nothing'}",
    )
    array = arrays[name]
    require(
        isinstance(array, mx.array),
        f"term {path!r} reads the {kind} {name!r}, which is {_described(array)}: expected an array",
    )
    return array


def _described(value: Any) -> str:
    if isinstance(value, mx.array):
        return f"an array of shape {value.shape}"
    return f"a {type(value).__name__}"
