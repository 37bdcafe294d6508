"""Every optimizer takes PyTorch's path for 200 steps, from the same start by the same gradients."""

import numpy as np
import pytest
from given_gradients import path_of, rule_of
from recorded_paths import ARRAYS, CASES, NAMES, STEPS


@pytest.mark.parametrize("case", CASES)
def test_each_of_200_steps_is_pytorchs(case):
    """Muon's iteration too, which PyTorch was made to do in float64 in place of bfloat16."""
    names = [name for name in NAMES if f"path.{case}.{name}" in ARRAYS]
    about = CASES[case]
    rule = rule_of(about["name"], about["weight_decay"], **about["arguments"])

    path = path_of(rule, names)

    for name in names:
        wanted = ARRAYS[f"path.{case}.{name}"]
        assert len(wanted) == STEPS == 200
        assert np.abs(wanted[-1] - ARRAYS[f"start.{name}"]).max() > 0.1  # it went somewhere
        np.testing.assert_allclose(path[name], wanted, rtol=0, atol=2e-5)
