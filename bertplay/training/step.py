"""One training step, compiled once for every padded length."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import mlx.core as mx
import mlx.nn as nn

from bertplay.distributed.process_group import ALONE, ProcessGroup
from bertplay.optimizers.clipping import clip_by_global_norm, sums_of_squares
from bertplay.optimizers.grouped import GroupedOptimizer
from bertplay.training.gradient_groups import group_norms
from bertplay.training.rows import Targets

Outputs = Any  # a tree of dictionaries with arrays of B rows as leaves
Figures = Mapping[str, mx.array]


@dataclass(frozen=True)
class BatchLoss:
    """What a step minimises, in two parts, so that one loss can see the outputs of many batches.

    Attributes:
        outputs: `outputs(inputs, attention_mask [B, L])`, the model's, rows first; the inputs are
            token ids `[B, L]`, or features `[B, L, H]` of a frozen part.
        loss: `loss(outputs, attention_mask, targets, row_weights [B])`: a scalar to minimise, and
            figures by name that add up over an epoch: `[2]`, a sum over rows and their number.
        loss_draws: whether the loss itself draws random numbers, as heads with dropout do.
    """

    outputs: Callable[[mx.array, mx.array], Outputs]
    loss: Callable[[Outputs, mx.array, Targets, mx.array], tuple[mx.array, Figures]]
    loss_draws: bool = False

    def __call__(
        self,
        input_ids: mx.array,
        attention_mask: mx.array,
        targets: Targets,
        row_weights: mx.array,
    ) -> tuple[mx.array, Figures]:
        """Both parts, one after the other."""
        outputs = self.outputs(input_ids, attention_mask)
        return self.loss(outputs, attention_mask, targets, row_weights)


@dataclass(frozen=True)
class StepResult:
    """What a step leaves on the device.

    Attributes:
        loss: mean over the rows of the batch, with what the objective adds; a scalar.
        figures: by name, `[2]`: a sum over rows, and the number of them.
        gradient_norm: before clipping; a scalar.
        group_norms: the same of each group of `trained_groups`, `[G]`.
    """

    loss: mx.array
    figures: Figures
    gradient_norm: mx.array
    group_norms: mx.array


class Step(Protocol):
    """One optimizer step."""

    def __call__(
        self,
        input_ids: mx.array,
        attention_mask: mx.array,
        targets: Targets,
        row_weights: mx.array,
        done: mx.array,
        learning_rate: mx.array,
        *,
        seed: int,
    ) -> StepResult:
        """Train on a batch.

        Args:
            input_ids: `[B, L]`.
            attention_mask: `[B, L]`.
            targets: as the `BatchLoss` takes them.
            row_weights: `[B]`, 0 for rows that only fill the batch up, which are the last ones.
            done: how much of the training is done, a scalar in [0, 1].
            learning_rate: of this step, a scalar.
            seed: of all that is drawn; steps of several batches use the numbers after it too.
        """


class TraceGuard:
    """Counts how often a function is traced, and stops when it is more than was planned.

    MLX never forgets a compiled shape, so unplanned shapes cost time and memory without a sign.
    """

    def __init__(self, planned: int) -> None:
        self.planned = planned
        self.traces = 0

    def count(self, shape: tuple[int, ...]) -> None:
        """Call this first thing in the function: it runs only while the function is traced.

        Raises:
            RuntimeError: more traces than planned; names the shape.
        """
        self.traces += 1
        if self.traces > self.planned:
            raise RuntimeError(
                f"the training step was traced {self.traces} times, {self.planned} were planned; "
                f"the last batch has the shape {shape}"
            )


def compiled_step(
    model: nn.Module,
    optimizer: GroupedOptimizer,
    batch_loss: BatchLoss,
    *,
    clip_norm: float,
    guard: TraceGuard,
    accumulate: int = 1,
    group: ProcessGroup = ALONE,
) -> tuple[Step, list[object]]:
    """The training step and the state that it changes.

    The model's state, the optimizer's and the random state go in and out of the compiled function,
    so nothing of them is frozen into it. Call it after `optimizer.init` and after loading weights.
    Where compilation is switched off, every call runs the Python function, and none is counted.

    Args:
        model: its trainable parameters are trained; parts of it that have `set_progress` are told
            how much of the training is done.
        optimizer: initialised.
        batch_loss: what is minimised.
        clip_norm: largest global gradient norm; 0 turns clipping off.
        guard: counts the traces; it must allow one for each padded length.
        accumulate: batches that the rows of a step are computed in, one after the other.
        group: the processes that the rows of a step are divided over; each has a share of each
            batch, or fewer batches where its rows are no more than those of one.

    Returns:
        The step, and the list to pass to `mx.eval` with its result.
    """
    state: list[object] = [model.state, optimizer.state, mx.random.state]

    def apply(gradients: Any, learning_rate: mx.array) -> tuple[mx.array, mx.array]:
        # Summed up once, for the whole norm and for that of each group.
        squares = sums_of_squares(gradients)
        gradients, norm = clip_by_global_norm(gradients, clip_norm, squares)
        optimizer.update(model, gradients, learning_rate)
        return norm, group_norms(squares)

    batches = group.batches_in_turn(accumulate)
    # In one graph, what the loss draws would differ between the processes, as the outputs' does.
    if batches > 1 or (group.size > 1 and batch_loss.loss_draws):
        # Loaded only here, as it is made of this module's parts.
        from bertplay.training.accumulated_step import accumulated_step

        return accumulated_step(
            model, batch_loss, state, apply, batches=batches, guard=guard, group=group
        ), state

    if group.size == 1:
        loss_and_gradients = nn.value_and_grad(model, batch_loss)
    else:
        from bertplay.training.shared_gradients import shared_value_and_grad

        loss_and_gradients = shared_value_and_grad(model, batch_loss, group)
    traced = compiled_functions_are_traced()
    scheduled = scheduled_parts(model)

    def step(
        input_ids: mx.array,
        attention_mask: mx.array,
        targets: Targets,
        row_weights: mx.array,
        done: mx.array,
        learning_rate: mx.array,
    ) -> tuple[mx.array, Figures, mx.array, mx.array]:
        if traced:
            guard.count(input_ids.shape)
        for part in scheduled:
            part.set_progress(done)
        (loss, figures), gradients = loss_and_gradients(
            input_ids, attention_mask, targets, row_weights
        )
        return loss, figures, *apply(gradients, learning_rate)

    compiled = mx.compile(step, inputs=state, outputs=state)

    def run(
        input_ids: mx.array,
        attention_mask: mx.array,
        targets: Targets,
        row_weights: mx.array,
        done: mx.array,
        learning_rate: mx.array,
        *,
        seed: int,
    ) -> StepResult:
        mx.random.seed(seed + group.rank)
        result = compiled(input_ids, attention_mask, targets, row_weights, done, learning_rate)
        return StepResult(*result)

    return run, state


def seeds_per_step(accumulate: int, group: ProcessGroup) -> int:
    """How many seeds a step uses: each batch of each process has its own, and the loss one."""
    batches = group.size * group.batches_in_turn(accumulate)
    return 1 if batches == 1 else batches + 1


def scheduled_parts(model: nn.Module) -> list[Any]:
    """The model's parts that want to know how much of the training is done."""
    return [part for part in model.modules() if hasattr(part, "set_progress")]


def compiled_functions_are_traced() -> bool:
    """False after `mx.disable_compile()`, or with `MLX_DISABLE_COMPILE` in the environment."""
    # MLX makes the default stream when it is first used, and then traces functions once more.
    mx.default_stream(mx.default_device())
    calls = []

    def probe(x: mx.array) -> mx.array:
        calls.append(x.shape)
        return x + 1

    compiled = mx.compile(probe)
    compiled(mx.array(0.0))
    compiled(mx.array(0.0))
    return len(calls) == 1
