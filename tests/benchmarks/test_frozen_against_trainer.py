"""The comparison with the Trainer on a frozen encoder: each engine's run, and the table."""

import json
import subprocess
import sys
from argparse import Namespace
from importlib.util import find_spec
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "frozen_against_trainer.py"
ROWS = "text,label\n" + "i feel so glad today,joy\ni am sad and alone,sadness\n" * 12

OURS = {
    "macro_f1": 0.6,
    "seconds": 25.0,
    "processor_seconds": 45.0,
    "seconds_of_pass": 20.0,
    "seconds_of_command": 32.0,
    "feature_bytes": 27_600_000,
}


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    import frozen_against_trainer

    return frozen_against_trainer


def run(folder: Path, backbone: str, engine: str, *more: str) -> dict:
    table = folder / "emotion.csv"
    table.write_text(ROWS, encoding="utf-8")
    done = subprocess.run(
        [
            *(sys.executable, SCRIPT, "--backbone", backbone, "--train", table),
            *("--validation", table, "--epochs", "2", "--batch-size", "8", "--engine", engine),
            *more,
        ],
        capture_output=True,
        text=True,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_bertplay_gives_the_figures_of_the_table(tmp_path):
    figures = run(tmp_path, "mini", "bertplay")
    assert figures.keys() == OURS.keys()
    assert 0 < figures["seconds_of_pass"] < figures["seconds"] < figures["seconds_of_command"]


@pytest.mark.slow
@pytest.mark.skipif(find_spec("torch") is None, reason="needs bertplay[benchmark]")
@pytest.mark.parametrize("engine", ["trainer", "trainer-as-it-comes"])
def test_the_trainer_says_how_many_of_its_steps_were_timed(tmp_path, shared, engine):
    backbone = str(shared / "models" / "all-MiniLM-L6-v2")
    figures = run(tmp_path, backbone, engine, "--trainer-steps", "2")
    assert figures["steps"] == [2, 6]
    assert figures["macro_f1"] is None


def test_a_partial_batch_is_a_step(script):
    assert script.steps_of(65, Namespace(batch_size=32, epochs=10)) == 30


def test_the_table_has_the_ratios_of_the_times(script):
    trainer = {"macro_f1": 0.61, "seconds": 600.0, "processor_seconds": 900.0, "steps": [50, 50]}
    partial = {**trainer, "macro_f1": None, "seconds": 1250.0, "steps": [100, 5000]}
    made = script.table({"bertplay": OURS, "trainer": trainer, "trainer-as-it-comes": partial})
    assert "pass of 20.0 s, then the steps | 25.0 | 1.0 | 45.0 | 1.0 | 0.6000 |" in made
    assert "no dropout in the encoder | 600.0 | 24.0 | 900.0 | 20.0 | 0.6100 |" in made
    assert "as it comes (100 of 5,000 steps timed) | 1250.0 | 50.0 | 900.0 | 20.0 |  |" in made
    assert "28 MB of features; the whole command 32.0 s" in made
