"""A saved classifier gives the same probabilities when it is loaded, and damage is named."""

import json
import shutil
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

import bertplay
from bertplay.classifier import Classifier, save
from bertplay.data.errors import InputError
from bertplay.encoders import load_encoder
from bertplay.heads import ClassificationHeadV2, TextClassifier
from bertplay.loading import load
from bertplay.task import Task
from bertplay.text_rule import TextRule

TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"
TEXTS = ("the women survived", "men of the third class", "", "a child, a ship and the sea")


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    """Tiny BERT, with its pooler, and a head with weights of its own."""
    encoder, tokenizer = load_encoder(TINY)
    options = {"pooling": "attention", "dropout": 0.3}
    mx.random.seed(0)
    head = ClassificationHeadV2(32, 3, loss="focal", **options)
    head.output.weight = mx.random.normal((3, 32), key=mx.random.key(1))
    model = TextClassifier(encoder, head)
    model.eval()
    task = Task("table", TextRule("column", "text"), "label", ("died", "survived", "unknown"))
    return Classifier(model, tokenizer, task, options, max_length=12)


@pytest.fixture(scope="module")
def saved(classifier, tmp_path_factory) -> Path:
    """A run with nothing in it but its model."""
    run = tmp_path_factory.mktemp("saved") / "run"
    save(classifier, run / "model")
    return run


@pytest.fixture
def folder(saved, tmp_path) -> Path:
    """A copy of the saved model that a test may damage."""
    return Path(shutil.copytree(saved / "model", tmp_path / "model"))


def refusal(path) -> str:
    with pytest.raises(InputError) as caught:
        load(path)
    message = str(caught.value)
    assert "\n" not in message
    return message


def change_config(folder: Path, change) -> None:
    path = folder / "config.json"
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


def test_loading_gives_identical_probabilities(classifier, saved):
    wanted = classifier.predict_proba(TEXTS)
    assert load(saved).predict_proba(TEXTS).tobytes() == wanted.tobytes()
    assert wanted.std(axis=0).max() > 0.1


def test_the_model_folder_can_be_named_instead_of_the_run(saved):
    assert load(saved / "model").classes == load(str(saved)).classes


def test_everything_that_texts_need_is_stored(classifier, saved):
    loaded = load(saved)
    assert loaded.task == classifier.task
    assert loaded.head_options == classifier.head_options
    assert loaded.max_length == 12
    assert not loaded.model.training


def test_it_is_loaded_by_its_public_name(saved):
    assert bertplay.load(saved).classes == ("died", "survived", "unknown")


def test_the_loss_is_not_stored(saved):
    names = mx.load(str(saved / "model" / "model.safetensors"))
    assert not [name for name in names if "loss" in name]


def test_the_encoder_of_a_saved_model_can_be_loaded_alone(classifier, saved):
    encoder, tokenizer = load_encoder(saved / "model")
    ids = mx.array([tokenizer.encode("the women survived").ids])
    wanted = classifier.model.encoder(ids)
    got = encoder(ids)
    assert mx.array_equal(got.last_hidden_state, wanted.last_hidden_state)
    assert mx.array_equal(got.pooled, wanted.pooled)


def test_saving_again_replaces_the_model_and_leaves_nothing_else(classifier, folder):
    (folder / "stray").write_text("of an older version")
    save(classifier, folder)
    names = {path.name for path in folder.iterdir()}
    assert names == {"config.json", "model.safetensors", "tokenizer.json"}
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_replaced_tensors_are_saved_in_place_of_those_of_the_model(classifier, tmp_path):
    rows = mx.zeros((24, 32))
    save(classifier, tmp_path / "model", {"embeddings.word_embeddings.weight": rows})
    loaded = load(tmp_path)
    assert mx.array_equal(loaded.model.encoder.embeddings.word_embeddings.weight, rows)


def test_probabilities_sum_to_1_and_predict_takes_the_largest(classifier):
    shares = classifier.predict_proba(TEXTS)
    assert shares.shape == (4, 3)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert classifier.predict(TEXTS) == [classifier.classes[i] for i in shares.argmax(axis=1)]


def test_no_texts_give_no_rows(classifier):
    assert classifier.predict_proba([]).shape == (0, 3)
    assert classifier.predict([]) == []


def test_a_text_beyond_the_longest_is_cut(classifier):
    start = "the women and men " * 3
    one, other = classifier.predict_proba([start + "sank", start + "survived the sea"])
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_folder_that_does_not_exist_is_no_run(tmp_path):
    assert "is no run with a trained model" in refusal(tmp_path / "nowhere")


def test_a_folder_without_a_model_is_no_run(tmp_path):
    (tmp_path / "config.yaml").write_text("epochs: 3\n")
    assert "is no run with a trained model" in refusal(tmp_path)


def test_an_encoder_without_a_head_is_told_from_a_run():
    message = refusal(TINY)
    assert "an encoder without a head" in message
    assert f"--backbone {TINY}" in message


@pytest.mark.parametrize("left", [100, 20_000], ids=["in the header", "in the tensors"])
def test_truncated_weights_are_named(folder, left):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:left])
    assert refusal(folder).startswith(f"{path} is damaged")


def test_missing_weights_are_named(folder):
    (folder / "model.safetensors").unlink()
    assert refusal(folder).startswith(f"{folder / 'model.safetensors'} is missing")


def test_missing_tensors_are_named(folder):
    path = folder / "model.safetensors"
    tensors = mx.load(str(path))
    mx.eval(tensors)
    del tensors["head.output.bias"]
    mx.save_safetensors(str(path), tensors)
    assert "missing: head.output.bias" in refusal(folder)


def test_a_missing_tokenizer_is_named(folder):
    (folder / "tokenizer.json").unlink()
    assert "tokenizer.json" in refusal(folder)


@pytest.mark.parametrize("name", ["task", "head", "max_length"])
def test_a_config_that_lacks_a_part_is_named(folder, name):
    change_config(folder, lambda values: values["bertplay"].pop(name))
    message = refusal(folder)
    assert str(folder / "config.json") in message
    assert name in message


@pytest.mark.parametrize("name", ["name", "text_rule", "label_column", "classes"])
def test_a_task_that_lacks_a_part_is_named(folder, name):
    change_config(folder, lambda values: values["bertplay"]["task"].pop(name))
    message = refusal(folder)
    assert str(folder / "config.json") in message
    assert name in message


@pytest.mark.parametrize(
    ("part", "value"),
    [("head", {"pooling": "sum"}), ("head", 3), ("max_length", "long"), ("task", None)],
)
def test_a_config_with_a_wrong_part_is_named(folder, part, value):
    change_config(folder, lambda values: values["bertplay"].update({part: value}))
    assert str(folder / "config.json") in refusal(folder)


def test_a_config_whose_own_part_is_no_mapping_is_named(folder):
    change_config(folder, lambda values: values.update(bertplay="mine"))
    assert str(folder / "config.json") in refusal(folder)
