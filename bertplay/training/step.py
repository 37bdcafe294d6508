"""One training step, compiled once for every padded length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim

from bertplay.heads import TextClassifier
from bertplay.training.objective import Objective, batch_loss
from bertplay.training.optimizer import clip_by_global_norm


@dataclass(frozen=True)
class StepResult:
    """What a step leaves on the device, all scalars.

    Attributes:
        loss: mean over the rows of the batch, with what the objective adds.
        gradient_norm: before clipping.
    """

    loss: mx.array
    gradient_norm: mx.array


Step = Callable[[mx.array, mx.array, mx.array, mx.array, mx.array, mx.array], StepResult]


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
    model: TextClassifier,
    optimizer: optim.Optimizer,
    *,
    clip_norm: float,
    objective: Objective,
    guard: TraceGuard,
) -> tuple[Step, list[object]]:
    """The training step and the state that it changes.

    The model's state, the optimizer's and the random state go in and out of the compiled function,
    so nothing of them is frozen into it. Call it after `optimizer.init` and after loading weights.
    Where compilation is switched off, every call runs the Python function, and none is counted.

    Args:
        model: its trainable parameters are trained.
        optimizer: with its state.
        clip_norm: largest global gradient norm; 0 for none.
        objective: what is added to the head's loss.
        guard: counts the traces.

    Returns:
        `step(input_ids [B, L], attention_mask [B, L], labels [B], row_weights [B], teacher_logits
        [B, C], done)`, where `done` is the part of the training that lies behind, in [0, 1]; and
        the state to evaluate after each call.
    """
    state: list[object] = [model.state, optimizer.state, mx.random.state]

    loss_and_gradients = nn.value_and_grad(model, batch_loss(model, objective))
    traced = _compiled_functions_are_traced()

    def step(
        input_ids: mx.array,
        attention_mask: mx.array,
        labels: mx.array,
        row_weights: mx.array,
        teacher_logits: mx.array,
        done: mx.array,
    ) -> tuple[mx.array, mx.array]:
        if traced:
            guard.count(input_ids.shape)
        if hasattr(model.head.loss, "set_progress"):
            model.head.loss.set_progress(done)
        loss, gradients = loss_and_gradients(
            input_ids, attention_mask, labels, row_weights, teacher_logits
        )
        gradients, norm = clip_by_global_norm(gradients, clip_norm)
        optimizer.update(model, gradients)
        return loss, norm

    compiled = mx.compile(step, inputs=state, outputs=state)

    def run(*batch: mx.array) -> StepResult:
        return StepResult(*compiled(*batch))

    return run, state


def _compiled_functions_are_traced() -> bool:
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
