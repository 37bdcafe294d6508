"""The files of a run: what other programs read."""

import csv
import json

import numpy as np
import pytest
import yaml

from bertplay.options import TrainOptions, from_mapping
from bertplay.run_directory import (
    append_metrics,
    write_config,
    write_predictions,
    write_summary,
)
from bertplay.training.run import as_config

CLASSES = ("died", "survived")
SHARES = np.array([[0.25, 0.75], [0.9, 0.1]])


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_predictions_have_a_column_for_each_class(tmp_path):
    path = tmp_path / "predictions.csv"
    write_predictions(path, ("7", "8"), CLASSES, SHARES, np.array([0, 0], dtype=np.int32))
    assert rows_of(path) == [
        ["id", "label", "predicted", "confidence", "died", "survived"],
        ["7", "died", "survived", "0.750000", "0.250000", "0.750000"],
        ["8", "died", "died", "0.900000", "0.900000", "0.100000"],
    ]


def test_predictions_without_labels_have_no_label_column(tmp_path):
    path = tmp_path / "predictions.csv"
    write_predictions(path, ("7", "8"), CLASSES, SHARES)
    assert rows_of(path)[0] == ["id", "predicted", "confidence", "died", "survived"]


def test_names_with_commas_quotes_and_breaks_survive(tmp_path):
    path = tmp_path / "predictions.csv"
    classes = ('so-called "good"', "bad, very\nbad")
    write_predictions(path, ("Müller, Ö.",), classes, SHARES[:1])
    heading, row = rows_of(path)
    assert heading[-2:] == list(classes)
    assert row[:2] == ["Müller, Ö.", classes[1]]


def test_metrics_have_one_json_object_a_line(tmp_path):
    for epoch in (1, 2):
        append_metrics(tmp_path, {"epoch": epoch, "name": "Ö\n"})
    lines = (tmp_path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"epoch": 1, "name": "Ö\n"},
        {"epoch": 2, "name": "Ö\n"},
    ]


@pytest.mark.parametrize("write", [append_metrics, write_summary])
def test_what_is_no_json_is_not_written(tmp_path, write):
    with pytest.raises(ValueError, match="JSON"):
        write(tmp_path, {"loss": float("nan")})
    assert not [path for path in tmp_path.iterdir() if path.stat().st_size]


@pytest.mark.parametrize(
    "options",
    [
        TrainOptions(),
        TrainOptions(
            task="emotion",
            text=None,
            loss="focal",
            loss_args={"gamma": 1.5, "alpha": (0.25, 0.75), "more": None},
            lr=1e-5,
            epochs=3,
            patience=2,
            output="runs/Straße",
            template="{title}: {body}",
        ),
    ],
    ids=["defaults", "much given"],
)
def test_config_yaml_gives_the_same_options_again(tmp_path, options):
    write_config(tmp_path, as_config(options))
    values = yaml.safe_load((tmp_path / "config.yaml").read_text(encoding="utf-8"))
    assert from_mapping(values, "config.yaml") == options


def test_paths_in_config_yaml_hold_wherever_it_is_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("text,label\n")
    (tmp_path / "bert").mkdir()
    config = as_config(TrainOptions(data="t.csv", validation="t.csv", backbone="bert"))
    assert config["data"] == config["validation"] == str(tmp_path.resolve() / "t.csv")
    assert config["backbone"] == str(tmp_path.resolve() / "bert")


@pytest.mark.parametrize("backbone", ["mini", "scratch", "someone/some-model"])
def test_a_backbone_that_is_a_name_stays_one(tmp_path, monkeypatch, backbone):
    monkeypatch.chdir(tmp_path)
    for name in ("mini", "scratch"):
        (tmp_path / name).mkdir()
    assert as_config(TrainOptions(backbone=backbone))["backbone"] == backbone


def test_leave_to_overwrite_is_not_passed_on(tmp_path):
    """Else a rerun of config.yaml would replace the run it comes from, unasked."""
    assert "overwrite" not in as_config(TrainOptions(output="run", overwrite=True))
