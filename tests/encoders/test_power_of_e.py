"""e^x without exp, against NumPy in double precision."""

import mlx.core as mx
import numpy as np
import pytest

from bertplay.encoders.power_of_e import power_of_e


@pytest.mark.parametrize(("lowest", "error"), [(-4, 2e-6), (-10, 1e-4)])
def test_the_relative_error_is_as_documented(lowest, error):
    x = np.linspace(lowest, 0, 20001, dtype=np.float32)
    np.testing.assert_allclose(power_of_e(mx.array(x)), np.exp(x.astype(np.float64)), rtol=error)


def test_the_absolute_error_is_below_two_millionths():
    x = np.linspace(-200, 0, 20001, dtype=np.float32)
    np.testing.assert_allclose(power_of_e(mx.array(x)), np.exp(x.astype(np.float64)), atol=2e-6)


def test_numbers_far_out_give_nothing():
    assert power_of_e(mx.array([-1e9, -3e38, -np.inf])).tolist() == [0, 0, 0]
