"""Frozen parts of an encoder: which parameters, no gradient, and no dropout while it trains."""

from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
import pytest

from bertplay.data.errors import InputError
from bertplay.encoders import load_encoder
from bertplay.freezing import apply_freeze, frozen_layers
from bertplay.named_arrays import named_arrays

TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"
IDS = mx.array(np.random.default_rng(0).integers(1, 24, (8, 6)).astype(np.int32))

EMBEDDINGS, FIRST, SECOND = "embeddings.", "encoder.layer.0.", "encoder.layer.1."
FREEZES = pytest.mark.parametrize(
    ("freeze", "prefixes"),
    [
        ("none", ()),
        ("embeddings", (EMBEDDINGS,)),
        ("1", (EMBEDDINGS, FIRST)),
        ("2", (EMBEDDINGS, FIRST, SECOND)),
        ("full", (EMBEDDINGS, FIRST, SECOND, "pooler.")),
    ],
)


def tiny(freeze: str):
    encoder, _ = load_encoder(TINY)
    apply_freeze(encoder, freeze)
    encoder.train()
    return encoder


def trainable(encoder):
    return set(named_arrays(encoder.trainable_parameters()))


@FREEZES
def test_the_named_part_is_not_trained_and_all_else_is(freeze, prefixes):
    encoder = tiny(freeze)
    every = set(named_arrays(encoder.parameters()))
    assert every - trainable(encoder) == {name for name in every if name.startswith(prefixes)}


@FREEZES
def test_what_is_frozen_gets_no_gradient_and_stays_bitwise_the_same(freeze, prefixes):
    encoder = tiny(freeze)
    head = nn.Linear(32, 2)
    model = nn.Sequential(encoder, lambda output: output.last_hidden_state.mean(axis=1), head)
    optimizer = optim.AdamW(1e-2)
    before = {name: np.array(array) for name, array in named_arrays(encoder.parameters()).items()}

    def loss() -> mx.array:
        return nn.losses.cross_entropy(model(IDS), IDS[:, 0] % 2).mean()

    gradients_of = nn.value_and_grad(model, loss)
    for _ in range(3):
        _, gradients = gradients_of()
        optimizer.update(model, gradients)
        mx.eval(model.parameters(), optimizer.state)

    with_gradient = {n.removeprefix("layers.0.") for n in named_arrays(gradients)}
    assert not [name for name in with_gradient if name.startswith(prefixes)]
    after = named_arrays(encoder.parameters())
    changed = {name for name in before if (np.array(after[name]) != before[name]).any()}
    assert not [name for name in changed if name.startswith(prefixes)]
    # All else has moved, but for the pooler, which this model does not use.
    trained = {n for n in before if not n.startswith((*prefixes, "pooler."))}
    assert trained - changed == set()


@pytest.mark.parametrize(
    ("freeze", "fixed"), [("none", 0), ("embeddings", 1), ("1", 2), ("full", 3)]
)
def test_the_frozen_part_is_without_dropout_while_the_rest_trains(freeze, fixed):
    """States up to the frozen boundary repeat; from there on dropout makes them differ."""
    encoder = tiny(freeze)
    one, other = encoder.hidden_states(IDS), encoder.hidden_states(IDS)
    same = [bool(mx.array_equal(a, b)) for a, b in zip(one, other, strict=True)]
    assert same == [True] * fixed + [False] * (3 - fixed)


def test_the_frozen_part_computes_what_it_does_in_evaluation():
    encoder = tiny("1")
    boundary = encoder.hidden_states(IDS)[1]
    encoder.eval()
    assert mx.array_equal(boundary, encoder.hidden_states(IDS)[1])


@pytest.mark.parametrize(
    ("freeze", "layers"), [("none", 0), ("embeddings", 0), ("1", 1), ("2", 2), ("full", 2)]
)
def test_the_frozen_layers_are_counted(freeze, layers):
    assert frozen_layers(tiny(freeze)) == layers


def test_a_layer_that_is_not_trained_but_has_dropout_is_not_fixed():
    encoder = tiny("none")
    encoder.freeze()
    assert frozen_layers(encoder) == 0


def test_a_layer_above_a_trained_one_is_not_fixed():
    encoder = tiny("full")
    encoder.encoder.layer[0].unfreeze()
    assert frozen_layers(encoder) == 0


def test_an_encoder_split_anywhere_computes_what_it_does_whole():
    encoder = tiny("full")
    mask = mx.array(np.arange(6) < np.arange(2, 10)[:, None])
    whole = encoder.hidden_states(IDS, mask)
    for layers in range(3):
        below = encoder.below(IDS, mask, layers)
        assert mx.array_equal(below, whole[layers])
        assert mx.array_equal(encoder.above(below, mask, layers), whole[-1])


def test_another_freeze_takes_the_place_of_the_one_before():
    encoder = tiny("full")
    apply_freeze(encoder, "embeddings")
    assert trainable(encoder) == trainable(tiny("embeddings"))
    states = [encoder.hidden_states(IDS) for _ in range(2)]
    assert not mx.array_equal(states[0][1], states[1][1])


def test_more_layers_than_there_are_is_refused():
    encoder, _ = load_encoder(TINY)
    with pytest.raises(InputError, match="freeze is 3, and the backbone has 2 layers"):
        apply_freeze(encoder, "3")


@pytest.mark.parametrize("freeze", ["0", "-1", "all", "2.0", ""])
def test_a_freeze_that_is_neither_name_nor_number_is_refused(freeze):
    encoder, _ = load_encoder(TINY)
    with pytest.raises(InputError, match="choose none, full, embeddings, or how many"):
        apply_freeze(encoder, freeze)
