"""The comparison of encoders: one run of it, and the table made of many."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "benchmarks" / "backbones.py"
TINY = ROOT / "tests" / "fixtures" / "tiny_bert"
ROWS = "text,label\n" + "i feel so glad today,joy\ni am sad and alone,sadness\n" * 12


@pytest.fixture
def backbones(monkeypatch):
    """The script as a module."""
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    import backbones

    return backbones


@pytest.mark.slow
def test_it_compares_an_encoder_with_its_architecture_alone(tmp_path):
    table = tmp_path / "emotion.csv"
    table.write_text(ROWS, encoding="utf-8")

    done = subprocess.run(
        [
            *(sys.executable, SCRIPT, TINY, f"random:{TINY}@5e-4"),
            *("--train", table, "--validation", table, "--epochs", "1", "--seeds", "1"),
            *("--output", tmp_path / "table.md"),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )

    assert done.returncode == 0, done.stderr
    rows = (tmp_path / "table.md").read_text().splitlines()[2:]
    names = [row.split("|")[1].strip() for row in rows]
    assert names == ["tiny_bert, lr 0.0001", "tiny_bert, random weights, lr 0.0005"]
    runs = [json.loads(line.split(": ", 1)[1]) for line in done.stdout.splitlines()[:2]]
    assert all(0 <= run["macro_f1"] <= 1 and run["epoch_seconds"] > 0 for run in runs)


def test_random_weights_are_those_of_the_seed(backbones, tmp_path):
    weights = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        backbones.randomised(str(TINY), seed, tmp_path / name)
        weights.append((tmp_path / name / "model.safetensors").read_bytes())
    assert weights[0] == weights[1] != weights[2]
    assert weights[0] != (TINY / "model.safetensors").read_bytes()


def test_the_table_has_means_over_the_seeds_and_times_beside_the_first(backbones):
    def runs(score, seconds):
        return [
            {"macro_f1": score + d, "accuracy": score, "ece": 0.02, "epoch_seconds": seconds + d}
            for d in (-0.01, 0.0, 0.01)
        ]

    table = backbones.table({"small": runs(0.9, 10.0), "large": runs(0.92, 25.0)})

    small, large = table.splitlines()[2:]
    assert (
        small == "| small | 0.9000 +- 0.0100 | 0.9000 +- 0.0000 | 0.0200 +- 0.0000 | 10.0 | 1.00 |"
    )
    assert large.endswith("| 25.0 | 2.50 |")
