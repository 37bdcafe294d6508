"""What a batch takes is known before it is tried, and the trial leaves no trace."""

import gc
from statistics import median

import mlx.core as mx
import numpy as np
import pytest
from word_average import encoded, fitted, same_bits, settings, weights, word_average

from bertplay import TrainOptions, preflight
from bertplay.data.batches import Batch
from bertplay.prediction import padded_lengths_for
from bertplay.training import dry_steps
from bertplay.training.dry_steps import step_memory
from bertplay.training.loop_settings import optimizer_of
from bertplay.training.objective import Objective, batch_loss
from bertplay.training.step import TraceGuard, compiled_step
from bertplay.training.step_memory import StepMemory, memory_warning
from bertplay.training.trial_run import trial_run
from bertplay.training.view import SilentView

ROWS = encoded(20).training_rows()
GB = 10**9


def measured(model, **changes):
    return step_memory(model, ROWS, batch_loss(model, Objective()), settings(**changes))


def with_mini(tmp_path, **changes):
    """A run on 40 sentences of which the longest has 14 tokens."""
    rows = [f"the {word} sank with the ship in the cold dark sea that night," for word in "ab"]
    lines = [row + ["yes", "no"][n % 2] for n, row in enumerate(rows * 20)]
    (tmp_path / "t.csv").write_text("\n".join(["text,label", *lines]) + "\n")
    return TrainOptions(data=str(tmp_path / "t.csv"), average_weights=0, **changes)


def test_model_mode_and_random_state_are_what_they_were():
    model = word_average(dropout=0.3)
    model.eval()
    mx.random.seed(77)
    mx.random.normal((3,))  # so that the state is no longer that of a seed of ours
    before, state = weights(model), mx.random.state[0].tolist()
    measured(model, accumulate=2)
    assert same_bits(weights(model), before)
    assert mx.random.state[0].tolist() == state
    assert not model.training


def test_a_run_after_it_has_the_same_bits():
    one, other = word_average("adaptive", dropout=0.3), word_average("adaptive", dropout=0.3)
    measured(other)
    first, second = fitted(one), fitted(other)
    assert first.outputs.tobytes() == second.outputs.tobytes()
    assert same_bits(weights(one), weights(other))


def test_nothing_of_it_stays_in_memory():
    model = word_average()
    mx.eval(model.parameters())
    before = mx.get_active_memory()
    measured(model)
    assert mx.get_active_memory() <= before + 1000


@pytest.mark.parametrize("changes", [{}, {"freeze": "full"}, {"adapter": "lora"}, {"r_drop": 1.0}])
def test_the_estimate_is_within_a_twentieth_of_what_the_batch_takes(tmp_path, changes):
    run = trial_run(with_mini(tmp_path, batch_size=64, **changes), SilentView())
    gc.collect()  # what other tests left in cycles
    estimate = step_memory(run.model, run.rows, run.batch_loss, run.settings)
    gc.collect()

    optimizer = optimizer_of(run.model, run.settings)
    optimizer.init(run.model.trainable_parameters())
    run.model.train()
    step, state = compiled_step(
        run.model, optimizer, run.batch_loss, clip_norm=1.0, guard=TraceGuard(1)
    )
    (length,) = padded_lengths_for(run.rows.token_ids)
    batch = run.rows.batch(Batch(np.arange(32), length), 64, run.settings.pad_id)
    mx.eval(batch, state)
    peaks = []
    for _ in range(5):  # how far MLX runs ahead of what it computes is chance
        mx.reset_peak_memory()
        result = step(*batch, mx.array(0.0), mx.array(1e-4), seed=0)
        mx.eval(result.loss, state)
        peaks.append(mx.get_peak_memory())

    peak = median(peaks)
    trained = estimate.needed - peak
    kept = sum(array.nbytes for array in arrays(run.model.trainable_parameters()))
    assert trained - kept == pytest.approx(0, abs=0.05 * peak)
    assert (estimate.rows, estimate.length, estimate.accumulate) == (64, length, 1)


def arrays(tree):
    from mlx.utils import tree_flatten

    return [array for _, array in tree_flatten(tree)]


def test_no_step_is_tried_that_may_take_half_of_the_memory(tmp_path, monkeypatch):
    run = trial_run(with_mini(tmp_path, batch_size=64), SilentView())
    monkeypatch.setattr(dry_steps, "usable_memory", lambda: 150_000_000)
    memory = step_memory(run.model, run.rows, run.batch_loss, run.settings)
    assert memory.measured_rows == 1
    assert not memory.fits


def test_batches_of_tokens_count_with_the_rows_of_the_longest_texts():
    memory = measured(word_average(), max_tokens=64, accumulate=2)
    assert (memory.rows, memory.length, memory.accumulate) == (64 // 6, 6, 2)


def test_a_batch_that_fits_needs_no_warning():
    memory = StepMemory(32, 128, 1, 2 * GB, 24 * GB, 8, GB, GB)
    assert memory.fits
    assert memory_warning(memory, None) is None


def test_a_batch_that_does_not_fit_is_divided_into_batches_that_make_the_same_steps():
    memory = StepMemory(32, 512, 2, 17 * GB, 8 * GB, 2, GB, 2 * GB)
    # Half a gigabyte a row, and 6.4 of 8 GB may be used.
    assert memory.suggestion() == (8, 8)
    assert memory_warning(memory, None) == (
        "a batch of 32 x 512 tokens needs about 17.0 GB of the 8.0 GB there are: --batch-size 8 "
        "--accumulate 8 makes the same steps in less"
    )
    assert memory_warning(memory, 20_000).endswith(
        "--max-tokens 5000 --accumulate 8 makes nearly the same steps"
    )


def test_where_no_row_fits_another_batch_size_is_not_suggested():
    memory = StepMemory(32, 512, 1, 17 * GB, 8 * GB, 2, GB, 7 * GB)
    assert memory.suggestion() is None
    assert "a single row does not fit" in memory_warning(memory, None)


def test_it_can_be_asked_for_without_a_run(tmp_path):
    memory = preflight(with_mini(tmp_path, batch_size=4))
    assert (memory.rows, memory.measured_rows) == (4, 4)
    assert memory.fits
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]
