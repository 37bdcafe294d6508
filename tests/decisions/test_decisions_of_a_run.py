"""`calibration` of a run: fitted on its validation rows, kept with the model, used by it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from quick_reviews import quick_options, write_reviews

import bertplay
from bertplay.calibration import fit_temperature
from bertplay.data.errors import InputError
from bertplay.decisions.stored_logits import read_logits
from bertplay.prediction import softmax
from bertplay.training import train

TEXTS = ["a fine film", "a dull film"]


@pytest.fixture(scope="session")
def run(reviews, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "default"
    train(quick_options(reviews, folder))
    return folder


def decisions_of(run: Path) -> dict:
    return json.loads((run / "model" / "decisions.json").read_text())


def test_a_temperature_is_fitted_unless_another_method_is_asked_for(run):
    rows = read_logits(run)["validation"]

    stored = decisions_of(run)

    temperature = fit_temperature(rows.logits, rows.labels)
    assert stored["calibration"] == {"method": "temperature", "temperature": temperature}
    assert (stored["classes"], stored["rows"]) == (["bad", "good"], len(rows))
    assert yaml.safe_load((run / "config.yaml").read_text())["calibration"] == "temperature"


def test_the_logits_are_those_of_the_predictions_in_their_order(run):
    import pandas as pd

    predictions = pd.read_csv(run / "predictions.csv")

    rows = read_logits(run)["validation"]

    np.testing.assert_allclose(softmax(rows.logits), predictions[["bad", "good"]], atol=6e-7)
    assert [rows.classes[label] for label in rows.labels] == predictions["label"].tolist()


def test_the_loaded_model_uses_it_everywhere(run):
    model = bertplay.load(run)
    temperature = decisions_of(run)["calibration"]["temperature"]

    shares = model.predict_proba(TEXTS)

    np.testing.assert_allclose(shares, softmax(model.logits(TEXTS) / np.float64(temperature)))
    assert [answer.probability for answer in model(TEXTS)] == shares.max(axis=1).tolist()
    assert [a.probability for a in model.stream(TEXTS)] == shares.max(axis=1).tolist()
    assert model.predict(TEXTS) == [model.classes[best] for best in shares.argmax(axis=1)]


def test_raw_probabilities_are_the_networks_own(run):
    model = bertplay.load(run)

    own = model.predict_proba(TEXTS, raw=True)

    np.testing.assert_allclose(own, softmax(model.logits(TEXTS)))
    assert not np.allclose(own, model.predict_proba(TEXTS), atol=1e-3)


def test_a_copy_of_the_model_keeps_it(run, tmp_path):
    from bertplay.classifier import save

    model = bertplay.load(run)
    save(model, tmp_path / "copy")

    again = bertplay.load(tmp_path / "copy")
    assert again.predict_proba(TEXTS).tobytes() == model.predict_proba(TEXTS).tobytes()


def test_the_summary_has_the_figures_before_and_after(run):
    summary = json.loads((run / "summary.json").read_text())

    facts = summary["decisions"]

    assert facts["rows"] == len(read_logits(run)["validation"])
    assert facts["before"]["log_loss"] == pytest.approx(summary["validation"]["log_loss"])
    assert facts["before"]["ece"] == pytest.approx(summary["validation"]["ece"])
    assert facts["after"].keys() == facts["before"].keys()
    assert facts["after"]["accuracy"] == facts["before"]["accuracy"]
    assert "test" not in facts


def test_without_calibration_nothing_is_kept(reviews, tmp_path):
    summary = train(replace(quick_options(reviews, tmp_path / "run"), calibration="none"))

    assert summary["decisions"].keys() == {
        *("asked", "classes", "rows", "calibration", "before", "reliability"),
    }
    assert not (tmp_path / "run" / "model" / "decisions.json").exists()
    model = bertplay.load(tmp_path / "run")
    assert model.predict_proba(TEXTS).tobytes() == model.predict_proba(TEXTS, raw=True).tobytes()


@pytest.mark.parametrize("method", ["vector", "isotonic"])
def test_the_other_methods_are_fitted_and_read_again(method, reviews, tmp_path):
    summary = train(replace(quick_options(reviews, tmp_path / "run"), calibration=method))

    assert summary["decisions"]["calibration"]["method"] == method
    model = bertplay.load(tmp_path / "run")
    stored = decisions_of(tmp_path / "run")["calibration"]
    wanted = model.decisions.calibration
    assert wanted.as_dict() == stored
    np.testing.assert_array_equal(
        model.predict_proba(TEXTS), wanted.probabilities(model.logits(TEXTS))
    )


def test_the_same_run_has_the_same_decisions_to_the_bit(run, reviews, tmp_path):
    train(quick_options(reviews, tmp_path / "again"))

    for name in ("model/decisions.json", "logits.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (run / name).read_bytes()


def test_isotonic_is_refused_for_three_classes_before_anything_is_written(tmp_path):
    table = write_reviews(tmp_path / "three.csv", more=[("an odd film", "odd")] * 8)
    options = replace(quick_options(table, tmp_path / "run"), calibration="isotonic")

    with pytest.raises(InputError, match="isotonic is for two classes, and there are 3"):
        train(options)
    assert not (tmp_path / "run").exists()


def test_validation_rows_of_one_class_are_refused_where_a_method_is_named(reviews, tmp_path):
    one = tmp_path / "one.csv"
    one.write_text("text,label\na fine film,good\na warm film,good\n")
    options = replace(quick_options(reviews, tmp_path / "run"), validation=str(one))

    with pytest.raises(InputError, match="all of them are 'good'"):
        train(replace(options, calibration="vector"))
    assert not (tmp_path / "run").exists()
    assert train(options)["decisions"]["calibration"] == {"method": "none"}


def test_several_tasks_have_none():
    tasks = {"mood": {}, "topic": {}}

    with pytest.raises(InputError, match="single label column"):
        bertplay.TrainOptions(data="chats.csv", tasks=tasks, calibration="vector")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda values: {**values, "classes": ["good", "bad"]}, "other classes"),
        (lambda values: {**values, "calibration": {"method": "temperature"}}, "temperature"),
        (lambda values: {"classes": values["classes"]}, "rows"),
        (lambda values: [values], "damaged"),
    ],
)
def test_a_damaged_file_is_one_sentence(run, change, word, tmp_path):
    shutil.copytree(run / "model", tmp_path / "model")
    path = tmp_path / "model" / "decisions.json"
    path.write_text(json.dumps(change(json.loads(path.read_text()))))

    with pytest.raises(InputError, match=word) as caught:
        bertplay.load(tmp_path / "model")

    assert str(path) in str(caught.value)
    assert "delete it" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_json_is_one_sentence(run, tmp_path):
    shutil.copytree(run / "model", tmp_path / "model")
    (tmp_path / "model" / "decisions.json").write_bytes(b'{"classes": [\xff')

    with pytest.raises(InputError, match="is damaged"):
        bertplay.load(tmp_path / "model")


def test_damaged_logits_are_one_sentence(run, tmp_path):
    (tmp_path / "logits.safetensors").write_bytes((run / "logits.safetensors").read_bytes()[:-3])

    with pytest.raises(InputError, match="is damaged"):
        read_logits(tmp_path)


def test_a_run_without_logits_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="has no logits"):
        read_logits(tmp_path)
