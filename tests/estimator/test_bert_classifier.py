"""`BertClassifier` trains on texts from anywhere, and scikit-learn's tools take it."""

import pickle
import shutil
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from bertplay.data.errors import InputError
from bertplay.options import TrainOptions
from bertplay.sklearn import BertClassifier

TINY = str(Path(__file__).parent.parent / "fixtures" / "tiny_bert")
TEXTS = ["the women survived", "a child and the sea"] * 6 + ["men of the third class"] * 8
LABELS = np.array(["saved"] * 12 + ["lost"] * 8)
TABLE = {"who": ["the women", "men"] * 8, "what": ["survived", None] * 8}

# All of Unicode: control characters, and halves of surrogate pairs, which are no characters.
any_text = st.text(st.characters(exclude_categories=()), max_size=30)


def tiny(**parameters) -> BertClassifier:
    return BertClassifier(**{"backbone": TINY, "epochs": 1, "max_length": 12, **parameters})


def shorten(texts):
    return [text[:12] for text in texts]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> BertClassifier:
    kept = tmp_path_factory.mktemp("kept")
    return tiny(model_dir=str(kept)).fit(TEXTS, LABELS)


def test_the_parameters_are_the_options_of_train_with_their_defaults():
    options = {f.name: getattr(TrainOptions(), f.name) for f in fields(TrainOptions)}
    parameters = BertClassifier().get_params()
    own = {"random_state", "verbose", "on_epoch", "model_dir"}
    assert own == set(parameters) - set(options)
    for name in set(parameters) - own:
        assert parameters[name] == (options[name] or None if options[name] == {} else options[name])
    elsewhere = {"task", "data", "validation", "text", "label", "group", "seed", "output"}
    several = {"tasks", "multi_task", "task_weighting"}
    files = {"overwrite", "report", "track", "checkpoint_every", "keep_checkpoints"}
    assert set(options) - set(parameters) == elsewhere | several | files


def test_probabilities_are_in_the_order_of_classes_(model):
    shares = model.predict_proba(TEXTS)
    assert model.classes_.tolist() == ["lost", "saved"]
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert (model.predict(TEXTS) == model.classes_[shares.argmax(axis=1)]).all()


@pytest.mark.parametrize(
    "column",
    [np.array(TEXTS), np.array(TEXTS, object)[:, None], pd.Series(TEXTS), pl.Series(TEXTS),
     pd.DataFrame({"text": TEXTS}), pl.DataFrame({"text": TEXTS})],
    ids=["array", "array of one column", "pandas", "polars", "pandas table", "polars table"],
)  # fmt: skip
def test_texts_come_as_any_column(model, column):
    assert model.predict_proba(column).tobytes() == model.predict_proba(TEXTS).tobytes()


@pytest.mark.parametrize("labels", [[3, 12] * 8, [True, False] * 8, ["b", "a"] * 8])
def test_labels_come_back_as_they_were_given(labels):
    table = pd.DataFrame(TABLE)
    fitted = tiny(template="{who} {what}").fit(table, labels)
    assert fitted.classes_.tolist() == sorted(set(labels))
    assert set(fitted.predict(table).tolist()) <= set(labels)


def test_a_template_makes_the_same_texts_of_pandas_and_polars():
    labels = [0, 1] * 8
    fitted = tiny(template="{who} {what}").fit(pl.DataFrame(TABLE), labels)
    other = tiny().fit(["the women survived", "men"] * 8, labels)
    wanted = other.predict_proba(["the women survived", "men"])
    # Batches of other sizes may differ in the last bits.
    np.testing.assert_allclose(fitted.predict_proba(pd.DataFrame(TABLE))[:2], wanted, atol=1e-6)


def test_the_same_random_state_gives_bitwise_the_same_model():
    first, again, other = (
        tiny(random_state=seed).fit(TEXTS, LABELS).predict_proba(TEXTS) for seed in (1, 1, 2)
    )
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_a_row_that_weighs_0_is_as_if_absent():
    weights = np.ones(len(TEXTS))
    weights[[0, 15]] = 0
    kept = weights > 0
    weighted = tiny().fit(TEXTS, LABELS, sample_weight=weights)
    without = tiny().fit(np.array(TEXTS)[kept], LABELS[kept])
    assert weighted.predict_proba(TEXTS).tobytes() == without.predict_proba(TEXTS).tobytes()


def test_only_the_ratios_of_weights_matter():
    ones, twos = (
        tiny().fit(TEXTS, LABELS, sample_weight=np.full(len(TEXTS), weight)).predict_proba(TEXTS)
        for weight in (1.0, 2.0)
    )
    np.testing.assert_allclose(ones, twos, atol=1e-6)


def test_labels_follow_the_decisions_that_are_asked_for(tmp_path):
    asked = {"calibration": "vector", "optimise": "balanced_accuracy", "coverage": 0.5}
    asked["model_dir"] = str(tmp_path)
    fitted = tiny(epochs=2, lr=1e-2, validation_fraction=0.4, **asked).fit(TEXTS, LABELS)

    decided = fitted.classifier_.decide(TEXTS)
    assert fitted.summary_["decisions"]["calibration"]["method"] == "vector"
    assert fitted.classifier_.decisions.rule.name == "balanced_accuracy"
    assert fitted.predict(TEXTS).tolist() == fitted.classes_[decided.labels].tolist()
    assert fitted.predict_proba(TEXTS).tobytes() == decided.probabilities.tobytes()
    assert pickle.loads(pickle.dumps(fitted)).classifier_.decisions == fitted.classifier_.decisions


def test_rows_that_weigh_more_pull_the_predictions_to_their_class():
    def saved(weight: float) -> float:
        weights = np.where(LABELS == "saved", weight, 1.0)
        # Held-out rows count alike, and a temperature fitted on them takes back what was pulled.
        untouched = tiny(epochs=3, lr=1e-2, calibration="none")
        fitted = untouched.fit(TEXTS, LABELS, sample_weight=weights)
        return fitted.predict_proba(TEXTS)[:, 1].mean()

    assert saved(20.0) > saved(0.05) + 0.1


def test_pickling_leaves_the_weights_in_a_folder(model):
    pickled = pickle.dumps(model)
    weights = next(Path(model.model_dir).glob("*/model.safetensors"))
    assert len(pickled) < 10_000 < weights.stat().st_size
    copy = pickle.loads(pickled)
    assert copy.predict_proba(TEXTS).tobytes() == model.predict_proba(TEXTS).tobytes()
    pickle.dumps(copy)  # the same weights go to the same folder
    assert len(list(Path(model.model_dir).iterdir())) == 1


def test_a_pickle_whose_folder_is_gone_says_so(model, tmp_path):
    moved = pickle.loads(pickle.dumps(model)).set_params(model_dir=str(tmp_path))
    pickled = pickle.dumps(moved)
    shutil.rmtree(next(tmp_path.iterdir()))
    with pytest.raises(InputError, match="which is missing: put the folder back, or fit"):
        pickle.loads(pickled)


def test_an_unfitted_estimator_is_cloned_and_pickled_with_its_parameters():
    parameters = {"loss": "focal", "loss_args": {"gamma": 1.0}}
    for copy in (clone(tiny(**parameters)), pickle.loads(pickle.dumps(tiny(**parameters)))):
        assert copy.get_params() == tiny(**parameters).get_params()
    with pytest.raises(NotFittedError):
        tiny().predict(TEXTS)


def test_grid_search_through_a_pipeline_over_the_options_of_a_loss():
    pipeline = make_pipeline(FunctionTransformer(shorten), tiny(loss="focal"))
    grid = {"bertclassifier__loss_args": [{"gamma": 0.0}, {"gamma": 3.0}]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(TEXTS, LABELS)
    assert search.best_params_["bertclassifier__loss_args"] in ({"gamma": 0.0}, {"gamma": 3.0})
    assert search.predict(TEXTS).shape == (20,)


def test_calibration_and_cross_validation_take_it():
    calibrated = CalibratedClassifierCV(tiny(), cv=2).fit(TEXTS, LABELS)
    np.testing.assert_allclose(calibrated.predict_proba(TEXTS).sum(axis=1), 1.0)
    assert len(cross_val_score(tiny(), TEXTS, LABELS, cv=2)) == 2


@pytest.mark.slow
def test_folds_run_in_processes_and_give_the_same_figures():
    scores = [cross_val_score(tiny(), TEXTS, LABELS, cv=2, n_jobs=n) for n in (1, 2)]
    assert scores[0].tolist() == scores[1].tolist()


def test_progress_is_told_by_epoch(capsys):
    records = []
    tiny(epochs=2, verbose=1, on_epoch=records.append).fit(TEXTS, LABELS)
    assert [record.epoch for record in records] == [1, 2]
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["epoch 1", "epoch 2"]


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("one text", "X is a single text"),
        (["a", 3.5], "X, row 2: a text was expected, not 3.5"),
        (np.zeros((2, 3)), r"X has the shape \(2, 3\)"),
        (pd.DataFrame(TABLE), "X is a table of 2 columns"),
        ([], "X has no texts"),
    ],
    ids=["a text", "a number", "numbers", "no template", "nothing"],
)
def test_what_is_no_texts_is_refused_in_one_sentence(X, message):  # noqa: N803
    with pytest.raises(InputError, match=message):
        tiny().fit(X, [0, 1][: len(X)] if len(X) else [])


@pytest.mark.parametrize(
    ("labels", "weights", "message"),
    [
        (None, None, "requires y to be passed"),
        ([1] * 20, None, "one class only"),
        (LABELS, np.zeros(20), "sample_weight is zero for every row"),
        (LABELS, -np.ones(20), "sample_weight, row 1"),
    ],
    ids=["no labels", "one class", "no weights", "negative weights"],
)
def test_labels_and_weights_that_teach_nothing_are_refused(labels, weights, message):
    with pytest.raises(ValueError, match=message):
        tiny().fit(TEXTS, labels, sample_weight=weights)


def test_a_missing_text_is_an_empty_one(model):
    missing = model.predict_proba([None, float("nan"), pd.NA, ""])
    assert (missing == missing[3]).all()


@settings(deadline=None, max_examples=20)
@given(st.lists(any_text, min_size=1, max_size=6))
def test_texts_of_any_characters_are_predicted(model, texts):
    shares = model.predict_proba(texts)

    assert shares.shape == (len(texts), 2)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)


@settings(deadline=None, max_examples=3)
@given(st.lists(any_text, min_size=8, max_size=8, unique=True))
def test_texts_of_any_characters_are_trained_on(texts):
    model = tiny().fit([*TEXTS, *texts], [*LABELS, *["other"] * 8])

    assert set(model.predict(texts)) <= {"lost", "other", "saved"}


def test_ten_megabytes_in_one_text_are_trained_on_and_predicted():
    longest = "the women and the sea " * 500_000
    model = tiny().fit([*TEXTS, longest], [*LABELS, "saved"])

    beginning = model.predict_proba([longest[:200]])
    np.testing.assert_allclose(model.predict_proba([longest]), beginning, atol=1e-6)
