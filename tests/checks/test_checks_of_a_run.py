"""Runs with one thing wrong are caught, and runs with nothing wrong raise nothing."""

import json
from pathlib import Path

import numpy as np
import pytest
from topic_texts import fired, quick_options, topic_texts

from bertplay import TrainOptions
from bertplay.checks.catalogue import CHECKS
from bertplay.training import resume, train

ROWS = topic_texts(600)
OTHER = {"sport": "music", "music": "sport"}


def records(run: Path) -> list[dict]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("healthy")
    return folder / "run", train(quick_options(folder, ROWS))


def test_a_healthy_run_raises_nothing(healthy):
    run, summary = healthy

    assert fired(summary) == []
    assert [fired(record) for record in records(run)] == [[], [], []]


@pytest.mark.slow
def test_the_default_titanic_run_raises_nothing(tmp_path):
    summary = train(TrainOptions(output=str(tmp_path / "run"), epochs=1, report=False))

    assert fired(summary) == []


def test_every_check_stands_in_each_record_and_in_the_summary(healthy):
    run, summary = healthy

    for checks in (summary["checks"], *(record["checks"] for record in records(run))):
        assert [check["code"] for check in checks] == list(CHECKS)
    assert {check["status"] for check in summary["checks"]} == {"passed", "not_applicable"}
    reasons = [c["message"] for c in summary["checks"] if c["status"] == "not_applicable"]
    assert all(reasons)


def test_a_collapse_is_caught(tmp_path):
    texts = topic_texts(300, hints=0)  # nothing to learn but which class is frequent
    rows = [row for number, row in enumerate(texts) if row[1] == "sport" or number % 10 == 1]

    summary = train(quick_options(tmp_path, rows, epochs=1))

    assert fired(summary) == ["BP201"]
    (check,) = [check for check in summary["checks"] if check["code"] == "BP201"]
    assert check["about"] == "sport"


def test_an_overconfident_model_is_caught(tmp_path):
    rows = topic_texts(120, hints=0)

    options = {"epochs": 12, "lr": 2e-3, "dropout": 0.0, "validation_fraction": 0.5}
    summary = train(quick_options(tmp_path, rows, keep="last", **options))

    assert "BP203" in fired(summary)
    assert "BP209" in fired(summary)


def test_five_percent_wrong_labels_are_caught_and_named(tmp_path):
    wrong = set(np.random.default_rng(1).choice(len(ROWS), 30, replace=False).tolist())
    rows = [
        (text, OTHER[label] if row in wrong else label) for row, (text, label) in enumerate(ROWS)
    ]

    summary = train(quick_options(tmp_path, rows))

    assert fired(summary) == ["BP401"]


def test_a_leaked_label_is_caught(tmp_path):
    rows = [(f"{text} paid {'yes' if label == 'sport' else 'no'}", label) for text, label in ROWS]

    summary = train(quick_options(tmp_path, rows, epochs=1))

    assert fired(summary) == ["BP103"]


def test_a_learning_rate_far_too_high_leaves_a_dead_head(tmp_path):
    summary = train(quick_options(tmp_path, ROWS[:300], lr=0.1))

    assert {"BP201", "BP303"} <= set(fired(summary))


def test_a_learning_rate_far_too_low_is_seen_in_the_loss(tmp_path):
    summary = train(quick_options(tmp_path, ROWS[:300], lr=1e-6, epochs=4))

    assert "BP205" in fired(summary)


def test_gradient_norms_of_the_groups_make_up_the_whole(healthy):
    run, _ = healthy
    groups = ["embeddings", "layer 0", "layer 1", "head"]

    for record in records(run):
        assert list(record["gradient_norms"]) == groups
        assert (
            sum(part["steps"] for part in record["stretches"]) == record["step"] / record["epoch"]
        )
        for part in record["stretches"]:
            assert list(part["gradient_norms"]) == groups
        # A stretch is one or two steps here, so the mean of norms is nearly the norm of means.
        parts = record["stretches"]
        whole = [np.sqrt(sum(n**2 for n in p["gradient_norms"].values())) for p in parts]
        mean = np.average(whole, weights=[part["steps"] for part in parts])
        assert mean == pytest.approx(record["gradient_norm"], rel=0.05)


def test_a_finished_run_shows_the_same_checks_again(healthy):
    run, summary = healthy
    assert resume(run)["checks"] == summary["checks"]
