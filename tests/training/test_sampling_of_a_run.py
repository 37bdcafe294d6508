"""Rows drawn by their classes: in the batches, in the loop, and in what a run says about it."""

from dataclasses import replace
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
import yaml
from word_average import WIDTH, encoded, fitted, same_bits, weights, word_average

from bertplay.checks.double_correction import double_correction
from bertplay.data.batch_size import BatchSize
from bertplay.losses import get_loss
from bertplay.prediction import BatchedPredictor, padded_lengths_for
from bertplay.training import train
from bertplay.training.epoch_batches import epoch_batches
from bertplay.training.objective import Objective
from bertplay.training.preparation import resolve_loss
from bertplay.training_data import load_training_data

COUNTS = (90, 10)


def imbalanced(rows=200):
    """Texts of which a tenth survived."""
    texts = encoded(5 * rows)
    labels = texts.texts.labels
    kept = np.sort(
        np.concatenate(
            [np.flatnonzero(labels == 0)[: rows * 9 // 10], np.flatnonzero(labels)[: rows // 10]]
        )
    )
    return replace(
        texts, texts=texts.texts.select(kept), token_ids=[texts.token_ids[row] for row in kept]
    )


def batches_of(rows, sampling, *, seed=0, epoch=1):
    lengths = padded_lengths_for(rows.token_ids)
    return epoch_batches(
        rows.training_rows(), lengths, BatchSize(8), sampling=sampling, seed=seed, epoch=epoch
    )


def order(batches):
    return [row for batch in batches for row in batch.rows]


@pytest.mark.parametrize(
    ("sampling", "share"), [("natural", 0.1), ("balanced", 0.5), ("sqrt", 0.25)]
)
def test_batches_show_the_classes_in_the_shares_of_the_sampling(sampling, share):
    rows = imbalanced(2000)
    shown = rows.texts.labels[order(batches_of(rows, sampling))]
    assert len(shown) == len(rows)
    assert shown.mean() == pytest.approx(share, abs=0.05)


@pytest.mark.parametrize("sampling", ["natural", "balanced", "sqrt"])
def test_every_text_fits_its_batch_and_only_one_batch_is_partial(sampling):
    rows = imbalanced(203)
    batches = batches_of(rows, sampling)
    assert all(rows.lengths[batch.rows].max() <= batch.length for batch in batches)
    assert sorted(len(batch.rows) for batch in batches)[:2] == [len(rows) % 8, 8]


@pytest.mark.parametrize("sampling", ["natural", "balanced", "sqrt"])
def test_seed_and_epoch_decide_on_the_rows(sampling):
    rows = imbalanced()
    first = order(batches_of(rows, sampling, seed=1, epoch=1))
    assert first == order(batches_of(rows, sampling, seed=1, epoch=1))
    assert first != order(batches_of(rows, sampling, seed=1, epoch=2))
    assert first != order(batches_of(rows, sampling, seed=2, epoch=1))


def test_the_same_seed_gives_the_same_bits():
    models = [word_average() for _ in range(3)]
    for model, sampling in zip(models, ("balanced", "balanced", "natural"), strict=True):
        fitted(model, train=imbalanced(40), sampling=sampling, seed=5)
    one, other, natural = (weights(model) for model in models)
    assert same_bits(one, other)
    assert not same_bits(one, natural)


def test_the_train_loss_is_the_mean_over_the_rows_that_were_drawn():
    """At a rate of almost 0 it is the loss of the first weights."""
    model, rows = word_average("ce", dropout=0.0), imbalanced(42)
    model.head.output.weight = 5 * mx.random.normal((2, WIDTH), key=mx.random.key(3))
    logits = BatchedPredictor(model, (4, 6), 8).logits(rows.token_ids).astype(np.float64)
    losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(rows)), rows.texts.labels]
    drawn = order(batches_of(rows, "balanced"))

    result = fitted(model, train=rows, lr=1e-12, epochs=1, sampling="balanced")

    assert result.history[0].train_loss == pytest.approx(losses[drawn].mean(), rel=1e-5)
    assert result.history[0].train_loss != pytest.approx(losses.mean(), rel=1e-2)


def test_labels_and_the_teachers_predictions_stay_with_their_rows():
    """The first word tells the class to the teacher, whose word alone counts; the labels lie."""
    rows = imbalanced(100)
    logits = np.where(np.eye(2)[rows.texts.labels] == 1, 4.0, -4.0).astype(np.float32)
    lies = replace(rows.texts, labels=np.roll(rows.texts.labels, 1))
    taught = replace(rows, texts=lies, teacher_logits=logits)
    objective = Objective(teacher_weight=1.0)

    by_teacher = fitted(
        word_average(), train=taught, epochs=6, lr=0.05, sampling="balanced", objective=objective
    )
    by_labels = fitted(word_average(), train=rows, epochs=6, lr=0.05, sampling="balanced")

    assert by_teacher.chosen.validation.accuracy == 1.0
    assert by_labels.chosen.validation.accuracy == 1.0


@pytest.mark.parametrize(
    ("loss", "options", "named", "cure"),
    [
        ("focal", {"alpha": "balanced"}, "by alpha.", ": --alpha none, or"),
        ("focal", {"alpha": [0.61, 0.39]}, "by alpha.", ": --alpha none, or"),
        ("weighted_ce", {}, "by class_weights.", ": --class-weights none, or"),
        ("balanced_softmax", {}, "by prior.", ": --loss ce, or"),
        ("logit_adjusted", {}, "by prior.", ": --loss ce, or"),
        (
            "adaptive",
            {"alpha": "balanced"},
            "by alpha and class_weights.",
            ": --alpha none --class-weights none, or",
        ),
        ("ldam", {"class_weights": "balanced"}, "by prior and class_weights.", ": --loss ce, or"),
        (
            "curriculum",
            {},
            "by second.class_weights.",
            ": --loss-arg second.class_weights=none, or",
        ),
        (
            "curriculum",
            {"first": "ldam", "second": "ce"},
            "first.prior",
            ": --loss-arg first=ce, or",
        ),
    ],
)
def test_a_double_correction_is_named_with_what_switches_it_off(loss, options, named, cure):
    check = double_correction("sqrt", get_loss(loss, class_counts=COUNTS, **options))
    warning = check.message
    assert (check.code, check.status) == ("BP101", "fired")
    assert "--sampling sqrt" in warning
    assert named in warning
    assert cure in warning
    assert warning.endswith("or --sampling natural.")
    natural = double_correction("natural", get_loss(loss, class_counts=COUNTS, **options))
    assert natural.status == "not_applicable"


@pytest.mark.parametrize(
    ("loss", "options"),
    [
        ("ce", {}),
        ("focal", {}),
        ("focal", {"alpha": [2.0, 2.0]}),
        ("weighted_ce", {"class_weights": None}),
        ("dice", {}),
        ("curriculum", {"second": "focal"}),
    ],
)
def test_a_loss_that_treats_classes_alike_is_no_double_correction(loss, options):
    check = double_correction("balanced", get_loss(loss, class_counts=COUNTS, **options))
    assert check.status == "passed"


def test_equal_classes_are_corrected_for_by_nothing():
    for loss in ("weighted_ce", "balanced_softmax"):
        check = double_correction("balanced", get_loss(loss, class_counts=(50, 50)))
        assert check.status == "passed"


@pytest.mark.parametrize("loss", ["focal", "focal_smooth", "adaptive", "focal_schedule"])
def test_alpha_is_off_by_default_where_the_sampling_corrects(options, loss):
    data = load_training_data(options)
    labels = np.repeat([0, 1], COUNTS)
    data = replace(
        data, train=replace(data.train, labels=labels, ids=("x",) * 100, texts=("text",) * 100)
    )
    asked = replace(options, loss=loss)

    assert resolve_loss(asked, data).options()["alpha"] != [1.0, 1.0]
    for sampling in ("balanced", "sqrt"):
        sampled = replace(asked, sampling=sampling)
        assert resolve_loss(sampled, data).options()["alpha"] == [1.0, 1.0]
        given = replace(sampled, loss_args={"alpha": "balanced"})
        assert resolve_loss(given, data).options()["alpha"] != [1.0, 1.0]


def test_a_run_writes_its_sampling_down_and_keeps_the_natural_counts(run, options):
    view = type(run.view)()
    summary = train(replace(options, sampling="balanced"), view)

    config = yaml.safe_load((Path(summary["output"]) / "config.yaml").read_text())
    assert config["sampling"] == "balanced"
    assert view.plans[0].sampling == "balanced"
    assert view.warnings == []
    assert summary["data"]["class_counts"] == run.summary["data"]["class_counts"]
    assert summary["baseline"] == run.summary["baseline"]


def test_a_run_that_corrects_twice_is_warned_and_does_as_it_was_told(run, options):
    view = type(run.view)()
    summary = train(replace(options, sampling="sqrt", loss="weighted_ce"), view)

    (check,) = [check for check in view.checks if check.code == "BP101"]
    assert check.status == "fired"
    assert "--class-weights none, or --sampling natural" in check.message
    assert summary["loss"]["arguments"]["class_weights"] != [1.0, 1.0]
