"""A step made of several batches that is exactly the step of one large batch.

The usual way, summing the gradients of the batches' own losses, is another loss as soon as a loss
is more than a sum over rows: class weights are divided by the weights of a batch, overlap and
contrastive losses look at all of its rows. Here the outputs of all batches are computed first, one
loss sees all of them, and its gradient at the outputs is passed back through one batch after the
other, which is computed a second time (Gao et al. 2021, "gradient caching"). It costs one forward
pass more, and the memory is that of one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_map, tree_unflatten

from bertplay.distributed.process_group import ALONE, ProcessGroup
from bertplay.named_arrays import named_arrays
from bertplay.training.rows import Targets
from bertplay.training.step import (
    BatchLoss,
    Figures,
    Outputs,
    Step,
    StepResult,
    TraceGuard,
    compiled_functions_are_traced,
    scheduled_parts,
)

Tree = Any  # of dictionaries and lists with arrays as leaves


def accumulated_step(
    model: nn.Module,
    batch_loss: BatchLoss,
    state: list[object],
    apply: Callable[[Tree, mx.array], tuple[mx.array, mx.array]],
    *,
    batches: int,
    guard: TraceGuard,
    group: ProcessGroup = ALONE,
) -> Step:
    """A step of `batches` times B rows in each process, which never holds more than B rows' states.

    Args:
        model: to train.
        batch_loss: what is minimised; its outputs are those of all rows at once.
        state: model, optimizer and random state, as of `compiled_step`.
        apply: takes the gradients into the model, at a learning rate; returns their norm and
            that of each group.
        batches: how many make a process's part of the step, at least 1.
        guard: counts the traces of the backward pass.
        group: the processes that the rows of a step are divided over.

    Returns:
        The step; rows that only fill the large batch up must be its last ones.
    """
    traced = compiled_functions_are_traced()
    scheduled = scheduled_parts(model)

    def forward(input_ids: mx.array, attention_mask: mx.array) -> Outputs:
        return batch_loss.outputs(input_ids, attention_mask)

    def loss(
        outputs: Outputs,
        attention_mask: mx.array,
        targets: Targets,
        row_weights: mx.array,
        done: mx.array,
    ) -> tuple[mx.array, Figures, Tree, Outputs]:
        for part in scheduled:
            part.set_progress(done)

        def of(parameters: Tree, at: Outputs) -> tuple[mx.array, Figures]:
            model.update(parameters)
            return batch_loss.loss(at, attention_mask, targets, row_weights)

        parameters = behind_the_encoder(model)
        (value, figures), (own, cotangents) = mx.value_and_grad(of, argnums=(0, 1))(
            parameters, outputs
        )
        # Tracing leaves placeholders in the model.
        model.update(parameters)
        return value, figures, own, cotangents

    def backward(
        input_ids: mx.array, attention_mask: mx.array, cotangents: Outputs, gradients: Tree
    ) -> Tree:
        if traced:
            guard.count(input_ids.shape)

        def product() -> mx.array:
            outputs = named_arrays(batch_loss.outputs(input_ids, attention_mask))
            at = named_arrays(cotangents)
            return mx.stack([mx.sum(outputs[name] * at[name]) for name in outputs]).sum()

        _, more = nn.value_and_grad(model, product)()
        return tree_map(mx.add, gradients, more)

    run_forward = mx.compile(forward, inputs=state, outputs=state)
    run_loss = mx.compile(loss, inputs=state, outputs=state)
    run_backward = mx.compile(backward, inputs=state, outputs=state)
    run_apply = mx.compile(apply, inputs=state, outputs=state)

    def step(
        input_ids: mx.array,
        attention_mask: mx.array,
        targets: Targets,
        row_weights: mx.array,
        done: mx.array,
        learning_rate: mx.array,
        *,
        seed: int,
    ) -> StepResult:
        own = group.own(len(input_ids))
        rows = (own.stop - own.start) // batches
        parts = [slice(at, at + rows) for at in range(own.start, own.stop, rows)]
        # Of each batch of each process its own, and the same in its second pass.
        seeds = range(seed + group.rank * batches, seed + (group.rank + 1) * batches)
        outputs = []
        for own_seed, part in zip(seeds, parts, strict=True):
            mx.random.seed(own_seed)
            outputs.append(run_forward(input_ids[part], attention_mask[part]))
            mx.async_eval(outputs[-1])
        everything = tree_map(group.gathered, _joined(outputs))
        mx.random.seed(seed + group.size * batches)
        value, figures, behind, cotangents = run_loss(
            everything, attention_mask, targets, row_weights, done
        )
        gradients = tree_map(mx.zeros_like, model.trainable_parameters())
        for own_seed, part in zip(seeds, parts, strict=True):
            mx.random.seed(own_seed)
            at = tree_map(lambda leaf, part=part: leaf[part], cotangents)
            gradients = run_backward(input_ids[part], attention_mask[part], at, gradients)
            mx.async_eval(gradients)
        gradients = with_those_of_loss(group.summed(gradients), behind)
        return StepResult(value, figures, *run_apply(gradients, learning_rate))

    return step


def behind_the_encoder(model: nn.Module) -> Tree:
    """The trainable parameters that a loss may use beside the outputs."""
    arrays = named_arrays(model.trainable_parameters())
    return tree_unflatten(
        [(name, leaf) for name, leaf in arrays.items() if not name.startswith("encoder.")]
    )


def _joined(outputs: Sequence[Outputs]) -> Outputs:
    return tree_map(lambda *leaves: mx.concatenate(list(leaves)), outputs[0], *outputs[1:])


def with_those_of_loss(gradients: Tree, more: Tree) -> Tree:
    """The gradients through the outputs, with those of parameters that the loss uses itself."""
    arrays = named_arrays(gradients)
    for name, leaf in named_arrays(more).items():
        arrays[name] = arrays[name] + leaf
    return tree_unflatten(list(arrays.items()))
