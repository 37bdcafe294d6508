"""One process writes a run directory, never two."""

import subprocess
import sys
import time

import pytest

from bertplay.data.errors import InputError
from bertplay.run_lock import LOCK, run_lock

HOLD = """
import sys, time
from pathlib import Path
from bertplay.run_lock import run_lock
with run_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other_process(tmp_path):
    """Another process that holds the lock of a folder."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "run")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_is_refused(other_process, tmp_path):
    with pytest.raises(InputError, match="another process"), run_lock(tmp_path / "run"):
        pass


def test_a_killed_process_holds_nothing(other_process, tmp_path):
    other_process.kill()
    other_process.wait()
    with run_lock(tmp_path / "run"):
        assert (tmp_path / "run" / LOCK).exists()


def test_afterwards_nothing_is_left(tmp_path):
    with run_lock(tmp_path / "run"):
        time.sleep(0)
    assert list((tmp_path / "run").iterdir()) == []
    with run_lock(tmp_path / "run"):
        pass


def test_it_is_given_back_when_training_fails(tmp_path):
    with pytest.raises(ValueError, match="it failed"), run_lock(tmp_path / "run"):
        raise ValueError("it failed")
    with run_lock(tmp_path / "run"):
        pass


def test_a_lock_whose_file_was_removed_in_between_does_not_count(tmp_path, monkeypatch):
    """The holder before has removed the file after this process had opened it."""
    import fcntl

    real = fcntl.flock

    def remove_first(handle, operation):
        (tmp_path / "run" / LOCK).unlink()
        real(handle, operation)

    monkeypatch.setattr(fcntl, "flock", remove_first)
    with pytest.raises(InputError, match="another process"), run_lock(tmp_path / "run"):
        pass
