"""An encoder with several heads, and what a step of it minimises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import mlx.core as mx
import mlx.nn as nn

from bertplay.heads import MultiTaskHead
from bertplay.losses import FixedTaskWeights, GradientTaskWeights, UncertaintyTaskWeights
from bertplay.multi_task.task import MultiTask
from bertplay.training.frozen_part import FrozenPart, outputs_above
from bertplay.training.rows import Targets
from bertplay.training.step import BatchLoss

TaskWeights: TypeAlias = "FixedTaskWeights | UncertaintyTaskWeights | GradientTaskWeights"


class MultiTaskModel(nn.Module):
    """Token ids to the outputs of several tasks.

    Args:
        encoder: called as `encoder(input_ids, attention_mask)`; returns the hidden states
            `[B, L, H]`, or an object that holds them as `last_hidden_state`.
        head: makes each task's outputs of the hidden states.
        task_weights: what each task's loss counts.
    """

    def __init__(self, encoder: Callable[..., Any], head: MultiTaskHead, task_weights: TaskWeights):
        super().__init__()
        self.encoder = encoder
        self.head = head
        self.task_weights = task_weights

    def __call__(
        self, input_ids: mx.array, attention_mask: mx.array | None = None
    ) -> dict[str, mx.array]:
        """Each task's outputs, float32, of token ids `[B, L]` and their mask `[B, L]`."""
        return self.head(self.hidden_states(input_ids, attention_mask), attention_mask)

    def hidden_states(
        self, input_ids: mx.array, attention_mask: mx.array | None = None
    ) -> mx.array:
        """The encoder's states `[B, L, H]`, which all heads read."""
        output = self.encoder(input_ids, attention_mask)
        states: mx.array = getattr(output, "last_hidden_state", output)
        return states


def task_weights_for(weighting: str, task: MultiTask, weights: Mapping[str, float]) -> TaskWeights:
    """The module that weighs the tasks' losses.

    Args:
        weighting: "uncertainty" and "gradients" change the weights while they train; all others
            leave them as they are, or to whoever sets them between epochs.
        task: what is learned.
        weights: task to a fixed factor of its loss.

    Raises:
        ValueError: a weight is negative, or all are 0.
    """
    if weighting == "uncertainty":
        regressions = [c.name for c in task.columns if c.kind == "regression"]
        return UncertaintyTaskWeights(weights, regressions)
    if weighting == "gradients":
        return GradientTaskWeights(weights)
    return FixedTaskWeights(weights)


def multi_task_batch_loss(model: MultiTaskModel, part: FrozenPart | None = None) -> BatchLoss:
    """The weighted sum of the tasks' losses; each task's own loss is a figure.

    The targets are `labels`, task to its labels, and `known`, task to `[B]` float32: 1 for a row
    with a label, 0 for a row without, which has no part in that task's loss.

    Args:
        model: with its losses.
        part: of the model, whose features the batches hold; None where they hold token ids. With
            weights by gradients, features of pooled states would have other gradients.
    """
    weighting = model.task_weights

    def weighed(
        losses: dict[str, mx.array], rows: dict[str, mx.array], present: dict[str, mx.array]
    ) -> tuple[mx.array, dict[str, mx.array]]:
        figures = {task: mx.stack([losses[task] * rows[task], rows[task]]) for task in losses}
        return weighting(losses, present), figures

    def loss(
        outputs: dict[str, mx.array],
        attention_mask: mx.array,
        targets: Targets,
        row_weights: mx.array,
    ) -> tuple[mx.array, dict[str, mx.array]]:
        weights, rows, present = _labelled(targets, row_weights)
        return weighed(
            model.head.compute_losses(outputs, targets["labels"], weights), rows, present
        )

    def loss_of_states(
        states: mx.array, attention_mask: mx.array, targets: Targets, row_weights: mx.array
    ) -> tuple[mx.array, dict[str, mx.array]]:
        weights, rows, present = _labelled(targets, row_weights)

        def losses_of(at: mx.array) -> dict[str, mx.array]:
            outputs = model.head(at, attention_mask)
            return model.head.compute_losses(outputs, targets["labels"], weights)

        losses = losses_of(states)
        assert isinstance(weighting, GradientTaskWeights)
        weighting.observe(losses, _gradient_norms(losses_of, states, losses), present)
        return weighed(losses, rows, present)

    if isinstance(weighting, GradientTaskWeights):
        # The gradients that it compares are those at the encoder's states, so the heads come later.
        states = model.hidden_states if part is None else part.above
        return BatchLoss(states, loss_of_states, loss_draws=True)
    return BatchLoss(outputs_above(model, part), loss)


def _labelled(
    targets: Targets, row_weights: mx.array
) -> tuple[dict[str, mx.array], dict[str, mx.array], dict[str, mx.array]]:
    """Each task's row weights `[B]`, their sum, and 1 where that is above 0."""
    weights = {task: known * row_weights for task, known in targets["known"].items()}
    rows = {task: mx.sum(row_weights) for task, row_weights in weights.items()}
    present = {task: (count > 0).astype(mx.float32) for task, count in rows.items()}
    return weights, rows, present


def _gradient_norms(
    losses_of: Callable[[mx.array], dict[str, mx.array]],
    states: mx.array,
    tasks: Mapping[str, mx.array],
) -> dict[str, mx.array]:
    """The norm of each loss's gradient at the encoder's output: the heads alone are passed back."""
    states = mx.stop_gradient(states)

    def norm(task: str) -> mx.array:
        gradient = mx.grad(lambda at: losses_of(at)[task])(states)
        return mx.sqrt(mx.sum(mx.square(gradient.astype(mx.float32))))

    return {task: norm(task) for task in tasks}
