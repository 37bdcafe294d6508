"""The benchmark of the intervals: what it draws from, and that it counts what is held."""

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "bootstrap_coverage.py"


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("bootstrap_coverage", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_true_figures_are_those_of_the_docstring(benchmark):
    assert {name: round(of, 4) for name, of in benchmark.true_figures().items()} == {
        "precision": 0.7059,
        "recall": 0.7,
        "f1": 0.7029,
    }


def test_the_true_figures_are_held_about_as_often_as_the_intervals_say(benchmark):
    found = benchmark.coverage(200, 150)

    for name in ("precision", "recall", "f1"):
        assert 0.9 <= found[name] <= 0.99
    assert benchmark.coverage(800, 20)["recall_width"] < found["recall_width"] / 1.8
