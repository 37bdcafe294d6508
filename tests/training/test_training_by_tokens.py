"""Training in batches of at most so many tokens."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from word_average import encoded, fitted, same_bits, weights, word_average

from bertplay.data.errors import InputError
from bertplay.prediction import BatchedPredictor
from bertplay.training import SilentView, train


def test_short_texts_go_in_larger_batches_so_that_an_epoch_has_fewer_steps():
    """24 texts of 4 words and as many of 6: twelve or eight in 48 tokens."""
    by_rows = fitted(word_average(), train=encoded(48), batch_size=8)
    by_tokens = fitted(word_average(), train=encoded(48), max_tokens=48)
    assert [record.step for record in by_rows.history] == [6, 12]
    assert [record.step for record in by_tokens.history] == [5, 10]
    assert by_tokens.compiled_shapes <= 2


def test_the_same_seed_gives_the_same_bits():
    one, other = word_average(), word_average()
    outputs = [fitted(model, max_tokens=24, seed=3).outputs for model in (one, other)]
    assert same_bits(weights(one), weights(other))
    assert outputs[0].tobytes() == outputs[1].tobytes()


def test_the_batch_size_then_changes_nothing():
    one, other = word_average(), word_average()
    fitted(one, max_tokens=24, batch_size=2)
    fitted(other, max_tokens=24, batch_size=16)
    assert same_bits(weights(one), weights(other))


def test_several_batches_of_half_the_tokens_make_the_same_step():
    large, one = fitted(word_average(dropout=0), max_tokens=48), word_average(dropout=0)
    small = fitted(one, max_tokens=24, accumulate=2)
    assert [record.train_loss for record in small.history] == pytest.approx(
        [record.train_loss for record in large.history], rel=1e-5
    )


def test_predictions_in_such_batches_are_the_same():
    model, texts = word_average(), encoded(21).token_ids
    by_rows = BatchedPredictor(model, (4, 6), 8)
    by_tokens, shapes = BatchedPredictor(model, (4, 6), 8, max_tokens=30), []
    np.testing.assert_allclose(
        by_tokens.logits(texts, on_batch=shapes.append), by_rows.logits(texts), atol=1e-6
    )
    assert max(shapes) == 7


class PlanKept(SilentView):
    def planned(self, plan):
        self.steps = plan.steps_per_epoch


def test_a_run_has_the_planned_number_of_steps(options):
    """32 texts to train on, of 6 tokens each: 10 in 64 tokens."""
    view = PlanKept()
    summary = train(replace(options, max_tokens=64), view)
    last = json.loads((Path(options.output) / "metrics.jsonl").read_text().splitlines()[-1])
    assert view.steps == 4
    assert last["step"] == 4 * summary["epochs_run"]
    assert summary["padding_fraction"] == pytest.approx(1 - 32 / 40)


def test_fewer_tokens_than_a_text_has_are_refused_before_anything_is_written(options, tmp_path):
    with pytest.raises(InputError, match="max_tokens is 5, and the longest text has 6 tokens"):
        train(replace(options, max_tokens=5))
    assert list(tmp_path.iterdir()) == []
