"""A tracked view tells the other view everything, and outlives a tracker that fails."""

import inspect
from types import SimpleNamespace

import pytest

from bertplay.tracking.tracked_view import TrackedView, tracked
from bertplay.training import SilentView


class Recorder(SilentView):
    """Remembers what it is told."""

    def __init__(self):
        self.told = []

    def __getattribute__(self, name):
        if name in METHODS:
            return lambda *arguments: self.told.append((name, arguments))
        return super().__getattribute__(name)


METHODS = {name for name in vars(SilentView) if not name.startswith("_")}


class Tracker:
    """Remembers figures until it fails."""

    identity = None

    def __init__(self, steps_until_failure=99):
        self.left, self.figures, self.closed = steps_until_failure, [], None

    def log(self, figures, step):
        self.left -= 1
        if self.left < 0:
            raise ConnectionError("the server is gone\nand more")
        self.figures.append((step, dict(figures)))

    def close(self, *, finished):
        self.closed = finished


@pytest.mark.parametrize("method", sorted(METHODS))
def test_everything_is_passed_on(method):
    recorder = Recorder()
    record = SimpleNamespace(as_dict=dict, step=3)
    parameters = list(inspect.signature(getattr(SilentView, method)).parameters)[1:]
    arguments = tuple(record if name == "record" else 3 for name in parameters)

    getattr(TrackedView(recorder), method)(*arguments)

    assert recorder.told == [(method, arguments)]


def test_a_tracker_that_fails_is_let_go_with_a_warning():
    recorder, view = Recorder(), None
    view = TrackedView(recorder)
    view.trackers = {"wandb": Tracker(1), "tensorboard": Tracker()}

    view.stepped(1, 10, 0.5, 1e-3)
    view.stepped(1, 20, 0.4, 1e-3)

    assert list(view.trackers) == ["tensorboard"]
    assert [step for step, _ in view.trackers["tensorboard"].figures] == [10, 20]
    (warning,) = [arguments[0] for name, arguments in recorder.told if name == "warned"]
    assert warning.startswith("wandb takes no more figures (the server is gone)")


def test_trackers_hear_whether_training_ended_as_it_should():
    view, tracker = TrackedView(SilentView()), Tracker()
    view.trackers = {"wandb": tracker}

    view.close(finished=False)

    assert tracker.closed is False


def test_without_trackers_the_view_is_the_other_one(tmp_path):
    view = SilentView()

    with tracked(view, (), tmp_path, {}, 0) as given:
        assert given is view
    assert not list(tmp_path.iterdir())
