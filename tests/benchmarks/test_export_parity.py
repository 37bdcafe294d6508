"""The parity of exports: a quick run on a small table, and the table made of figures."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from bertplay.export.check import Check

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"


@pytest.fixture(autouse=True)
def on_path(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def test_it_measures_every_format(tmp_path):
    pytest.importorskip("onnxruntime")
    from export_parity import RUNS, measured

    rows = ["the women first class,survived", "the men third class,died"] * 8
    (tmp_path / "table.csv").write_text("\n".join(["text,label", *rows]) + "\n")
    args = SimpleNamespace(data=str(tmp_path / "table.csv"), label="label")

    found = list(measured(str(TINY), args, tmp_path))

    assert {(head, name) for head, name, _ in found} == {
        (head, name) for head, (_, formats) in RUNS.items() for name in formats
    }
    measured_here = [check for _, name, check in found if name == "onnx"]
    assert all(check.difference < 1e-4 for check in measured_here)


def test_a_program_that_is_missing_is_said():
    from export_parity import table

    checks = [
        ("default", "hf", Check("transformers with torch", "logits", 0, None)),
        ("default", "onnx", Check("onnxruntime 1.20.0", "logits", 12, 1.23e-7)),
    ]
    other = [(*row[:2], Check(row[2].program, "logits", 12, 2e-6)) for row in checks]

    lines = table({"mini": checks, "roberta": other}).splitlines()

    assert lines[0].endswith("| compared | mini | roberta |")
    assert lines[2:] == [
        "| default | `hf` | transformers with torch | logits | not installed | 2.0e-06 |",
        "| default | `onnx` | onnxruntime 1.20.0 | logits | 1.2e-07 | 2.0e-06 |",
    ]
