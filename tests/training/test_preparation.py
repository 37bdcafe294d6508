"""From options and data to a model: the recipe's settings, the loss, the encoder, token ids."""

from dataclasses import replace

import mlx.core as mx
import numpy as np
import pytest
from mlx.utils import tree_flatten

from bertplay.data.errors import InputError
from bertplay.recipes import recipe_for
from bertplay.training.preparation import prepare, resolve_loss, with_recipe
from bertplay.training_data import load_training_data


@pytest.fixture
def data(options):
    return load_training_data(options)


def with_counts(data, counts):
    """The data with as many training rows of each class."""
    labels = np.repeat(np.arange(len(counts)), counts)
    classes = tuple("abcdefgh"[: len(counts)])
    train = replace(
        data.train,
        ids=tuple(str(row) for row in range(len(labels))),
        texts=("text",) * len(labels),
        labels=labels,
        classes=classes,
    )
    return replace(data, train=train)


def prepared_from(options, data):
    options = with_recipe(options, data.task.name)
    return prepare(options, data, resolve_loss(options, data))


def test_the_recipe_fills_in_what_the_user_left_open(options):
    left_open = replace(options, epochs=None, lr=None, pooling="max")
    filled = with_recipe(left_open, "table")
    recipe = recipe_for("table", backbone="bert", built_in=False)
    assert (filled.epochs, filled.lr) == (recipe.epochs, recipe.lr)
    assert filled.pooling == "max"


def test_what_the_user_turned_off_stays_off_whatever_the_recipe(options):
    assert with_recipe(options, "titanic").average_weights > 0
    assert with_recipe(replace(options, average_weights=0), "titanic").average_weights == 0


def test_a_built_in_table_has_a_recipe_of_its_own(options):
    of_file, built_in = (
        with_recipe(replace(options, data=data, pooling=None), "titanic")
        for data in (options.data, None)
    )
    assert (of_file.pooling, built_in.pooling) == ("mean", "max")


def test_a_backbone_from_scratch_has_a_recipe_of_its_own(options):
    filled = with_recipe(replace(options, backbone="scratch", lr=None), "table")
    assert filled.lr == recipe_for("table", backbone="scratch", built_in=False).lr


@pytest.mark.parametrize("loss", ["focal", "focal_smooth", "adaptive", "focal_schedule"])
@pytest.mark.parametrize("counts", [(20, 10), (7, 90, 33)])
def test_focal_losses_weigh_clearly_imbalanced_classes_by_their_training_rows(
    options, data, loss, counts
):
    resolved = resolve_loss(replace(options, loss=loss), with_counts(data, counts)).options()
    expected = sum(counts) / (len(counts) * np.array(counts))
    np.testing.assert_allclose(resolved["alpha"], expected, rtol=1e-5)


def test_focal_losses_do_not_weigh_nearly_balanced_classes_unless_asked_to(options, data):
    nearly_balanced = with_counts(data, (19, 10))
    asked = replace(options, loss_args={"alpha": "balanced"})

    assert resolve_loss(options, nearly_balanced).options()["alpha"] == [1.0, 1.0]
    weighted = resolve_loss(asked, nearly_balanced).options()["alpha"]
    np.testing.assert_allclose(weighted, [29 / 38, 29 / 20], rtol=1e-5)


def test_class_weights_can_be_switched_off(options, data):
    resolved = resolve_loss(replace(options, loss_args={"alpha": None}), data).options()
    assert resolved["alpha"] == [1.0, 1.0]


def test_arguments_of_a_loss_that_are_no_options_are_refused(options, data):
    with pytest.raises(InputError, match="no option 'class_counts'"):
        resolve_loss(replace(options, loss_args={"class_counts": [1, 2]}), data)


def test_the_losses_of_a_curriculum_have_their_own_defaults_and_the_training_rows(options, data):
    asked = {"first": "focal", "second": "weighted_ce", "second.class_weights": "balanced"}
    curriculum = replace(options, loss="curriculum", loss_args=asked)

    resolved = resolve_loss(curriculum, with_counts(data, (30, 10))).options()

    assert resolved["first.alpha"] == [1.0, 1.0]
    np.testing.assert_allclose(resolved["second.class_weights"], [40 / 60, 40 / 20], rtol=1e-5)


def test_a_wrong_option_of_a_curriculum_is_refused(options, data):
    wrong = replace(options, loss="curriculum", loss_args={"first.class_counts": [1, 2]})
    with pytest.raises(InputError, match="first: loss 'ce' has no option 'class_counts'"):
        resolve_loss(wrong, data)


def test_the_model_reads_the_same_texts_in_the_used_vocabulary(options, data):
    prepared = prepared_from(options, data)
    words = prepared.classifier.encoder.embeddings.word_embeddings.weight
    whole = prepared.encoded.vocabulary.all_rows
    assert words.shape[0] == len(prepared.encoded.vocabulary.token_ids) < whole.shape[0]
    for text, numbers in zip(data.train.texts, prepared.train.token_ids, strict=True):
        ids = prepared.classifier.tokenizer.encode(text).ids
        assert prepared.encoded.vocabulary.token_ids[numbers].tolist() == ids
    assert prepared.encoded.vocabulary.token_ids[prepared.encoded.pad_id] == 0


def test_the_whole_tensors_give_the_encoder_back(options, data):
    prepared = prepared_from(options, data)
    whole = prepared.encoded.whole_tensors()
    assert mx.array_equal(
        whole["embeddings.word_embeddings.weight"], prepared.encoded.vocabulary.all_rows
    )
    assert {"pooler.dense.weight", "pooler.dense.bias"} < whole.keys()
    assert "pooler" not in prepared.classifier.encoder


@pytest.mark.parametrize("backbone", ["scratch", None])
def test_the_first_weights_depend_on_the_seed_alone(options, data, backbone):
    options = replace(options, backbone=backbone or options.backbone)
    models = []
    for seed, disturbance in ((1, 5), (1, 6), (2, 5)):
        mx.random.seed(disturbance)
        model = prepared_from(replace(options, seed=seed), data).classifier.model
        models.append(dict(tree_flatten(model.parameters())))
    one, same, other = models
    assert all(mx.array_equal(one[name], same[name]) for name in one)
    assert not mx.array_equal(one["head.output.weight"], other["head.output.weight"])


def test_from_scratch_the_vocabulary_is_that_of_the_training_texts(options, data):
    vocabulary = prepared_from(
        replace(options, backbone="scratch"), data
    ).classifier.tokenizer.get_vocab()
    assert "women" in vocabulary
    assert "child" not in vocabulary


def test_texts_that_are_cut_are_counted(options, data):
    assert prepared_from(options, data).encoded.cut_texts == 0
    assert prepared_from(replace(options, max_length=5), data).encoded.cut_texts == len(data.train)


def test_the_recipe_asks_no_more_tokens_than_the_backbone_can_read(options, data):
    prepared = prepared_from(replace(options, max_length=None), data)
    assert prepared.classifier.max_length == 16


def test_more_tokens_than_the_backbone_can_read_are_refused(options, data):
    with pytest.raises(InputError, match=r"--max-length 17 is more than the 16 tokens"):
        prepared_from(replace(options, max_length=17), data)


def test_the_head_has_the_dropout_samples_that_were_asked_for(options, data):
    head = prepared_from(replace(options, dropout_samples=3), data).classifier.model.head
    assert head.dropout_samples == 3
