"""The part of a model that runs once: which it is, and that nothing else changes."""

from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from bertplay.adapters.adding import add_adapters
from bertplay.adapters.settings import AdapterSettings
from bertplay.encoders import load_encoder
from bertplay.encoders.quantization import Quantization
from bertplay.encoders.quantizing import quantize_linears
from bertplay.freezing import apply_freeze
from bertplay.heads import ClassificationHeadV2, MultiTaskHead, RegressionHead, TextClassifier
from bertplay.losses import FixedTaskWeights
from bertplay.multi_task.model import MultiTaskModel
from bertplay.prediction import BatchedPredictor, padded_lengths_for
from bertplay.training import frozen_features as storage
from bertplay.training import frozen_part as frozen
from bertplay.training.frozen_part import frozen_features, frozen_part, outputs_above

TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"
RNG = np.random.default_rng(0)
TEXTS = [RNG.integers(1, 24, length).astype(np.int32) for length in (3, 9, 5, 5, 2, 8, 3)]

PARTS = pytest.mark.parametrize(
    ("freeze", "pooling"),
    [
        ("full", "cls"),
        ("full", "mean"),
        ("full", "max"),
        ("full", "attention"),
        ("1", "mean"),
        ("2", "cls"),
    ],
)


def tiny(freeze, pooling="mean"):
    """A classifier on tiny BERT in training mode, without dropout in its head."""
    encoder, _ = load_encoder(TINY)
    apply_freeze(encoder, freeze)
    mx.random.seed(0)
    head = ClassificationHeadV2(32, 3, loss="ce", pooling=pooling, dropout=0.0)
    if pooling == "attention":
        head.pool.query = mx.random.normal((32,))
    model = TextClassifier(encoder, head)
    model.train()
    return model


def logits_of(model, features=None, part=None):
    lengths = padded_lengths_for(TEXTS)
    predictor = BatchedPredictor(model, lengths, 4, forward=outputs_above(model, part))
    return predictor.logits(TEXTS, features=features)


@PARTS
def test_the_upper_part_makes_the_same_logits_of_the_features(freeze, pooling):
    model = tiny(freeze, pooling)
    part = frozen_part(model)
    features = frozen_features(part, TEXTS, 0)
    expected = logits_of(model)
    assert np.ptp(expected, axis=0).min() > 0.01
    np.testing.assert_allclose(logits_of(model, features, part), expected, atol=1e-5)


@PARTS
def test_pooled_vectors_are_kept_where_all_below_the_head_is_fixed(freeze, pooling):
    part = frozen_part(tiny(freeze, pooling))
    pooled = (freeze in ("full", "2")) and pooling != "attention"
    features = frozen_features(part, TEXTS, 0)
    vectors = len(TEXTS) if pooled else sum(map(len, TEXTS))
    assert features.pooled == pooled
    assert features.values.shape == (vectors, 32)
    assert part.size(TEXTS) == features.values.nbytes


def test_token_states_are_kept_on_request():
    part = frozen_part(tiny("full"), pooled=False)
    assert len(frozen_features(part, TEXTS, 0).values) == sum(map(len, TEXTS))


@pytest.mark.parametrize("freeze", ["none", "embeddings"])
def test_without_a_frozen_layer_nothing_runs_once(freeze):
    assert frozen_part(tiny(freeze)) is None


def test_layers_with_adapters_do_not_run_once():
    model = tiny("embeddings")
    add_adapters(model.encoder, AdapterSettings("lora"))
    assert frozen_part(model) is None


def test_a_quantized_encoder_runs_once():
    model = tiny("full")
    quantize_linears(model.encoder, Quantization(8, 32))
    part = frozen_part(model)
    features = frozen_features(part, TEXTS, 0)
    np.testing.assert_allclose(logits_of(model, features, part), logits_of(model), atol=1e-5)


def test_an_encoder_that_is_not_known_does_not_run_once():
    model = tiny("full")
    model.encoder = lambda ids, mask: mx.zeros((*ids.shape, 32))
    assert frozen_part(model) is None


@pytest.mark.parametrize(("poolings", "pooled"), [(("mean",) * 2, True), (("mean", "max"), False)])
def test_several_heads_share_pooled_vectors_if_they_pool_alike(poolings, pooled):
    encoder = tiny("full").encoder
    heads = {
        "mood": ClassificationHeadV2(32, 2, loss="ce", pooling=poolings[0]),
        "score": RegressionHead(32, pooling=poolings[1]),
    }
    model = MultiTaskModel(encoder, MultiTaskHead(heads), FixedTaskWeights(dict.fromkeys(heads, 1)))
    assert (frozen_part(model).pool is not None) == pooled


def test_the_batches_of_the_one_pass_change_nothing(monkeypatch):
    part = frozen_part(tiny("1"))
    few = frozen_features(part, TEXTS, 0)
    monkeypatch.setattr(frozen, "_TOKENS_AT_ONCE", 10)
    np.testing.assert_allclose(frozen_features(part, TEXTS, 0).values, few.values, atol=1e-5)


def test_what_lies_in_a_file_is_the_same(monkeypatch):
    part = frozen_part(tiny("1"))
    in_memory = frozen_features(part, TEXTS, 0)
    monkeypatch.setattr(storage, "IN_MEMORY", 0)
    in_file = frozen_features(part, TEXTS, 0)
    assert not in_file.values.flags.writeable
    assert np.array_equal(in_file.values, in_memory.values)


def test_features_follow_the_weights_as_they_are():
    model = tiny("1")
    part = frozen_part(model)
    before = frozen_features(part, TEXTS, 0)
    words = model.encoder.embeddings.word_embeddings
    words.weight = words.weight[::-1]
    assert not np.array_equal(frozen_features(part, TEXTS, 0).values, before.values)


def test_the_model_is_left_in_training_mode():
    model = tiny("1")
    frozen_features(frozen_part(model), TEXTS, 0)
    assert all(module.training for module in model.modules())
