"""`bertplay predict` on arguments, standard input and tables."""

import csv
import io
import json

import pytest
from small_reviews import GOOD, TRAIN_QUICKLY, reviews, write_rows


@pytest.fixture(scope="session")
def titanic_run(tmp_path_factory):
    """A small model of twelve passengers in Kaggle's layout."""
    from click.testing import CliRunner

    from bertplay.cli import main

    place = tmp_path_factory.mktemp("titanic")
    rows = [f"{i},{i % 2},{1 + i % 3},{'female' if i % 2 else 'male'},30" for i in range(12)]
    (place / "train.csv").write_text("\n".join(["PassengerId,Survived,Pclass,Sex,Age", *rows]))
    # Name is what tells Kaggle's table from others, so the task is said.
    options = ["--task", "titanic", "--data", str(place / "train.csv")]
    result = CliRunner().invoke(
        main, ["train", *options, "--output", str(place / "run"), *TRAIN_QUICKLY[:2], "--json"]
    )
    assert result.exit_code == 0, result.stderr
    return place / "run"


@pytest.fixture
def kaggle_test(folder):
    """Two passengers of Kaggle's test.csv, which has no Survived."""
    path = folder / "test.csv"
    path.write_text("PassengerId,Pclass,Sex,Age\n892,3,male,34.5\n893,3,female,47\n")
    return path


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_json_has_label_confidence_and_probabilities_of_each_text(bertplay, run):
    result = bertplay("predict", run, "a fine film", "a dull film", "--json")

    predictions = json.loads(result.stdout)
    assert [p["text"] for p in predictions] == ["a fine film", "a dull film"]
    for prediction in predictions:
        shares = prediction["probabilities"]
        assert set(shares) == {"good", "bad"}
        assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
        assert prediction["label"] == max(shares, key=shares.get)
        assert prediction["confidence"] == max(shares.values())


def test_how_many_texts_were_cut_is_said_once_on_standard_error(bertplay, run):
    long = "a fine film " * 400
    result = bertplay("predict", run, long, "a dull film", long, "--json")

    (line,) = result.stderr.splitlines()
    assert line.startswith("2 texts are longer than ")
    assert line.endswith(" tokens: the model reads the beginning")
    assert len(json.loads(result.stdout)) == 3
    assert bertplay("predict", run, "a dull film").stderr == ""


def test_half_of_a_surrogate_pair_in_a_text_is_answered(bertplay, run):
    (prediction,) = json.loads(bertplay("predict", run, "a \ud800 film", "--json").stdout)

    assert prediction["text"] == "a \ufffd film"


def test_without_a_terminal_each_text_is_a_line_with_tabs(bertplay, run):
    heading, line = bertplay("predict", run, "a fine\tfilm\nindeed").stdout.splitlines()

    assert heading.split("\t") == ["text", "label", "confidence", "bad", "good"]
    assert line.split("\t")[0] == "a fine film indeed"
    assert len(line.split("\t")) == 5


def test_each_line_of_standard_input_is_a_text_even_an_empty_one(bertplay, run):
    result = bertplay("predict", run, "--json", stdin="a fine film\r\n\nschön\n".encode())

    assert [p["text"] for p in json.loads(result.stdout)] == ["a fine film", "", "schön"]


def test_an_empty_text_is_predicted(bertplay, run):
    result = bertplay("predict", run, "", "--json")

    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)[0]["text"] == ""


def test_a_prediction_does_not_depend_on_its_neighbours(bertplay, run):
    alone = json.loads(bertplay("predict", run, GOOD[0], "--json").stdout)[0]
    among = json.loads(bertplay("predict", run, "x " * 50, GOOD[0], "", "--json").stdout)[1]

    assert among["confidence"] == pytest.approx(alone["confidence"], abs=2e-5)


def test_a_table_without_labels_gives_csv(bertplay, run, folder):
    write_rows(folder / "new.csv", [("7", "a fine film"), ("9", "a dull film")], "id,text")

    predictions = rows_of(bertplay("predict", run, "--data", "new.csv").stdout)

    assert [p["id"] for p in predictions] == ["7", "9"]
    assert list(predictions[0]) == ["id", "label", "confidence", "bad", "good"]


def test_a_long_table_keeps_its_order(bertplay, run, folder):
    texts = [GOOD[0] + " really" * (i % 5) for i in range(300)]
    write_rows(folder / "new.csv", [(text,) for text in texts], "text")

    predictions = rows_of(bertplay("predict", run, "--data", "new.csv").stdout)

    assert [p["id"] for p in predictions] == [str(i + 1) for i in range(300)]
    by_text: dict[str, set[str]] = {}
    for text, prediction in zip(texts, predictions, strict=True):
        by_text.setdefault(text, set()).add(prediction["confidence"][:5])
    assert all(len(found) == 1 for found in by_text.values())


def test_output_writes_the_file_and_says_so(bertplay, run, table, folder):
    result = bertplay("predict", run, "--data", table, "--output", "out/predictions.csv")

    assert result.stdout == "Wrote 24 predictions to out/predictions.csv\n"
    assert len(rows_of((folder / "out" / "predictions.csv").read_text())) == 24


def test_an_existing_output_is_replaced_only_with_overwrite(bertplay, run, table, folder):
    (folder / "out.csv").write_text("mine")
    arguments = ("predict", run, "--data", table, "--output", "out.csv")

    refused = bertplay(*arguments)

    assert refused.exit_code == 2
    assert "out.csv" in refused.stderr
    assert "--overwrite" in refused.stderr
    assert (folder / "out.csv").read_text() == "mine"
    assert bertplay(*arguments, "--overwrite").exit_code == 0
    assert len(rows_of((folder / "out.csv").read_text())) == 24


def test_the_table_itself_is_never_overwritten(bertplay, run, table, folder):
    before = table.read_bytes()

    result = bertplay("predict", run, "--data", table, "--output", table, "--overwrite")

    assert result.exit_code == 2
    assert table.read_bytes() == before


def test_kaggles_test_table_gives_the_submission(bertplay, titanic_run, kaggle_test, folder):
    bertplay("predict", titanic_run, "--data", kaggle_test, "--output", "submission.csv")

    submission = rows_of((folder / "submission.csv").read_text())
    assert [list(row) for row in submission] == [["PassengerId", "Survived"]] * 2
    assert [row["PassengerId"] for row in submission] == ["892", "893"]
    assert {row["Survived"] for row in submission} <= {"0", "1"}
    printed = bertplay("predict", titanic_run, "--data", kaggle_test).stdout
    assert printed == (folder / "submission.csv").read_text()


def test_the_submission_agrees_with_the_labels(bertplay, titanic_run, kaggle_test):
    submission = rows_of(bertplay("predict", titanic_run, "--data", kaggle_test).stdout)
    labels = json.loads(bertplay("predict", titanic_run, "--data", kaggle_test, "--json").stdout)

    assert [{"0": "died", "1": "survived"}[row["Survived"]] for row in submission] == [
        prediction["label"] for prediction in labels
    ]


@pytest.mark.parametrize(
    ("arguments", "stdin", "word"),
    [
        (("a text", "--data", "reviews.csv"), None, "--data"),
        ((), "", "nothing to predict"),
        ((), b"\xff\xfe", "UTF-8"),
        (("--data", "nowhere.csv"), None, "nowhere.csv"),
        (("a text", "--output", "."), None, "folder"),
    ],
)
def test_what_cannot_be_predicted_is_said(bertplay, run, table, arguments, stdin, word):
    result = bertplay("predict", run, *arguments, stdin=stdin)

    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert word in result.stderr


def test_a_table_with_labels_is_predicted_without_looking_at_them(bertplay, run, folder):
    write_rows(folder / "a.csv", reviews())
    write_rows(folder / "b.csv", [(text, "unheard of") for text, _ in reviews()])

    assert (
        bertplay("predict", run, "--data", "a.csv").stdout
        == bertplay("predict", run, "--data", "b.csv").stdout
    )
