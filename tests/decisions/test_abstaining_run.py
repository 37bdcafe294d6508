"""`target_accuracy` and `coverage` of a run: kept with its model, and said by it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from quick_reviews import BAD, GOOD, quick_options

import bertplay
from bertplay.data.errors import InputError
from bertplay.decisions.stored_logits import read_logits
from bertplay.training import train

TEXTS = [*GOOD, *BAD, "zzz"]


@pytest.fixture(scope="session")
def run(reviews, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("abstaining") / "run"
    train(replace(quick_options(reviews, folder), target_accuracy=0.97, coverage=0.7))
    return folder


def test_they_are_kept_with_the_model(run):
    stored = json.loads((run / "model" / "decisions.json").read_text())
    facts = json.loads((run / "summary.json").read_text())["decisions"]

    assert stored["abstention"]["target_accuracy"] == 0.97
    assert stored["sets"]["coverage"] == 0.7
    assert bertplay.load(run).decisions.as_dict() == stored
    for name in ("abstention", "sets"):
        assert facts[name].keys() == stored[name].keys() | {"after", "in_sample"}


def test_each_answer_says_whether_it_is_sure_enough_and_what_else_it_may_be(run):
    model = bertplay.load(run)
    threshold, sets = model.decisions.abstention.threshold, model.decisions.sets
    members = sets.members(model.logits(TEXTS))

    for answer, row in zip(model(TEXTS), members, strict=True):
        assert answer.abstained == (answer.probability < threshold)
        held = {name for name, member in zip(model.classes, row, strict=True) if member}
        assert set(answer.plausible) == held | {answer.label}
        assert repr(answer).endswith("{" + ", ".join(answer.plausible) + "}")
        assert (", abstained (" in repr(answer)) == answer.abstained


def test_raw_answers_have_neither(run):
    decided = bertplay.load(run).decide(TEXTS, raw=True)

    assert decided.answered is None
    assert decided.sets is None


def test_a_model_without_them_says_nothing_of_them(reviews, tmp_path):
    train(replace(quick_options(reviews, tmp_path / "run"), epochs=1))

    answer = bertplay.load(tmp_path / "run")("the women")

    assert (answer.abstained, answer.plausible) == (False, None)


def test_they_are_fitted_anew_and_dropped(run, tmp_path):
    import shutil

    shutil.copytree(run, tmp_path / "run")

    facts = bertplay.decide(tmp_path / "run", target_accuracy=0, coverage=0.5)

    assert "abstention" not in facts
    assert facts["asked"]["target_accuracy"] == 0
    decisions = bertplay.load(tmp_path / "run").decisions
    assert decisions.abstention is None
    rows = read_logits(tmp_path / "run")["validation"]
    assert decisions.sets.members(rows.logits).shape == rows.logits.shape


@pytest.mark.parametrize("name", ["target_accuracy", "coverage"])
def test_they_are_checked_before_anything_is_read(name):
    with pytest.raises(InputError, match=f"{name} is 2"):
        bertplay.TrainOptions(**{name: 2.0})
    with pytest.raises(InputError, match="single label column"):
        bertplay.TrainOptions(data="c.csv", tasks={"a": {}, "b": {}}, **{name: 0.5})
