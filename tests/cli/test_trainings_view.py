"""The progress of several trainings: lines, and one bar over all of them with the time left."""

import io
import re

import pytest

from bertplay.cli import trainings_view as module
from bertplay.cli.result_tables import quiet_console
from bertplay.cli.trainings_view import PlainTrainings, TerminalTrainings, trainings_view


@pytest.fixture
def clock(monkeypatch):
    """Seconds that have gone by; a list of one."""
    seconds = [0.0]
    monkeypatch.setattr(module.time, "perf_counter", lambda: seconds[0])
    return seconds


def shown(width=100):
    """A view in a terminal, and what it has written."""
    stream = io.StringIO()
    console = quiet_console(file=stream, width=width, force_terminal=True, color_system=None)
    return TerminalTrainings(console), stream


def text_of(view, stream):
    view._progress.refresh()
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue()).split("\n")[-1].split("\r")[-1]


def test_lines_tell_which_training_ended_and_how_long_the_others_take(clock):
    stream = io.StringIO()
    view = PlainTrainings(stream)
    view.began(2, 5)
    clock[0] = 30
    view.ended("seed 1, ce")
    clock[0] = 70
    view.advanced("seed 1, focal", 0.5)
    view.ended("seed 1, focal")
    assert stream.getvalue().splitlines() == [
        "3 of 5 trainings to run",
        "[3/5] seed 1, ce; 1:00 left",
        "[4/5] seed 1, focal; 0:35 left",
    ]


def test_the_bar_moves_within_a_training_too(clock):
    view, stream = shown()
    with view:
        view.began(1, 4)
        assert "trainings" in text_of(view, stream)
        view.advanced("seed 0, ce", 0.0)
        assert text_of(view, stream).rstrip().endswith("1/4")
        clock[0] = 10
        view.advanced("seed 0, ce", 0.5)
        line = text_of(view, stream)
        assert line.startswith("seed 0, ce")
        # Half a training took ten seconds, two and a half are left.
        assert line.rstrip().endswith("1/4; 0:50 left")
        (task,) = view._progress.tasks
        assert (task.completed, task.total) == (1.5, 4)
        clock[0] = 20
        view.ended("seed 0, ce")
        assert text_of(view, stream).rstrip().endswith("2/4; 0:40 left")


def test_nothing_to_run_shows_no_bar():
    view, stream = shown()
    with view:
        view.began(4, 4)
    assert stream.getvalue() == ""


def test_elsewhere_than_in_a_terminal_there_are_lines():
    with trainings_view(io.StringIO()) as view:
        assert isinstance(view, PlainTrainings)
