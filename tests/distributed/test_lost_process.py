"""A process that dies, or Ctrl-C, ends the run of all of them, and it can go on."""

import os
import signal
import subprocess
import sys
import time

import pytest
from launching import BERTPLAY, ended, started

from bertplay.cli.entry import FAILED, INTERRUPTED

pytestmark = pytest.mark.slow

LONG = ["--epochs", "3000", "--checkpoint-every", "10", "--schedule", "constant"]


def begun(arguments, tmp_path):
    """Two processes in the middle of their training, and the folder with their checkpoints."""
    processes = started([*BERTPLAY, *arguments, *LONG], tmp_path)
    checkpoints = tmp_path / "run" / "checkpoints"
    give_up = time.monotonic() + 60
    while not list(checkpoints.glob("step-*")):
        assert time.monotonic() < give_up
        assert [process.poll() for process in processes] == [None, None]
        time.sleep(0.05)
    return processes, checkpoints


@pytest.mark.parametrize("dead", [0, 1])
def test_the_other_one_says_so_and_how_to_go_on(arguments, tmp_path, dead):
    processes, checkpoints = begun(arguments, tmp_path)
    processes[dead].kill()
    left = ended(processes)[1 - dead]
    assert left.code == FAILED
    assert left.err.splitlines()[-1].startswith("Error: another process of this run has ended")
    assert left.err.rstrip().endswith(f"bertplay train --resume {tmp_path / 'run'}")
    newest = max(int(path.name.removeprefix("step-")) for path in checkpoints.glob("step-*"))

    # It goes on from the newest checkpoint; Ctrl-C, as another three thousand epochs are too many.
    one = subprocess.Popen(
        [sys.executable, *BERTPLAY, "train", "--resume", str(tmp_path / "run")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    while all(int(path.name[-8:]) <= newest for path in checkpoints.glob("step-*")):
        assert one.poll() is None
        time.sleep(0.05)
    one.send_signal(signal.SIGINT)
    assert "Interrupted: stopped at step" in one.communicate(timeout=60)[1]


def test_a_process_that_the_launcher_ends_says_how_to_go_on(arguments, tmp_path):
    """Even one that waits for the others inside MLX."""
    processes, _ = begun(arguments, tmp_path)
    os.kill(processes[1].pid, signal.SIGSTOP)
    time.sleep(0.5)
    processes[0].terminate()
    told = processes[0].communicate(timeout=30)[1]
    processes[1].kill()
    ended(processes[1:])
    assert processes[0].returncode == FAILED
    assert "told to end" in told
    assert told.rstrip().endswith(f"bertplay train --resume {tmp_path / 'run'}")


def test_ctrl_c_in_one_of_them_stops_both_at_the_same_step(arguments, tmp_path):
    processes, checkpoints = begun(arguments, tmp_path)
    processes[1].send_signal(signal.SIGINT)
    first, second = ended(processes)
    assert (first.code, second.code) == (INTERRUPTED, INTERRUPTED)
    assert second.err == ""
    step = int(first.err.split("stopped at step ")[1].split()[0])
    assert (checkpoints / f"step-{step:08d}").is_dir()
