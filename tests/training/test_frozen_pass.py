"""Frozen layers run over all rows once a stage of freezing."""

from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from bertplay.encoders import load_encoder
from bertplay.freezing import apply_freeze
from bertplay.heads import ClassificationHeadV2, TextClassifier
from bertplay.training.frozen_pass import FrozenPass

TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"
RNG = np.random.default_rng(0)
TEXTS = [RNG.integers(1, 24, length).astype(np.int32) for length in (3, 9, 5, 5, 2, 8, 3)]


def pass_of(stages, **changes):
    """The model, frozen as in the first epoch, and its pass over seven rows and two."""
    encoder, _ = load_encoder(TINY)
    apply_freeze(encoder, stages[1])
    model = TextClassifier(encoder, ClassificationHeadV2(32, 2, loss="ce", pooling="mean"))
    mx.eval(model.parameters())
    return model, FrozenPass(model, TEXTS, TEXTS[:2], 0, stages, **changes)


def test_progress_is_told_over_both_tables():
    told = []
    _, frozen_pass = pass_of({1: "full"}, on_rows=lambda *figures: told.append(figures))
    rows = frozen_pass.run(1)
    assert (len(rows.train), len(rows.validation)) == (7, 2)
    assert (told[0], told[-1]) == ((0, 9), (9, 9))
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_what_is_planned_is_kept():
    _, frozen_pass = pass_of({1: "1"})
    planned = frozen_pass.planned()
    rows = frozen_pass.run(1)
    assert planned.size == rows.train.values.nbytes + rows.validation.values.nbytes
    assert planned.size == frozen_pass.largest
    assert frozen_pass.seconds > 0


def test_without_a_frozen_layer_nothing_is_kept():
    _, frozen_pass = pass_of({1: "none"})
    rows = frozen_pass.run(1)
    assert (rows.part, rows.train, rows.validation) == (None, None, None)
    assert frozen_pass.planned() is None
    assert frozen_pass.largest == 0


@pytest.mark.parametrize(
    ("stages", "layers"),
    [
        ({1: "full", 2: "1"}, [2, 1]),
        ({1: "full", 2: "none", 3: "full"}, [2, 0, 0]),
        ({1: "1", 2: "full"}, [1, 1]),
    ],
)
def test_layers_that_an_epoch_has_trained_do_not_run_once_afterwards(stages, layers):
    model, frozen_pass = pass_of(stages)
    found = []
    for epoch, frozen in stages.items():
        apply_freeze(model.encoder, frozen)
        part = frozen_pass.part(epoch)
        found.append(part.layers if part else 0)
    assert found == layers
