"""Splits keep class shares and groups, and are repeatable."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bertplay.data.errors import InputError
from bertplay.data.splits import stratified_split

imbalanced = st.lists(st.integers(2, 40), min_size=2, max_size=5).map(
    lambda sizes: np.repeat(np.arange(len(sizes)), sizes)
)


@given(imbalanced, st.floats(0.05, 0.95), st.integers(0, 2**32))
def test_every_row_is_on_one_side_and_every_class_on_both(labels, fraction, seed):
    train, validation = stratified_split(labels, fraction, seed)
    assert sorted([*train, *validation]) == list(range(len(labels)))
    for rows in (train, validation):
        assert set(labels[rows]) == set(labels)
        assert np.all(np.diff(rows) > 0)


@given(imbalanced, st.floats(0.05, 0.95), st.integers(0, 2**32))
def test_each_class_is_held_out_by_its_share_to_the_nearest_row(labels, fraction, seed):
    _, validation = stratified_split(labels, fraction, seed)
    for label, size in zip(*np.unique(labels, return_counts=True), strict=True):
        held = np.count_nonzero(labels[validation] == label)
        assert abs(held - np.clip(fraction * size, 1, size - 1)) <= 0.5 + 1e-9


def test_the_seed_decides_the_split():
    labels = np.arange(200) % 3
    first, same, other = (stratified_split(labels, 0.2, seed)[1] for seed in (1, 1, 2))
    assert first.tolist() == same.tolist()
    assert first.tolist() != other.tolist()


def test_groups_stay_together_and_shares_come_near():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 150, 600)
    labels = (rng.random(600) < 0.1).astype(int)
    train, validation = stratified_split(labels, 0.2, 0, groups)
    assert not set(groups[train]) & set(groups[validation])
    assert sorted([*train, *validation]) == list(range(600))
    for label in (0, 1):
        held = np.mean(np.isin(np.flatnonzero(labels == label), validation))
        assert held == pytest.approx(0.2, abs=0.05)


def test_a_split_by_groups_is_repeatable():
    labels, groups = np.arange(60) % 2, np.arange(60) // 3
    splits = [stratified_split(labels, 0.3, 5, groups)[1].tolist() for _ in range(2)]
    assert splits[0] == splits[1]


def test_groups_may_be_names():
    train, _ = stratified_split([0, 1, 0, 1], 0.5, 0, ["a", "a", "b", "b"])
    assert train.tolist() in ([0, 1], [2, 3])


def test_a_class_with_a_single_row_is_named():
    with pytest.raises(InputError, match="class 'rare' has a single row"):
        stratified_split([0, 0, 1], 0.5, 0, classes=("frequent", "rare"))


def test_a_class_within_one_group_is_named():
    with pytest.raises(InputError, match="class 'rare' lies within a single group"):
        stratified_split([0, 0, 1, 1], 0.5, 0, ["a", "b", "c", "c"], classes=("frequent", "rare"))


def test_groups_that_no_division_can_part_are_refused():
    # Class 0 lies in groups a and b, 1 in b and c, 2 in a and c: one side always lacks a class.
    labels, groups = [0, 0, 1, 1, 2, 2], ["a", "b", "b", "c", "a", "c"]
    with pytest.raises(InputError, match="no division of the 3 groups"):
        stratified_split(labels, 0.5, 0, groups)
