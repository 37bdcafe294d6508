"""The cost of a row before training: one quick run, its tables, and the figures in a table."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "million_rows.py"


@pytest.fixture
def million_rows(monkeypatch):
    """The script as a module."""
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    import million_rows

    return million_rows


def test_a_seed_decides_on_rows_that_hardly_repeat(million_rows, tmp_path):
    million_rows.write_table(tmp_path / "again.csv", 300)
    million_rows.write_table(tmp_path / "table.csv", 300)
    table = (tmp_path / "table.csv").read_bytes()
    assert table == (tmp_path / "again.csv").read_bytes()
    rows = table.decode().splitlines()[1:]
    assert len(rows) == 300
    assert len(set(rows)) > 290


def test_a_row_is_compared_with_that_of_the_first_table(million_rows):
    def measured(rows, seconds):
        stages = dict.fromkeys(million_rows.STAGES, seconds)
        return million_rows.Measured(rows, stages, 9.0, 10**8, 2 * 10**8)

    lines = million_rows.table([measured(1000, 0.1), measured(10_000, 0.5)]).splitlines()
    assert lines[2] == "| 1,000 | 100.0 | 100.0 | 100.0 | 300.0 | 1.00 | 9.0 | 100 | 200 |"
    assert lines[3] == "| 10,000 | 50.0 | 50.0 | 50.0 | 150.0 | 0.50 | 9.0 | 100 | 200 |"


@pytest.mark.slow
def test_it_prepares_and_starts_training(tmp_path):
    done = subprocess.run(
        [sys.executable, SCRIPT, "--rows", "400", "500"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    rows = [line.split("|")[1].strip() for line in done.stdout.splitlines()[2:]]
    assert rows == ["400", "500"]
