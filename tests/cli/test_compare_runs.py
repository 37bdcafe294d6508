"""`bertplay compare` of finished runs, and of a finished comparison: nothing is trained."""

import csv
import json
import shutil

import pytest
from small_reviews import TRAIN_QUICKLY, reviews, write_rows

import bertplay as library


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory):
    """A folder with the runs `ce` and `focal`, of one table and seed."""
    place = tmp_path_factory.mktemp("runs")
    data = str(write_rows(place / "reviews.csv", reviews()))
    for loss in ("ce", "focal"):
        library.train(
            library.TrainOptions(
                data=data,
                loss=loss,
                epochs=1,
                max_length=8,
                backbone="scratch",
                report=False,
                output=str(place / loss),
            )
        )
    return place


@pytest.fixture
def runs(two_runs, folder):
    """Copies of both, in the test's folder."""
    for name in ("ce", "focal"):
        shutil.copytree(two_runs / name, folder / name)
    return folder


def changed_predictions(run, change):
    path = run / "predictions.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    rows = change(rows)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_finished_runs_are_compared_row_by_row(bertplay, runs):
    result = bertplay("compare", "ce", "focal", "--output", "compared")
    assert result.exit_code == 0, result.stderr
    assert (runs / "compared" / "compare.md").read_text() in result.stdout
    facts = json.loads((runs / "compared" / "compare.json").read_text())
    assert list(facts["methods"]) == ["ce", "focal"]
    assert facts["methods"]["ce"]["differences"] is None
    for name in ("ce", "focal"):
        summary = json.loads((runs / name / "summary.json").read_text())
        figures = facts["methods"][name]["figures"]
        assert figures["accuracy"]["mean"] == pytest.approx(summary["validation"]["accuracy"])
        assert figures["macro_f1"]["mean"] == pytest.approx(summary["validation"]["macro_f1"])
    assert "Paired by row, with McNemar's exact test" in result.stdout
    assert "The rows have chosen the best epoch of ce, focal" in result.stdout
    assert (runs / "compared" / "compare.html").read_text().count("<svg") == 4


def test_rows_in_another_order_are_the_same_rows(bertplay, runs):
    straight = bertplay("compare", "ce", "focal", "--json")
    changed_predictions(runs / "focal", lambda rows: rows[::-1])
    turned = bertplay("compare", "ce", "focal", "--json")
    assert json.loads(turned.stdout) == json.loads(straight.stdout)


def test_the_reference_may_be_another_run(bertplay, runs):
    facts = json.loads(bertplay("compare", "ce", "focal", "--reference", "focal/", "--json").stdout)
    assert facts["methods"]["focal"]["differences"] is None
    assert facts["methods"]["ce"]["differences"]["accuracy"]["p"] <= 1


def test_tables_that_are_other_files_with_the_same_texts_hold_the_same_rows(bertplay, runs):
    table = write_rows(runs / "copy.csv", reviews())
    table.write_bytes(table.read_bytes().replace(b"\n", b"\r\n"))
    result = train_on(bertplay, table)
    assert result.exit_code == 0, result.stderr
    assert bertplay("compare", "ce", "other").exit_code == 0


def train_on(bertplay, table, *more):
    return bertplay("train", "--data", table, "--output", "other", *TRAIN_QUICKLY, *more)


def test_runs_on_different_rows_are_refused_in_one_sentence_that_names_both(bertplay, runs):
    assert train_on(bertplay, write_rows(runs / "t.csv", reviews()), "--seed", "1").exit_code == 0
    result = bertplay("compare", "ce", "other")
    assert result.exit_code == 2
    assert "ce and other were evaluated on different rows" in result.stderr
    assert not (runs / "runs").exists()


def test_the_same_ids_with_other_texts_are_refused(bertplay, runs):
    other = [(text.replace("film", "play"), label) for text, label in reviews()]
    assert train_on(bertplay, write_rows(runs / "t.csv", other)).exit_code == 0
    result = bertplay("compare", "ce", "other")
    assert result.exit_code == 2
    assert "ce and other were evaluated on rows with the same ids and different" in result.stderr


def test_other_labels_are_refused(bertplay, runs):
    def exchanged(rows):
        swap = {"good": "bad", "bad": "good"}
        return [{**row, "label": swap[row["label"]]} for row in rows]

    changed_predictions(runs / "focal", exchanged)
    result = bertplay("compare", "ce", "focal")
    assert result.exit_code == 2
    assert "ce and focal have different labels for the same rows" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ce",), "ce alone has nothing to be compared with"),
        (("ce", "nothing"), "nothing is no run of bertplay"),
        (("ce", "ce/"), "ce is named twice"),
        (("ce", "focal", "--seeds", "3"), "--seeds is for trainings"),
        (("ce", "focal", "--losses", "ce"), "--losses is for trainings"),
        (("ce", "focal", "--test", "sign-flip"), "--test is for losses and seeds"),
        (("ce", "focal", "--reference", "dice"), "--reference dice is none of the runs"),
        (("ce", "focal", "--output", "ce"), "no comparison"),
    ],
)
def test_wrong_input_is_one_sentence(bertplay, runs, arguments, message):
    result = bertplay("compare", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (runs / "runs").exists()


def test_an_unfinished_and_a_damaged_run_are_named(bertplay, runs):
    (runs / "focal" / "predictions.csv").write_text("id,label\n1,good\n")
    damaged = bertplay("compare", "ce", "focal")
    (runs / "focal" / "summary.json").unlink()
    unfinished = bertplay("compare", "ce", "focal")
    assert (damaged.exit_code, unfinished.exit_code) == (2, 2)
    assert "focal/predictions.csv cannot be read" in damaged.stderr
    assert "focal is not a finished run" in unfinished.stderr


@pytest.fixture(scope="module")
def comparison(tmp_path_factory, two_runs):
    """The folder of a comparison of two losses."""
    from click.testing import CliRunner

    from bertplay.cli import main

    output = tmp_path_factory.mktemp("comparison") / "compared"
    arguments = ["--losses", "ce,dice", "--seeds", "2", "--epochs", "1", "--max-length", "8"]
    arguments += ["--data", str(two_runs / "reviews.csv"), "--backbone", "scratch"]
    result = CliRunner().invoke(main, ["compare", *arguments, "--output", str(output)])
    assert result.exit_code == 0, result.stderr
    return output


def test_a_finished_comparison_is_concluded_again_from_its_scores_alone(
    bertplay, folder, comparison
):
    """As by an earlier version, whose sentences and families may have been others."""
    facts = json.loads((comparison / "compare.json").read_text())
    bare = {key: value for key, value in facts.items() if key not in ("conclusions", "limits")}
    derived = ("figures", "differences")
    bare["methods"] = {
        name: {key: value for key, value in of.items() if key not in derived}
        for name, of in facts["methods"].items()
    }
    (folder / "old").mkdir()
    (folder / "old" / "compare.json").write_text(json.dumps(bare))
    result = bertplay("compare", "old", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout) == facts
    for name in ("compare.md", "compare.html"):
        assert (folder / "old" / name).read_text() == (comparison / name).read_text()


def test_a_finished_comparison_takes_another_reference_and_test(bertplay, folder, comparison):
    again = bertplay(
        *("compare", comparison, "--reference", "dice", "--test", "corrected-t"),
        *("--output", "again", "--json"),
    )
    facts = json.loads(again.stdout)
    before = json.loads((comparison / "compare.json").read_text())
    assert facts["methods"]["dice"]["differences"] is None
    assert facts["reference"] == "dice"
    new, old = (of["methods"]["ce"]["figures"]["log_loss"] for of in (facts, before))
    assert new["mean"] == old["mean"]
    assert new["high"] - new["low"] > old["high"] - old["low"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--reference", "focal"), "--reference focal is none of the methods compared: ce, dice"),
        (("--jobs", "2"), "--jobs is for trainings"),
    ],
)
def test_what_a_finished_comparison_lacks_is_refused(bertplay, comparison, arguments, message):
    result = bertplay("compare", comparison, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_damaged_comparison_is_named(bertplay, folder):
    (folder / "compare.json").write_text('{"methods": ')
    result = bertplay("compare", folder)
    assert result.exit_code == 2
    assert "compare.json cannot be read" in result.stderr
