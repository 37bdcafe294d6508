"""The optimizer's and the schedule's options reach the training."""

import pytest
from word_average import fitted, same_bits, weights, word_average

from bertplay.optimizers.arguments import OPTIMIZER_ARGUMENTS
from bertplay.schedules.arguments import SCHEDULE_ARGUMENTS

STEP = {"schedule_args": {"step_size": 1}}
CHANGES = {
    # Muon is for matrices of hidden layers, which this model has none of.
    **{name: {"optimizer": name} for name in OPTIMIZER_ARGUMENTS if name not in ("adamw", "muon")},
    "beta1": {"optimizer_args": {"beta1": 0.5}},
    **{
        name: {"schedule": name, **(STEP if name == "step" else {})}
        for name in SCHEDULE_ARGUMENTS
        if name not in ("linear", "plateau")
    },
    "min_lr": {"schedule_args": {"min_lr": 5e-3}},
    "plateau": {"schedule": "plateau", "schedule_args": {"patience": 0}, "lr": 0.3},
    "head_lr": {"head_lr": 1e-3},
    "warmup": {"warmup": 0.5},
    "weight_decay": {"weight_decay": 0.5},
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES.keys())
def test_each_changes_the_weights(changes):
    plain, changed = word_average(), word_average()
    fitted(plain, epochs=3, keep="last")
    fitted(changed, epochs=3, keep="last", **changes)
    assert not same_bits(weights(plain), weights(changed))


def test_plateau_lowers_the_rate_after_epochs_that_are_no_better():
    result = fitted(
        word_average(),
        epochs=8,
        lr=0.05,
        metric="accuracy",
        schedule="plateau",
        schedule_args={"patience": 0, "factor": 0.1},
    )
    rates = [record.learning_rate for record in result.history]
    worse = [not record.is_best for record in result.history]
    assert any(worse[:-1])
    first = worse.index(True)
    assert rates[first + 1] == pytest.approx(0.1 * rates[first])


def test_the_rate_of_an_epoch_is_that_of_its_last_step():
    result = fitted(
        word_average(),
        epochs=3,
        lr=1e-2,
        warmup=0.0,
        schedule="step",
        schedule_args={"step_size": 1, "gamma": 0.5},
    )
    rates = [record.learning_rate for record in result.history]
    assert rates == pytest.approx([1e-2, 5e-3, 2.5e-3])
