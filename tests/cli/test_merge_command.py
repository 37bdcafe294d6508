"""`bertplay merge` on an adapter, on wrong folders, and over what is there."""

import json
from pathlib import Path

import pytest
from small_reviews import reviews, write_rows

from bertplay.options import TrainOptions
from bertplay.training.preparation import prepare, resolve_loss, with_recipe
from bertplay.training_data import load_training_data

TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"


@pytest.fixture(scope="session")
def adapted(tmp_path_factory) -> Path:
    """A run with an adapter that is still as it began."""
    place = tmp_path_factory.mktemp("adapted")
    data = write_rows(place / "reviews.csv", reviews())
    options = TrainOptions(data=data, label="label", backbone=TINY, adapter="lora", max_length=8)
    loaded = load_training_data(options)
    options = with_recipe(options, loaded.task.name)
    prepared = prepare(options, loaded, resolve_loss(options, loaded))
    prepared.save(place / "run" / "model")
    prepared.save_adapter(place / "run" / "adapter")
    return place / "run"


def predictions(bertplay, folder) -> list:
    return json.loads(bertplay("predict", folder, "a fine film", "a dull film", "--json").stdout)


def test_the_merged_model_predicts_what_the_run_does(bertplay, adapted, folder):
    result = bertplay("merge", adapted / "adapter", "--output", "merged")
    assert result.exit_code == 0
    assert result.stdout == "Wrote the merged model to merged\n"
    assert predictions(bertplay, "merged") == predictions(bertplay, adapted)


def test_the_adapter_itself_can_be_asked(bertplay, adapted):
    from_adapter = predictions(bertplay, adapted / "adapter")
    merged = predictions(bertplay, adapted)
    assert [p["label"] for p in from_adapter] == [p["label"] for p in merged]


def test_a_backbone_can_be_named(bertplay, adapted, folder):
    result = bertplay("merge", adapted / "adapter", "--backbone", TINY, "--output", "merged")
    assert result.exit_code == 0
    assert (
        "other weights"
        in bertplay("merge", adapted / "adapter", "--backbone", "mini", "--output", "again").stderr
    )


def test_a_run_without_an_adapter_is_refused(bertplay, run, folder):
    result = bertplay("merge", run, "--output", "merged")
    assert result.exit_code == 2
    assert "holds no adapter" in result.stderr
    assert not (folder / "merged").exists()


def test_a_model_is_replaced_with_overwrite_only(bertplay, adapted, folder):
    arguments = ("merge", adapted, "--output", "merged")
    bertplay(*arguments)
    refused = bertplay(*arguments)
    assert refused.exit_code == 2
    assert "already holds a model" in refused.stderr
    assert bertplay(*arguments, "--overwrite").exit_code == 0


@pytest.mark.parametrize("name", ["notes.txt", "config.json"])
def test_a_folder_with_other_files_is_left_alone(bertplay, adapted, folder, name):
    (folder / "mine").mkdir()
    (folder / "mine" / name).write_text("{}")
    result = bertplay("merge", adapted, "--output", "mine", "--overwrite")
    assert result.exit_code == 2
    assert "no model of bertplay" in result.stderr
    assert (folder / "mine" / name).read_text() == "{}"


def test_a_file_in_the_folders_place_is_named(bertplay, adapted, folder):
    (folder / "merged").write_text("")
    result = bertplay("merge", adapted, "--output", "merged")
    assert result.exit_code == 2
    assert "--output merged is a file" in result.stderr
