"""`bertplay diagnose`: the page of a run, or of a table of predictions, and sentences beside it."""

import json
import re
import shutil

import pytest
from small_reviews import reviews, write_rows

PREDICTIONS = """\
label,predicted,confidence,good,bad
good,good,0.9,0.9,0.1
good,bad,0.7,0.3,0.7
bad,bad,0.8,0.2,0.8
bad,bad,0.6,0.4,0.6
"""


@pytest.fixture
def predictions(folder):
    """A table of predictions, of whatever model."""
    (folder / "p.csv").write_text(PREDICTIONS)
    return folder / "p.csv"


def refusal(result) -> str:
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    return line


def test_a_run_is_told_about_and_gets_its_page(bertplay, run, folder):
    result = bertplay("diagnose", run, "--output", "page.html")

    assert result.exit_code == 0, result.stderr
    assert "The model is right in" in result.stdout
    assert "Written to page.html" in result.stdout
    assert "What predictions rest on" in (folder / "page.html").read_text()
    assert not (run / "report.html").exists()


def test_a_table_of_predictions_is_told_about_and_gets_its_page(bertplay, predictions, folder):
    result = bertplay("diagnose", "--predictions", predictions.name)

    assert result.exit_code == 0, result.stderr
    assert "right in 75% of 4 rows" in " ".join(result.stdout.split())
    assert "How far its confidence can be trusted" in (folder / "p.html").read_text()


def test_rows_are_grouped_by_a_column_of_the_table(bertplay, run, folder):
    rows = PREDICTIONS.splitlines()
    cities = ["Rome", "Oslo"] * 20
    lines = [f"{rows[0]},city", *(f"{rows[1 + n % 4]},{city}" for n, city in enumerate(cities))]
    (folder / "p.csv").write_text("\n".join(lines) + "\n")

    assert bertplay("diagnose", "--predictions", "p.csv", "--slice", "city").exit_code == 0
    assert '<td class="words">Oslo</td><td>0.500</td>' in (folder / "p.html").read_text()

    result = bertplay("diagnose", run, "--slice", "label", "--output", "run.html")
    assert result.exit_code == 0, result.stderr
    assert "No group by label has 10 rows" in (folder / "run.html").read_text()
    told = refusal(bertplay("diagnose", run, "--slice", "city"))
    assert "--slice" in told
    assert "'city'" in told


def test_the_terminal_has_the_tables_and_ends_in_what_to_do_next(bertplay, run):
    result = bertplay("diagnose", run)

    assert result.exit_code == 0, result.stderr
    for heading in (
        "How far probabilities can be trusted",
        "Each class against all others, whatever the threshold",
        "looks, beside cross-entropy (ce), by class and by difficulty",
    ):
        assert heading in result.stdout
    *_, steps = (line for line in result.stdout.split("\n\n") if line.startswith("Next: "))
    page = " ".join(steps.split()).partition("Written to ")[2]
    assert page.endswith("report.html")
    assert "<h2" in (run / "report.html").read_text()
    (run / "report.html").unlink()


def test_logits_give_what_their_probabilities_give(bertplay, folder):
    (folder / "p.csv").write_text("label,good,bad\ngood,0.8,0.2\nbad,0.2,0.8\nbad,0.8,0.2\n")
    # The logarithm of 4 apart, whatever is added to both.
    (folder / "z.csv").write_text(
        "label,good,bad\ngood,1.3862943611,0\nbad,-2,-0.6137056389\nbad,1.3862943611,0\n"
    )
    found, same = (
        json.loads(bertplay("diagnose", "--predictions", *arguments, "--json").stdout)
        for arguments in (["p.csv"], ["z.csv", "--logits"])
    )

    assert same["log_loss"] == pytest.approx(found["log_loss"])
    assert same["per_class"] == found["per_class"]
    told = refusal(bertplay("diagnose", "--predictions", "z.csv"))
    assert "logits are taken with --logits" in told


def test_another_table_is_predicted_and_diagnosed(bertplay, run, folder):
    write_rows(folder / "other.csv", reviews()[8:], "text,stars")

    result = bertplay("diagnose", run, "--data", "other.csv", "--label", "stars", "--json")

    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    expected = json.loads(
        bertplay("evaluate", run, "--data", "other.csv", "--label", "stars", "--json").stdout
    )
    for name in ("accuracy", "ece", "log_loss", "confusion_matrix", "baseline", "rule"):
        assert found[name] == expected[name]
    assert found["loss_shares"]["by_class"]
    page = run / "report-other.html"
    assert found["page"] == str(page)
    assert "rows of other.csv" in page.read_text()
    page.unlink()


def test_chosen_classes_have_their_thresholds_drawn(bertplay, run, folder):
    result = bertplay("diagnose", run, "--class", "good", "--class", "bad", "--output", "p.html")

    assert result.exit_code == 0, result.stderr
    drawn = re.findall(
        r"Precision, recall and F1 of (\w+) by threshold", (folder / "p.html").read_text()
    )
    assert drawn == ["bad", "good"]
    told = refusal(bertplay("diagnose", run, "--class", "godo"))
    assert "--class godo: there is no such class" in told
    assert "did you mean 'good'?" in told


def test_json_has_the_figures_and_nothing_else(bertplay, predictions):
    found = json.loads(bertplay("diagnose", "--predictions", predictions, "--json").stdout)

    assert found["accuracy"] == 0.75
    assert found["baseline"]["majority_accuracy"] == 0.5
    assert found["per_class"]["good"]["recall"] == 0.5
    assert found["findings"][0].startswith("The model is right in 75%")
    assert found["page"].endswith("p.html")
    for name in ("calibration", "coverage", "ranking", "label_errors", "slices", "next_steps"):
        assert name in found


def test_json_of_a_run_has_what_the_page_draws(bertplay, run, folder):
    found = json.loads(bertplay("diagnose", run, "--output", "p.html", "--json").stdout)

    summary = json.loads((run / "summary.json").read_text())
    assert found["per_class"] == {
        name: pytest.approx(of) for name, of in summary["validation"]["per_class"].items()
    }
    assert found["baseline"] == summary["baseline"]
    assert found["checks"] == summary["checks"]
    assert [record["epoch"] for record in found["epochs"]] == [1]
    assert {of["group"] for of in found["loss_shares"]["by_class"]} == {"good", "bad"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("good,good,0.9,0.9,0.1", "good,good,0.9,0.9,0.4"), "line 2: the probabilities must be"),
        (("good,good,0.9,0.9,0.1", "good,good,0.9,1.1,-0.1"), "line 2: the probabilities must be"),
        (("bad,bad,0.8,0.2,0.8", "bad,bad,0.8,high,0.8"), "line 4: column 'good' holds 'high'"),
        (("bad,bad,0.8,0.2,0.8", "ugly,bad,0.8,0.2,0.8"), "line 4: label 'ugly' has no column"),
        (("label,", "answer,"), "no column 'label'"),
        (("bad,bad", "good,bad"), "all 4 rows are labelled 'good'"),
        (("bad,bad,0.8,0.2,0.8", "bad,bad,0.8,inf,0.8"), "line 4: column 'good' holds"),
        (("good,bad\n", "id,text\n"), "probabilities is needed for each of at least two classes"),
    ],
    ids=["sum", "negative", "word", "label", "no label", "one class", "infinite", "no classes"],
)
def test_a_table_that_cannot_be_read_is_refused_with_its_place(
    bertplay, predictions, folder, change, said
):
    predictions.write_text(PREDICTIONS.replace(*change))

    assert said in refusal(bertplay("diagnose", "--predictions", "p.csv"))
    assert not (folder / "p.html").exists()


def test_what_cannot_be_diagnosed_is_refused(bertplay, run, predictions, folder):
    assert "give either RUN" in refusal(bertplay("diagnose"))
    assert "give either RUN" in refusal(bertplay("diagnose", run, "--predictions", predictions))
    told = refusal(bertplay("diagnose", "--predictions", predictions, "--explain", "1"))
    assert "--explain needs the model" in told
    assert "is no run of bertplay" in refusal(bertplay("diagnose", folder))
    told = refusal(bertplay("diagnose", run, "--explain", "nobody"))
    assert "--explain nobody: no such row is diagnosed" in told


def test_options_that_would_do_nothing_are_refused(bertplay, run, predictions):
    for arguments, said in (
        (["--predictions", predictions, "--data", "a.csv"], "--data needs the model"),
        (["--predictions", predictions, "--split", "test"], "--split needs the model"),
        ([run, "--logits"], "--logits is about the table of --predictions"),
        ([run, "--raw"], "--raw is about the table of --data"),
        ([run, "--label", "stars"], "--label is about the table of --data"),
        ([run, "--data", "a.csv", "--split", "test"], "give one of them"),
        ([run, "--split", "test"], "has no test rows"),
        ([run, "--data", "missing.csv"], "missing.csv"),
    ):
        assert said in refusal(bertplay("diagnose", *arguments))


def test_a_table_of_one_class_is_refused(bertplay, run, folder):
    write_rows(folder / "good.csv", reviews()[:5])

    told = refusal(bertplay("diagnose", run, "--data", "good.csv"))

    assert "good.csv: all 5 rows are labelled 'good'" in told
    assert not (run / "report-good.html").exists()


@pytest.mark.parametrize(
    ("file", "contents", "said"),
    [
        ("summary.json", None, "is not a finished run, it has no summary.json"),
        ("metrics.jsonl", None, "is not a finished run, it has no metrics.jsonl"),
        ("summary.json", '{"data": ', "is damaged"),
        ("summary.json", "[]", "is damaged, it lacks 'data'"),
        ("summary.json", '{"data": {}}', "is damaged, it lacks 'validation'"),
        ("metrics.jsonl", "[1]\n", "line 1, is damaged"),
        ("predictions.csv", None, "predictions.csv cannot be read"),
        ("predictions.csv", "", "predictions.csv cannot be read"),
        ("predictions.csv", "id,good,bad\n1,0.1,0.9\n", "has other rows"),
        ("config.yaml", "loss: [", "is no run of bertplay"),
        ("model/model.safetensors", None, "model.safetensors"),
    ],
)
def test_a_damaged_run_is_refused_and_nothing_is_written(
    bertplay, run, folder, file, contents, said
):
    copy = shutil.copytree(run, folder / "copy")
    if contents is None:
        (copy / file).unlink()
    else:
        (copy / file).write_text(contents)

    assert said in refusal(bertplay("diagnose", copy))
    assert not (copy / "report.html").exists()


def test_words_in_place_of_probabilities_are_refused(bertplay, run, folder):
    copy = shutil.copytree(run, folder / "copy")
    text = (copy / "predictions.csv").read_text().splitlines()
    cells = text[1].split(",")
    (copy / "predictions.csv").write_text(
        "\n".join([text[0], ",".join([*cells[:-1], "much"]), *text[2:]])
    )

    assert "predictions.csv is damaged" in refusal(bertplay("diagnose", copy))


def test_predictions_of_another_run_are_refused(bertplay, run, folder):
    copy = shutil.copytree(run, folder / "copy")
    lines = (copy / "predictions.csv").read_text().splitlines()
    (copy / "predictions.csv").write_text("\n".join(lines[:-1]) + "\n")

    assert "has other rows" in refusal(bertplay("diagnose", copy))
