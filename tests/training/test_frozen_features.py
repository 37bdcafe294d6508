"""Kept features of texts: what is put in comes out in batches, from memory as from a file."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bertplay.data.batches import Batch
from bertplay.training import frozen_features
from bertplay.training.frozen_features import FeatureStore, lies_in_file

PLACES = pytest.mark.parametrize("in_file", [False, True], ids=["memory", "file"])


def vectors_of(counts):
    rng = np.random.default_rng(0)
    return [rng.normal(size=(count, 3)).astype(np.float32) for count in counts]


def kept(vectors, *, in_file=False, pooled=False):
    """Put in from the last to the first."""
    with FeatureStore([len(v) for v in vectors], 3, pooled=pooled, in_file=in_file) as store:
        for row in reversed(range(len(vectors))):
            store.put(row, vectors[row])
        return store.features()


@PLACES
def test_every_text_gets_its_own_vectors_back(in_file):
    vectors = vectors_of([4, 1, 2])
    features = kept(vectors, in_file=in_file)
    assert len(features) == 3
    for row, expected in enumerate(vectors):
        assert np.array_equal(features[row], expected)
    with pytest.raises(IndexError, match="no row 3 among 3"):
        features[3]


@given(counts=st.lists(st.integers(1, 5), min_size=1, max_size=8), data=st.data())
def test_a_batch_holds_its_rows_vectors_then_zeros(counts, data):
    rows = data.draw(st.lists(st.integers(0, len(counts) - 1), min_size=1, max_size=6))
    batch_size = len(rows) + data.draw(st.integers(0, 2))
    vectors = vectors_of(counts)
    features, mask, weights = kept(vectors).padded(Batch(np.array(rows), 5), batch_size)
    assert features.shape == (batch_size, 5, 3)
    for place, row in enumerate(rows):
        assert np.array_equal(features[place, : counts[row]], vectors[row])
        assert not features[place, counts[row] :].any()
        assert mask[place].tolist() == [True] * counts[row] + [False] * (5 - counts[row])
    assert not features[len(rows) :].any()
    assert weights.tolist() == [1.0] * len(rows) + [0.0] * (batch_size - len(rows))
    assert mask[len(rows) :].sum(axis=1).tolist() == [1] * (batch_size - len(rows))


@PLACES
def test_pooled_features_are_batched_as_texts_of_one_token(in_file):
    vectors = vectors_of([1, 1, 1])
    features = kept(vectors, in_file=in_file, pooled=True)
    inputs, mask, _ = features.padded(Batch(np.array([2, 0]), 40), 2)
    assert np.array_equal(inputs, np.stack([vectors[2], vectors[0]]))
    assert mask.tolist() == [[True], [True]]


def test_a_file_is_used_above_a_size():
    assert not lies_in_file(frozen_features.IN_MEMORY)
    assert lies_in_file(frozen_features.IN_MEMORY + 1)


def test_a_file_leaves_no_name_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    features = kept(vectors_of([2, 3]), in_file=True)
    assert features.values.shape == (5, 3)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_with_what_to_do(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.pwrite", full)
    with pytest.raises(OSError, match="features of frozen layers go there, TMPDIR names another"):
        kept(vectors_of([2]), in_file=True)
