"""The comparison with the Trainer: each engine's run, and the table made of them."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "emotion_against_trainer.py"
ROWS = "text,label\n" + "i feel so glad today,joy\ni am sad and alone,sadness\n" * 12
FIGURES = {"macro_f1", "accuracy", "ece", "train_seconds", "padding"}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "emotion.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


def run(table: Path, backbone: str, engine: str) -> dict[str, float]:
    done = subprocess.run(
        [
            *(sys.executable, SCRIPT, "--backbone", backbone),
            *("--train", table, "--validation", table, "--epochs", "1", "--batch-size", "8"),
            *("--engine", engine, "--seed", "0"),
        ],
        capture_output=True,
        text=True,
        cwd=table.parent,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_bertplay_gives_the_figures_of_the_table(table):
    assert run(table, "scratch", "bertplay").keys() == FIGURES


@pytest.mark.slow
@pytest.mark.skipif(find_spec("torch") is None, reason="needs bertplay[benchmark]")
def test_the_trainer_gives_the_same_figures(table, shared):
    backbone = str(shared / "models" / "all-MiniLM-L6-v2")
    assert run(table, backbone, "trainer").keys() == FIGURES


def test_the_table_has_means_and_the_ratio_of_the_times(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    from emotion_against_trainer import table as made_table

    def figures(score: float, seconds: float) -> dict[str, float]:
        return {
            "macro_f1": score,
            "accuracy": score,
            "ece": 0.02,
            "train_seconds": seconds,
            "padding": 0.05,
        }

    made = made_table(
        {
            "bertplay": [figures(0.8, 30.0), figures(0.9, 50.0)],
            "trainer": [figures(0.8, 20.0), figures(0.8, 20.0)],
        }
    )
    assert "| bertplay | 0.8500 +- 0.0707 |" in made
    assert "median 2.00 (1.50 to 2.50)" in made
