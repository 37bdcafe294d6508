"""The cost of diagnostics: one short run of the benchmark."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "benchmarks" / "diagnostics_cost.py"
TINY = ROOT / "tests" / "fixtures" / "tiny_bert"


@pytest.mark.slow
def test_it_says_what_each_part_takes_of_the_run(tmp_path):
    done = subprocess.run(
        [sys.executable, SCRIPT, "--epochs", "1", "--backbone", TINY],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )

    assert done.returncode == 0, done.stderr
    seconds = {
        name: float(taken) for name, taken in re.findall(r"^(\w+) +([\d.]+) s", done.stdout, re.M)
    }
    parts = seconds["checks"] + seconds["decisions"] + seconds["report"]
    assert 0 < parts < seconds["run"]
    assert seconds["report"] > 0
    assert seconds["checks"] > 0
