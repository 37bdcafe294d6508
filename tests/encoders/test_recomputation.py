"""Layers that are computed again in the backward pass: the same gradients in less memory."""

from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest

from bertplay.encoders import load_encoder
from bertplay.encoders.bert import BertEncoder
from bertplay.encoders.config import BertConfig
from bertplay.encoders.dropout import Dropout, draws_from
from bertplay.named_arrays import named_arrays

TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"
IDS = mx.array(np.random.default_rng(0).integers(1, 24, (4, 6)).astype(np.int32))
MASK = mx.array(np.arange(6)[None] < np.array([6, 3, 5, 1])[:, None])


def encoder_with(dropout: float) -> BertEncoder:
    encoder, _ = load_encoder(TINY)
    encoder.pop("pooler")
    for module in encoder.modules():
        if isinstance(module, Dropout):
            module._p = dropout
    return encoder.train()


def gradients(encoder: BertEncoder, *, compiled: bool = False, seed: int = 3):
    """Of a sum that weighs every state differently; also the sum itself."""
    weights = mx.sin(mx.arange(4 * 6 * 32, dtype=mx.float32)).reshape(4, 6, 32)

    def loss(ids):
        return (encoder(ids, MASK).last_hidden_state * weights).sum()

    function = nn.value_and_grad(encoder, loss)
    if compiled:
        state = [encoder.state, mx.random.state]
        function = mx.compile(function, inputs=state, outputs=state)
    mx.random.seed(seed)
    value, found = function(IDS)
    return value.item(), {name: np.array(leaf) for name, leaf in named_arrays(found).items()}


@pytest.mark.parametrize("compiled", [False, True])
def test_without_dropout_the_gradients_are_those_of_kept_results(compiled):
    encoder = encoder_with(0.0)
    kept_value, kept = gradients(encoder)
    encoder.recompute = True
    value, found = gradients(encoder, compiled=compiled)
    assert value == pytest.approx(kept_value, rel=1e-6)
    assert found.keys() == kept.keys()
    for name in kept:
        np.testing.assert_allclose(found[name], kept[name], atol=2e-5, err_msg=name)


@pytest.mark.parametrize("compiled", [False, True])
def test_both_passes_drop_the_same_elements(compiled, monkeypatch):
    """Kept results with the same draws have the same gradients."""
    encoder = encoder_with(0.4)
    encoder.recompute = True
    value, found = gradients(encoder, compiled=compiled)
    monkeypatch.setattr(mx, "checkpoint", lambda function: function)
    kept_value, kept = gradients(encoder)
    assert value == pytest.approx(kept_value, rel=1e-6)
    for name in kept:
        np.testing.assert_allclose(found[name], kept[name], atol=2e-5, err_msg=name)


def test_every_pass_draws_anew():
    encoder = encoder_with(0.4)
    encoder.recompute = True
    assert gradients(encoder, seed=3)[0] == gradients(encoder, seed=3)[0]
    assert gradients(encoder, seed=3)[0] != gradients(encoder, seed=4)[0]


def test_layers_do_not_share_their_draws():
    dropout = Dropout(0.5).train()
    ones = mx.ones((1000,))
    keys = [mx.array([0, seed], dtype=mx.uint32) for seed in (1, 2)]
    masks = []
    for key in (*keys, keys[0]):
        with draws_from(key):
            masks.append(np.array(dropout(ones)))
            masks.append(np.array(dropout(ones)))
    assert (masks[0] == masks[4]).all()
    assert (masks[1] == masks[5]).all()
    for one, other in ((0, 1), (0, 2), (1, 3)):
        assert 0.4 < (masks[one] == masks[other]).mean() < 0.6


def test_frozen_layers_are_not_computed_again(monkeypatch):
    encoder = encoder_with(0.0)
    encoder.recompute = True
    encoder.embeddings.freeze()
    encoder.encoder.layer[0].freeze()
    recomputed, real = [], mx.checkpoint

    def count(function):
        recomputed.append(function)
        return real(function)

    monkeypatch.setattr(mx, "checkpoint", count)
    gradients(encoder)
    assert len(recomputed) == 1


def test_the_encoder_holds_its_own_arrays_afterwards():
    encoder = encoder_with(0.4)
    before = {name: np.array(leaf) for name, leaf in named_arrays(encoder.parameters()).items()}
    encoder.recompute = True
    gradients(encoder, compiled=True)
    for name, leaf in named_arrays(encoder.parameters()).items():
        np.testing.assert_array_equal(np.array(leaf), before[name])


def test_it_takes_less_memory():
    config = BertConfig(
        vocab_size=30,
        hidden_size=64,
        num_hidden_layers=6,
        num_attention_heads=4,
        intermediate_size=256,
        max_position_embeddings=128,
    )
    encoder = BertEncoder(config).train()
    ids = mx.ones((16, 128), dtype=mx.int32)
    mx.eval(encoder.parameters())

    def peak() -> int:
        # Without a layer norm's last sum, whose gradient is 0.
        function = nn.value_and_grad(encoder, lambda: encoder(ids).last_hidden_state[..., 0].sum())
        mx.clear_cache()
        mx.reset_peak_memory()
        mx.eval(function())
        return mx.get_peak_memory()

    kept = peak()
    encoder.recompute = True
    assert peak() < 0.6 * kept
