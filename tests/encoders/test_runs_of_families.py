"""Whole runs and distillations with each family of encoders."""

import shutil
from dataclasses import replace
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from tiny_encoders import FAMILIES, FOLDER

import bertplay
from bertplay import TrainOptions
from bertplay.distillation import DistillOptions, distill
from bertplay.encoders import load_encoder
from bertplay.named_arrays import named_arrays
from bertplay.training import train

pytestmark = pytest.mark.parametrize("family", FAMILIES)

ROWS = (
    "the women first class,survived",
    "a women of the first ship survived,survived",
    "the men third class,died",
    "a man in third class died,died",
)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 rows of two lengths."""
    path = tmp_path_factory.mktemp("table") / "passengers.csv"
    path.write_text("\n".join(["text,label", *(ROWS[row % 4] for row in range(24))]) + "\n")
    return path


def options(family: str, table: Path, output: Path) -> TrainOptions:
    return TrainOptions(
        data=str(table),
        backbone=str(FOLDER / family),
        max_length=40,
        batch_size=10,
        epochs=1,
        lr=1e-3,
        optimizer="sgd",
        metric="log_loss",
        precision="bfloat16",
        gradient_checkpointing=True,
        freeze="1",
        output=str(output),
    )


def test_a_run_in_bfloat16_is_resumed_with_the_same_bits_and_its_model_loads(
    family, table, tmp_path
):
    whole, again = tmp_path / "whole", tmp_path / "again"
    chosen = replace(options(family, table, whole), checkpoint_every=1)
    train(chosen)
    shutil.copytree(whole, again)
    shutil.rmtree(again / "model")
    (again / "summary.json").unlink()
    (again / "predictions.csv").unlink()
    shutil.rmtree(max((again / "checkpoints").glob("step-*")))
    bertplay.resume(again)
    weights = "model/model.safetensors"
    assert (again / weights).read_bytes() == (whole / weights).read_bytes()

    classifier = bertplay.load(whole)
    written = np.loadtxt(whole / "predictions.csv", delimiter=",", skiprows=1, usecols=(-2, -1))
    assert classifier.predict_proba(["the women first class"]).sum() == pytest.approx(1)
    assert written.sum(axis=1) == pytest.approx(1, abs=1e-4)
    # As a backbone it has the tensors that it was loaded with, and the frozen ones bit by bit.
    before, after = (
        named_arrays(load_encoder(folder)[0].layers[0].parameters())
        for folder in (FOLDER / family, whole / "model")
    )
    assert all(mx.array_equal(before[name], after[name]) for name in before)


def test_frozen_features_lead_where_frozen_layers_lead(family, table, tmp_path):
    folders = {}
    for cached in (True, False):
        folders[cached] = tmp_path / str(cached)
        chosen = options(family, table, folders[cached])
        train(
            replace(chosen, precision="float32", gradient_checkpointing=False, cache_frozen=cached)
        )
    one, other = (mx.load(str(folders[c] / "model/model.safetensors")) for c in (True, False))
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_allclose(np.array(one[name]), np.array(other[name]), atol=2e-5)


def test_a_student_learns_from_it(family, tmp_path):
    corpus = tmp_path / "texts.txt"
    corpus.write_text("\n".join(f"the {a} {b} ship" for a in "abcdef" for b in "uvwxyz") + "\n")
    summary = distill(
        DistillOptions(
            teacher=str(FOLDER / family),
            corpus=(str(corpus),),
            out=str(tmp_path / "student"),
            layers=1,
            vocab=1000,
            epochs=1,
            batch_size=12,
            lr=1e-3,
            max_length=16,
            held_out=6,
            precision="float32",
        )
    )
    student, tokenizer = load_encoder(tmp_path / "student")
    assert type(student) is type(load_encoder(FOLDER / family)[0])
    assert len(student.layers) == 1
    assert tokenizer.get_vocab_size() == student.config.vocab_size
    assert np.isfinite(summary["similarity"])
