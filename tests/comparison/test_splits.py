"""The splits of a cross-validation: stratified, disjoint, and the same each time."""

from collections import Counter

import pytest

from bertplay import TrainOptions
from bertplay.comparison.splits import splits_of_folds, splits_of_seeds
from bertplay.data.errors import InputError

FOLDS, REPEATS = 4, 3


@pytest.fixture
def options(tmp_path):
    """30 rows of one class and 10 of another; a family has two rows."""
    rows = [f"text {n},{'ab'[n % 4 == 0]},{n // 8}" for n in range(40)]
    path = tmp_path / "table.csv"
    path.write_text("\n".join(["text,label,family", *rows]) + "\n")
    return TrainOptions(data=str(path))


def test_every_row_is_held_out_once_in_each_repeat(options):
    splits = splits_of_folds(options, FOLDS, REPEATS)
    assert len(splits) == FOLDS * REPEATS
    for repeat in range(REPEATS):
        of_repeat = splits[repeat * FOLDS : (repeat + 1) * FOLDS]
        held_out = [name for split in of_repeat for name in split.table.validation.ids]
        assert sorted(held_out, key=int) == [str(n) for n in range(1, 41)]
        for split in of_repeat:
            train, validation = set(split.table.train.ids), set(split.table.validation.ids)
            assert not train & validation
            assert len(train | validation) == 40


def test_every_fold_has_the_same_share_of_a_rare_class(options):
    for split in splits_of_folds(options, 5, 1):
        assert split.table.validation.class_counts == (6, 2)


def test_repeats_divide_anew_and_the_same_way_each_time(options):
    one, again = (splits_of_folds(options, FOLDS, REPEATS) for _ in range(2))
    prints = [split.fingerprint() for split in one]
    assert prints == [split.fingerprint() for split in again]
    assert max(Counter(map(str, prints)).values()) == 1
    assert [split.seed for split in one] == list(range(FOLDS * REPEATS))
    assert (one[0].name, one[-1].name) == ("repeat 1, fold 1", "repeat 3, fold 4")


def test_groups_stay_together(options):
    grouped = TrainOptions(data=options.data, group="family")
    family = {str(n + 1): n // 8 for n in range(40)}
    for split in splits_of_folds(grouped, 3, 2):
        train, held_out = (
            {family[name] for name in part.ids}
            for part in (split.table.train, split.table.validation)
        )
        assert not train & held_out


@pytest.mark.parametrize(
    ("changes", "folds", "message"),
    [
        ({}, 11, "class 'b' has 10 rows, and --folds 11"),
        ({"group": "family"}, 6, "class 'a' has 5 groups, and --folds 6"),
        ({}, 1, "2 at least"),
        ({"data": None, "task": "emotion"}, 5, "says which rows are held out"),
    ],
)
def test_what_cannot_be_divided_is_refused(options, changes, folds, message):
    from dataclasses import replace

    with pytest.raises(InputError, match=message):
        splits_of_folds(replace(options, **changes), folds, 1)


def test_seeds_have_splits_of_their_own_but_for_a_table_with_a_fixed_one(options):
    own = {str(split.fingerprint()) for split in splits_of_seeds(options, 3)}
    fixed = {str(split.fingerprint()) for split in splits_of_seeds(TrainOptions(task="emotion"), 3)}
    assert (len(own), len(fixed)) == (3, 1)
