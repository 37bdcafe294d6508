"""`bertplay quantize` on a run: what it prints, as text and as JSON, and what it refuses."""

import json

import pytest


@pytest.fixture
def quantized(bertplay, run, folder):
    return bertplay("quantize", run, "--bits", 8, "--output", "small")


def test_sizes_and_figures_before_and_after_are_printed(quantized):
    assert quantized.exit_code == 0
    lines = quantized.stdout.splitlines()
    assert lines[0].startswith("Weights: ")
    assert "in 8 bits and groups of 64" in lines[0]
    assert [line.split("  ")[0] for line in lines[2:5]] == [
        "accuracy",
        "macro-F1",
        "expected calibration error",
    ]
    assert "validation rows" in lines[5]
    assert lines[6] == "Wrote the quantized model to small"


def test_the_model_predicts_and_is_evaluated_like_a_run(bertplay, quantized, run, table):
    assert quantized.exit_code == 0
    one, other = (
        json.loads(bertplay("predict", model, "a fine film", "a dull film", "--json").stdout)
        for model in (run, "small")
    )
    assert [p["label"] for p in one] == [p["label"] for p in other]
    result = json.loads(bertplay("evaluate", "small", "--data", table, "--json").stdout)
    assert result["data"]["rows"] == 24


def test_json_has_all_figures(bertplay, run, folder):
    result = json.loads(
        bertplay("quantize", run, "--bits", 4, "--output", "small", "--json").stdout
    )
    assert result["quantization"] == {"bits": 4, "group_size": 64}
    assert result["bytes_after"] < result["bytes_before"]
    assert result["figures"][""].keys() == {"rows", "before", "after", "changed"}


def test_a_model_folder_has_no_rows_and_the_note_says_so(bertplay, run, folder):
    result = bertplay("quantize", run / "model", "--bits", 8, "--output", "small")
    assert result.exit_code == 0
    assert "Note: no figures before and after: " in result.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--bits", 5), "Error: bits is 5: choose 8 or 4"),
        (("--bits", 8, "--group-size", 16), "Error: group_size is 16: choose one of"),
        (("--bits", "eight"), "Invalid value for '--bits'"),
        ((), "Missing option '--bits'"),
    ],
)
def test_wrong_options_end_in_one_sentence(bertplay, run, folder, options, message):
    result = bertplay("quantize", run, *options, "--output", "small")
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (folder / "small").exists()
