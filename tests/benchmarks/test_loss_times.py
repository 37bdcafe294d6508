"""The times of the losses: one quick run, and the table made of figures."""

import subprocess
import sys
from pathlib import Path

import pytest

from bertplay.losses import LOSSES

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "loss_times.py"


@pytest.mark.slow
def test_it_times_every_loss(tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, SCRIPT, "--rows", "4", "--classes", "3"),
            *("--rounds", "1", "--repeats", "1"),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    rows = [line.split("|")[1].strip() for line in done.stdout.splitlines()[2:]]
    assert rows == ["mlx cross_entropy", *LOSSES]


def test_the_table_has_the_ratios(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    from loss_times import table

    lines = table({"a": 1.0, "b": 1.5}).splitlines()
    assert lines[2:] == ["| a | 1.00 |", "| b | 1.50 |"]
