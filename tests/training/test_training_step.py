"""One compiled step: how often it is traced, and what it makes of a batch."""

import mlx.core as mx
import numpy as np
import pytest
from word_average import BATCH, CLASSES, encoded, fitted, weights, word_average

from bertplay.data.batches import Batch, pad_batch
from bertplay.losses import distillation_loss
from bertplay.optimizers.parameter_groups import optimizer_for
from bertplay.training.objective import Objective, batch_loss
from bertplay.training.step import TraceGuard, compiled_step

ROWS = encoded(20)
SHORT, LONG = (np.flatnonzero(ROWS.lengths == length) for length in (4, 6))


def step_for(model, *, planned, optimizer="sgd", rate=1.0, clip_norm=0.0, **objective):
    """A step, the state it changes, and its guard; by default the gradient is what is taken off."""
    optimizer = optimizer_for(model, optimizer, {}, lr=rate, weight_decay=0.0)
    optimizer.init(model.trainable_parameters())
    guard = TraceGuard(planned)
    model.train()
    loss = batch_loss(model, Objective(**objective))
    step, state = compiled_step(model, optimizer, loss, clip_norm=clip_norm, guard=guard)

    def run(*batch, rate=rate):
        return step(*batch, mx.array(rate), seed=7)

    return run, state, guard


def arrays(rows, length, batch_size=BATCH, teacher_logits=None):
    """What a step is called with, but for the progress."""
    ids, mask, row_weights = pad_batch(ROWS.token_ids, Batch(rows, length), batch_size)
    labels = np.zeros(batch_size, dtype=np.int32)
    labels[: len(rows)] = ROWS.texts.labels[rows]
    of_teacher = np.zeros((batch_size, len(CLASSES)), dtype=np.float32)
    if teacher_logits is not None:
        of_teacher[: len(rows)] = teacher_logits
    targets = {"labels": mx.array(labels), "teacher_logits": mx.array(of_teacher)}
    return [mx.array(ids), mx.array(mask), targets, mx.array(row_weights)]


def test_it_is_traced_once_for_each_padded_length():
    step, state, guard = step_for(word_average(), planned=2)
    for repeat in range(3):
        for rows, length in ((SHORT[:8], 4), (LONG[:8], 6), (SHORT[:3], 4)):
            mx.eval(step(*arrays(rows, length), mx.array(repeat / 3)).loss, state)
    assert guard.traces == 2


def test_one_trace_more_than_planned_stops_and_names_the_shape():
    step, state, _ = step_for(word_average(), planned=1)
    mx.eval(step(*arrays(SHORT[:8], 4), mx.array(0.0)).loss, state)
    with pytest.raises(RuntimeError, match=r"2 times, 1 were planned.*\(8, 6\)"):
        step(*arrays(LONG[:8], 6), mx.array(0.0))


def test_training_traces_as_often_as_it_has_padded_lengths():
    assert fitted(word_average(), epochs=3).compiled_shapes == len({4, 6})


def test_training_works_where_compilation_is_switched_off():
    compiled = fitted(word_average(dropout=0.0))
    mx.disable_compile()
    try:
        plain = fitted(word_average(dropout=0.0))
    finally:
        mx.enable_compile()
    assert plain.compiled_shapes == 0
    np.testing.assert_allclose(plain.outputs, compiled.outputs, atol=1e-5)


def test_the_learning_rate_changes_within_one_trace():
    """AdamW's first steps move every weight by the learning rate, where the gradient is steady."""
    model = word_average(dropout=0.0)
    step, state, guard = step_for(model, planned=1, optimizer="adamw")
    moved = []
    for rate in (1e-4, 2e-4, 3e-4):
        before = np.array(model.head.output.bias)
        mx.eval(step(*arrays(SHORT[:8], 4), mx.array(0.0), rate=rate).loss, state)
        moved.append(np.abs(np.array(model.head.output.bias) - before).mean())
    assert moved == pytest.approx([1e-4, 2e-4, 3e-4], rel=0.02)
    assert guard.traces == 1


def test_a_partial_batch_is_trained_like_the_rows_alone():
    """Rows that fill a batch up change neither the loss nor the gradients."""
    results = []
    for batch_size in (BATCH, 3):
        model = word_average("weighted_ce", dropout=0.0)
        step, state, _ = step_for(model, planned=1)
        result = step(*arrays(SHORT[:3], 4, batch_size), mx.array(0.0))
        mx.eval(result.loss, result.gradient_norm, state)
        results.append((result.loss.item(), result.gradient_norm.item(), weights(model)))
    (filled_loss, filled_norm, filled), (alone_loss, alone_norm, alone) = results

    assert filled_loss == pytest.approx(alone_loss, rel=1e-6)
    assert filled_norm == pytest.approx(alone_norm, rel=1e-5)
    for name in alone:
        np.testing.assert_allclose(filled[name], alone[name], atol=1e-6, err_msg=name)


def test_r_drop_adds_nothing_where_two_passes_agree():
    """Without dropout, both passes and their gradients are those of one."""
    results = []
    for r_drop in (0.0, 5.0):
        model = word_average(dropout=0.0)
        step, state, _ = step_for(model, planned=1, r_drop=r_drop)
        result = step(*arrays(SHORT[:8], 4), mx.array(0.0))
        mx.eval(result.loss, state)
        results.append((result.loss.item(), weights(model)))
    (plain_loss, plain), (loss, twice) = results

    assert loss == pytest.approx(plain_loss, rel=1e-6)
    for name in plain:
        np.testing.assert_allclose(twice[name], plain[name], atol=1e-6, err_msg=name)


def test_r_drop_adds_its_weight_times_the_divergence_of_two_passes_with_dropout():
    losses = []
    for r_drop in (1e-6, 1.0, 3.0):
        step, _, _ = step_for(word_average(dropout=0.5), planned=1, r_drop=r_drop)
        losses.append(step(*arrays(SHORT[:8], 4), mx.array(0.0)).loss.item())
    assert losses[1] - losses[0] > 1e-4
    assert losses[2] - losses[0] == pytest.approx(3 * (losses[1] - losses[0]), rel=1e-3)


def test_rows_that_fill_a_batch_up_are_not_compared_by_r_drop():
    losses = []
    for batch_size in (BATCH, 3):
        step, _, _ = step_for(word_average(dropout=0.0), planned=1, r_drop=1.0)
        losses.append(step(*arrays(SHORT[:3], 4, batch_size), mx.array(0.0)).loss.item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def test_a_teacher_shares_the_loss_with_the_labels():
    teacher = np.array([[2.0, -1.0]] * 3, dtype=np.float32)
    losses = {}
    for share in (0.0, 0.25, 1.0):
        step, _, _ = step_for(word_average(dropout=0.0), planned=1, teacher_weight=share)
        batch = arrays(SHORT[:3], 4, teacher_logits=teacher)
        losses[share] = step(*batch, mx.array(0.0)).loss.item()
    assert losses[0.25] == pytest.approx(0.75 * losses[0.0] + 0.25 * losses[1.0], rel=1e-6)
    assert abs(losses[1.0] - losses[0.0]) > 1e-2


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_a_teacher_is_learned_at_the_temperature(temperature):
    teacher = np.array([[2.0, -1.0]] * 3, dtype=np.float32)
    model = word_average(dropout=0.0)
    step, _, _ = step_for(model, planned=1, teacher_weight=1.0, temperature=temperature)
    ids, mask, *others = arrays(SHORT[:3], 4, 3, teacher)
    expected = distillation_loss(model(ids, mask), mx.array(teacher), temperature=temperature)
    expected = expected.item()
    found = step(ids, mask, *others, mx.array(0.0)).loss.item()
    assert found == pytest.approx(expected, rel=1e-5)


def test_rows_that_fill_a_batch_up_learn_nothing_from_a_teacher():
    teacher = np.array([[2.0, -1.0], [0.0, 3.0], [1.0, 1.0]], dtype=np.float32)
    losses = []
    for batch_size in (BATCH, 3):
        step, _, _ = step_for(word_average(dropout=0.0), planned=1, teacher_weight=1.0)
        batch = arrays(SHORT[:3], 4, batch_size, teacher)
        losses.append(step(*batch, mx.array(0.0)).loss.item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def test_the_norm_it_reports_is_before_clipping():
    norms = []
    for clip_norm in (0.0, 1e-3):
        step, _, _ = step_for(word_average(dropout=0.0), planned=1, clip_norm=clip_norm)
        norms.append(step(*arrays(SHORT[:8], 4), mx.array(0.0)).gradient_norm.item())
    assert norms[0] == pytest.approx(norms[1], rel=1e-6)
    assert norms[0] > 1e-2


def test_the_mix_of_the_adaptive_loss_goes_from_0_to_1_in_a_run():
    model = word_average("adaptive")
    mixes = [model.head.loss.mix.item()]
    fitted(
        model,
        epochs=3,
        keep="last",
        on_epoch=lambda record: mixes.append(model.head.loss.mix.item()),
    )
    # Three steps an epoch: the progress is that of the epoch's last step, of 9 in all.
    assert mixes == pytest.approx([0, 2 / 8, 5 / 8, 1])


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("adaptive", [{"mix": 2 / 8}, {"mix": 5 / 8}, {"mix": 1.0}]),
        ("curriculum", [{"mix": 2 / 8}, {"mix": 5 / 8}, {"mix": 1.0}]),
        ("focal_schedule", [{"gamma": 4 / 8}, {"gamma": 10 / 8}, {"gamma": 2.0}]),
        ("focal", [{}, {}, {}]),
    ],
)
def test_the_history_says_what_the_schedule_of_the_loss_has_reached(loss, expected):
    """At the end of each epoch, of three steps."""
    history = fitted(word_average(loss), epochs=3).history
    for record, reached in zip(history, expected, strict=True):
        assert record.schedule == pytest.approx(reached)
        assert record.as_dict()["schedule"] == record.schedule


def test_the_options_of_the_loss_are_not_trained():
    model = word_average("focal_smooth")
    before = weights(model.head.loss)
    fitted(model)
    assert before
    for name, value in weights(model.head.loss).items():
        assert value.tobytes() == before[name].tobytes(), name


def test_all_other_parameters_are_trained():
    model = word_average("focal_smooth")
    before = weights(model)
    fitted(model)
    unchanged = {name for name, value in weights(model).items() if (value == before[name]).all()}
    assert {name for name in unchanged if not name.startswith("head.loss.")} == set()
