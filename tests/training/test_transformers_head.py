"""The head of transformers' models: what it starts from, and that the recipe leaves it alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from bertplay import InputError, TrainOptions
from bertplay.export.head_settings import head_settings
from bertplay.training.preparation import prepare, resolve_loss, with_recipe
from bertplay.training_data import load_training_data

FIXTURES = Path(__file__).parent.parent / "fixtures"
TINY = FIXTURES / "tiny_bert"


def prepared(options):
    data = load_training_data(options)
    options = with_recipe(options, data.task.name)
    return prepare(options, data, resolve_loss(options, data))


def test_it_starts_from_the_pooler_of_the_checkpoint(table):
    options = TrainOptions(data=str(table), label="label", backbone=str(TINY), max_length=8)

    classifier = prepared(replace(options, head="transformers")).classifier

    layer, pooler = classifier.model.head.hidden[0].linear, load_file(TINY / "model.safetensors")
    np.testing.assert_array_equal(np.array(layer.weight), pooler["pooler.dense.weight"])
    np.testing.assert_array_equal(np.array(layer.bias), pooler["pooler.dense.bias"])


def test_without_a_pooler_it_starts_at_random(table):
    options = TrainOptions(data=str(table), label="label", backbone="scratch", max_length=8)

    layer = prepared(replace(options, head="transformers")).classifier.model.head.hidden[0].linear

    assert 0.015 < np.std(np.array(layer.weight)) < 0.025


def test_the_recipe_does_not_change_what_it_reads():
    options = TrainOptions(head="transformers")

    assert with_recipe(options, "titanic").pooling == "cls"
    assert with_recipe(TrainOptions(), "titanic").pooling != "cls"


@pytest.mark.parametrize(
    ("family", "pooling"),
    [
        *((name, None) for name in ("roberta", "xlm_roberta", "distilbert", "deberta_v2", "mpnet")),
        *(("modernbert", pooling) for pooling in ("cls", "mean")),
    ],
)
def test_every_family_has_one(table, family, pooling):
    backbone = str(FIXTURES / "encoders" / family)
    options = TrainOptions(data=str(table), label="label", backbone=backbone, max_length=8)

    classifier = prepared(replace(options, head="transformers", pooling=pooling)).classifier

    settings = head_settings(classifier.model.head)
    assert settings.pooling == (pooling or "cls")
    assert settings.is_transformers_head(classifier.encoder.config)
    assert not head_settings(prepared(options).classifier.model.head).is_transformers_head(
        classifier.encoder.config
    )


def test_one_that_reads_the_first_token_alone_reads_no_mean(table):
    options = TrainOptions(
        data=str(table), label="label", backbone=str(TINY), head="transformers", pooling="mean"
    )

    with pytest.raises(InputError, match=r"of bert reads the first token's state alone: leave poo"):
        prepared(options)
