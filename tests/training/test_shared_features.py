"""Features of frozen layers in a folder: made once, and the same to the last bit when read."""

from dataclasses import replace
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from bertplay.encoders import load_encoder
from bertplay.freezing import apply_freeze
from bertplay.heads import ClassificationHeadV2, TextClassifier
from bertplay.training import shared_features as module
from bertplay.training import train
from bertplay.training.frozen_part import frozen_features, frozen_part
from bertplay.training.shared_features import shared_features

TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"
TEXTS = [np.arange(2, 2 + length, dtype=np.int32) for length in (3, 9, 5, 3)]


def part_of(pooling="mean", frozen="full", scale=1.0):
    """The frozen part of tiny BERT, its words scaled."""
    encoder, _ = load_encoder(TINY)
    encoder.words.weight = scale * encoder.words.weight
    apply_freeze(encoder, frozen)
    return frozen_part(TextClassifier(encoder, ClassificationHeadV2(32, 2, pooling=pooling)))


@pytest.fixture
def made(monkeypatch):
    """One entry for each time that features are made."""
    times = []

    def counted(*arguments):
        times.append(1)
        return frozen_features(*arguments)

    monkeypatch.setattr(module, "frozen_features", counted)
    return times


@pytest.mark.parametrize("pooling", ["mean", "attention"])
def test_what_is_read_is_what_was_made(tmp_path, made, pooling):
    expected = frozen_features(part_of(pooling=pooling), TEXTS, 0)
    told = []
    for _ in range(2):
        found = shared_features(tmp_path, part_of(pooling=pooling), TEXTS, 0, told.append)
        assert np.array_equal(found.values, expected.values)
        assert np.array_equal(found.offsets, expected.offsets)
        assert found.pooled == expected.pooled
    assert len(made) == 1
    assert sum(told) == 2 * len(TEXTS)


@pytest.mark.parametrize(
    ("changes", "texts"),
    [
        ({"scale": 2.0}, TEXTS),
        ({"pooling": "max"}, TEXTS),
        ({"pooling": "attention"}, TEXTS),
        ({"frozen": "1"}, TEXTS),
        ({}, TEXTS[::-1]),
        ({}, [*TEXTS[:-1], np.array([2, 3, 5], dtype=np.int32)]),
        ({}, [np.concatenate(TEXTS[:2]), *TEXTS[2:]]),
    ],
    ids=["weights", "pooling", "states", "layers", "order", "texts", "lengths"],
)
def test_another_encoder_or_other_texts_have_features_of_their_own(tmp_path, made, changes, texts):
    shared_features(tmp_path, part_of(), TEXTS, 0)
    found = shared_features(tmp_path, part_of(**changes), texts, 0)
    assert len(made) == 2
    assert np.array_equal(found.values, frozen_features(part_of(**changes), texts, 0).values)


def test_a_run_with_shared_features_ends_as_one_without(tmp_path, options, made):
    frozen = replace(options, freeze="full")
    train(replace(frozen, output=str(tmp_path / "alone")))
    for name in ("first", "second"):
        place = tmp_path / name
        train(replace(frozen, output=str(place)), shared_features=tmp_path / "features")
        for file in ("predictions.csv", "model/model.safetensors"):
            assert (place / file).read_bytes() == (tmp_path / "alone" / file).read_bytes()
    assert len(made) == 2  # training and validation rows, by the first run
    mx.clear_cache()
