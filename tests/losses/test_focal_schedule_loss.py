"""Focal loss whose gamma moves with progress."""

import mlx.core as mx
import numpy as np
import pytest
from loss_cases import COUNTS, batch

from bertplay.losses import (
    FocalScheduleLoss,
    balanced_weights,
    cross_entropy,
    focal_loss,
    focal_schedule_loss,
    get_loss,
)


def example():
    logits, labels, _, _ = batch()
    return mx.array(logits), mx.array(labels)


@pytest.mark.parametrize("ramp", ["linear", "cosine", "step"])
def test_it_is_exactly_the_focal_loss_of_either_gamma_at_the_ends(ramp):
    loss = FocalScheduleLoss(gamma_start=0.3, gamma_end=2.7, start=0.2, end=0.7, ramp=ramp)
    for progress, gamma in ((0.0, 0.3), (0.15, 0.3), (0.7, 2.7), (1.0, 2.7)):
        loss.set_progress(progress)
        assert loss(*example()).item() == focal_loss(*example(), gamma=mx.array(gamma)).item()


def test_by_default_it_starts_as_cross_entropy_and_ends_as_focal():
    loss = get_loss("focal_schedule")
    assert loss(*example()).item() == cross_entropy(*example()).item()
    loss.set_progress(1.0)
    assert loss(*example()).item() == focal_loss(*example(), gamma=2.0).item()


@pytest.mark.parametrize(("start", "end"), [(0.0, 4.0), (3.0, 1.0)])
def test_gamma_goes_from_the_one_to_the_other(start, end):
    loss = FocalScheduleLoss(gamma_start=start, gamma_end=end, start=0.2, end=0.6)
    found = []
    for progress in (0.0, 0.2, 0.3, 0.5, 0.6, 1.0):
        loss.set_progress(progress)
        found.append(loss.gamma.item())
    expected = start + np.array([0, 0, 0.25, 0.75, 1, 1]) * (end - start)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_in_between_it_is_the_focal_loss_of_the_gamma_in_between_and_no_mix():
    loss = FocalScheduleLoss(gamma_start=1.0, gamma_end=3.0, alpha=[1, 2, 3])
    loss.set_progress(0.5)

    found = loss(*example()).item()

    ends = [focal_loss(*example(), gamma=gamma, alpha=[1, 2, 3]).item() for gamma in (1.0, 3.0)]
    assert found == pytest.approx(focal_loss(*example(), gamma=2.0, alpha=[1, 2, 3]).item())
    assert abs(found - sum(ends) / 2) > 1e-3


def test_gamma_moves_inside_one_compiled_step_without_a_new_trace():
    loss, traces = get_loss("focal_schedule", num_classes=3), []

    def step(logits, labels, progress):
        traces.append(True)
        loss.set_progress(progress)
        return loss(logits, labels)

    compiled = mx.compile(step, inputs=loss.state, outputs=loss.state)
    found = [compiled(*example(), mx.array(point)).item() for point in (0.0, 0.25, 1.0)]

    expected = [focal_loss(*example(), gamma=gamma).item() for gamma in (0.0, 0.5, 2.0)]
    assert found == pytest.approx(expected, rel=1e-5)
    assert len(traces) == 1


def test_alpha_is_that_of_the_focal_loss():
    loss = get_loss("focal_schedule", alpha="balanced", class_counts=COUNTS)
    np.testing.assert_allclose(loss.options()["alpha"], balanced_weights(COUNTS), rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gamma_start": -1}, "gamma_start is -1: expected a number of at least 0"),
        ({"gamma_end": float("nan")}, "gamma_end is nan"),
        ({"gamma": 2}, r"loss 'focal_schedule' has no option 'gamma'; did you mean gamma_\w+\?"),
        ({"start": 0.5, "end": 0.5}, "start must be below end"),
    ],
)
def test_a_wrong_option_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        get_loss("focal_schedule", **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mix": 1.5}, "mix is 1.5"),
        ({"mix": 0.5, "gamma_start": -1.0}, "gamma_start is -1"),
        ({"mix": 0.5, "gamma_end": -1.0}, "gamma_end is -1"),
    ],
)
def test_the_function_refuses_what_is_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        focal_schedule_loss(*example(), **options)
