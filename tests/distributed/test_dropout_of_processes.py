"""Each process drops other units than the others, and the loss of all drops the same."""

import sys
from dataclasses import dataclass
from pathlib import Path

import mlx.core as mx
import pytest

sys.path.append(str(Path(__file__).parent.parent / "training"))

from word_average import word_average

from bertplay.distributed.process_group import ProcessGroup
from bertplay.optimizers.parameter_groups import optimizer_for
from bertplay.training.objective import Objective, batch_loss
from bertplay.training.step import TraceGuard, compiled_step


@dataclass(frozen=True)
class Mirrored(ProcessGroup):
    """Two processes, of which the other one has always the same as this one."""

    size: int = 2

    def gathered(self, rows):
        return mx.concatenate([rows, rows])

    def summed(self, tree):
        return tree


@pytest.mark.parametrize("accumulate", [1, 4])
def test_the_same_rows_give_another_loss_in_another_process(accumulate):
    ids = mx.array([[2, 4, 5, 6], [3, 7, 8, 9]] * 4)
    rows = ids, mx.ones(ids.shape), {"labels": mx.array([0, 1] * 4)}, mx.ones(8)

    def loss(rank, dropout):
        model = word_average(dropout=dropout)
        optimizer = optimizer_for(model, "sgd", {}, lr=0.1, weight_decay=0.0)
        optimizer.init(model.trainable_parameters())
        model.train()
        step, _ = compiled_step(
            model,
            optimizer,
            batch_loss(model, Objective()),
            clip_norm=0.0,
            guard=TraceGuard(1),
            accumulate=accumulate,
            group=Mirrored(rank),
        )
        return step(*rows, mx.array(0.0), mx.array(0.1), seed=7).loss.item()

    assert loss(0, 0.0) == pytest.approx(loss(1, 0.0), rel=1e-6)
    assert loss(0, 0.5) != pytest.approx(loss(1, 0.5), rel=1e-4)
    assert loss(1, 0.5) == loss(1, 0.5)
