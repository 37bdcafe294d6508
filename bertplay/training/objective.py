"""What a training step minimises: the head's loss, and what is added to it."""

from __future__ import annotations

from dataclasses import dataclass

import mlx.core as mx

from bertplay.heads import TextClassifier
from bertplay.losses import distillation_loss, r_drop_divergence
from bertplay.options import TrainOptions
from bertplay.training.frozen_part import FrozenPart, outputs_above
from bertplay.training.rows import Targets
from bertplay.training.step import BatchLoss


@dataclass(frozen=True)
class Objective:
    """What is added to the head's loss; nothing by default.

    Attributes:
        r_drop: weight of the divergence between two passes with different dropout; 0 for one pass.
        teacher_weight: share of the teacher's predictions in the loss, in [0, 1]; the labels have
            the rest.
        temperature: that softens both predictions, greater than 0.
    """

    r_drop: float = 0.0
    teacher_weight: float = 0.0
    temperature: float = 2.0


def objective_of(options: TrainOptions) -> Objective:
    """What the options add to the head's loss."""
    if options.teacher is None:
        return Objective(options.r_drop)
    return Objective(
        options.r_drop,
        0.5 if options.teacher_weight is None else options.teacher_weight,
        2.0 if options.temperature is None else options.temperature,
    )


def batch_loss(
    model: TextClassifier, objective: Objective, part: FrozenPart | None = None
) -> BatchLoss:
    """The loss of a batch of a single label column.

    Args:
        model: with its loss.
        objective: what is added to it.
        part: of the model, whose features the batches hold; None where they hold token ids.

    Returns:
        A `BatchLoss` without figures, whose targets are `labels` `[B]` and, where the teacher has
        a weight, `teacher_logits` `[B, C]`.
    """
    share, forward = objective.teacher_weight, outputs_above(model, part)

    def loss_of(logits: mx.array, targets: Targets, row_weights: mx.array) -> mx.array:
        if share == 1:
            own = mx.array(0.0)
        else:
            own = model.head.compute_loss(logits, targets["labels"], sample_weights=row_weights)
        if share == 0:
            return own
        learned = distillation_loss(
            logits,
            targets["teacher_logits"],
            temperature=objective.temperature,
            sample_weights=row_weights,
        )
        return (1 - share) * own + share * learned

    def loss(
        logits: mx.array, attention_mask: mx.array, targets: Targets, row_weights: mx.array
    ) -> tuple[mx.array, dict[str, mx.array]]:
        return loss_of(logits, targets, row_weights), {}

    def two_passes(inputs: mx.array, attention_mask: mx.array) -> dict[str, mx.array]:
        # As one batch of twice the rows, of which dropout treats no two alike.
        both = forward(mx.concatenate([inputs] * 2), mx.concatenate([attention_mask] * 2))
        first, second = mx.split(both, 2)
        return {"first": first, "second": second}

    def loss_of_two(
        logits: dict[str, mx.array],
        attention_mask: mx.array,
        targets: Targets,
        row_weights: mx.array,
    ) -> tuple[mx.array, dict[str, mx.array]]:
        first, second = logits["first"], logits["second"]
        apart = r_drop_divergence(first, second, sample_weights=row_weights)
        own = [loss_of(one, targets, row_weights) for one in (first, second)]
        return (own[0] + own[1]) / 2 + objective.r_drop * apart, {}

    if objective.r_drop == 0:
        return BatchLoss(forward, loss)
    return BatchLoss(two_passes, loss_of_two)
