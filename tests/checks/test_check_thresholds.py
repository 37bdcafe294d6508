"""Thresholds of checks are set by the same names on the command line, in YAML and in Python."""

import json
from dataclasses import fields

import pytest
from click.testing import CliRunner
from topic_texts import fired, quick_options, topic_texts

from bertplay import TrainOptions
from bertplay.checks.catalogue import CHECKS
from bertplay.checks.thresholds import Thresholds, thresholds_of
from bertplay.cli import main
from bertplay.data.errors import InputError


def test_others_keep_their_defaults():
    assert thresholds_of({"few_rows": 3}) == Thresholds(few_rows=3)


def test_each_belongs_to_a_check():
    assert {field.metadata["code"] for field in fields(Thresholds)} <= CHECKS.keys()


def test_an_unknown_name_is_refused_and_the_nearest_suggested():
    with pytest.raises(InputError, match="'loss_rises' is unknown; did you mean loss_rise"):
        TrainOptions(check_thresholds={"loss_rises": 1.0})


@pytest.mark.parametrize("value", [-1, "much", None, True, float("nan"), float("inf")])
def test_what_is_no_limit_is_refused(value):
    with pytest.raises(InputError, match=r"few_rows is .* a number that is at least 0"):
        TrainOptions(check_thresholds={"few_rows": value})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("loss_rises=1", "did you mean loss_rise?"),
        ("loss_rise=high", "loss_rise is 'high'"),
        ("loss_rise", "write it as key=value"),
    ],
)
def test_the_command_line_refuses_it_with_exit_code_2(given, message, tmp_path):
    words = ["train", "--check-threshold", given, "--output", str(tmp_path / "run")]
    done = CliRunner().invoke(main, words)

    assert done.exit_code == 2
    assert message in done.stderr
    assert not (tmp_path / "run").exists()


def test_the_command_line_wins_over_the_file_name_by_name(tmp_path):
    options = quick_options(tmp_path, topic_texts(60), epochs=1)
    file = tmp_path / "options.yaml"
    limits = "check_thresholds:\n  few_rows: 1000\n  duplicate_share: 1e-1\n"
    file.write_text(
        f"{limits}epochs: 1\nbackbone: scratch\nmax_length: 16\nreport: false\nloss: ce\n"
    )

    words = ["train", "--config", file, "--data", options.data, "--output", options.output]
    words += ["--check-threshold", "few-rows=2000", "--json"]
    done = CliRunner().invoke(main, [str(word) for word in words])

    assert done.exit_code == 0, done.output
    summary = json.loads(done.stdout)
    assert "BP104" in fired(summary)
    (message,) = [check["message"] for check in summary["checks"] if check["code"] == "BP104"]
    assert "fewer than 2000 training rows" in message
    config = (tmp_path / "run" / "config.yaml").read_text()
    assert "check_thresholds:\n  few_rows: 2000\n  duplicate_share: 0.1\n" in config
