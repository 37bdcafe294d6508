"""A run that is killed with SIGKILL again and again ends as one that was left alone."""

from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"

FEATURES = {
    "one column": ["--label", "label", "--loss", "adaptive", "--sampling", "sqrt"],
    "several tasks": [
        *("--label", "label:focal", "--label", "other:ce"),
        *("--task-weighting", "uncertainty", "--ema", "0.9"),
    ],
}


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.csv"
    rows = [
        "the women first class,survived,high",
        "a women first ship,survived,low",
        "the men third class,died,high",
        "a men third ship,died,low",
        "the men third ship,died,low",
    ] * 16
    path.write_text("\n".join(["text,label,other", *rows]) + "\n")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("features", FEATURES.values(), ids=FEATURES.keys())
def test_all_files_are_the_same(features, table, tmp_path, capsys, monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from killed_runs import main

    options = [
        *("--data", str(table), "--text", "text", "--backbone", str(TINY)),
        *("--max-length", "16", "--batch-size", "4", "--accumulate", "2", "--lr", "1e-3"),
        *("--epochs", "2", "--checkpoint-every", "1"),
    ]
    found = main(["--kills", "2", "--folder", str(tmp_path), "--", *options, *features])
    printed = capsys.readouterr().out
    assert found == 0, printed
    assert "2 kills in a run of 16 steps" in printed
    assert "all files are the same" in printed
