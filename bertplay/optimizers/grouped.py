"""One optimizer for a model whose parameters have different rules and rates."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
from mlx.utils import tree_map_with_path

from bertplay.cpu_streams import Streams
from bertplay.named_arrays import named_arrays

Parameters = Any  # a tree of dicts and lists with arrays as leaves


@dataclass(frozen=True)
class ParameterGroup:
    """How some parameters are trained.

    Attributes:
        rule: computes the update; its own rate and step are not used.
        rate: is multiplied by the learning rate.
    """

    rule: optim.Optimizer
    rate: float = 1.0


class GroupedOptimizer:
    """Trains each parameter by the rule and at the rate of its group.

    Parameters join when they are first given to `init`; those that join together count their steps
    together, from 0. Bias correction goes by that count, so that a layer that is unfrozen late
    starts as gently as the others did. State and arithmetic are float32, whatever the parameters.

    Args:
        groups: path to group, for all parameters that may ever be trained.
    """

    def __init__(self, groups: Mapping[str, ParameterGroup]) -> None:
        self._groups = dict(groups)
        self._state: dict[str, Any] = {}

    @property
    def state(self) -> dict[str, Any]:
        """All that changes from step to step, to be compiled with and to be saved.

        Cohort to `{"step": scalar, "parameters": {path: {moment: array}}}`; cohort "0" joined
        first. It stays the same dictionary, so that a step compiled with it goes on after `init`
        and after the state is set: to such a tree, or to the arrays of one by their names.

        Raises:
            ValueError: what is set has state of a parameter that belongs to no group.
        """
        return self._state

    @state.setter
    def state(self, state: Parameters) -> None:
        restored: dict[str, Any] = {}
        for name, array in named_arrays(state).items():
            number, _, rest = name.partition(".")
            cohort = restored.setdefault(number, {"step": array, "parameters": {}})
            if rest == "step":
                cohort["step"] = array
                continue
            path, _, moment = rest.removeprefix("parameters.").rpartition(".")
            self._group(path)
            cohort["parameters"].setdefault(path, {})[moment] = array
        self._state.clear()
        self._state.update(restored)

    def init(self, parameters: Parameters) -> None:
        """Have state for these parameters and no others.

        Parameters that have state keep it; new ones start from nothing, at a step 0 of their own.

        Args:
            parameters: the tree that is trained from now on, such as
                `model.trainable_parameters()`; call this again when that changes.

        Raises:
            ValueError: a parameter belongs to no group.
        """
        arrays = named_arrays(parameters)
        kept = {
            number: {
                path: moments for path, moments in cohort["parameters"].items() if path in arrays
            }
            for number, cohort in self._state.items()
        }
        for number, of_cohort in kept.items():
            self._state[number]["parameters"] = of_cohort
            if not of_cohort:
                del self._state[number]
        known = self._cohorts()
        joining = {
            path: self._fresh(path, leaf) for path, leaf in arrays.items() if path not in known
        }
        if joining:
            number = str(max((int(number) + 1 for number in self._state), default=0))
            self._state[number] = {"step": mx.array(0, mx.uint64), "parameters": joining}

    def update(self, model: nn.Module, gradients: Parameters, learning_rate: mx.array) -> None:
        """Take one step: change the model's parameters in place, and the state.

        Args:
            model: has the parameters.
            gradients: the tree of its trained parameters' gradients.
            learning_rate: a scalar; each group multiplies it by its own rate.

        Raises:
            ValueError: a parameter was not given to `init`.
        """
        for cohort in self._state.values():
            cohort["step"] = cohort["step"] + 1
        cohorts = self._cohorts()
        streams = Streams(named_arrays(gradients))
        rules: dict[tuple[int, float, str], optim.Optimizer] = {}

        def moved(path: str, gradient: mx.array, parameter: mx.array) -> mx.array:
            if path not in cohorts:
                raise ValueError(f"{path} has no state: give it to init before it is trained")
            number, group = cohorts[path], self._group(path)
            key = (id(group.rule), group.rate, number)
            if key not in rules:
                # A copy, so that no array of a traced step outlives the trace.
                rules[key] = copy(group.rule)
                rules[key].state = {
                    "step": self._state[number]["step"],
                    "learning_rate": learning_rate * group.rate
                    if group.rate != 1
                    else learning_rate,
                }
            with streams.of(path):
                result: mx.array = rules[key].apply_single(
                    gradient.astype(mx.float32),
                    parameter.astype(mx.float32),
                    self._state[number]["parameters"][path],
                )
                return result.astype(parameter.dtype)

        model.update(tree_map_with_path(moved, gradients, model.parameters()))

    def _cohorts(self) -> dict[str, str]:
        """Of each parameter with state, the cohort that it joined with."""
        return {
            path: number for number, cohort in self._state.items() for path in cohort["parameters"]
        }

    def _fresh(self, path: str, parameter: mx.array) -> dict[str, mx.array]:
        moments: dict[str, mx.array] = {}
        self._group(path).rule.init_single(parameter.astype(mx.float32), moments)
        return moments

    def _group(self, path: str) -> ParameterGroup:
        if path not in self._groups:
            raise ValueError(f"{path} belongs to no group: build the optimizer for this model")
        return self._groups[path]
