"""`train`: from options to a run directory, which tells all about the run and can be repeated."""

import csv
import json
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
import yaml

import bertplay
from bertplay.data.errors import InputError
from bertplay.encoders import load_encoder
from bertplay.losses import LOSSES
from bertplay.options import from_mapping
from bertplay.training import (
    SilentView,
    TrainingFailedError,
    TrainingInterruptedError,
    train,
)
from bertplay.training import run as run_module

SUMMARY_KEYS = {
    "task",
    "loss",
    "backbone",
    "data",
    "validation",
    "baseline",
    "epochs_run",
    "best_epoch",
    "train_seconds",
    "padding_fraction",
    "compiled_shapes",
    "environment",
}
WORDS = "bert.embeddings.word_embeddings.weight"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def without_times(folder: Path) -> list[dict]:
    lines = map(json.loads, (folder / "metrics.jsonl").read_text().splitlines())
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


def tensors_of(folder: Path) -> dict[str, mx.array]:
    return mx.load(str(folder / "model.safetensors"))


def test_a_run_writes_no_report_where_none_is_wanted(run):
    assert run.options.report is False
    assert not (run.folder / "report.html").exists()


def test_the_run_directory_holds_what_the_design_names(run):
    names = {path.name for path in run.folder.iterdir()}
    wanted = {"config.yaml", "metrics.jsonl", "summary.json", "predictions.csv"}
    assert names == wanted | {"logits.safetensors", "checkpoints", "model"}
    model = {path.name for path in (run.folder / "model").iterdir()}
    assert model == {"config.json", "model.safetensors", "tokenizer.json", "decisions.json"}
    checkpoints = sorted(path.name for path in (run.folder / "checkpoints").iterdir())
    assert checkpoints == ["best", "step-00000004", "step-00000008"]


def test_the_summary_has_every_key_that_scripts_rely_on(run):
    summary = json.loads((run.folder / "summary.json").read_text())
    assert summary == run.summary
    assert summary.keys() >= SUMMARY_KEYS
    data_keys = {"source", "sha256", "rows", "classes", "class_counts"}
    assert data_keys <= summary["data"].keys()
    figures = {"accuracy", "balanced_accuracy", "macro_f1", "ece", "log_loss"}
    assert figures | {"per_class", "confusion_matrix"} <= summary["validation"].keys()
    per_class = summary["validation"]["per_class"]
    assert set(per_class) == {"died", "survived"}
    assert set(per_class["died"]) == {"precision", "recall", "f1", "support"}
    assert "majority_accuracy" in summary["baseline"]


def test_the_summary_tells_the_facts(run, table):
    summary = run.summary
    assert (summary["data"]["rows"], summary["data"]["source"]) == (40, str(table))
    assert summary["data"]["class_counts"] == {"died": 19, "survived": 13}
    assert sum(summary["data"]["class_counts"].values()) == summary["data"]["train_rows"]
    assert summary["loss"]["name"] == "focal_smooth"
    assert summary["loss"]["arguments"]["gamma"] == 2.0
    assert summary["epochs_run"] == 2
    assert summary["compiled_shapes"] == 1
    assert summary["padding_fraction"] == 0.0
    assert 0 < summary["train_seconds"] < summary["total_seconds"]


def test_class_weights_come_from_the_training_labels(run):
    weights = run.summary["loss"]["arguments"]["alpha"]
    counts = np.array([19, 13])
    np.testing.assert_allclose(weights, 32 / (2 * counts), rtol=1e-5)


def test_metrics_have_one_line_an_epoch(run):
    lines = (run.folder / "metrics.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert [record["epoch"] for record in records] == [1, 2]
    assert records == [record.as_dict() for record in run.view.records]
    best = records[run.summary["best_epoch"] - 1]
    assert best["validation"] == run.summary["validation"]


def test_predictions_are_those_of_the_saved_model(run, table):
    with (run.folder / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["id", "label", "predicted", "confidence", "died", "survived"]
    with table.open(newline="") as file:
        passengers = list(csv.DictReader(file))
    own = [passengers[int(row["id"]) - 1] for row in rows]
    assert [row["label"] for row in rows] == [passenger["label"] for passenger in own]

    texts = [passenger["text"] for passenger in own]
    shares = bertplay.load(run.folder).predict_proba(texts, raw=True)

    written = np.array([[float(row["died"]), float(row["survived"])] for row in rows])
    np.testing.assert_allclose(written, shares, atol=2e-6)
    right = sum(row["label"] == row["predicted"] for row in rows) / len(rows)
    assert right == run.summary["validation"]["accuracy"]


def test_the_view_is_told_everything_in_order(run):
    view = run.view
    assert len(view.plans) == 1
    assert (view.plans[0].train_rows, view.plans[0].validation_rows) == (32, 8)
    assert view.plans[0].steps_per_epoch == 4
    assert view.steps == [(1, 4), (2, 8)]
    assert [record.epoch for record in view.records] == [1, 2]
    assert view.summaries == [run.summary]
    assert view.warnings == []


def test_words_that_training_never_saw_still_work(run):
    """Only the word embeddings that occur are trained; the others are saved as they were."""
    model = bertplay.load(run.folder)
    shares = model.predict_proba(["the child was not survived", "", "zzz qqq"])
    assert np.isfinite(shares).all()
    before, _ = load_encoder(run.options.backbone)
    rows = model.model.encoder.embeddings.word_embeddings.weight
    old = before.embeddings.word_embeddings.weight
    assert rows.shape == old.shape
    vocabulary = model.tokenizer.get_vocab()
    assert mx.array_equal(rows[vocabulary["child"]], old[vocabulary["child"]])
    assert not mx.array_equal(rows[vocabulary["women"]], old[vocabulary["women"]])


def test_the_pooler_is_kept_although_nothing_trains_it(run):
    before, _ = load_encoder(run.options.backbone)
    after, _ = load_encoder(run.folder / "model")
    assert mx.array_equal(after.pooler.dense.weight, before.pooler.dense.weight)


def test_the_best_checkpoint_is_the_model_until_the_last_epoch(run):
    saved = tensors_of(run.folder / "checkpoints" / "best")
    model = tensors_of(run.folder / "model")
    assert saved.keys() == model.keys()
    assert all(mx.array_equal(saved[name], model[name]) for name in model)


def test_config_yaml_runs_it_again_to_the_same_bits(run, tmp_path):
    values = yaml.safe_load((run.folder / "config.yaml").read_text())
    again = tmp_path / "again"
    mx.random.seed(987)  # what was drawn before must not matter
    train(from_mapping({**values, "output": str(again)}, "config.yaml"))

    assert (again / "predictions.csv").read_bytes() == (run.folder / "predictions.csv").read_bytes()
    one, other = tensors_of(again / "model"), tensors_of(run.folder / "model")
    assert all(mx.array_equal(one[name], other[name]) for name in other)


def test_config_yaml_holds_what_the_recipe_decided(run):
    values = yaml.safe_load((run.folder / "config.yaml").read_text())
    options = from_mapping(values, "config.yaml")
    assert options == replace(
        run.options, pooling="mean", average_weights=0.0, calibration="temperature"
    )
    assert None not in [options.epochs, options.lr, options.max_length]


def test_another_seed_gives_other_predictions(run, options):
    train(replace(options, seed=1, epochs=1))
    ours = Path(str(options.output)) / "predictions.csv"
    assert ours.read_bytes() != (run.folder / "predictions.csv").read_bytes()


@pytest.mark.parametrize(
    "changes",
    [
        {"data": "nowhere.csv"},
        {"loss": "focl"},
        {"loss_args": {"gama": 1.0}},
        {"loss_args": {"gamma": -1.0}},
        {"loss_args": {"gamma": "two"}},
        {"loss_args": {"alpha": [1.0, 2.0, 3.0]}},
        {"loss_args": {"num_classes": 2}},
        {"loss_args": {"class_counts": [1, 2]}},
        {"loss_args": {"name": "ce"}},
        {"backbone": "./nowhere"},
        {"max_length": 17},
        {"text": "txt"},
    ],
    ids=str,
)
def test_a_refused_run_writes_nothing_and_keeps_the_run_it_was_to_replace(
    run, options, tmp_path, changes
):
    def refuse(**more):
        with pytest.raises(InputError) as caught:
            train(replace(options, **changes, **more))
        assert "\n" not in str(caught.value)

    refuse()
    assert list(tmp_path.iterdir()) == []
    shutil.copytree(run.folder, tmp_path / "run")
    before = contents(tmp_path)
    refuse(overwrite=True)
    assert contents(tmp_path) == before


def test_every_loss_trains_with_its_defaults(options):
    for loss in LOSSES:
        output = f"{options.output}-{loss}"
        summary = train(replace(options, loss=loss, epochs=1, output=output))
        assert summary["loss"]["name"] == loss
        assert summary["compiled_shapes"] == 1


def test_a_curriculum_is_in_the_summary_and_its_mix_in_the_metrics(options):
    asked = {"ramp": "step", "start": 0.8}
    summary = train(replace(options, loss="curriculum", loss_args=asked))

    arguments = summary["loss"]["arguments"]
    assert (arguments["first"], arguments["second"]) == ("ce", "weighted_ce")
    assert len(arguments["second.class_weights"]) == 2
    lines = (Path(summary["output"]) / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["schedule"] for line in lines] == [{"mix": 0.0}, {"mix": 1.0}]


def test_a_finished_run_is_replaced_with_overwrite_only(run, options, tmp_path):
    shutil.copytree(run.folder, tmp_path / "run")
    (tmp_path / "run" / "notes.txt").write_text("mine")
    before = contents(tmp_path)
    with pytest.raises(InputError, match="--overwrite"):
        train(options)
    assert contents(tmp_path) == before

    train(replace(options, epochs=1, overwrite=True))

    after = contents(tmp_path)
    assert after["run/notes.txt"] == b"mine"
    assert len(after["run/metrics.jsonl"].splitlines()) == 1


class PressInFirstEpoch(SilentView):
    def stepped(self, epoch, step, loss, learning_rate):
        os.kill(os.getpid(), signal.SIGINT)


def test_after_ctrl_c_the_run_goes_on_to_the_same_bits(run, options):
    before = signal.getsignal(signal.SIGINT)
    options = replace(options, loss_args={"alpha": "balanced"})
    with pytest.raises(TrainingInterruptedError, match=r"step 4 of 8; go on with: ") as caught:
        train(options, PressInFirstEpoch())
    folder = Path(str(options.output))
    assert f"bertplay train --resume {folder}" in str(caught.value)
    assert signal.getsignal(signal.SIGINT) is before
    assert not (folder / "model").exists()

    summary = bertplay.resume(folder)

    assert (folder / "predictions.csv").read_bytes() == (
        run.folder / "predictions.csv"
    ).read_bytes()
    one, other = tensors_of(folder / "model"), tensors_of(run.folder / "model")
    assert all(mx.array_equal(one[name], other[name]) for name in other)
    assert without_times(folder) == without_times(run.folder)
    assert summary["validation"] == run.summary["validation"]


@pytest.mark.parametrize("keep", ["best", "last"])
def test_a_failed_run_names_the_last_good_checkpoint(options, monkeypatch, keep):
    """The weights become NaN after the first epoch."""
    fit = run_module.fit

    def fit_and_spoil(model, train, validation, settings, writer, **others):
        after_epoch = writer.after_epoch

        def spoil(record):
            after_epoch(record)
            model.head.output.bias = mx.full((2,), float("nan"))

        monkeypatch.setattr(writer, "after_epoch", spoil)
        return fit(model, train, validation, settings, writer, **others)

    monkeypatch.setattr(run_module, "fit", fit_and_spoil)
    with pytest.raises(TrainingFailedError, match="the loss is nan at step 5") as caught:
        train(replace(options, keep=keep))

    folder = Path(str(options.output))
    checkpoint = folder / "checkpoints" / keep
    assert f"the last good checkpoint, of epoch 1, is {checkpoint}" in str(caught.value)
    assert np.isfinite(bertplay.load(checkpoint).predict_proba(["the women"])).all()
    assert not (folder / "model").exists()


def test_a_run_that_fails_at_once_says_that_there_is_no_checkpoint(options, monkeypatch):
    fit = run_module.fit

    def spoil_and_fit(model, *arguments, **settings):
        model.head.output.bias = mx.full((2,), float("nan"))
        return fit(model, *arguments, **settings)

    monkeypatch.setattr(run_module, "fit", spoil_and_fit)
    with pytest.raises(TrainingFailedError, match=r"at step 1, .* there is no checkpoint"):
        train(options)


def test_where_nothing_can_be_compiled_it_says_so_and_trains(options, monkeypatch):
    monkeypatch.setattr(run_module, "compilation_available", lambda: False)
    warnings = []

    class Warned(SilentView):
        def warned(self, message):
            warnings.append(message)

    try:
        summary = train(replace(options, epochs=1), Warned())
    finally:
        mx.enable_compile()
    assert summary["epochs_run"] == 1
    assert summary["compiled_shapes"] == 0
    assert warnings == [run_module.COMPILATION_WARNING]
