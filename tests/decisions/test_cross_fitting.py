"""Cross-fitted figures are those of rows that the fit has not seen."""

import numpy as np
import pytest
from drawn_rows import drawn

from bertplay.decisions.cross_fitting import cross_fitted, stratified_folds


def test_every_part_has_its_share_of_each_class():
    labels = np.array([0] * 50 + [1] * 10)[np.random.default_rng(0).permutation(60)]

    part = stratified_folds(labels, 5)

    for number in range(5):
        assert np.bincount(labels[part == number]).tolist() == [10, 2]


@pytest.mark.parametrize("rows", [2, 3, 60])
def test_no_row_is_decided_by_itself(rows):
    data = drawn(0, rows=rows)
    seen = []

    def decided(others, logits):
        for row in logits:
            assert not (others.logits == row).all(axis=1).any()
        seen.append(len(others))
        return logits, logits[:, 0]

    both, first = cross_fitted(data, decided)
    assert (both == data.logits).all()
    assert (first == data.logits[:, 0]).all()
    assert sum(rows - others for others in seen) == rows
