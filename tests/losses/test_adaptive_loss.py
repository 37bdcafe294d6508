"""The adaptive loss: from weighted cross-entropy to focal, by progress that lives in the tree."""

import mlx.core as mx
import numpy as np
import pytest
from loss_cases import COUNTS, batch

from bertplay.losses import AdaptiveLoss, balanced_weights, focal_loss, weighted_cross_entropy


def example():
    logits, labels, _, _ = batch()
    return mx.array(logits), mx.array(labels)


def mixes(loss, points):
    found = []
    for point in points:
        loss.set_progress(point)
        found.append(loss.mix.item())
    return found


@pytest.mark.parametrize("ramp", ["linear", "cosine"])
@pytest.mark.parametrize(("start", "end"), [(0.0, 1.0), (0.2, 0.7), (0.1, 0.3)])
def test_it_is_exactly_weighted_ce_at_the_start_and_focal_at_the_end(ramp, start, end):
    logits, labels = example()
    loss = AdaptiveLoss(
        gamma=1.5, alpha=[3, 1, 0.5], start=start, end=end, ramp=ramp, class_counts=COUNTS
    )
    weights = balanced_weights(COUNTS)

    for progress in (0.0, start):
        loss.set_progress(progress)
        expected = weighted_cross_entropy(logits, labels, class_weights=weights)
        assert loss(logits, labels).item() == expected.item()
    for progress in (end, 1.0):
        loss.set_progress(progress)
        expected = focal_loss(logits, labels, gamma=1.5, alpha=[3, 1, 0.5])
        assert loss(logits, labels).item() == expected.item()


def test_a_linear_ramp_is_a_straight_line():
    loss = AdaptiveLoss(class_counts=COUNTS, start=0.2, end=0.6)
    found = mixes(loss, [0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 1.0])
    np.testing.assert_allclose(found, [0, 0, 0.25, 0.5, 0.75, 1, 1], atol=1e-6)


def test_a_cosine_ramp_is_half_a_cosine():
    loss = AdaptiveLoss(class_counts=COUNTS, ramp="cosine")
    points = np.linspace(0, 1, 9)
    np.testing.assert_allclose(mixes(loss, points), (1 - np.cos(np.pi * points)) / 2, atol=1e-6)


@pytest.mark.parametrize("ramp", ["linear", "cosine"])
def test_the_mix_never_falls(ramp):
    loss = AdaptiveLoss(class_counts=COUNTS, ramp=ramp, start=0.1, end=0.9)
    assert (np.diff(mixes(loss, np.linspace(0, 1, 33))) >= 0).all()


def test_it_starts_at_the_start():
    loss = AdaptiveLoss(class_counts=COUNTS)
    assert loss.progress.item() == 0.0
    assert loss.mix.item() == 0.0


def test_it_moves_inside_one_compiled_step_without_a_new_trace():
    logits, labels = example()
    loss = AdaptiveLoss(class_counts=COUNTS, gamma=2.0)
    traces = []

    def step(logits, labels, progress):
        traces.append(True)
        loss.set_progress(progress)
        return loss(logits, labels)

    compiled = mx.compile(step, inputs=loss.state, outputs=loss.state)
    points = [0.0, 0.25, 0.5, 1.0]
    found, held = [], []
    for point in points:
        found.append(compiled(logits, labels, mx.array(point)).item())
        held.append(loss.progress.item())

    weights = balanced_weights(COUNTS)
    first = weighted_cross_entropy(logits, labels, class_weights=weights).item()
    last = focal_loss(logits, labels, gamma=2.0).item()
    assert found == pytest.approx([(1 - s) * first + s * last for s in points], rel=1e-5)
    assert held == points
    assert len(traces) == 1


def test_progress_set_between_steps_reaches_the_compiled_step():
    logits, labels = example()
    loss = AdaptiveLoss(class_counts=COUNTS)
    compiled = mx.compile(lambda logits, labels: loss(logits, labels), inputs=loss.state)

    before = compiled(logits, labels).item()
    loss.set_progress(1.0)

    assert compiled(logits, labels).item() == pytest.approx(focal_loss(logits, labels).item())
    assert compiled(logits, labels).item() != pytest.approx(before)


def test_progress_is_saved_with_the_module(tmp_path):
    saved, loaded = (AdaptiveLoss(class_counts=COUNTS) for _ in range(2))
    saved.set_progress(0.75)
    file = str(tmp_path / "loss.safetensors")

    saved.save_weights(file)
    loaded.load_weights(file)

    assert loaded.progress.item() == 0.75


def test_the_span_can_be_changed_during_training():
    loss = AdaptiveLoss(class_counts=COUNTS)
    loss.set_progress(0.5)

    loss.update(start=0.25, end=0.5)

    assert loss.mix.item() == 1.0


@pytest.mark.parametrize(
    ("progress", "message"),
    [
        (-0.1, "progress is -0.1: expected a number from 0 to 1"),
        (1.1, "progress is 1.1: expected a number from 0 to 1"),
        (float("nan"), "progress is nan"),
        ("half", "progress is 'half': expected a number"),
        (mx.array([0.5]), r"progress has shape \(1,\): expected a scalar"),
    ],
)
def test_progress_that_is_none_is_refused(progress, message):
    with pytest.raises(ValueError, match=message):
        AdaptiveLoss(class_counts=COUNTS).set_progress(progress)


def test_an_array_outside_the_range_acts_as_its_nearest_end():
    loss = AdaptiveLoss(class_counts=COUNTS)
    assert mixes(loss, [mx.array(-1.0), mx.array(2.0)]) == [0.0, 1.0]
