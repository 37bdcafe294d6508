"""A trained model in 8 or 4 bits: small, near, read like any other, refused where it must be."""

import json
import shutil
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

import bertplay
from bertplay import InputError, quantize
from bertplay.classifier import Classifier, save
from bertplay.encoders.quantizing import quantize_encoder, quantized_bits
from bertplay.metrics import evaluate

TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"
BITS = pytest.mark.parametrize("bits", [8, 4])
TEXTS = ("the women survived", "men of the third class", "", "a child, a ship and the sea")


def refusal(*arguments, **options) -> str:
    with pytest.raises(InputError) as caught:
        quantize(*arguments, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def stored_bytes(folder) -> int:
    return sum(a.nbytes for a in mx.load(str(folder / "model.safetensors")).values())


@BITS
def test_it_is_smaller_and_predicts_nearly_the_same(run, tmp_path, bits):
    made = quantize(run, tmp_path / "small", bits=bits)
    before, after = bertplay.load(run), bertplay.load(made.folder)
    difference = np.abs(before.predict_proba(TEXTS) - after.predict_proba(TEXTS)).max()
    assert 0 < difference < {8: 0.01, 4: 0.2}[bits]
    assert quantized_bits(after.encoder) == bits
    assert (after.task, after.max_length) == (before.task, before.max_length)
    assert (made.bytes_before, made.bytes_after) == (
        stored_bytes(run / "model"),
        stored_bytes(made.folder),
    )


def test_fewer_bits_are_fewer_bytes(run, tmp_path):
    eight, four = (quantize(run, tmp_path / str(bits), bits=bits) for bits in (8, 4))
    assert four.bytes_after < eight.bytes_after < 0.6 * eight.bytes_before


def test_config_says_bits_and_group_size_where_mlx_lm_does(run, tmp_path):
    made = quantize(run, tmp_path / "small", bits=4)
    written = json.loads((made.folder / "config.json").read_text())
    assert written["quantization"] == {"bits": 4, "group_size": 32}


@BITS
def test_the_weights_lie_as_mlx_packs_them(run, tmp_path, bits):
    made = quantize(run, tmp_path / "small", bits=bits)
    name = "bert.encoder.layer.0.attention.self.query"
    before, after = (
        mx.load(str(place / "model.safetensors")) for place in (run / "model", made.folder)
    )
    packed = mx.quantize(before[f"{name}.weight"], group_size=32, bits=bits)
    for part, wanted in zip(("weight", "scales", "biases"), packed, strict=True):
        assert mx.array_equal(after[f"{name}.{part}"], wanted)
    assert mx.array_equal(after[f"{name}.bias"], before[f"{name}.bias"])


def test_what_is_small_stays_in_full_precision(run, tmp_path):
    made = quantize(run, tmp_path / "small", bits=4)
    before, after = (
        mx.load(str(place / "model.safetensors")) for place in (run / "model", made.folder)
    )
    kept = {name for name in before if before[name].shape == after[name].shape}
    assert all(mx.array_equal(before[name], after[name]) for name in kept)
    assert "bert.embeddings.position_embeddings.weight" in kept
    assert "bert.embeddings.word_embeddings.weight" not in kept
    assert {name for name in before if name.startswith("head.")} <= kept


@BITS
def test_figures_are_those_of_both_models_on_the_runs_validation_rows(run, table, tmp_path, bits):
    made = quantize(run, tmp_path / "small", bits=bits)
    figures = made.figures[""]
    summary = json.loads((run / "summary.json").read_text())
    for name in ("accuracy", "macro_f1", "ece", "log_loss"):
        assert getattr(figures.before, name) == pytest.approx(summary["validation"][name], abs=1e-5)

    from bertplay.report import read_run_files, validation_rows

    rows = validation_rows(read_run_files(run))[""]
    small = bertplay.load(made.folder).decide(rows.texts)
    assert figures.after == evaluate(small.probabilities, rows.labels, rows.classes, small.labels)
    assert figures.rows == len(rows.texts)
    assert figures.changed == np.mean(small.labels != bertplay.load(run).decide(rows.texts).labels)
    assert made.remark is None


def test_a_changed_prediction_is_counted(run, tmp_path, monkeypatch):
    """The same model, but that the quantized one is told to see everything the other way round."""
    plain = Classifier.logits

    def turned(self, texts, **options):
        logits = plain(self, texts, **options)
        return logits[:, ::-1] if quantized_bits(self.encoder) else logits

    monkeypatch.setattr(Classifier, "logits", turned)
    assert quantize(run, tmp_path / "small", bits=8).figures[""].changed == 1


@pytest.mark.parametrize("part", ["model", "without a table"])
def test_without_validation_rows_it_says_why_there_are_no_figures(run, tmp_path, part):
    source = shutil.copytree(run, tmp_path / "copy")
    if part == "model":
        source = source / "model"
    else:
        config = source / "config.yaml"
        config.write_text(config.read_text().replace("passengers.csv", "elsewhere.csv"))
    made = quantize(source, tmp_path / "small", bits=8)
    assert made.figures == {}
    assert made.remark.startswith("no figures before and after: ")
    assert bertplay.load(made.folder).predict(TEXTS)


def test_several_tasks_are_quantized_and_compared_where_a_row_has_one_class(trained, tmp_path):
    run = trained(tasks={"mood": {"loss": "ce"}, "score": {"loss": "mse"}})
    made = quantize(run, tmp_path / "small", bits=8)
    before, after = bertplay.load_multi_task(run), bertplay.load_multi_task(made.folder)
    for name, wanted in before.predict_outputs(TEXTS).items():
        np.testing.assert_allclose(after.predict_outputs(TEXTS)[name], wanted, atol=0.05)
    assert set(made.figures) == {"mood"}


@pytest.mark.parametrize(
    "checkpoint", sorted(TINY.with_name("encoders").iterdir()), ids=lambda folder: folder.name
)
def test_a_checkpoint_of_transformers_is_quantized_with_its_own_head(tmp_path, checkpoint):
    made = quantize(checkpoint, tmp_path / "small", bits=8)
    before, after = bertplay.load(checkpoint), bertplay.load(made.folder)
    quantize_encoder(before.encoder, made.quantization)
    np.testing.assert_allclose(after.predict_proba(TEXTS), before.predict_proba(TEXTS), atol=1e-6)
    assert after.classes == before.classes


@pytest.mark.parametrize("quantized", [0, 4])
def test_an_adapter_is_merged_first(trained, tmp_path, quantized):
    run = trained(adapter="lora", lr=0.05, quantize=quantized)
    from_adapter = quantize(run / "adapter", tmp_path / "one", bits=8)
    from_model = quantize(run, tmp_path / "other", bits=8)
    one, other = (bertplay.load(made.folder) for made in (from_adapter, from_model))
    np.testing.assert_allclose(one.predict_proba(TEXTS), other.predict_proba(TEXTS), atol=1e-4)
    merged = bertplay.load(run).predict_proba(TEXTS)
    np.testing.assert_allclose(one.predict_proba(TEXTS), merged, atol=0.02)


@BITS
def test_an_adapter_is_trained_on_it_and_merged_with_it(run, trained, tmp_path, bits):
    made = quantize(run, tmp_path / "small", bits=bits)
    onto = trained(backbone=str(made.folder), adapter="lora", lr=0.01, epochs=6)
    adapted, merged = bertplay.load_adapter(onto), bertplay.load(onto)
    assert (quantized_bits(adapted.encoder), quantized_bits(merged.encoder)) == (bits, 0)
    shares = adapted.predict_proba(TEXTS)
    np.testing.assert_allclose(shares, merged.predict_proba(TEXTS), atol=1e-5)
    assert json.loads((onto / "summary.json").read_text())["validation"]["accuracy"] == 1


def test_a_head_is_trained_on_it(run, trained, tmp_path):
    made = quantize(run, tmp_path / "small", bits=4)
    onto = trained(backbone=str(made.folder), freeze="full", lr=0.05)
    assert json.loads((onto / "summary.json").read_text())["validation"]["accuracy"] == 1
    assert bertplay.load(onto).predict(["the women first class"]) == ["survived"]


def test_the_calibration_of_the_run_is_kept(run, tmp_path):
    made = quantize(run, tmp_path / "small", bits=8)
    before, after = bertplay.load(run), bertplay.load(made.folder)
    assert after.decisions == before.decisions is not None


def test_saved_again_it_is_a_model_in_full_precision(run, tmp_path):
    small = bertplay.load(quantize(run, tmp_path / "small", bits=4).folder)
    save(small, tmp_path / "full")
    full = bertplay.load(tmp_path / "full")
    assert quantized_bits(full.encoder) == 0
    np.testing.assert_allclose(full.predict_proba(TEXTS), small.predict_proba(TEXTS), atol=1e-5)


def test_by_default_it_lies_beside_the_run(run, tmp_path, monkeypatch):
    shutil.copytree(run, tmp_path / "reviews")
    monkeypatch.chdir(tmp_path)
    assert str(quantize("reviews", bits=4).folder) == "reviews-4bit"
    assert bertplay.load("reviews-4bit").predict(TEXTS)


class TestRefused:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"bits": 3}, "bits is 3: choose 8 or 4"),
            ({"group_size": 48}, "group_size is 48: choose one of 32, 64, 128"),
        ],
    )
    def test_numbers_that_mlx_does_not_know(self, run, tmp_path, options, message):
        assert refusal(run, tmp_path / "small", **options) == message

    def test_groups_that_do_not_divide_the_inputs(self, run, tmp_path):
        message = refusal(run, tmp_path / "small", group_size=128)
        assert message.endswith("this encoder's query has 32: choose 32")
        assert not (tmp_path / "small").exists()

    def test_a_model_that_is_quantized_already(self, run, tmp_path):
        made = quantize(run, tmp_path / "small", bits=8)
        message = refusal(made.folder, tmp_path / "again", bits=4)
        assert message.endswith("small is in 8 bits already: quantize the run that it was made of")

    def test_a_folder_that_holds_a_model_unless_it_may_be_replaced(self, run, tmp_path):
        made = quantize(run, tmp_path / "small", bits=8)
        before = (made.folder / "model.safetensors").read_bytes()
        assert "already holds a model" in refusal(run, tmp_path / "small", bits=4)
        assert (made.folder / "model.safetensors").read_bytes() == before
        quantize(run, tmp_path / "small", bits=4, overwrite=True)
        assert (made.folder / "model.safetensors").read_bytes() != before

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"bits": 3, "group_size": 32}, "quantization: bits is 3: choose 8 or 4"),
            ({"bits": 8}, "quantization must have whole numbers for bits and group_size"),
            ([8, 32], "quantization must have whole numbers for bits and group_size"),
        ],
    )
    def test_a_damaged_description(self, run, tmp_path, values, message):
        path = quantize(run, tmp_path / "small", bits=8).folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"quantization": values}))
        with pytest.raises(InputError) as caught:
            bertplay.load(path.parent)
        assert str(caught.value) == f"{path}: {message}"

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({}, "is in 8 bits, which are not trained: give an adapter, such as lora, or freeze"),
            ({"freeze": "1"}, "is in 8 bits, which are not trained"),
            (
                {"quantize": 4, "adapter": "lora"},
                "is in 8 bits already: leave quantize out",
            ),
        ],
    )
    def test_training_what_has_few_bits(self, run, trained, tmp_path, options, message):
        made = quantize(run, tmp_path / "small", bits=8)
        with pytest.raises(InputError) as caught:
            trained(backbone=str(made.folder), **options)
        assert message in str(caught.value)
