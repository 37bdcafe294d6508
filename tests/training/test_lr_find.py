"""A learning-rate range test: rates that rise, losses that tell, and a rate that follows."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from word_average import encoded, fitted, settings, word_average

from bertplay import LrFindOptions, TrainOptions, lr_find
from bertplay.data.errors import InputError
from bertplay.training.objective import Objective, batch_loss
from bertplay.training.rate_range import RangeTest, rate_range_test
from bertplay.training.rate_suggestion import suggested_rate
from bertplay.training.trial_run import TrialRun
from bertplay.training.view import SilentView


def range_test(model=None, *, first=1e-5, last=10.0, steps=60, **changes):
    model = model or word_average()
    rows, of_loop = encoded(40).training_rows(), settings(**changes)
    run = TrialRun("words", TrainOptions(), model, rows, batch_loss(model, Objective()), of_loop)
    return rate_range_test(run, first=first, last=last, steps=steps)


def curve(smoothed, diverged=True):
    rates = tuple(np.geomspace(1e-6, 1, len(smoothed)))
    return RangeTest(rates, tuple(smoothed), tuple(smoothed), diverged)


def test_rates_rise_by_the_same_factor_from_the_first_to_the_last():
    test = range_test(first=1e-6, last=1e-2, steps=9)
    assert test.rates == pytest.approx([10 ** (-6 + step / 2) for step in range(9)])
    assert not test.diverged
    assert len(test.losses) == len(test.smoothed) == 9


def test_it_ends_where_the_loss_diverges():
    test = range_test(optimizer="sgd", last=1e6)
    assert test.diverged
    assert len(test.rates) < 60
    assert all(np.isfinite(test.losses))
    assert test.smoothed[-1] > 2 * min(test.smoothed[6:])


def test_the_running_mean_is_that_of_the_losses():
    test = range_test(steps=30, last=1e-3)
    weight = (1 - 1 / 3) ** np.arange(30)
    for step in (0, 4, 29):
        expected = np.average(test.losses[step::-1], weights=weight[: step + 1])
        assert test.smoothed[step] == pytest.approx(expected)


def test_the_same_seed_gives_the_same_losses():
    assert range_test(seed=3) == range_test(seed=3)
    assert range_test(seed=3) != range_test(seed=4)


@pytest.mark.parametrize(
    "changes",
    [{"optimizer": "sgd"}, {"clip_norm": 0.01}, {"batch_size": 4}, {"max_tokens": 24}],
    ids=str,
)
def test_the_settings_of_the_run_are_those_of_the_test(changes):
    assert range_test(**changes).losses != range_test().losses


def test_its_first_loss_is_that_of_the_first_step_of_a_training():
    shown = []

    class FirstLoss(SilentView):
        def stepped(self, epoch, step, loss, learning_rate):
            shown.append(loss)

    fitted(word_average(), train=encoded(40), checkpoint_every=1, view=FirstLoss())
    assert range_test(steps=5).losses[0] == shown[0]


def test_batches_of_one_step_are_computed_one_after_the_other():
    whole = range_test(word_average(dropout=0), steps=6, last=1e-2)
    parts = range_test(
        word_average(dropout=0),
        steps=6,
        last=1e-2,
        batch_size=4,
        accumulate=2,
    )
    assert parts.losses == pytest.approx(whole.losses, rel=1e-4)


def test_the_suggestion_is_where_the_loss_was_lowest_before_the_mean_could_show_it():
    """A loss that falls by half in the middle, seen through a running mean of ten steps."""
    losses = [1.0] * 50 + [0.5] * 10 + [3.0] * 20
    smoothed, mean = [], 0.0
    for step, loss in enumerate(losses, start=1):
        mean = 0.9 * mean + 0.1 * loss
        smoothed.append(mean / (1 - 0.9**step))
    test = curve(smoothed)
    suggestion = suggested_rate(test, 10)
    assert suggestion.rate_of_minimum == test.rates[59]
    assert suggestion.rate == test.rates[50]


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        (curve([1.0] * 5), "the loss diverged at once"),
        (curve(np.linspace(1, 3, 50)), "the loss fell at no rate"),
        (curve(np.linspace(3, 1, 50), diverged=False), "the loss was still falling at the end"),
    ],
)
def test_where_the_losses_do_not_tell_there_is_no_suggestion(test, reason):
    suggestion = suggested_rate(test, 10)
    assert suggestion.rate is None
    assert suggestion.reason.startswith(reason)


def test_a_low_mean_of_the_first_few_batches_is_no_minimum():
    smoothed = [0.1, 0.2, *np.linspace(1, 0.6, 30), *np.linspace(0.7, 2, 10)]
    assert suggested_rate(curve(smoothed), 4).rate_of_minimum == curve(smoothed).rates[31]


def test_the_suggestion_learns_the_rule_of_the_texts_faster_than_a_hundredth_of_it():
    suggestion = suggested_rate(range_test(optimizer="sgd", steps=100, last=1e4), 10)
    assert suggestion.rate is not None
    good, slow = (
        fitted(
            word_average(), train=encoded(40), optimizer="sgd", epochs=3, lr=rate
        ).chosen.validation.log_loss
        for rate in (suggestion.rate, suggestion.rate / 100)
    )
    assert good < 0.5 * slow


@pytest.mark.parametrize("plot", ["svg", "png"])
def test_it_writes_the_losses_and_a_picture_and_no_model(options, plot):
    found = lr_find(options, LrFindOptions(steps=6, plot=plot))
    folder = Path(options.output)
    assert sorted(path.name for path in folder.iterdir()) == ["lr_find.json", f"lr_find.{plot}"]
    assert json.loads((folder / "lr_find.json").read_text()) == found
    start = {"svg": b"<?xml", "png": b"\x89PNG"}[plot]
    assert (folder / f"lr_find.{plot}").read_bytes().startswith(start)
    assert len(found["rates"]) == len(found["losses"]) == len(found["smoothed"]) <= 6


def test_without_an_output_each_test_has_a_folder_of_its_own(options, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    unnamed = replace(options, output=None)
    outputs = [lr_find(unnamed, LrFindOptions(steps=4))["output"] for _ in range(2)]
    assert outputs == ["lr-find-table", "lr-find-table-2"]


def test_a_folder_of_other_files_is_refused_and_one_of_a_range_test_only_replaced_if_asked(
    options, tmp_path
):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="holds files that are of no range test"):
        lr_find(replace(options, output=str(tmp_path / "other")))
    lr_find(options, LrFindOptions(steps=4))
    with pytest.raises(InputError, match="already holds a range test"):
        lr_find(options)
    found = lr_find(replace(options, overwrite=True), LrFindOptions(steps=4, last_lr=0.1))
    assert found["last_lr"] == 0.1


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"first_lr": 0.0}, "first_lr is 0"),
        ({"first_lr": 1e-2, "last_lr": 1e-3}, "first_lr is 0.01 and last_lr 0.001"),
        ({"last_lr": 1000.0}, "last_lr 1000"),
        ({"steps": 3}, "steps is 3"),
        ({"steps": 2.5}, "steps is 2.5"),
        ({"plot": "pdf"}, "plot is 'pdf'"),
    ],
)
def test_options_of_the_test_outside_their_range_are_refused(values, named):
    with pytest.raises(InputError, match=named):
        LrFindOptions(**values)


def test_several_tasks_can_be_tested(tmp_path):
    lines = [f"the word {n},{'ab'[n % 2]},{n / 40}" for n in range(40)]
    (tmp_path / "t.csv").write_text("\n".join(["text,kind,size", *lines]) + "\n")
    options = TrainOptions(
        data=str(tmp_path / "t.csv"),
        tasks={"kind": {}, "size": {}},
        backbone="scratch",
        max_length=8,
        output=str(tmp_path / "rates"),
    )
    found = lr_find(options, LrFindOptions(steps=4))
    assert found["loss"] is None
    assert all(np.isfinite(found["losses"]))
