"""`optimise` of a run, and `bertplay.decide`, which fits anew without training."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from quick_reviews import BAD, GOOD, quick_options

import bertplay
from bertplay.data.errors import InputError
from bertplay.training import train

COSTS = "true,bad,good\nbad,0,1000\ngood,1,0\n"
TEXTS = [*GOOD, *BAD]


@pytest.fixture(scope="session")
def costly(reviews, tmp_path_factory) -> Path:
    """A run in which a bad review that is taken for a good one costs most."""
    place = tmp_path_factory.mktemp("costly")
    (place / "costs.csv").write_text(COSTS)
    options = quick_options(reviews, place / "run")
    train(replace(options, optimise=f"cost={place / 'costs.csv'}"))
    return place / "run"


@pytest.fixture
def copy(costly, tmp_path) -> Path:
    shutil.copytree(costly, tmp_path / "run")
    return tmp_path / "run"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_model_decides_by_the_rule_and_says_where_it_is_not_the_likeliest_class(costly):
    model = bertplay.load(costly)

    answers = model(TEXTS)

    assert {answer.label for answer in answers} == {"bad"}
    assert model.predict(TEXTS) == ["bad"] * 4
    for answer in answers:
        likeliest = max(answer.probabilities, key=answer.probabilities.get)
        assert answer.rule == ("" if likeliest == "bad" else "cost")
        assert answer.probability == answer.probabilities["bad"]
    against = [answer for answer in answers if answer.rule]
    assert against
    assert " by cost (bad 0." in repr(against[0])
    assert model.predict(TEXTS, raw=True) != ["bad"] * 4


def test_the_summary_says_what_the_rule_is_worth(costly):
    rule = json.loads((costly / "summary.json").read_text())["decisions"]["rule"]

    assert (rule["name"], rule["aim"]) == ("cost", "cost")
    assert rule["after"]["cost"] < rule["before"]["cost"]
    assert rule["after"].keys() >= {"accuracy", "balanced_accuracy", "macro_f1"}


def test_the_configuration_names_the_file_from_anywhere(reviews, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("costs.csv").write_text(COSTS)

    train(replace(quick_options(reviews, tmp_path / "run"), epochs=1, optimise="cost=costs.csv"))

    values = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())
    assert values["optimise"] == f"cost={tmp_path / 'costs.csv'}"


def test_a_wrong_file_is_refused_before_anything_is_written(reviews, tmp_path):
    (tmp_path / "costs.csv").write_text("true,bad\nbad,0\n")
    options = quick_options(reviews, tmp_path / "run")

    with pytest.raises(InputError, match="lacks the class 'good'"):
        train(replace(options, optimise=f"cost={tmp_path / 'costs.csv'}"))
    assert not (tmp_path / "run").exists()


def test_several_tasks_have_no_rule():
    with pytest.raises(InputError, match="optimise is for a single label column"):
        bertplay.TrainOptions(data="c.csv", tasks={"mood": {}, "topic": {}}, optimise="macro_f1")


def test_to_decide_anew_changes_the_decisions_and_nothing_else(copy):
    before = contents(copy)

    facts = bertplay.decide(copy, optimise="macro_f1")

    after = contents(copy)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"model/decisions.json", "summary.json"}
    assert after.keys() == before.keys()
    assert facts["rule"]["name"] == "macro_f1"
    assert json.loads(after["summary.json"]) == {
        **json.loads(before["summary.json"]),
        "decisions": facts,
    }
    stored = json.loads(after["model/decisions.json"])
    assert stored["rule"] == {"name": "macro_f1", "weights": facts["rule"]["weights"]}
    assert sum(stored["rule"]["weights"]) == pytest.approx(1)


def test_what_is_not_given_stays_as_it_was_asked_for(copy):
    bertplay.decide(copy, calibration="vector", optimise="balanced_accuracy")

    facts = bertplay.decide(copy, calibration="isotonic")

    assert facts["asked"]["optimise"] == "balanced_accuracy"
    assert (facts["calibration"]["method"], facts["rule"]["name"]) == (
        "isotonic",
        "balanced_accuracy",
    )


def test_to_decide_as_in_training_gives_the_same_bytes(copy):
    trained = contents(copy)
    bertplay.decide(copy, calibration="none", optimise="none")

    assert not (copy / "model" / "decisions.json").exists()
    assert bertplay.load(copy).decisions is None
    costs = json.loads(trained["summary.json"])["decisions"]["asked"]["optimise"]
    bertplay.decide(copy, calibration="temperature", optimise=costs)
    assert contents(copy) == trained


def test_the_adapter_of_a_run_gets_the_decisions_of_its_model(copy):
    (copy / "adapter").mkdir()

    bertplay.decide(copy, optimise="balanced_accuracy")

    model, adapter = (
        (copy / name / "decisions.json").read_bytes() for name in ("model", "adapter")
    )
    assert adapter == model
    bertplay.decide(copy, calibration="none", optimise="none")
    assert not (copy / "adapter" / "decisions.json").exists()


def test_a_run_that_is_not_finished_is_one_sentence(copy):
    (copy / "summary.json").unlink()

    with pytest.raises(InputError, match="is not finished"):
        bertplay.decide(copy, optimise="macro_f1")


@pytest.mark.parametrize("summary", ["{", "[]", '{"decisions": {}}'])
def test_a_damaged_summary_is_one_sentence(copy, summary):
    (copy / "summary.json").write_text(summary)
    before = contents(copy)

    with pytest.raises(InputError, match=r"summary\.json is damaged"):
        bertplay.decide(copy, optimise="macro_f1")
    assert contents(copy) == before


def test_what_cannot_be_fitted_leaves_everything_as_it_was(copy):
    before = contents(copy)

    with pytest.raises(InputError, match="'ugly' is no class"):
        bertplay.decide(copy, optimise="recall@precision=0.5:ugly")
    assert contents(copy) == before
