"""Integrated gradients against closed forms: what is known of a sum, a product and a square."""

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bertplay.attribution import integrated_gradients
from bertplay.attribution.path_integral import TOLERANCE

STATES = mx.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]])
NOTHING = mx.zeros((3, 2))


def test_a_sum_is_divided_into_its_terms():
    weights = mx.array([[1.0, -1.0], [2.0, 0.0], [0.0, 4.0]])

    found = integrated_gradients(lambda x: mx.sum(x * weights, axis=(1, 2)), STATES, NOTHING)

    np.testing.assert_allclose(found.parts, [-1.0, 6.0, 2.0], atol=1e-6)


def test_the_factors_of_a_product_get_half_each():
    found = integrated_gradients(lambda x: x[:, 0, 1] * x[:, 1, 0], STATES, NOTHING)

    np.testing.assert_allclose(found.parts, [3.0, 3.0, 0.0], atol=1e-6)


def test_what_is_the_same_in_both_inputs_gets_nothing():
    baseline = mx.concatenate([STATES[:1], NOTHING[1:]])

    found = integrated_gradients(lambda x: mx.sum(mx.exp(x), axis=(1, 2)), STATES, baseline)

    assert found.parts[0] == 0.0
    assert found.parts[1] != 0.0


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**16), st.floats(0.1, 4.0))
def test_the_parts_add_up_to_the_difference(seed, scale):
    """Of a small network, computed in float64 for the difference."""
    random = np.random.default_rng(seed)
    first, second = random.normal(size=(4, 6)) * scale, random.normal(size=6)
    x, b = random.normal(size=(5, 4)), random.normal(size=(5, 4))

    def value(inputs):
        return float(np.tanh(inputs.mean(axis=0) @ first) @ second)

    found = integrated_gradients(
        lambda states: (
            mx.tanh(mx.mean(states, axis=1) @ mx.array(first, mx.float32))
            @ mx.array(second, mx.float32)
        ),
        mx.array(x, mx.float32),
        mx.array(b, mx.float32),
    )

    assert found.complete
    difference = value(x) - value(b)
    assert found.parts.sum() == pytest.approx(
        difference, abs=TOLERANCE * max(1.0, abs(difference)) + 1e-5
    )


def test_points_are_added_until_the_parts_add_up():
    steep = integrated_gradients(lambda x: mx.tanh(40 * (x[:, 0, 0] - 0.5)), STATES, NOTHING)

    assert steep.complete
    assert steep.points > 16


def test_a_result_that_does_not_add_up_says_so():
    cliff = integrated_gradients(
        lambda x: mx.tanh(1e5 * (x[:, 0, 0] - 0.37)), STATES[:1], NOTHING[:1]
    )

    assert not cliff.complete
    assert cliff.error == pytest.approx(cliff.parts.sum() - 2.0)


@pytest.mark.parametrize(
    ("states", "baseline", "message"),
    [
        (STATES, NOTHING[:2], r"\(3, 2\) and baseline \(2, 2\)"),
        (STATES[0], NOTHING[0], r"\[L, H\]"),
    ],
)
def test_inputs_of_other_shapes_are_refused(states, baseline, message):
    with pytest.raises(ValueError, match=message):
        integrated_gradients(lambda x: mx.sum(x, axis=(1, 2)), states, baseline)


def test_a_score_without_a_value_is_refused():
    with pytest.raises(ValueError, match="NaN or infinite"):
        integrated_gradients(lambda x: mx.log(x[:, 0, 0]), STATES, NOTHING)
