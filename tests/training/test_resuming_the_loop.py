"""A loop that goes on from any of its states ends bitwise as if it had never stopped."""

import json

import numpy as np
import pytest
from word_average import Notes, encoded, fitted, same_bits, weights, word_average

from bertplay.training.loop_state import LoopState


def as_stored(state: LoopState) -> LoopState:
    """What is left of the facts after they were written and read."""
    return LoopState(state.arrays, json.loads(json.dumps(dict(state.facts))))


def without_times(record):
    values = record.as_dict()
    del values["seconds"]
    return values


SETTINGS = {
    "plain": {},
    "every step": {"checkpoint_every": 1, "epochs": 3},
    "two batches a step": {"checkpoint_every": 1, "batch_size": 4, "accumulate": 2},
    "tokens": {"checkpoint_every": 1, "max_tokens": 24},
    "tokens in two batches a step": {"checkpoint_every": 1, "max_tokens": 12, "accumulate": 2},
    "the mean of the last weights": {"checkpoint_every": 1, "average_weights": 0.6},
    "a moving average": {"checkpoint_every": 2, "ema": 0.9},
    "the last weights": {"checkpoint_every": 1, "keep": "last"},
    "patience": {"epochs": 6, "patience": 1, "lr": 0.3},
    "plateau": {"epochs": 5, "schedule": "plateau", "schedule_args": {"patience": 0}, "lr": 0.2},
    "Muon": {"checkpoint_every": 1, "optimizer": "muon"},
    "SGD without momentum": {"checkpoint_every": 1, "optimizer": "sgd", "lr": 0.5},
    "Adafactor": {"checkpoint_every": 1, "optimizer": "adafactor"},
    "balanced sampling": {"checkpoint_every": 1, "sampling": "balanced"},
}


@pytest.mark.parametrize("changes", SETTINGS.values(), ids=SETTINGS.keys())
@pytest.mark.parametrize("loss", ["ce", "adaptive"])
def test_from_every_state_it_ends_with_the_same_bits(changes, loss):
    whole, notes = word_average(loss, dropout=0.3), Notes()
    result = fitted(whole, writer=notes, **changes)
    assert len(notes.states) >= len(result.history)

    for state in notes.states:
        # Other first weights: nothing may come from them.
        again = word_average(loss, dropout=0.3, seed=9)
        resumed = fitted(again, resumed=as_stored(state), **changes)
        assert same_bits(weights(again), weights(whole))
        assert resumed.outputs.tobytes() == result.outputs.tobytes()
        assert list(map(without_times, resumed.history)) == list(map(without_times, result.history))
        assert resumed.chosen.epoch == result.chosen.epoch


def test_states_are_between_steps_where_they_are_asked_for_and_after_each_epoch():
    notes = Notes()
    fitted(word_average(), writer=notes, checkpoint_every=2)
    # Three steps an epoch; the epoch's end needs no second state.
    assert [state.step for state in notes.states] == [2, 3, 4, 6]


def test_a_state_from_the_end_needs_no_step():
    notes = Notes()
    result = fitted(word_average(), writer=notes)
    later = Notes()
    resumed = fitted(word_average(seed=9), writer=later, resumed=as_stored(notes.states[-1]))
    assert resumed.compiled_shapes == 0
    assert later.states == []
    assert resumed.train_seconds == result.train_seconds


def test_the_state_holds_the_figures_of_a_half_trained_epoch():
    notes = Notes()
    fitted(word_average(), train=encoded(20), writer=notes, checkpoint_every=1)
    totals = notes.states[0].facts["totals"]
    assert totals["steps"] == 1
    assert totals["rows"] in (4, 8)
    assert np.isfinite(totals["loss"])
