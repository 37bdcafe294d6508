"""`bertplay export`, and the head that makes for a whole export."""

import json
import shutil
from pathlib import Path

import mlx.core as mx
import pytest

FIXTURES = Path(__file__).parent.parent / "fixtures"


@pytest.fixture(scope="session")
def run_for_transformers(tmp_path_factory):
    """A run with transformers' head."""
    from click.testing import CliRunner
    from small_reviews import TRAIN_QUICKLY, reviews, write_rows

    from bertplay.cli import main

    place = tmp_path_factory.mktemp("for-transformers")
    data = write_rows(place / "reviews.csv", reviews())
    words = ["train", "--data", str(data), "--output", str(place / "run"), *TRAIN_QUICKLY]
    result = CliRunner().invoke(main, [*words, "--head", "transformers"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return place / "run"


def test_a_run_with_transformers_head_becomes_a_model_of_transformers(
    bertplay, run_for_transformers, folder
):
    result = bertplay("export", run_for_transformers, "--format", "hf", "--output", "out")

    assert result.exit_code == 0
    wrote, checked, *rest = result.stdout.splitlines()
    assert wrote == "Wrote out"
    assert checked.startswith(("Checked: logits of 12", "Note: logits were not compared"))
    assert rest == []
    config = json.loads((folder / "out" / "config.json").read_text())
    assert config["architectures"] == ["BertForSequenceClassification"]


def test_another_head_comes_with_a_word_about_it(bertplay, run, folder):
    result = bertplay("export", run, "--format", "hf", "--output", "out", "--name", "reviews")

    assert result.exit_code == 0
    assert "Note: transformers has no class for this head" in result.stdout
    assert "# reviews\n" in (folder / "out" / "README.md").read_text()


def test_what_could_not_be_compared_is_a_note(bertplay, run, folder, monkeypatch):
    monkeypatch.setattr("bertplay.export.check_in_onnxruntime.installed", lambda *_: False)

    result = bertplay("export", run, "--format", "onnx", "--output", "out")

    assert result.exit_code == 0
    assert "Note: logits and probabilities were not compared, as onnxruntime" in result.stdout


def test_the_run_keeps_the_head_it_was_trained_with(bertplay, run_for_transformers):
    stored = json.loads((run_for_transformers / "model" / "config.json").read_text())["bertplay"]

    assert stored["head"]["pooling"] == "cls"
    assert stored["head"]["hidden_dims"] == [128]
    assert "head: transformers" in (run_for_transformers / "config.yaml").read_text()
    assert bertplay("predict", run_for_transformers, "a fine warm film").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--head", "transfomers"), "did you mean transformers?"),
        (("--head", "transformers", "--pooling", "mean"), "leave pooling out"),
        (("--head", "transformers", "--label", "a", "--label", "b"), "several tasks"),
    ],
)
def test_a_head_that_cannot_be_is_refused(bertplay, table, arguments, sentence):
    result = bertplay("train", "--data", table, *arguments)

    assert result.exit_code == 2
    assert sentence in result.stderr


def test_a_taken_folder_is_a_wrong_input(bertplay, run, folder):
    (folder / "out").mkdir()
    (folder / "out" / "mine.txt").write_text("")

    result = bertplay("export", run, "--format", "hf", "--output", "out", "--overwrite")

    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1


def test_an_upload_without_a_token_fails_after_the_folder_is_written(
    bertplay, run, folder, monkeypatch
):
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)

    result = bertplay(
        "export", run, "--format", "hf", "--output", "out", "--push", "someone/reviews"
    )

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: the export is written to out, but not pushed; there")
    assert result.stderr.count("\n") == 1
    page = (folder / "out" / "README.md").read_text()
    assert 'from_pretrained("someone/reviews"' in page or 'folder = "someone/reviews"' in page


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--push", "reviews"), "name one as OWNER/NAME"),
        (("--private",), "give --push too"),
    ],
)
def test_a_wrong_upload_is_refused_before_anything_is_written(
    bertplay, run, folder, arguments, sentence
):
    result = bertplay("export", run, "--format", "hf", "--output", "out", *arguments)

    assert result.exit_code == 2
    assert sentence in result.stderr
    assert not (folder / "out").exists()


def test_a_run_without_an_adapter_has_none_to_export(bertplay, run, folder):
    result = bertplay("export", run, "--format", "peft", "--output", "out")

    assert result.exit_code == 2
    assert "holds no adapter" in result.stderr


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        ("multi_label_classification", "predicts any number of classes a text, and only models of"),
        (
            "regression",
            "predicts a number a text, and only models of one class a text are",
        ),
    ],
)
def test_a_model_of_another_kind_is_refused(bertplay, folder, problem, sentence):
    shutil.copytree(FIXTURES / "encoders" / "roberta", folder / "model")
    config = json.loads((folder / "model" / "config.json").read_text())
    tensors = mx.load(str(folder / "model" / "model.safetensors"))
    if problem == "regression":
        config["id2label"] = {"0": "joy"}
        last = ("classifier.out_proj.weight", "classifier.out_proj.bias")
        tensors |= {name: tensors[name][:1] for name in last}
    (folder / "model" / "config.json").write_text(json.dumps(config | {"problem_type": problem}))
    mx.save_safetensors("new.safetensors", tensors)
    (folder / "new.safetensors").replace(folder / "model" / "model.safetensors")

    result = bertplay("export", "model", "--format", "onnx", "--output", "out")

    assert result.exit_code == 2
    assert sentence in result.stderr
    assert not (folder / "out").exists()
