"""The mean of the weights over the last part of the steps."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from word_average import fitted, same_bits, weights, word_average

from bertplay.training.average import WeightAverage


def moved_model(fraction: float, steps: int = 8) -> tuple[nn.Linear, WeightAverage]:
    """A model whose weights are 0, 1, 2, ... after each step, and their average."""
    model = nn.Linear(3, 2)
    average = WeightAverage(model, steps, fraction)
    for step in range(steps):
        model.update({"weight": mx.full((2, 3), float(step)), "bias": mx.full((2,), -float(step))})
        average.after_step(step)
    return model, average


@pytest.mark.parametrize(("fraction", "mean"), [(0.5, 5.5), (0.25, 6.5), (0.99, 3.5), (0.4, 5.5)])
def test_it_is_the_mean_over_the_last_part_of_the_steps(fraction, mean):
    model, average = moved_model(fraction)
    with average.in_model():
        np.testing.assert_allclose(np.array(model.weight), mean, rtol=1e-6)
        np.testing.assert_allclose(np.array(model.bias), -mean, rtol=1e-6)


def test_afterwards_the_model_has_its_own_weights_again():
    model, average = moved_model(0.5)
    with average.in_model():
        pass
    assert (np.array(model.weight) == 7).all()


def test_a_fraction_of_0_leaves_the_last_weights():
    model, average = moved_model(0.0)
    with average.in_model():
        assert (np.array(model.weight) == 7).all()


def test_a_weight_that_is_trained_late_counts_with_what_it_was_before():
    """Frozen it was 0; it is 4 after the third and 8 after the fourth step."""
    model = nn.Linear(3, 2)
    model.bias = mx.zeros((2,))
    model.freeze(keys="bias")
    average = WeightAverage(model, 4, 0.99)
    for step, bias in enumerate((0.0, 0.0, 4.0, 8.0)):
        if step == 2:
            model.unfreeze()
            average.let_join()
        model.weight = mx.full((2, 3), float(step))
        model.bias = mx.full((2,), bias)
        average.after_step(step)
    with average.in_model():
        np.testing.assert_allclose(np.array(model.bias), 3.0, rtol=1e-6)
        np.testing.assert_allclose(np.array(model.weight), 1.5, rtol=1e-6)
    assert (np.array(model.bias) == 8).all()


def test_a_moving_average_forgets_older_weights():
    """With decay d, and t / (t + 9) while that is less."""
    model = nn.Linear(1, 1)
    average = WeightAverage(model, 100, 0.0, ema_decay=0.5)
    expected = 0.0
    for step in range(30):
        value = float(np.sin(step))
        model.update({"weight": mx.full((1, 1), value), "bias": mx.full((1,), 2 * value)})
        average.after_step(step)
        decay = 0.0 if step == 0 else min(0.5, (step + 1) / (step + 10))
        expected = decay * expected + (1 - decay) * value
    with average.in_model():
        assert model.weight.item() == pytest.approx(expected, rel=1e-5)
        assert model.bias.item() == pytest.approx(2 * expected, rel=1e-5)


def test_a_moving_average_becomes_the_model():
    plain, averaged = word_average(), word_average()
    fitted(plain, keep="last")
    fitted(averaged, keep="last", ema=0.9)
    assert not same_bits(weights(plain), weights(averaged))


def test_what_is_frozen_is_not_averaged():
    model = nn.Linear(3, 2)
    model.freeze(keys="bias")
    average = WeightAverage(model, 2, 0.99)
    for step in range(2):
        model.weight = mx.full((2, 3), float(step))
        model.bias = mx.full((2,), float(step))
        average.after_step(step)
    with average.in_model():
        assert (np.array(model.weight) == 0.5).all()
        assert (np.array(model.bias) == 1.0).all()


def test_training_itself_is_the_same_with_it():
    """The average looks on; figures before it begins are those of a run without it."""
    plain = fitted(word_average(), epochs=4, keep="last")
    averaged = fitted(word_average(), epochs=4, keep="last", average_weights=0.5)
    losses = [[record.train_loss for record in run.history] for run in (plain, averaged)]
    assert losses[0] == losses[1]
    assert averaged.history[0].validation == plain.history[0].validation
    assert averaged.history[-1].validation != plain.history[-1].validation


def test_the_model_that_is_kept_is_the_mean_of_what_the_steps_left(monkeypatch):
    """Of six steps the last two count."""
    left = []
    after_step = WeightAverage.after_step

    def looked_at(average, step):
        after_step(average, step)
        left.append(weights(model))

    monkeypatch.setattr(WeightAverage, "after_step", looked_at)
    model = word_average()
    fitted(model, epochs=2, keep="last", average_weights=1 / 3)

    assert len(left) == 6
    for name, value in weights(model).items():
        expected = (left[-2][name] + left[-1][name]) / 2
        np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-7, err_msg=name)


def test_the_checkpoint_of_an_epoch_holds_the_mean():
    seen = []
    model = word_average()
    result = fitted(
        model,
        epochs=2,
        keep="last",
        average_weights=0.5,
        on_epoch=lambda record: seen.append(weights(model)),
    )
    assert result.chosen.epoch == 2
    assert same_bits(seen[-1], weights(model))
