"""Every schedule has PyTorch's rates for 200 steps."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from bertplay.schedules import schedule_for

with safe_open(
    Path(__file__).parent.parent / "fixtures" / "optimizer_paths.safetensors", "np"
) as _file:
    RATES = {
        name.partition(".")[2]: _file.get_tensor(name)
        for name in _file.keys()  # noqa: SIM118
        if name.startswith("rate.")
    }
    SCORES = {name: _file.get_tensor(f"scores.{name}") for name in RATES if "plateau" in name}
    ABOUT = _file.metadata()

CASES, PLATEAUS = json.loads(ABOUT["schedules"]), json.loads(ABOUT["plateaus"])
PEAK, EPOCHS = float(ABOUT["peak"]), int(ABOUT["epochs"])
STEPS = 200


@pytest.mark.parametrize("case", CASES)
def test_each_of_200_steps_has_pytorchs_rate(case):
    about = CASES[case]
    schedule = schedule_for(
        about["name"],
        PEAK,
        total_steps=STEPS,
        epochs=EPOCHS,
        warmup=about["warmup"],
        arguments=about["arguments"],
    )
    rates = [schedule.rate(step) for step in range(STEPS)]
    np.testing.assert_allclose(rates, RATES[case], rtol=1e-9, atol=1e-12 * PEAK)


@pytest.mark.parametrize("case", PLATEAUS)
def test_each_of_200_epochs_has_pytorchs_rate(case):
    """In the mode max for accuracies, in the mode min for a loss, whose score is its negative."""
    schedule = schedule_for(
        "plateau", PEAK, total_steps=STEPS, epochs=STEPS, warmup=0, arguments=PLATEAUS[case]
    )
    rates = []
    for epoch, score in enumerate(SCORES[case]):
        rates.append(schedule.rate(epoch))
        schedule.after_epoch(score)
    assert len(set(rates)) > 5
    np.testing.assert_allclose(rates, RATES[case], rtol=1e-9)
