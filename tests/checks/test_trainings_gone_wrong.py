"""Checks of the course of a training, on trainings that are made to go wrong, and healthy ones."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from topic_texts import fired, quick_options, topic_texts

from bertplay import TrainOptions
from bertplay.training import train

pytestmark = pytest.mark.slow

ROWS = topic_texts(600)
MOODS = {"glad": ("sun", "light", "spring"), "sad": ("rain", "fog", "dusk")}


def records(run: Path) -> list[dict]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def diverged(tmp_path_factory) -> list[list[str]]:
    """What fired after each epoch of trainings whose rate rises far too high.

    Of three seeds, as what diverges goes another way with every machine's rounding.
    """
    found = []
    for seed in range(3):
        folder = tmp_path_factory.mktemp("diverged")
        high = {"lr": 0.1, "warmup": 0.9, "batch_size": 8}
        train(quick_options(folder, ROWS, epochs=3, seed=seed, **high))
        found += [fired(record) for record in records(folder / "run")]
    return found


def test_a_rate_that_rises_too_far_is_caught_when_the_loss_has_risen(diverged):
    assert any("BP207" in codes for codes in diverged)


def test_gradients_that_explode_on_the_way_are_caught(diverged):
    assert any("BP301" in codes for codes in diverged)


def test_losses_that_jump_from_step_to_step_are_caught(tmp_path):
    """Four rows a step at a high rate, for a head alone: each step undoes the one before."""
    few = {"batch_size": 4, "lr": 0.9, "warmup": 0.5, "schedule": "constant", "freeze": "full"}
    train(quick_options(tmp_path, ROWS, epochs=2, **few))

    assert all("BP206" in fired(record) for record in records(tmp_path / "run"))


def test_a_rate_that_is_a_little_too_low_is_told_from_one_that_teaches_nothing(tmp_path):
    slow = train(quick_options(tmp_path, ROWS, lr=4e-5, warmup=0.0, epochs=4))

    assert fired(slow) == ["BP208"]


@pytest.mark.parametrize(("weight", "starves"), [(100.0, True), (1.0, False)])
def test_a_task_whose_gradients_are_drowned_is_caught(tmp_path, weight, starves):
    """Clipped to a norm of 1, the gradient is nearly that of the task that weighs 100."""
    random = np.random.default_rng(3)
    rows = []
    for number, (text, topic) in enumerate(topic_texts(400, hints=2)):
        mood = ("glad", "sad")[number // 2 % 2]
        rows.append((f"{text} {random.choice(MOODS[mood])}", topic, mood))
    with (tmp_path / "tasks.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("text", "topic", "mood"), *rows])
    tasks = {"topic": {"loss": "ce", "weight": weight}, "mood": {"loss": "ce", "weight": 1.0}}
    train(
        TrainOptions(
            data=str(tmp_path / "tasks.csv"),
            tasks=tasks,
            backbone="scratch",
            optimizer="sgd",
            lr=0.05,
            epochs=3,
            max_length=16,
            validation_fraction=0.3,
            output=str(tmp_path / "run"),
            report=False,
        )
    )

    found = [of for record in records(tmp_path / "run") for of in record["checks"]]
    found = [of for of in found if of["code"] == "BP304"]
    about = {check.get("about", "") for check in found if check["status"] == "fired"}
    assert about == ({"mood"} if starves else set())
