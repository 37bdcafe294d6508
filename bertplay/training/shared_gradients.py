"""The loss of a batch whose rows are divided over several processes, and its gradients.

The usual way, averaging the gradients of each process's own loss, is another loss as soon as a loss
is more than a mean over rows: class weights are divided by the weights of a batch, overlap and
contrastive losses look at all of its rows. Here every process computes the outputs of its own rows,
gets those of all, and computes the loss of all rows; its gradient goes back through the own rows,
and the sum over the processes is that of the whole batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_map

from bertplay.distributed.process_group import ProcessGroup
from bertplay.training.accumulated_step import behind_the_encoder, with_those_of_loss
from bertplay.training.rows import Targets
from bertplay.training.step import BatchLoss, Figures

Tree = Any  # of dictionaries and lists with arrays as leaves


def shared_value_and_grad(
    model: nn.Module, batch_loss: BatchLoss, group: ProcessGroup
) -> Callable[..., tuple[tuple[mx.array, Figures], Tree]]:
    """What `nn.value_and_grad(model, batch_loss)` is for one process.

    Args:
        model: to train.
        batch_loss: what is minimised.
        group: the processes; each is given all rows of a batch.

    Returns:
        A function that gives loss, figures and gradients of the whole batch, the same bits in all
        processes if the loss draws no random numbers.
    """

    def loss_and_gradients(
        input_ids: mx.array, attention_mask: mx.array, targets: Targets, row_weights: mx.array
    ) -> tuple[tuple[mx.array, Figures], Tree]:
        own = group.own(len(input_ids))

        def of(parameters: Tree, behind: Tree) -> tuple[mx.array, Figures]:
            model.update(parameters)
            outputs = batch_loss.outputs(input_ids[own], attention_mask[own])
            outputs = tree_map(group.gathered, outputs)
            model.update(behind)
            return batch_loss.loss(outputs, attention_mask, targets, row_weights)

        parameters = model.trainable_parameters()
        value, (gradients, more) = mx.value_and_grad(of, argnums=(0, 1))(
            parameters, behind_the_encoder(model)
        )
        # Tracing leaves placeholders in the model.
        model.update(parameters)
        # What the loss itself uses has its whole gradient in every process already.
        return value, with_those_of_loss(group.summed(gradients), more)

    return loss_and_gradients
