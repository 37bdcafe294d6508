"""Learning from a teacher: its predictions of the training texts, and a run that has one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from word_average import CLASSES, encoded, fitted, word_average

import bertplay
from bertplay.data.dataset import LabelledTexts
from bertplay.data.errors import InputError
from bertplay.training import train
from bertplay.training.objective import Objective
from bertplay.training.teacher import load_teacher, teacher_logits

TEXTS = ("the women first class", "the men third ship", "a men third ship")


def rows(classes=CLASSES):
    ids = tuple(f"row-{n}" for n in range(len(TEXTS)))
    labels = np.zeros(len(TEXTS), dtype=np.int32)
    return LabelledTexts(ids, TEXTS, labels, classes, "made up", "0" * 64)


def test_its_logits_are_the_logarithms_of_its_probabilities(run):
    teacher = bertplay.load(run.folder)
    logits = teacher_logits(teacher, rows(), on_rows=lambda rows, total: None)
    assert logits.dtype == np.float32
    np.testing.assert_allclose(np.exp(logits), teacher.predict_proba(TEXTS, raw=True), rtol=1e-5)


def test_its_columns_stand_in_the_order_of_the_classes_to_be_learned(run):
    teacher = load_teacher(str(run.folder), CLASSES[::-1])
    there, back = (
        teacher_logits(teacher, rows(classes), on_rows=lambda rows, total: None)
        for classes in (CLASSES, CLASSES[::-1])
    )
    np.testing.assert_array_equal(there, back[:, ::-1])


def test_a_certain_teachers_logits_are_finite(run, monkeypatch):
    teacher = bertplay.load(run.folder)
    certain = np.eye(2)[[0, 1, 0]]
    monkeypatch.setattr(type(teacher), "predict_proba", lambda *args, **options: certain)
    assert np.isfinite(teacher_logits(teacher, rows(), on_rows=lambda rows, total: None)).all()


def test_other_classes_are_refused_with_both_lists(run):
    with pytest.raises(InputError, match="died, survived, but the training rows have lost, saved"):
        load_teacher(str(run.folder), ("lost", "saved"))


def test_with_all_of_the_loss_the_teacher_is_learned_whatever_the_labels_say():
    """The labels are all "died"; the first word tells the teacher the class."""
    taught = encoded(20)
    right = taught.texts.labels
    wrong = replace(taught.texts, labels=np.zeros_like(right))
    logits = np.where(np.eye(2)[right] == 1, 4.0, -4.0).astype(np.float32)
    train_rows = replace(taught, texts=wrong, teacher_logits=logits)

    result = fitted(
        word_average(), train=train_rows, epochs=12, objective=Objective(teacher_weight=1.0)
    )

    assert result.chosen.validation.accuracy == 1.0


def test_a_run_says_who_taught_it_and_how_much(run, options):
    taught = replace(options, teacher=str(run.folder), teacher_weight=0.75, loss="ce")
    view = type(run.view)()

    summary = train(taught, view)

    expected = {"run": str(run.folder), "weight": 0.75, "temperature": 2.0}
    assert summary["teacher"] == expected
    assert view.plans[0].objective == Objective(0.0, 0.75, 2.0)
    config = yaml.safe_load((Path(summary["output"]) / "config.yaml").read_text())
    assert (config["teacher"], config["teacher_weight"]) == (str(run.folder), 0.75)


def test_a_teacher_changes_what_is_learned(run, options, tmp_path):
    alone = train(replace(options, loss="ce", output=str(tmp_path / "alone")))
    taught = train(replace(options, loss="ce", teacher=str(run.folder)))
    assert taught["validation"]["log_loss"] != alone["validation"]["log_loss"]
    assert "teacher" not in alone
