"""The figures of quantized encoders: a whole small run of the script, and its tables."""

import subprocess
import sys
from pathlib import Path

import pytest

from bertplay import TrainOptions, train

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "quantized_encoders.py"
ROWS = "text,label\n" + "i feel so glad today,joy\ni am sad and alone,sadness\n" * 12


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    import quantized_encoders

    return quantized_encoders


@pytest.mark.slow
def test_both_tables_are_printed(tmp_path):
    data = tmp_path / "emotion.csv"
    data.write_text(ROWS, encoding="utf-8")
    run = tmp_path / "run"
    train(TrainOptions(task="emotion", data=str(data), epochs=1, report=False, output=str(run)))
    done = subprocess.run(
        [
            *(sys.executable, SCRIPT, "--run", run, "--backbone", "mini", "--train", data),
            *("--validation", data, "--rounds", "2", "--timed", "4", "--rows", "16"),
            *("--seeds", "1"),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    tables = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    first = [line.split("|")[1].strip() for line in tables]
    assert first == 2 * ["", "float32", "8 bits", "4 bits"]


def test_a_ratio_is_that_of_times_taken_together(script):
    assert script.median_ratio([2.0, 30.0, 4.0], [1.0, 10.0, 4.0]) == 2.0


def test_the_table_is_by_float32(script):
    figures = {"accuracy": 0.9, "macro_f1": 0.8, "ece": 0.02}
    made = script.table(
        {
            0: {"bytes": 8_000_000, "seconds": [1.0, 2.0], "changed": 0.0, **figures},
            4: {"bytes": 1_000_000, "seconds": [2.0, 4.0], "changed": 0.015, **figures},
        },
        "model.safetensors",
    )
    assert "| 4 bits | 1.0 MB | 2.00 | 0.9000 | 0.8000 | 0.0200 | 1.50% |" in made


def test_the_layers_take_fewer_bytes_in_fewer_bits(script):
    full, eight, four = (script.layer_bytes("mini", bits) for bits in (0, 8, 4))
    assert four < eight < 0.3 * full
