"""The rows of an epoch: how often each class is drawn, and that the seed decides."""

import numpy as np
import pytest

from bertplay.data.sampling import sampled_rows

COUNTS = np.array([900, 90, 10])
LABELS = np.repeat(np.arange(3), COUNTS)
EPOCHS = 200


def rows_of(sampling, *, seed=0, labels=LABELS):
    return sampled_rows(labels, sampling, rng=np.random.default_rng(seed))


def class_shares(sampling):
    """Over many epochs."""
    drawn = np.concatenate([rows_of(sampling, seed=epoch) for epoch in range(EPOCHS)])
    return np.bincount(LABELS[drawn]) / len(drawn)


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [
        ("natural", COUNTS / COUNTS.sum()),
        ("balanced", np.ones(3) / 3),
        ("sqrt", np.sqrt(COUNTS) / np.sqrt(COUNTS).sum()),
    ],
)
def test_classes_are_drawn_in_the_shares_of_the_sampling(sampling, expected):
    four_standard_errors = 4 * np.sqrt(0.25 / (EPOCHS * len(LABELS)))
    np.testing.assert_allclose(class_shares(sampling), expected, atol=four_standard_errors)


@pytest.mark.parametrize("sampling", ["balanced", "sqrt"])
def test_rows_of_a_class_are_drawn_alike(sampling):
    drawn = np.concatenate([rows_of(sampling, seed=epoch) for epoch in range(EPOCHS)])
    rarest = np.bincount(drawn, minlength=len(LABELS))[LABELS == 2]
    assert abs(rarest / rarest.mean() - 1).max() < 5 / np.sqrt(rarest.mean())


def test_natural_is_every_row_once_and_leaves_the_generator_as_it_was():
    rng = np.random.default_rng(3)
    assert sampled_rows(LABELS, "natural", rng=rng).tolist() == list(range(len(LABELS)))
    assert rng.integers(10**9) == np.random.default_rng(3).integers(10**9)


@pytest.mark.parametrize("sampling", ["natural", "balanced", "sqrt"])
def test_there_are_as_many_rows_as_before_all_of_them_from_the_table(sampling):
    rows = rows_of(sampling)
    assert rows.shape == LABELS.shape
    assert rows.dtype == np.int64
    assert 0 <= rows.min() <= rows.max() < len(LABELS)


@pytest.mark.parametrize("sampling", ["balanced", "sqrt"])
def test_the_generator_decides_which_rows(sampling):
    assert (rows_of(sampling, seed=1) == rows_of(sampling, seed=1)).all()
    assert (rows_of(sampling, seed=1) != rows_of(sampling, seed=2)).any()


@pytest.mark.parametrize("sampling", ["balanced", "sqrt"])
def test_equal_classes_or_a_single_one_are_drawn_alike(sampling):
    for labels in ([0, 1] * 500, [0] * 1000):
        drawn = rows_of(sampling, labels=labels)
        assert np.bincount(np.array(labels)[drawn]).min() > 400


@pytest.mark.parametrize("sampling", ["balanced", "sqrt"])
def test_a_class_without_rows_changes_nothing(sampling):
    assert (rows_of(sampling) == rows_of(sampling, labels=LABELS + (LABELS == 2))).all()


def test_another_sampling_is_refused():
    with pytest.raises(ValueError, match="sampling is 'even': expected natural, balanced or sqrt"):
        rows_of("even")
