"""Two processes train what one would: same losses, weights and figures."""

import json

import numpy as np
import pytest
from trainings import FITS, TASKS

WITHOUT_DROPOUT = [name for name in FITS if "dropout" not in name]


@pytest.mark.slow
@pytest.mark.parametrize("name", WITHOUT_DROPOUT)
def test_the_losses_and_weights_are_those_of_one_process(trainings, name):
    """Whatever the loss looks at, and also where the last batch is not full."""
    alone = np.load(trainings.alone / f"0-{name}.npz")
    together = np.load(trainings.together / f"0-{name}.npz")
    np.testing.assert_allclose(together["losses"], alone["losses"], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(together["norms"], alone["norms"], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(together["outputs"], alone["outputs"], atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("name", FITS)
def test_both_processes_hold_the_same_bits(trainings, name):
    one, other = (np.load(trainings.together / f"{rank}-{name}.npz") for rank in (0, 1))
    assert {key: one[key].tobytes() for key in one} == {key: other[key].tobytes() for key in one}


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in TASKS if "dropout" not in name])
def test_the_figures_of_several_tasks_are_those_of_one_process(trainings, name):
    """Learned task weights are behind the outputs, and are not counted once for each process."""

    def epochs(folder):
        lines = (folder / name / "metrics.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    for alone, together in zip(epochs(trainings.alone), epochs(trainings.together), strict=True):
        for figures in ("train_figures", "validation"):
            _assert_close(together[figures], alone[figures])
        assert together["train_loss"] == pytest.approx(alone["train_loss"], rel=1e-4)
        assert together["gradient_norm"] == pytest.approx(alone["gradient_norm"], rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("name", TASKS)
def test_both_processes_learn_the_same_task_weights(trainings, name):
    """Also where the loss itself has dropout, in the heads that come after the outputs."""
    one, other = (
        json.loads((trainings.together / f"of-{rank}" / f"{name}.json").read_text())
        for rank in (0, 1)
    )
    assert one["task_weights"] == other["task_weights"]
    assert one == other


def _assert_close(one, other):
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            _assert_close(one[key], other[key])
    elif isinstance(one, list):
        for left, right in zip(one, other, strict=True):
            _assert_close(left, right)
    elif isinstance(one, float):
        assert one == pytest.approx(other, abs=1e-4)
    else:
        assert one == other
