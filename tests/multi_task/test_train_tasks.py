"""Training several tasks: what is learned, written down and refused."""

import csv
import json

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
import yaml
from small_tasks import TASKS, RecordingView, task_options

import bertplay
from bertplay import InputError
from bertplay.heads import ClassificationHeadV2, MultiTaskHead, RegressionHead
from bertplay.losses import FixedTaskWeights
from bertplay.multi_task.data import load_multi_task_data
from bertplay.multi_task.emotions import EMOTION_TASKS
from bertplay.multi_task.model import MultiTaskModel, multi_task_batch_loss
from bertplay.multi_task.preparation import all_task_options
from bertplay.options import TASK_WEIGHTINGS, from_mapping
from bertplay.training import train


class Words(nn.Module):
    """An encoder without layers."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(8, 4)

    def __call__(self, input_ids, attention_mask=None):
        return self.words(input_ids)


def two_tasks():
    """A classification and a regression, the same weights at every call."""
    mx.random.seed(0)
    heads = {
        "mood": ClassificationHeadV2(4, 2, loss="ce", dropout=0.0),
        "score": RegressionHead(4, hidden_dims=(), dropout=0.0),
    }
    weights = FixedTaskWeights({"mood": 1.0, "score": 1.0})
    return MultiTaskModel(Words(), MultiTaskHead(heads), weights)


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_task_learns(table, tmp_path):
    view = RecordingView()
    train(task_options(table, tmp_path / "run", epochs=12, lr=3e-3), view)
    first, last = view.records[0].train_figures, view.records[-1].train_figures
    assert set(first) == set(TASKS)
    for name in TASKS:
        assert last[name] < 0.7 * first[name]


def test_the_summary_tells_all_about_every_task(run):
    summary = json.loads((run.folder / "summary.json").read_text())
    assert summary == run.summary
    assert {name: facts["kind"] for name, facts in summary["tasks"].items()} == {
        "mood": "single_label",
        "topics": "multi_label",
        "score": "regression",
    }
    assert summary["tasks"]["mood"]["class_counts"] == {"glad": 13, "sad": 13}
    assert summary["tasks"]["mood"]["labelled_rows"] == 26
    assert summary["tasks"]["score"]["mean"] == pytest.approx(0.5, abs=0.05)
    assert set(summary["validation"]["tasks"]) == set(summary["baseline"]) == set(TASKS)


def test_the_score_is_the_mean_of_the_tasks_chosen_figures(table, tmp_path):
    tasks = {
        "mood": {"metric": "accuracy", "score_weight": 2},
        "score": {"loss": "mse", "score_weight": 1},
        "topics": {"loss": "bce", "score_weight": 0},
    }
    found = train(task_options(table, tmp_path / "run", tasks=tasks, epochs=1))["validation"]
    mood, score = found["tasks"]["mood"]["accuracy"], found["tasks"]["score"]["ccc"]
    assert found["score"] == pytest.approx((2 * mood + score) / 3)


def test_every_epoch_writes_each_tasks_loss_figures_and_weight(run):
    lines = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    assert len(lines) == 2
    for line in lines:
        assert set(line["train_figures"]) == set(line["validation"]["task_weights"]) == set(TASKS)


def test_predictions_stand_beside_the_labels_and_a_missing_one_is_empty(run):
    rows = rows_of(run.folder / "predictions.csv")
    assert len(rows) == run.summary["data"]["validation_rows"]
    assert {row["mood"] for row in rows} == {"glad", "sad", ""}
    for row in rows:
        shares = [float(row["mood_glad"]), float(row["mood_sad"])]
        assert sum(shares) == pytest.approx(1, abs=1e-5)
        assert row["mood_predicted"] == ("glad", "sad")[int(np.argmax(shares))]
        float(row["score_predicted"])


def test_a_row_without_a_label_of_a_task_teaches_the_others_only():
    """Whatever stands in place of its label, the losses and the gradients are the same."""

    def losses_and_gradients(stand_in):
        model = two_tasks()
        targets = {
            "labels": {"mood": mx.array([0, 1, stand_in]), "score": mx.array([0.5, 1.0, -1.0])},
            "known": {"mood": mx.array([1.0, 1.0, 0.0]), "score": mx.ones(3)},
        }
        step = nn.value_and_grad(model, multi_task_batch_loss(model))
        ids = mx.array([[1, 2], [2, 3], [3, 4]])
        (_, figures), gradients = step(ids, mx.ones((3, 2)), targets, mx.ones(3))
        return figures, gradients["head"]["heads"]

    (figures, one), (_, other) = losses_and_gradients(0), losses_and_gradients(1)
    assert figures["mood"].tolist()[1] == 2
    assert figures["score"].tolist()[1] == 3
    assert mx.array_equal(one["mood"]["output"]["weight"], other["mood"]["output"]["weight"])
    assert mx.abs(one["score"]["output"]["weight"]).sum().item() > 0


def test_a_batch_without_any_label_of_a_task_is_trained_on_the_others():
    model = two_tasks()
    targets = {
        "labels": {"mood": mx.array([0, 0]), "score": mx.array([0.5, 1.0])},
        "known": {"mood": mx.zeros(2), "score": mx.ones(2)},
    }
    ids = mx.array([[1, 2], [2, 3]])
    total, figures = multi_task_batch_loss(model)(ids, mx.ones((2, 2)), targets, mx.ones(2))
    assert figures["mood"].tolist() == [0, 0]
    assert total.item() == pytest.approx(figures["score"][0].item() / 2, rel=1e-6)


def test_its_config_repeats_the_run_bit_by_bit(run, tmp_path):
    values = yaml.safe_load((run.folder / "config.yaml").read_text())
    again = from_mapping({**values, "output": str(tmp_path / "again")}, "config.yaml")
    train(again)
    one, other = (
        mx.load(str(folder / "model" / "model.safetensors"))
        for folder in (run.folder, tmp_path / "again")
    )
    assert one.keys() == other.keys()
    assert all(mx.array_equal(one[name], other[name]) for name in one)


def test_a_loaded_model_predicts_as_the_run_did(run, table):
    model = bertplay.load_multi_task(run.folder)
    rows = rows_of(run.folder / "predictions.csv")
    texts = [line.split(",")[0] for line in table.read_text().splitlines()[1:]]
    outputs = model.predict_outputs([texts[int(row["id"]) - 1] for row in rows])
    for place, row in enumerate(rows):
        assert outputs["mood"][place][0] == pytest.approx(float(row["mood_glad"]), abs=1e-5)
        assert outputs["score"][place] == pytest.approx(float(row["score_predicted"]), rel=1e-4)
    answers = model.predict(["the women first class"])[0]
    assert isinstance(answers["mood"], str)
    assert isinstance(answers["topics"], list)
    assert isinstance(answers["score"], float)
    assert model.predict([]) == []


def test_learned_task_weights_are_saved_with_the_model(run):
    model = bertplay.load_multi_task(run.folder)
    weights = model.model.task_weights.weights()
    shown = run.summary["validation"]["task_weights"]
    assert weights == pytest.approx(shown)
    assert len({round(weight, 3) for weight in weights.values()}) > 1


@pytest.mark.parametrize("weighting", TASK_WEIGHTINGS)
def test_each_weighting_trains_and_records_its_weights(weighting, table, tmp_path):
    view = RecordingView()
    train(task_options(table, tmp_path / "run", task_weighting=weighting, epochs=3), view)
    weights = [record.validation.weights for record in view.records]
    assert all(set(of_epoch) == set(TASKS) for of_epoch in weights)
    changed = weights[-1] != dict.fromkeys(TASKS, 1.0)
    assert changed == (weighting != "fixed")


def test_what_the_user_weighs_is_a_factor_of_what_validation_says(table, tmp_path):
    view = RecordingView()
    tasks = {"mood": {"loss": "ce", "weight": 3.0}, "score": {"loss": "mse", "weight": 0.0}}
    options = task_options(table, tmp_path / "run", tasks=tasks, task_weighting="inverse_f1")
    train(options, view)
    assert view.records[0].validation.weights == {"mood": 3.0, "score": 0.0}
    assert view.records[1].validation.weights["score"] == 0.0


def test_all_columns_of_the_built_in_emotions_are_read_with_their_kinds():
    options = bertplay.TrainOptions(task="emotion", multi_task=True)
    data = load_multi_task_data(options, all_task_options(options))
    kinds = {column.name: column.kind for column in data.task.columns}
    assert list(kinds) == list(EMOTION_TASKS)
    assert [name for name, kind in kinds.items() if kind == "regression"] == [
        "valence",
        "arousal",
        "dominance",
    ]
    assert data.test is not None
    assert (len(data.train), len(data.validation), len(data.test)) == (2145, 332, 264)


def test_sampling_goes_by_the_first_single_label_task_and_warns_of_a_double_correction(
    table, tmp_path
):
    view = RecordingView()
    tasks = {**TASKS, "mood": {"loss": "weighted_ce", "loss_args": {"class_weights": [1, 2]}}}
    train(task_options(table, tmp_path / "run", tasks=tasks, sampling="balanced"), view)
    (check,) = [check for check in view.checks if check.code == "BP101"]
    assert "--loss-arg mood.class_weights=none" in check.message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tasks": {"moods": {}}}, "no column 'moods'.*did you mean 'mood'"),
        ({"tasks": {"mood": {"loss": "mse"}}}, "line 2: 'glad' is no number, and task 'mood'"),
        (
            {"tasks": {"score": {"kind": "regression", "loss": "focal"}}},
            "task 'score' is a regression, and loss 'focal' is for a single-label task: choose "
            "from mse, huber, ccc",
        ),
        ({"tasks": {"mood": {"weight": -1}}}, "task 'mood': weight is -1, it must be"),
        ({"tasks": {"mood": {"weight": 0}}}, "weight is 0 for every task"),
        ({"tasks": {"mood": {"los": "ce"}}}, "task 'mood' has no option 'los'.*'loss'"),
        ({"tasks": {"mood": {"loss": "focl"}}}, "task 'mood': loss is 'focl'.*'focal'"),
        (
            {"tasks": {"mood": {"loss": "ce", "loss_args": {"gamma": 1}}}},
            "task 'mood': loss 'ce' has no option 'gamma'",
        ),
        ({"tasks": {"mood": {"metric": "ccc"}}}, "task 'mood' is a single-label task, which has"),
        ({"tasks": {"mood": {}}, "template": "{text} {mood}"}, "column 'mood' is to be learned"),
        ({"tasks": TASKS, "loss_args": {"gamma": 1}}, "gamma would be no task's"),
        ({"tasks": TASKS, "r_drop": 1.0}, "--r-drop is for a single label column"),
        ({"tasks": TASKS, "multi_task": True}, "--multi-task learns all columns of the built-in"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_written(changes, message, table, tmp_path):
    with pytest.raises(InputError, match=message):
        train(task_options(table, tmp_path / "run", **changes))
    assert not (tmp_path / "run").exists()


def test_each_loader_says_what_loads_the_other_kind_of_run(run):
    with pytest.raises(
        InputError, match=r"several label columns: load it with bertplay\.load_multi"
    ):
        bertplay.load(run.folder)


def test_counted_class_weights_stay_below_the_cap(table, tmp_path):
    tasks = {"mood": {"loss": "weighted_ce", "weight_cap": 0.5}, "topics": {"loss": "bce"}}
    summary = train(task_options(table, tmp_path / "run", tasks=tasks, epochs=1))
    assert summary["tasks"]["mood"]["loss"]["arguments"]["class_weights"] == [0.5, 0.5]


def test_a_balanced_yes_weighs_as_many_rows_as_lack_the_class(table, tmp_path):
    tasks = {"topics": {"loss": "bce", "loss_args": {"pos_weight": "balanced"}}}
    facts = train(task_options(table, tmp_path / "run", tasks=tasks, epochs=1))["tasks"]["topics"]
    rows, counts = facts["labelled_rows"], facts["class_counts"].values()
    wanted = [(rows - count) / count for count in counts]
    assert facts["loss"]["arguments"]["pos_weight"] == pytest.approx(wanted, rel=1e-6)


def test_early_stopping_goes_by_the_score(table, tmp_path):
    view = RecordingView()
    train(task_options(table, tmp_path / "run", epochs=30, lr=1e-9, patience=2), view)
    best = max(range(len(view.records)), key=lambda n: view.records[n].validation.score)
    assert len(view.records) == best + 3
