"""What TensorBoard reads back is what metrics.jsonl has."""

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tracked_runs import recorded

from bertplay.tracking.tensorboard_files import TensorBoardFiles
from bertplay.tracking.tracker import TrackedRun


def read(folder):
    events = EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    return {
        name: [(event.step, event.value) for event in events.Scalars(name)]
        for name in events.Tags()["scalars"]
    }


def test_each_epochs_figures_are_there(tracked_run):
    scalars, lines = read(tracked_run), recorded(tracked_run)

    for name, value_of in {
        "epoch/train_loss": lambda line: line["train_loss"],
        "validation/macro_f1": lambda line: line["validation"]["macro_f1"],
        "validation/per_class/don't know/recall": lambda line: line["validation"]["per_class"][
            "don't know"
        ]["recall"],
    }.items():
        steps, values = zip(*scalars[name], strict=True)
        assert list(steps) == [line["step"] for line in lines]
        assert values == pytest.approx([value_of(line) for line in lines], rel=1e-6)


def test_the_losses_within_an_epoch_are_there(tracked_run):
    scalars, lines = read(tracked_run), recorded(tracked_run)

    assert [step for step, _ in scalars["step/loss"]] == [line["step"] for line in lines]
    assert scalars["step/learning_rate"][-1][1] == pytest.approx(lines[-1]["learning_rate"])


def test_what_is_no_number_is_left_out(tracked_run):
    assert not [name for name in read(tracked_run) if "confusion" in name or "is_best" in name]


def test_a_resumed_run_forgets_the_steps_after_its_checkpoint(tmp_path):
    killed = TensorBoardFiles(TrackedRun(tmp_path, {}))
    for step in (10, 20, 30):
        killed.log({"step/loss": float(step)}, step)
    killed.close(finished=False)

    resumed = TensorBoardFiles(TrackedRun(tmp_path, {}, first_step=15))
    resumed.log({"step/loss": 0.5}, 20)
    resumed.close(finished=True)

    assert read(tmp_path)["step/loss"] == [(10, 10.0), (20, 0.5)]
