"""The profile of a step: one quick run, and the table made of shares."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "step_profile.py"
TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"


@pytest.mark.slow
def test_every_part_has_a_share(tmp_path):
    options = ["--backbone", str(TINY), "--rows", "4", "--length", "8", "--rounds", "1"]
    done = subprocess.run(
        [sys.executable, SCRIPT, *options], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    names = [line.split("|")[1].strip() for line in done.stdout.splitlines()[2:]]
    assert names == [
        *("matrix products", "GELU", "softmax", "layer norm", "dropout", "optimizer", "data"),
        "all else",
    ]


def test_the_table_has_percentages(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    from step_profile import table

    assert table({"GELU": 0.125, "data": 0.01}).splitlines()[2:] == [
        "| GELU | 12% |",
        "| data | 1% |",
    ]
