"""`ConfiguredLoss`: a loss function together with its options, as a module."""

from __future__ import annotations

from typing import Any

import mlx.core as mx
import numpy as np

from bertplay.losses.argument_checks import require
from bertplay.losses.class_counts import ClassCounts
from bertplay.losses.reduction import Reduction
from bertplay.losses.specification import LossKind, LossSpec, ResolvedOption
from bertplay.losses.untrained import Untrained


class ConfiguredLoss(Untrained):
    """A loss with its options bound: `loss(logits, targets)`, with logits `[N, C]`, is a scalar.

    A loss for numbers takes predictions `[N, D]` instead.

    Numeric options are float32 arrays in the module's tree: saved with the model, seen by a
    compiled step that captures the model's state, and changed by `update` without a new trace.
    They are frozen for good: neither an optimizer nor `unfreeze` touches them. Where the number
    of classes is known, no weighting is held as weights of 1.

    Example:
        >>> from bertplay.losses import LOSSES
        >>> loss = ConfiguredLoss(LOSSES["focal"], {"gamma": 1.0})
        >>> round(loss(mx.zeros((1, 2)), mx.array([1])).item(), 4)
        0.3466

    Args:
        spec: which loss, an entry of `ALL_LOSSES`.
        options: values for its options; the others have their defaults.
        class_counts: `[C]`, training rows of each class; for weights "balanced" and "effective".
        num_classes: C; None takes it from class_counts where there are some.

    Raises:
        ValueError: the loss has no such option, a value is outside its range, or weights are to
            be counted and there are no class_counts.
    """

    def __init__(
        self,
        spec: LossSpec,
        options: dict[str, Any] | None = None,
        *,
        class_counts: ClassCounts | None = None,
        num_classes: int | None = None,
    ):
        super().__init__()
        self._spec = spec
        # An ndarray, as nn.Module would take a list for a part of its tree.
        self._class_counts = None if class_counts is None else np.asarray(class_counts)
        self._num_classes = num_classes
        given = options or {}
        for name in given:
            spec.option(name)
        values = {o.name: given.get(o.name, o.default) for o in spec.options}
        self._assign(values)
        if num_classes is None:
            # Known from one array of weights, the number of classes holds for the others too.
            lengths = [len(v) for v in (self._class_counts, *self.values()) if _is_vector(v)]
            self._num_classes = lengths[0] if lengths else None
            self._assign(values)

    @property
    def name(self) -> str:
        """The loss's name in `ALL_LOSSES`."""
        return self._spec.name

    @property
    def kind(self) -> LossKind:
        """What its targets are: "single_label", "multi_label" or "regression"."""
        return self._spec.kind

    @property
    def spec(self) -> LossSpec:
        """What is known of the loss: its description, function and options."""
        return self._spec

    def options(self) -> dict[str, Any]:
        """The options as plain Python values, for a report; waits for the device."""
        return {o.name: _plain(getattr(self, o.name)) for o in self._spec.options}

    def __call__(
        self,
        logits: mx.array,
        targets: mx.array,
        *,
        sample_weights: mx.array | None = None,
        ignore_index: int | None = None,
        reduction: Reduction = "mean",
    ) -> mx.array:
        """The loss of logits `[N, C]` and targets `[N]` or `[N, C]`, see its function.

        Raises:
            ValueError: an argument does not fit, see the loss's function; ignore_index is given
                and the targets are no labels.
        """
        require(
            ignore_index is None or self._spec.takes_ignore_index,
            f"ignore_index is {ignore_index}: the targets of loss {self.name!r} are no labels that "
            "could be ignored, so give such rows a sample weight of 0",
        )
        rows = {} if ignore_index is None else {"ignore_index": ignore_index}
        return self._spec.function(
            logits,
            targets,
            **self._arguments(),
            **rows,
            sample_weights=sample_weights,
            reduction=reduction,
        )

    # nn.Module's update, which this extends, overrides dict's in a way of its own.
    def update(  # type: ignore[override]
        self, parameters: dict[str, Any] | None = None, strict: bool = True, **options: Any
    ) -> ConfiguredLoss:
        """Change options: `loss.update(gamma=1.0)`; all of them, or none if one is wrong.

        With a dictionary as the first argument this is `nn.Module.update`, which MLX calls.

        Raises:
            ValueError: the loss has no such option, it is fixed, or the value is outside its
                range.
        """
        if parameters is not None:
            super().update(parameters, strict)
        self._assign(options)
        return self

    def _extra_repr(self) -> str:
        return self.name

    def _arguments(self) -> dict[str, Any]:
        """What the loss's function is called with besides the batch."""
        return {o.name: getattr(self, o.name) for o in self._spec.options}

    def _assign(self, options: dict[str, Any]) -> None:
        for name, value in self._resolve(options).items():
            setattr(self, name, value)

    def _resolve(self, options: dict[str, Any]) -> dict[str, ResolvedOption]:
        """The options as the module holds them, all of them checked."""
        resolved = {
            name: self._spec.option(name).resolve(value, self._class_counts, self._num_classes)
            for name, value in options.items()
        }
        for name, value in resolved.items():
            held = getattr(self, name, None)
            # A compiled step has its names built in.
            require(
                not isinstance(held, str) or held == value,
                f"{name} is {held!r} and fixed when the loss is made: make a new loss",
            )
        return resolved


def _is_vector(values: Any) -> bool:
    return getattr(values, "ndim", 0) == 1


def _plain(value: mx.array | str | None) -> Any:
    """An option as Python holds it: 0.1, not the float64 0.10000000149 nearest to a float32."""
    if not isinstance(value, mx.array):
        return value
    numbers = [float(str(n)) for n in np.asarray(value.astype(mx.float32)).reshape(-1)]
    return numbers if value.ndim else numbers[0]
