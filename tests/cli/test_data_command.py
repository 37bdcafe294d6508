"""`bertplay data`: the list, samples, and the check of a table."""

import hashlib
import json
from dataclasses import replace

import pandas as pd
import pytest
from small_reviews import GOOD, write_rows

from bertplay.data import public_tables
from bertplay.data.emotions import SPLITS, read_emotions
from bertplay.data.public_tables import PUBLIC_TABLES, Part


def test_the_list_has_the_built_in_tables_and_their_facts(bertplay):
    result = bertplay("data")

    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    (titanic,) = [line.split() for line in lines if line.startswith("titanic")]
    (emotion,) = [line.split() for line in lines if line.startswith("emotion")]
    assert titanic[1:6] == ["1,309", "2", "1.6", ":", "1"]
    assert emotion[1:7] == ["2,741", "11", "6.5", ":", "1", "CC0"]


def test_the_list_names_the_public_tables_and_how_to_get_them(bertplay):
    lines = bertplay("data").stdout.splitlines()
    for name, licence in (("dair-ai/emotion", "research"), ("go_emotions", "Apache")):
        (line,) = [line for line in lines if line.startswith(name)]
        assert line.split()[1] == licence
    assert any("bertplay data pull NAME" in line for line in lines)


def test_an_unknown_public_table_is_refused_with_those_there_are(bertplay):
    result = bertplay("data", "pull", "emotions")
    assert result.exit_code == 2
    assert "'emotions'" in result.stderr
    assert "dair-ai/emotion, go_emotions, openml/titanic" in result.stderr


@pytest.fixture
def served_comments(monkeypatch, folder):
    """go_emotions with one small file, which lies in the current folder."""
    file = folder / "comments.tsv"
    file.write_text("Thanks\t15\teed\nNo way\t26\teee\n")
    part = Part("train", file.as_uri(), hashlib.sha256(file.read_bytes()).hexdigest())
    small = replace(PUBLIC_TABLES["go_emotions"], parts=(part,))
    monkeypatch.setattr(public_tables, "PUBLIC_TABLES", {"go_emotions": small})
    return file


def test_a_public_table_goes_into_the_cache_and_the_output_says_how_to_train(
    bertplay, served_comments, monkeypatch, folder
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))

    result = bertplay("data", "pull", "go_emotions")

    assert result.exit_code == 0, result.output
    file = folder / "cache" / "bertplay" / "data" / "go_emotions" / "train.csv"
    assert file.read_text() == "text,label\nThanks,gratitude\nNo way,surprise\n"
    assert f"bertplay train --task emotion --data {file}" in result.stdout


def test_a_public_table_goes_where_output_says(bertplay, served_comments, folder):
    result = bertplay("data", "pull", "go_emotions", "--output", "mine")
    assert result.exit_code == 0, result.output
    assert (folder / "mine" / "train.csv").exists()


def test_without_a_connection_pulling_fails_in_one_sentence(bertplay, served_comments, folder):
    served_comments.unlink()
    result = bertplay("data", "pull", "go_emotions", "--output", "mine")
    assert result.exit_code == 1
    assert "cannot be reached" in result.stderr
    assert not (folder / "mine").exists()


def test_a_built_in_table_is_copied_by_its_parts(bertplay, folder):
    result = bertplay("data", "copy", "emotion")

    assert result.stdout.split() == [f"emotion/{part}.csv" for part in SPLITS]
    parts = [pd.read_csv(folder / file, dtype=str) for file in result.stdout.split()]
    table = read_emotions()
    assert [len(part) for part in parts] == [(table["split"] == name).sum() for name in SPLITS]
    assert list(parts[0].columns) == list(table.columns.drop("split"))
    assert set(parts[0]["text"]) == set(table["text"][table["split"] == "train"])


def test_a_copied_table_is_read_as_the_built_in_one(bertplay, folder):
    bertplay("data", "copy", "titanic", "--output", "tables/ship")

    copied = bertplay("data", "check", "tables/ship/passengers.csv", "--json")
    built_in = bertplay("data", "check", "titanic", "--json")

    facts = [json.loads(result.stdout) for result in (copied, built_in)]
    assert [one.pop("source") for one in facts] == ["tables/ship/passengers.csv", "titanic"]
    assert facts[0] == facts[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("emotions",), "no built-in table 'emotions': there are titanic, emotion"),
        (("emotion", "--output", "."), ". exists already: name another folder with --output"),
    ],
)
def test_what_cannot_be_copied_is_one_sentence_and_leaves_the_folder(
    bertplay, folder, arguments, words
):
    result = bertplay("data", "copy", *arguments)

    assert (result.exit_code, result.stderr) == (2, f"Error: {words}\n")
    assert not list(folder.iterdir())


def test_samples_show_the_row_and_the_text_made_from_it(bertplay):
    result = bertplay("data", "show", "titanic", "--rows", 3)

    assert result.exit_code == 0, result.output
    blocks = result.stdout.split("line ")[1:]
    assert len(blocks) == 3
    for block in blocks:
        heading, text, cells = block.splitlines()[:3]
        assert heading.split(": ")[1] in ("died", "survived")
        assert text.strip().endswith(" class.")
        assert cells.strip().startswith("name ")


def test_samples_are_drawn_by_the_seed(bertplay):
    first, same, other = (
        bertplay("data", "show", "emotion", "--seed", s).stdout for s in (0, 0, 1)
    )

    assert first == same != other


def test_a_template_is_shown_filled(bertplay, folder):
    (folder / "t.csv").write_text("title,body,label\nLate,never came,bad\nFine,all good,good\n")

    result = bertplay("data", "show", "t.csv", "--template", "{title}: {body}")

    assert "line 2: bad\n  Late: never came\n" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("titanic", "--label", "sex"), "titanic knows its columns"),
        (("nowhere.csv",), "nowhere.csv does not exist"),
        (("emotion", "--rows", "0"), "--rows is 0"),
    ],
)
def test_what_cannot_be_shown_is_one_sentence(bertplay, folder, arguments, words):
    result = bertplay("data", "show", *arguments)

    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_table_without_faults_passes_the_check(bertplay):
    result = bertplay("data", "check", "emotion")

    assert result.exit_code == 0
    assert "2,741 rows" in result.stdout
    assert "Nothing found." in result.stdout


def test_warnings_pass_and_errors_end_with_2(bertplay, table, folder):
    warned = bertplay("data", "check", table)

    assert warned.exit_code == 0
    assert "warning (repeated_texts)" in warned.stdout
    write_rows(folder / "t.csv", [(GOOD[0], "good"), (GOOD[1], ""), (GOOD[2], "good")])
    refused = bertplay("data", "check", "t.csv")
    assert refused.exit_code == 2
    assert "error (missing_labels): No label in 1 row (line 3)" in refused.stdout
    assert "error (one_class)" in refused.stdout


def test_json_has_facts_and_findings(bertplay, table):
    facts = json.loads(bertplay("data", "check", table, "--json").stdout)

    assert facts["rows"] == 24
    assert facts["classes"] == {"good": 16, "bad": 8}
    assert facts["imbalance_ratio"] == 2
    assert {finding["code"] for finding in facts["findings"]} >= {"repeated_texts"}


@pytest.mark.parametrize("name", ["titanic", "emotion"])
def test_the_built_in_tables_have_no_errors(bertplay, name):
    facts = json.loads(bertplay("data", "check", name, "--json").stdout)

    assert not [f for f in facts["findings"] if f["severity"] == "error"]
