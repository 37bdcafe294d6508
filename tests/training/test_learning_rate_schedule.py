"""The learning rate rises to its peak and falls to 0, step by step."""

import math

import mlx.core as mx
import pytest

from bertplay.training.schedule import warmup_then_decay

PEAK, STEPS, WARMUP = 3e-4, 23, 0.2


def rates(decay="linear", *, peak=PEAK, steps=STEPS, warmup=WARMUP):
    rate = warmup_then_decay(peak, steps, warmup=warmup, decay=decay)
    return [rate(mx.array(step)).item() for step in range(steps)]


def expected(decay, step):
    rising = math.ceil(WARMUP * STEPS)
    if step < rising:
        return PEAK * (step + 1) / rising
    done = (step - rising) / (STEPS - rising)
    return PEAK * (1 - done if decay == "linear" else (1 + math.cos(math.pi * done)) / 2)


@pytest.mark.parametrize("decay", ["linear", "cosine"])
def test_every_step_has_the_rate_of_the_formula(decay):
    wanted = [expected(decay, step) for step in range(STEPS)]
    assert rates(decay) == pytest.approx(wanted, rel=1e-5, abs=1e-10)


@pytest.mark.parametrize("decay", ["linear", "cosine"])
def test_the_first_step_already_moves_the_weights(decay):
    assert rates(decay)[0] > 0


@pytest.mark.parametrize("decay", ["linear", "cosine"])
def test_the_peak_is_reached_and_never_passed(decay):
    assert max(rates(decay)) == pytest.approx(PEAK, rel=1e-6)


@pytest.mark.parametrize("decay", ["linear", "cosine"])
def test_the_rate_ends_near_0(decay):
    assert 0 < rates(decay)[-1] < PEAK / 10


def test_without_warm_up_the_first_step_has_the_peak():
    assert rates(warmup=0)[0] == pytest.approx(PEAK)


def test_a_run_of_one_step_trains_at_the_peak():
    assert rates(steps=1) == pytest.approx([PEAK])


def test_a_compiled_function_that_uses_it_is_traced_once():
    rate = warmup_then_decay(PEAK, STEPS, warmup=WARMUP)
    traces = []

    def step(number):
        traces.append(number.shape)
        return rate(number)

    mx.eval(mx.array(0) + 1)  # makes the default stream, before which MLX traces once more
    compiled = mx.compile(step)
    got = [compiled(mx.array(number)).item() for number in range(STEPS)]

    assert got == pytest.approx(rates())
    assert len(traces) == 1


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"total_steps": 0}, "total_steps"),
        ({"total_steps": 10, "warmup": 1.0}, "warmup"),
        ({"total_steps": 10, "warmup": -0.1}, "warmup"),
        ({"total_steps": 10, "decay": "step"}, "decay"),
    ],
)
def test_an_argument_outside_its_range_is_named(arguments, named):
    with pytest.raises(ValueError, match=named):
        warmup_then_decay(PEAK, **arguments)
