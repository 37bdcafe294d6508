"""An encoder that is asked for first tokens alone gives what it gives for them among all."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from tiny_encoders import FAMILIES, FOLDER

from bertplay.encoders import BertConfig, load_encoder
from bertplay.encoders.families import build_encoder
from bertplay.heads import ClassificationHeadV2, TextClassifier
from bertplay.named_arrays import named_arrays

IDS = mx.array([[5, 6, 7, 8, 9, 10], [11, 12, 13, 14, 15, 16], [7, 5, 3, 8, 6, 4]])
RIGHT = mx.array([[1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0], [1, 0, 0, 0, 0, 0]])
LEFT = RIGHT[:, ::-1]
SKIPPING = ("bert", "roberta", "xlm_roberta", "distilbert")
"""Families whose last layer can compute a token alone."""


def encoder_of(family):
    if family != "bert":
        return load_encoder(FOLDER / family)[0]
    mx.random.seed(3)
    return build_encoder(
        BertConfig(
            vocab_size=50,
            hidden_size=32,
            num_hidden_layers=3,
            num_attention_heads=4,
            intermediate_size=64,
        )
    ).eval()


@pytest.mark.parametrize("mask", [None, RIGHT, LEFT], ids=["no mask", "right", "left"])
@pytest.mark.parametrize("family", ["bert", *FAMILIES])
def test_first_states_are_those_of_the_first_kept_tokens(family, mask):
    encoder = encoder_of(family)
    states = np.array(encoder(IDS, mask).last_hidden_state)
    first = np.zeros(3, int) if mask is None else np.argmax(np.array(mask), axis=1)
    got = np.array(encoder.first_states(IDS, mask))
    assert got.shape == (3, 1, states.shape[-1])
    np.testing.assert_allclose(got[:, 0], states[np.arange(3), first], atol=1e-5)


@pytest.mark.parametrize("family", ["bert", *FAMILIES])
def test_their_gradients_are_those_through_all_tokens(family):
    encoder = encoder_of(family)
    weights = mx.sin(mx.arange(encoder.config.hidden_size, dtype=mx.float32))

    def gradients(states):
        total = nn.value_and_grad(encoder, lambda: (states() * weights).sum())
        return {name: np.array(leaf) for name, leaf in named_arrays(total()[1]).items()}

    of_first = gradients(lambda: encoder.first_states(IDS, RIGHT)[:, 0])
    of_all = gradients(lambda: encoder(IDS, RIGHT).last_hidden_state[:, 0])
    for name, wanted in of_all.items():
        scale = max(1.0, float(np.abs(wanted).max()))
        np.testing.assert_allclose(of_first[name], wanted, atol=2e-5 * scale, err_msg=name)


@pytest.mark.parametrize("family", SKIPPING)
def test_the_last_layer_computes_one_token_of_each_text(family, monkeypatch):
    encoder = encoder_of(family)
    seen = []
    kind = type(encoder.layers[-1])
    plain = kind.__call__

    def watched(self, *args):
        result = plain(self, *args)
        seen.append(result.shape[1])
        return result

    monkeypatch.setattr(kind, "__call__", watched)
    encoder.first_states(IDS, RIGHT)
    assert seen == [6] * (len(encoder.layers) - 1) + [1]


def test_a_head_that_reads_the_first_token_reads_these_states():
    encoder = encoder_of("bert")
    mx.random.seed(4)
    head = ClassificationHeadV2(32, 3, pooling="cls").eval()
    asked = []
    plain = encoder.first_states

    class Asked(type(encoder)):
        def first_states(self, *args):
            asked.append(True)
            return plain(*args)

    logits = TextClassifier(encoder, head).eval()(IDS, RIGHT)
    np.testing.assert_allclose(
        np.array(logits), np.array(head(encoder(IDS, RIGHT).last_hidden_state, RIGHT)), atol=1e-5
    )
    encoder.__class__ = Asked
    TextClassifier(encoder, head).eval()(IDS, RIGHT)
    assert asked


def test_a_text_without_tokens_is_still_pooled_to_zeros():
    encoder = encoder_of("bert")
    head = ClassificationHeadV2(32, 3, pooling="cls", norm=False).eval()
    empty = mx.zeros_like(RIGHT)
    logits = np.array(TextClassifier(encoder, head).eval()(IDS, empty))
    np.testing.assert_array_equal(logits, np.broadcast_to(np.array(head.output.bias), (3, 3)))


def test_too_long_texts_are_refused_as_in_a_call():
    encoder = encoder_of("distilbert")
    with pytest.raises(ValueError, match="a length of at most"):
        encoder.first_states(mx.zeros((1, encoder.config.max_length + 1), mx.int32))
