"""The memory of a step: one quick run, and the table made of figures."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "memory_of_steps.py"
TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"


@pytest.mark.slow
def test_it_measures_every_way(tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, SCRIPT, "--backbone", str(TINY)),
            *("--rows", "8", "--length", "8", "--rounds", "1", "--bfloat16"),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    rows = done.stdout.splitlines()
    assert rows[2].startswith("| as it is |")
    assert rows[2].endswith("| 1.00 |")
    assert "bfloat16" in rows[-1]


def test_the_table_has_memory_and_ratios(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    from memory_of_steps import table

    lines = table({"as it is": 1234.0, "--a": 5.0}, {"as it is": 1.0, "--a": 2.0}).splitlines()
    assert lines[2:] == ["| as it is | 1,234 | 1.00 |", "| `--a` | 5 | 2.00 |"]
