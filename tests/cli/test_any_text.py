"""Texts of any characters and of any length go into the commands, and an answer comes out."""

import csv
import io
import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from small_reviews import TRAIN_QUICKLY, reviews, write_rows

from bertplay.cli import main
from bertplay.data.cells import reads_as_missing, writable
from bertplay.data.labels import class_name

# All of Unicode: control characters, and halves of surrogate pairs, which are no characters.
any_text = st.text(st.characters(exclude_categories=()), max_size=30)
texts_of_a_file = st.lists(st.text(max_size=30), min_size=1, max_size=6)
TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"
TEN_MEGABYTES = "a fine film " * 850_000


def bertplay(*arguments):
    words = [str(argument) for argument in arguments]
    return CliRunner().invoke(main, words, catch_exceptions=False)


def write_json_lines(path, rows):
    """JSON has a way to write half of a surrogate pair."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def assert_shares(shares):
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    assert all(0 <= share <= 1 for share in shares)


@settings(deadline=None, max_examples=20)
@given(st.lists(any_text, min_size=1, max_size=6))
def test_any_texts_are_predicted_in_their_order(run, texts):
    result = bertplay("predict", run, "--json", "--", *texts)

    assert result.exit_code == 0, result.output
    answers = json.loads(result.stdout)
    assert [answer["text"] for answer in answers] == [writable(text) for text in texts]
    for answer in answers:
        assert_shares(answer["probabilities"].values())


@settings(deadline=None, max_examples=20)
@given(texts_of_a_file.filter(lambda texts: "\x00" not in "".join(texts)))
def test_any_texts_of_a_csv_are_predicted_row_by_row(run, tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("any") / "new.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "text"], *enumerate(texts)])

    result = bertplay("predict", run, "--data", path)

    if not "".join(texts).strip():
        assert result.exit_code == 2
        assert (
            result.stderr
            == f"Error: {path}: every text is empty; name another column with --text\n"
        )
        return
    assert result.exit_code == 0, result.output
    answers = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [answer["id"] for answer in answers] == [str(number) for number in range(len(texts))]
    for answer in answers:
        assert_shares([float(answer["good"]), float(answer["bad"])])


@settings(deadline=None, max_examples=3)
@given(st.lists(any_text, min_size=4, max_size=8), any_text)
@example(["", "\x00", "\ud800", "\x85"], "a\x85b")  # U+0085 ends a line for Python
def test_any_texts_and_class_names_are_trained_on(tmp_path_factory, texts, label):
    assume(not reads_as_missing(label) and class_name(label) != "good")
    folder = tmp_path_factory.mktemp("any")
    rows = [{"text": f"a fine film {n}", "label": "good"} for n in range(8)]
    rows += [{"text": text, "label": label} for text in texts]
    table = write_json_lines(folder / "t.jsonl", rows)
    quickly = [option for option in TRAIN_QUICKLY if option != "--no-report"]

    result = bertplay("train", "--data", table, "--output", folder / "run", *quickly)

    assert result.exit_code == 0, result.output
    summary = json.loads((folder / "run" / "summary.json").read_text())
    assert summary["data"]["class_counts"].keys() == {"good", class_name(label)}
    predictions = pd.read_csv(folder / "run" / "predictions.csv", dtype=str, keep_default_na=False)
    assert len(predictions) == summary["data"]["validation_rows"]
    (folder / "run" / "report.html").read_text(encoding="utf-8")
    assert bertplay("predict", folder / "run", "--json", "--", *texts).exit_code == 0


def test_a_cell_of_ten_megabytes_is_trained_on_and_predicted(folder):
    rows = [*reviews(), (TEN_MEGABYTES, "good")]
    table, held_out = write_rows(folder / "t.csv", rows), write_rows(folder / "v.csv", rows)

    trained = bertplay(
        *("train", "--data", table, "--validation", held_out, "--output", "run"),
        *("--backbone", TINY, "--epochs", 1, "--max-length", 8, "--no-report"),
    )
    predicted = bertplay("predict", "run", "--data", table)

    assert trained.exit_code == 0, trained.output
    assert trained.stdout.count("1 longer text is cut") == 1
    assert predicted.stderr == "1 text is longer than 8 tokens: the model reads the beginning\n"
    assert len(predicted.stdout.splitlines()) == 1 + len(rows)
