"""Ctrl-C stops between two steps and saves; a second one stops at once."""

import os
import signal
import threading

import pytest
from word_average import Notes, fitted, word_average

from bertplay.training import SilentView, TrainingInterruptedError
from bertplay.training.interruption import interruption


def press_ctrl_c():
    os.kill(os.getpid(), signal.SIGINT)


class PressInStep(SilentView):
    """Presses Ctrl-C when the first epoch's steps are reported."""

    def stepped(self, epoch, step, loss, learning_rate):
        press_ctrl_c()


@pytest.fixture(autouse=True)
def handler():
    """A handler of our own, which must be back after each test."""

    def pressed(_signal, _frame):
        raise AssertionError("Ctrl-C reached the handler of before")

    before = signal.signal(signal.SIGINT, pressed)
    yield pressed
    found = signal.signal(signal.SIGINT, before)
    assert found is pressed


def test_the_state_is_saved_and_the_error_says_how_to_go_on():
    notes = Notes()
    with pytest.raises(TrainingInterruptedError, match=r"step 3 of 6; the weights are safe"):
        fitted(word_average(), view=PressInStep(), writer=notes)
    assert [state.step for state in notes.states] == [3]


def test_no_step_is_made_after_it():
    """Pressed during the evaluation, before the second epoch."""
    with pytest.raises(TrainingInterruptedError, match="step 3 of 6"):
        fitted(word_average(), on_epoch=lambda record: press_ctrl_c())


def test_pressed_during_the_last_evaluation_it_counts_too():
    with pytest.raises(TrainingInterruptedError, match="step 3 of 3"):
        fitted(word_average(), epochs=1, on_epoch=lambda record: press_ctrl_c())


def test_the_second_one_stops_at_once():
    def press_again(state):
        press_ctrl_c()
        raise AssertionError("saving went on")

    with pytest.raises(KeyboardInterrupt):
        fitted(word_average(), view=PressInStep(), writer=Notes(on_state=press_again))


def test_the_handler_of_before_is_back_after_training(handler):
    fitted(word_average(), epochs=1)
    assert signal.getsignal(signal.SIGINT) is handler


def test_the_handler_of_before_is_back_after_an_interruption(handler):
    with pytest.raises(TrainingInterruptedError):
        fitted(word_average(), view=PressInStep())
    assert signal.getsignal(signal.SIGINT) is handler


def test_in_another_thread_ctrl_c_is_left_alone(handler):
    """Only the main thread may set handlers."""
    during = []

    def look():
        with interruption() as asked:
            during.append((signal.getsignal(signal.SIGINT), asked.requested))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert during == [(handler, False)]
