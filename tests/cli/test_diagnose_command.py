"""`bertplay diagnose`: the page of a run, or of a table of predictions, and sentences beside it."""

import json
import shutil

import pytest

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


def test_json_has_the_figures_and_nothing_else(bertplay, predictions):
    found = json.loads(bertplay("diagnose", "--predictions", predictions, "--json").stdout)

    assert found["accuracy"] == 0.75
    assert found["baseline"]["majority_accuracy"] == 0.5
    assert found["per_class"]["good"]["recall"] == 0.5
    assert found["findings"][0].startswith("The model is right in 75%")
    assert found["page"].endswith("p.html")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("good,good,0.9,0.9,0.1", "good,good,0.9,0.9,0.4"), "line 2: the probabilities must be"),
        (("good,good,0.9,0.9,0.1", "good,good,0.9,1.1,-0.1"), "line 2: the probabilities must be"),
        (("bad,bad,0.8,0.2,0.8", "bad,bad,0.8,high,0.8"), "line 4: column 'good' holds 'high'"),
        (("bad,bad,0.8,0.2,0.8", "ugly,bad,0.8,0.2,0.8"), "line 4: label 'ugly' has no column"),
        (("label,", "answer,"), "no column 'label'"),
        (("good,bad\n", "id,text\n"), "probabilities is needed for each of at least two classes"),
    ],
    ids=["sum", "negative", "word", "label", "no label", "no classes"],
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
    assert "--explain nobody: no validation row has this id" in told


def test_predictions_of_another_run_are_refused(bertplay, run, folder):
    copy = shutil.copytree(run, folder / "copy")
    lines = (copy / "predictions.csv").read_text().splitlines()
    (copy / "predictions.csv").write_text("\n".join(lines[:-1]) + "\n")

    assert "has other rows" in refusal(bertplay("diagnose", copy))
