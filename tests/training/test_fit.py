"""The training loop: repeatable, honest about its figures, and it keeps the right weights."""

from dataclasses import replace

import mlx.core as mx
import numpy as np
import pytest
from word_average import WIDTH, encoded, fitted, same_bits, weights, word_average

from bertplay.prediction import BatchedPredictor
from bertplay.training import SilentView, TrainingFailedError, fit
from bertplay.training.encoded_texts import EncodedTexts

NAN_WORD = 11  # a word that `encoded` never uses


@pytest.fixture
def scripted(monkeypatch):
    """Replace the validation figures: `scripted("macro_f1", [.5, .7])` are those of the epochs."""
    real = fit.evaluate

    def script(metric, figures):
        remaining = iter(figures)

        def evaluate(probabilities, labels, classes):
            return replace(real(probabilities, labels, classes), **{metric: next(remaining)})

        monkeypatch.setattr(fit, "evaluate", evaluate)

    return script


def repeated(rows):
    """The same text with the same label, again and again."""
    first = encoded(1)
    texts = first.texts.select(np.zeros(rows, dtype=np.int64))
    return EncodedTexts(texts, first.token_ids * rows)


def fitted_with_snapshots(**changes):
    """The result, the model, and its weights after each epoch."""
    model, snapshots = word_average(), []
    result = fitted(model, on_epoch=lambda record: snapshots.append(weights(model)), **changes)
    return result, model, snapshots


def test_the_same_seed_gives_the_same_bits():
    one, other = word_average(), word_average()
    logits = [fitted(model, seed=5).outputs for model in (one, other)]
    assert same_bits(weights(one), weights(other))
    assert logits[0].tobytes() == logits[1].tobytes()


@pytest.mark.parametrize(
    ("rows", "dropout"), [(encoded(20), 0.0), (repeated(8), 0.5)], ids=["order", "dropout"]
)
def test_another_seed_gives_another(rows, dropout):
    """From the same first weights."""
    one, other = word_average(dropout=dropout), word_average(dropout=dropout)
    fitted(one, train=rows, seed=5)
    fitted(other, train=rows, seed=6)
    assert not same_bits(weights(one), weights(other))


def test_dropout_is_not_repeated_from_step_to_step():
    """Equal rows at a rate of almost 0: only dropout can change the loss."""
    losses = []

    class Watch(SilentView):
        def stepped(self, epoch, step, loss, learning_rate):
            losses.append(loss)

    fitted(word_average(dropout=0.5), train=repeated(8), lr=1e-12, epochs=4, view=Watch())
    assert len(set(losses)) == 4


def test_the_order_of_the_rows_changes_from_epoch_to_epoch():
    """At a rate of almost 0, only the rows of the last batch can change its loss."""
    losses = []

    class Watch(SilentView):
        def stepped(self, epoch, step, loss, learning_rate):
            losses.append(loss)

    model = word_average(dropout=0.0)
    model.head.output.weight = mx.random.normal((2, WIDTH), key=mx.random.key(3))
    fitted(model, lr=1e-12, epochs=4, view=Watch())
    assert len({round(loss, 5) for loss in losses}) == 4


def test_it_learns_what_can_be_learned():
    result = fitted(word_average(), epochs=10, lr=0.05)
    assert result.history[-1].validation.accuracy == 1.0
    assert result.history[-1].train_loss < result.history[0].train_loss / 2


@pytest.mark.parametrize(
    ("metric", "figures", "best"),
    [
        ("macro_f1", [0.5, 0.7, 0.6, 0.7], 2),
        ("balanced_accuracy", [0.5, 0.4, 0.6, 0.1], 3),
        ("accuracy", [0.9, 0.4, 0.6, 0.1], 1),
        ("log_loss", [0.5, 0.4, 0.6, 0.4], 2),
    ],
)
def test_the_best_epochs_weights_and_logits_are_kept(scripted, metric, figures, best):
    """Of equal epochs the first; log loss is best where it is lowest."""
    scripted(metric, figures)
    result, model, snapshots = fitted_with_snapshots(epochs=4, metric=metric)

    assert result.chosen.epoch == best
    assert same_bits(weights(model), snapshots[best - 1])
    validation = encoded(10, seed=1, first_id=101)
    again = BatchedPredictor(model, (4, 6), 8).logits(validation.token_ids)
    np.testing.assert_allclose(again, result.outputs, atol=1e-6)


def test_the_last_epochs_weights_can_be_kept_instead(scripted):
    scripted("macro_f1", [0.7, 0.5, 0.6])
    result, model, snapshots = fitted_with_snapshots(epochs=3, metric="macro_f1", keep="last")
    assert result.chosen.epoch == 3
    assert same_bits(weights(model), snapshots[2])


@pytest.mark.parametrize("keep", ["best", "last"])
def test_an_epoch_is_best_if_it_is_better_than_all_before(scripted, keep):
    scripted("macro_f1", [0.5, 0.7, 0.2, 0.6, 0.8])
    result, _, _ = fitted_with_snapshots(epochs=5, metric="macro_f1", keep=keep)
    assert [record.is_best for record in result.history] == [True, True, False, False, True]


@pytest.mark.parametrize("keep", ["best", "last"])
def test_it_stops_after_so_many_epochs_without_a_better_one(scripted, keep):
    scripted("macro_f1", [0.5, 0.7, 0.2, 0.6, 0.9])
    result, _, _ = fitted_with_snapshots(epochs=5, metric="macro_f1", keep=keep, patience=2)
    assert len(result.history) == 4


def test_without_patience_every_epoch_is_trained(scripted):
    scripted("macro_f1", [0.5, 0.4, 0.3, 0.2])
    result, _, _ = fitted_with_snapshots(epochs=4, metric="macro_f1")
    assert len(result.history) == 4


def test_the_history_says_where_each_epoch_stood():
    records = fitted(word_average(), epochs=2, lr=1e-2, schedule="linear", warmup=0.0).history
    assert [record.epoch for record in records] == [1, 2]
    assert [record.step for record in records] == [3, 6]
    # Linear from 1e-2 to 0 in 6 steps: the third and the sixth.
    assert [record.learning_rate for record in records] == pytest.approx([4e-2 / 6, 1e-2 / 6])
    assert all(record.seconds > 0 and record.gradient_norm > 0 for record in records)


def test_the_train_loss_is_the_mean_over_the_rows():
    """At a rate of almost 0 it is the loss of the first weights; the last batch has 4 rows."""
    model, rows = word_average(dropout=0.0), encoded(20)
    model.head.output.weight = 5 * mx.random.normal((2, WIDTH), key=mx.random.key(3))
    logits = BatchedPredictor(model, (4, 6), 8).logits(rows.token_ids).astype(np.float64)
    label_logits = logits[np.arange(20), rows.texts.labels]
    losses = np.log(np.exp(logits).sum(axis=1)) - label_logits

    result = fitted(model, train=rows, lr=1e-12, epochs=1)

    assert result.history[0].train_loss == pytest.approx(losses.mean(), rel=1e-5)


def test_a_loss_that_is_not_finite_stops_and_names_step_rows_and_checkpoint():
    train = encoded(20)
    train.token_ids[13][1] = NAN_WORD
    model = word_average()
    model.encoder.words.weight[NAN_WORD] = float("nan")

    with pytest.raises(TrainingFailedError, match=r"the loss is nan at step [123],") as caught:
        fitted(model, train=train)

    message = str(caught.value)
    named = message.split("with the rows ")[1].split(";")[0].split(", ")
    assert "row-14" in named
    assert len(named) <= 8
    assert "--lr" in message
    assert "the last good checkpoint is here" in message


def test_a_gradient_that_is_not_finite_stops_too():
    """Squares of gradients overflow float32 long before the loss does."""
    model = word_average()
    model.head.norm.weight = mx.full((WIDTH,), 1e22)
    model.encoder.words.weight = model.encoder.words.weight * 1e-20
    with pytest.raises(TrainingFailedError, match=r"the gradient norm is (inf|nan) at step 1,"):
        fitted(model)


def test_an_epoch_counts_as_finished_before_the_next_one_fails():
    model, epochs = word_average(), []

    def spoil(record):
        epochs.append(record.epoch)
        model.head.output.bias = mx.full((2,), float("nan"))

    with pytest.raises(TrainingFailedError, match="at step 4,"):
        fitted(model, on_epoch=spoil)
    assert epochs == [1]


def test_validation_logits_that_are_not_finite_stop_too():
    validation = encoded(10, seed=1)
    validation.token_ids[3][1] = NAN_WORD
    model = word_average()
    model.encoder.words.weight[NAN_WORD] = float("nan")

    with pytest.raises(TrainingFailedError, match=r"validation rows .* after step 3.*checkpoint"):
        fitted(model, validation=validation)
