"""How losses are shown."""

import pytest

from bertplay.cli.printable import loss_text


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ({}, "focal"),
        ({"gamma": 2.0, "alpha": [0.8091, 1.309]}, "focal (gamma 2, alpha [0.8091, 1.309])"),
        ({"alpha": [1.0, 1.0, 1.0]}, "focal (alpha none)"),
        ({"ramp": "cosine", "cap": None}, "focal (ramp cosine, cap none)"),
    ],
)
def test_a_loss_is_shown_with_its_arguments(arguments, shown):
    assert loss_text({"name": "focal", "arguments": arguments}) == shown
