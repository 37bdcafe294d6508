"""What is stored with a model, and reading new tables by it."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from bertplay.data.errors import InputError
from bertplay.labelled_tables import (
    load_evaluation_data,
    load_prediction_table,
    submission_columns,
)
from bertplay.options import POOLINGS, TrainOptions
from bertplay.recipes import recipe_for
from bertplay.task import Task
from bertplay.text_rule import TextRule
from bertplay.training_data import load_training_data

TITANIC = Task("titanic", TextRule("titanic"), "survived", ("died", "survived"))
REVIEWS = Task("table", TextRule("template", "{title}: {body}"), "mood", ("bad", "good"))


def table(folder: Path, content: str) -> Path:
    path = folder / "new.csv"
    path.write_text(content)
    return path


@pytest.mark.parametrize(
    "task",
    [
        TITANIC,
        REVIEWS,
        Task("emotion", TextRule("column", "text"), "label", ("anger", "fear")),
        load_training_data(TrainOptions()).task,
    ],
    ids=lambda task: task.text_rule.kind,
)
def test_a_task_survives_json(task):
    assert Task.from_dict(json.loads(json.dumps(task.to_dict()))) == task


@pytest.mark.parametrize("key", ["name", "text_rule", "label_column", "classes"])
def test_an_incomplete_stored_task_is_refused(key):
    values = TITANIC.to_dict()
    del values[key]
    with pytest.raises(InputError, match=f"the stored task is incomplete: '{key}'"):
        Task.from_dict(values)


def test_a_stored_rule_that_is_not_known_is_refused():
    values = TITANIC.to_dict() | {"text_rule": {"kind": "python", "value": ""}}
    with pytest.raises(InputError, match="makes texts by 'python', which is not known"):
        Task.from_dict(values)


def test_evaluation_numbers_the_classes_as_training_did(tmp_path):
    path = table(tmp_path, "body,title,mood\na,b,good\nc,d,good\n")
    data = load_evaluation_data(REVIEWS, path)
    assert data.texts == ("b: a", "d: c")
    assert data.labels.tolist() == [1, 1]
    assert data.classes == ("bad", "good")


def test_a_model_of_the_built_in_passengers_evaluates_on_kaggles_table(tmp_path):
    path = table(tmp_path, "PassengerId,Survived,Sex,Pclass\n9,1,female,3\n10,0,male,1\n")
    data = load_evaluation_data(TITANIC, path)
    assert data.labels.tolist() == [1, 0]
    assert data.ids == ("9", "10")
    assert data.texts == ("A woman in third class.", "A man in first class.")


def test_evaluation_needs_the_label_column(tmp_path):
    path = table(tmp_path, "body,title\na,b\n")
    with pytest.raises(InputError, match=r"no column 'mood' \(the label column of the training"):
        load_evaluation_data(REVIEWS, path)


def test_evaluation_names_a_class_that_was_never_trained(tmp_path):
    path = table(tmp_path, "body,title,mood\na,b,goods\n")
    with pytest.raises(InputError, match=r"line 2: the training data has no class 'goods', only"):
        load_evaluation_data(REVIEWS, path)


@pytest.mark.parametrize("labels", ["", ",mood"])
def test_prediction_needs_no_labels_and_reads_none(tmp_path, labels):
    row = "a,b,never seen" if labels else "a,b"
    data = load_prediction_table(REVIEWS, table(tmp_path, f"body,title{labels}\n{row}\n"))
    assert data.labels is None
    assert data.texts == ("b: a",)
    assert data.classes == ("bad", "good")


def test_prediction_needs_the_columns_of_the_text(tmp_path):
    with pytest.raises(InputError, match="no column 'title'"):
        load_prediction_table(REVIEWS, table(tmp_path, "body,titel\na,b\n"))


def test_kaggles_test_table_gives_the_submission(tmp_path):
    path = table(tmp_path, "PassengerId,Pclass,Sex\n892,3,male\n893,3,female\n")
    data = load_prediction_table(TITANIC, path)
    assert submission_columns(TITANIC, data, [0, 1]) == {
        "PassengerId": ["892", "893"],
        "Survived": [0, 1],
    }


def test_other_tables_give_no_submission(tmp_path):
    without_ids = load_prediction_table(TITANIC, table(tmp_path, "Pclass,Sex\n3,male\n"))
    assert submission_columns(TITANIC, without_ids, [0]) is None
    reviews = load_prediction_table(REVIEWS, table(tmp_path, "PassengerId,title,body\n1,a,b\n"))
    assert submission_columns(REVIEWS, reviews, [0]) is None


@pytest.mark.parametrize("backbone", ["mini", "scratch", "bert"])
@pytest.mark.parametrize(
    ("task", "built_in"),
    [
        ("titanic", True),
        ("titanic", False),
        ("emotion", True),
        ("emotion", False),
        ("table", False),
    ],
)
def test_every_task_has_a_recipe_that_options_accept(task, built_in, backbone):
    recipe = recipe_for(task, backbone=backbone, built_in=built_in)
    assert recipe.pooling in POOLINGS
    TrainOptions(**asdict(recipe))


def test_tasks_load_no_heavy_library_before_they_are_used():
    program = (
        "import sys, bertplay.training_data, bertplay.data.tokenizer; "
        "print({'pandas', 'sklearn', 'tokenizers', 'mlx.core', 'pyarrow'} & set(sys.modules))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout
    assert printed.strip() == "set()"
