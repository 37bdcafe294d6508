"""`CompositeLoss`: a loss that is a tree of weighted losses, and shows all of its parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import mlx.core as mx
import numpy as np

from bertplay.losses.argument_checks import host_values, require, require_known
from bertplay.losses.loss_term import TOTAL, LossNode, NamedArrays, checked_weight


class CompositeLoss(LossNode):
    """A weighted sum of losses, some of which may be such sums: `(total, components)`.

    `L = sum_k w_k L_k` over its children, whose own value is a loss or a sum again. The components
    are the values of all nodes without their weights, by path from the root: "decoder",
    "decoder/text"; the whole is "total". A node's own weight counts only within its parent.

    Weights are frozen float32 scalars in the module's tree: saved with the model, seen by a
    compiled step that captures the model's state, changed by `update_weights` without a new trace.

    Example:
        >>> stars = LossTerm("stars", cross_entropy, outputs=("stars",), targets=("stars",))
        >>> length = LossTerm("length", huber_loss, outputs=("length",), targets=("length",))
        >>> loss = CompositeLoss("review", (stars, length)).update_weights(length=2.0)
        >>> outputs = {"stars": mx.zeros((3, 5)), "length": mx.zeros((3, 1))}
        >>> targets = {"stars": mx.array([0, 4, 4]), "length": mx.ones((3, 1))}
        >>> total, components = loss(outputs, targets)
        >>> {path: round(value.item(), 4) for path, value in components.items()}
        {'total': 2.6094, 'stars': 1.6094, 'length': 0.5}

    Args:
        name: how its value is found among a parent's components; without / and ., and not "total".
        terms: its children, `LossTerm`s that read arrays such as logits `[N, C]`, and composites.
        weight: what it counts beside its siblings, at least 0.

    Raises:
        ValueError: there are no terms, two have one name, or all weigh 0; the name or the weight
            is none. When called: as `LossTerm`, with the term's path.
    """

    def __init__(self, name: str, terms: Sequence[LossNode], *, weight: mx.array | float = 1.0):
        super().__init__(name, weight)
        for term in terms:
            require(
                isinstance(term, LossNode),
                f"terms of {name!r} has a {type(term).__name__}: expected LossTerms and "
                "CompositeLosses",
            )
        names = [term.name for term in terms]
        twice = sorted({n for n in names if names.count(n) > 1})
        require(len(names) > 0, f"terms of {name!r} is empty: expected at least one term")
        require(
            not twice,
            f"terms of {name!r} has {', '.join(twice)} more than once: expected a name for each",
        )
        self.terms = dict(zip(names, terms, strict=True))
        self._check_sum_of_weights()

    def __call__(
        self, outputs: NamedArrays, targets: NamedArrays
    ) -> tuple[mx.array, dict[str, mx.array]]:
        """The weighted sum, and all components by path; float32 scalars.

        Raises:
            ValueError: an output or target is missing, a loss refuses its arguments, or what it
                returns is no scalar; the term is named.
        """
        components = self.components(outputs, targets, TOTAL)
        return components[TOTAL], components

    def components(
        self, outputs: NamedArrays, targets: NamedArrays, path: str
    ) -> dict[str, mx.array]:
        """The sum under `path`, followed by all that is below it."""
        total = mx.array(0.0)
        below: dict[str, mx.array] = {}
        for name, node in self.terms.items():
            inner = name if path == TOTAL else f"{path}/{name}"
            found = node.components(outputs, targets, inner)
            weight = node.weight.astype(mx.float32)
            # 0 times NaN is NaN, and a term that weighs 0 is to have no influence.
            total = total + mx.where(weight == 0, 0.0, weight * found[inner])
            below |= found
        return {path: total, **below}

    def set_progress(self, progress: mx.array | float) -> None:
        """Say how much of training is done, from 0 to 1, to every loss with a schedule.

        Raises:
            ValueError: as `AdaptiveLoss.set_progress`.
        """
        for node in self.terms.values():
            node.set_progress(progress)

    def weights(self) -> dict[str, float]:
        """The weight of every node by path, for a report; waits for the device."""
        return {path: _plain(node.weight) for path, node in self._nodes()}

    def update_weights(self, /, **weights: mx.array | float) -> CompositeLoss:
        """Change weights by path: `loss.update_weights(decoder=0.5, **{"decoder/text": 2.0})`.

        All of them, or none if one is wrong. Arrays are not looked at inside a compiled step.

        Raises:
            ValueError: there is no such node (the nearest and all are named), a weight is negative
                or not finite, or all children of a node would weigh 0.
        """
        nodes = dict(self._nodes())
        for path in weights:
            require_known(f"composite loss {self.name!r} has no term", path, nodes)
        new = {path: checked_weight(path, weight) for path, weight in weights.items()}
        held = {path: nodes[path].weight for path in new}
        self._assign(nodes, new)
        try:
            for node in (self, *nodes.values()):
                if isinstance(node, CompositeLoss):
                    node._check_sum_of_weights()
        except ValueError:
            self._assign(nodes, held)
            raise
        return self

    def _assign(self, nodes: dict[str, LossNode], weights: dict[str, mx.array]) -> None:
        for path, weight in weights.items():
            nodes[path].weight = weight

    def _nodes(self, prefix: str = "") -> Iterator[tuple[str, LossNode]]:
        for name, node in self.terms.items():
            yield prefix + name, node
            if isinstance(node, CompositeLoss):
                yield from node._nodes(f"{prefix}{name}/")

    def _check_sum_of_weights(self) -> None:
        values = [host_values(node.weight) for node in self.terms.values()]
        require(
            any(value is None or value > 0 for value in values),
            f"terms of {self.name!r} all weigh 0: expected a weight greater than 0",
        )

    def _extra_repr(self) -> str:
        return self.name


def _plain(weight: mx.array) -> float:
    """A weight as Python holds it: 0.1, not the float64 0.10000000149 nearest to a float32."""
    return float(str(np.asarray(weight.astype(mx.float32))))
