"""Task weights from validation: what each strategy looks at."""

import numpy as np
import pytest

from bertplay.losses import bounded_weights, validation_weights
from bertplay.losses.validation_weights import STRATEGIES

FIGURES = {
    "accuracies": {"easy": 0.9, "hard": 0.45},
    "f1_scores": {"easy": 0.8, "hard": 0.2},
    "num_classes": {"easy": 2, "hard": 8},
    "losses": {"easy": [0.5, 0.4, 0.3], "hard": [2.0, 1.0, 3.0]},
}


def weights(strategy, **changes):
    return validation_weights(strategy, **{**FIGURES, **changes})


@pytest.mark.parametrize(
    ("strategy", "proportions"),
    [
        ("inverse_accuracy", {"easy": 1 / 0.9, "hard": 1 / 0.45}),
        ("inverse_f1", {"easy": 1 / 0.8, "hard": 1 / 0.2}),
        ("difficulty", {"easy": 1 * 0.2, "hard": 3 * 0.8}),
        (
            "inverse_variance",
            {"easy": 1 / np.var([0.5, 0.4, 0.3], ddof=1), "hard": 1 / np.var([2, 1, 3], ddof=1)},
        ),
    ],
)
def test_a_strategy_weighs_in_proportion_to_its_figure(strategy, proportions):
    assert weights(strategy) == pytest.approx(bounded_weights(proportions))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_weights_have_mean_one(strategy):
    assert np.mean(list(weights(strategy).values())) == pytest.approx(1.0)


def test_a_task_that_is_never_right_has_a_weight_within_bounds():
    assert weights("inverse_accuracy", accuracies={"easy": 1.0, "hard": 0.0})["hard"] <= 10


def test_figures_below_zero_such_as_a_concordance_count_as_the_smallest():
    lowest = weights("inverse_f1", f1_scores={"easy": 0.5, "hard": 0.0})
    assert weights("inverse_f1", f1_scores={"easy": 0.5, "hard": -0.5}) == lowest


def test_one_epoch_has_no_variance_and_weighs_all_alike():
    losses = {"easy": [0.5], "hard": [2.0]}
    assert weights("inverse_variance", losses=losses) == {"easy": 1.0, "hard": 1.0}


def test_only_the_last_five_epochs_have_a_part_in_the_variance():
    recent = {"easy": [0.5, 0.4, 0.3, 0.2, 0.1], "hard": [2.0, 1.0, 3.0, 1.0, 2.0]}
    older = {name: [100.0, *losses] for name, losses in recent.items()}
    assert weights("inverse_variance", losses=older) == weights("inverse_variance", losses=recent)


def test_losses_that_do_not_move_are_finite():
    losses = {"easy": [0.5, 0.5], "hard": [0.5, 0.5]}
    assert weights("inverse_variance", losses=losses) == {"easy": 1.0, "hard": 1.0}


def test_an_unknown_strategy_and_a_missing_task_are_refused():
    with pytest.raises(ValueError, match="unknown strategy 'inverse'"):
        weights("inverse")
    with pytest.raises(ValueError, match="figures are of the tasks easy: expected easy, hard"):
        weights("inverse_f1", f1_scores={"easy": 0.5})
