"""Several batches make one step: exactly that of one large batch, whatever the loss."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from mlx.utils import tree_flatten
from word_average import encoded, fitted, same_bits, weights, word_average

from bertplay.losses import LOSSES
from bertplay.optimizers.parameter_groups import optimizer_for
from bertplay.training.objective import Objective, batch_loss
from bertplay.training.step import TraceGuard, compiled_step


def losses_of(batch_size: int, accumulate: int, loss: str, **changes):
    """Each epoch's loss and the model, without dropout, which no two batch sizes draw alike."""
    model = word_average(loss, dropout=0.0)
    result = fitted(model, batch_size=batch_size, accumulate=accumulate, epochs=3, **changes)
    return [record.train_loss for record in result.history], model


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("accumulate", [2, 4])
def test_the_step_is_that_of_the_large_batch(loss, accumulate):
    """Also for losses that look at all rows of a batch, and where the last batch is not full."""
    large, one = losses_of(8, 1, loss)
    small, other = losses_of(8 // accumulate, accumulate, loss)
    assert small == pytest.approx(large, rel=1e-5)
    for name, expected in weights(one).items():
        np.testing.assert_allclose(weights(other)[name], expected, atol=2e-5, err_msg=name)


def test_it_is_another_step_than_that_of_the_small_batch():
    _, one = losses_of(4, 1, "ce")
    _, other = losses_of(4, 2, "ce")
    assert not same_bits(weights(one), weights(other))


def test_r_drop_compares_the_passes_of_every_batch():
    settings = {"objective": Objective(r_drop=2.0)}
    large, one = losses_of(8, 1, "ce", **settings)
    small, other = losses_of(4, 2, "ce", **settings)
    assert small == pytest.approx(large, rel=1e-5)
    for name, expected in weights(one).items():
        np.testing.assert_allclose(weights(other)[name], expected, atol=2e-5, err_msg=name)


def test_both_passes_of_a_batch_drop_the_same_and_every_batch_its_own():
    """The gradient is that of one graph, in which each batch is computed once, with its seed."""
    rows = encoded(8)
    even = [row for row in range(8) if len(rows.token_ids[row]) == 4][:4]
    ids = mx.array(np.stack([rows.token_ids[row] for row in even]))
    mask, labels = mx.ones(ids.shape), mx.array(rows.texts.labels[even])
    model = word_average(dropout=0.5)
    loss = batch_loss(model, Objective())
    model.train()

    def in_one_graph():
        logits = []
        for batch in range(2):
            mx.random.seed(40 + batch)
            part = slice(2 * batch, 2 * batch + 2)
            logits.append(model(ids[part], mask[part]))
        return loss.loss(mx.concatenate(logits), mask, {"labels": labels}, mx.ones(4))[0]

    value, gradients = nn.value_and_grad(model, in_one_graph)()
    before = weights(model)
    expected = {name: before[name] - np.array(g) for name, g in tree_flatten(gradients)}

    optimizer = optimizer_for(model, "sgd", {}, lr=1.0, weight_decay=0.0)
    optimizer.init(model.trainable_parameters())
    step, state = compiled_step(
        model, optimizer, loss, clip_norm=0.0, guard=TraceGuard(1), accumulate=2
    )
    result = step(ids, mask, {"labels": labels}, mx.ones(4), mx.array(0.0), mx.array(1.0), seed=40)
    mx.eval(result.loss, state)

    assert result.loss.item() == pytest.approx(value.item(), rel=1e-6)
    for name, after in expected.items():
        np.testing.assert_allclose(weights(model)[name], after, atol=1e-6, err_msg=name)


def test_it_is_traced_once_for_each_padded_length():
    result = fitted(word_average(), batch_size=4, accumulate=2, epochs=3)
    assert result.compiled_shapes == len({4, 6})
