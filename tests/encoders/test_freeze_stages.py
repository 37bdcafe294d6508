"""What is frozen from which epoch on."""

import pytest

from bertplay import InputError
from bertplay.freezing import freeze_stages, stage_of


def test_each_stage_lasts_until_the_next():
    stages = freeze_stages("none", "1:full 3:4 5:none")
    assert [stage_of(stages, epoch) for epoch in range(1, 7)] == [
        *("full", "full", "4", "4", "none", "none")
    ]


def test_freeze_is_the_first_stage():
    assert freeze_stages("full", "2:embeddings") == {1: "full", 2: "embeddings"}
    assert freeze_stages("4", None) == {1: "4"}


@pytest.mark.parametrize(
    ("freeze", "unfreeze", "named"),
    [
        ("none", "full", "'full'"),
        ("none", "x:full", "'x:full'"),
        ("none", "0:full", "'0:full'"),
        ("none", "1:top", "'top'"),
        ("none", "3:none 2:full", "after epoch 3"),
        ("none", "2:none 2:full", "after epoch 2"),
        ("full", "1:none", "both about the first epoch"),
    ],
)
def test_wrong_stages_are_refused(freeze, unfreeze, named):
    with pytest.raises(InputError, match=named):
        freeze_stages(freeze, unfreeze)
