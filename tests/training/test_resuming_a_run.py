"""`resume`: from a run directory that is not finished to one that is, with the same bits."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from test_whole_run import contents, tensors_of, without_times

import bertplay
from bertplay.data.errors import InputError
from bertplay.options import from_mapping
from bertplay.training import train
from bertplay.training.recorded import differences
from bertplay.training.run_start import Origin

FEATURES = {
    "adaptive loss, two batches a step, a moving average": {
        "loss": "adaptive",
        "batch_size": 4,
        "accumulate": 2,
        "ema": 0.9,
        "checkpoint_every": 3,
    },
    "every class alike, r-drop": {"sampling": "balanced", "r_drop": 1.0, "checkpoint_every": 3},
}


def unfinished(finished: Path, folder: Path) -> Path:
    """The run as it was before its last state was written."""
    shutil.copytree(finished, folder)
    shutil.rmtree(folder / "model")
    for name in ("summary.json", "predictions.csv", "logits.safetensors"):
        (folder / name).unlink()
    states = sorted((folder / "checkpoints").glob("step-*"))
    shutil.rmtree(states[-1])
    return folder


@pytest.mark.parametrize("features", FEATURES.values(), ids=FEATURES.keys())
def test_it_ends_with_the_same_bits(options, tmp_path, features):
    whole = Path(str(options.output))
    train(replace(options, **features))
    for states in range(2):
        folder = unfinished(whole, tmp_path / f"unfinished-{states}")
        if states == 1:  # none: it starts from the beginning
            shutil.rmtree(folder / "checkpoints")
        bertplay.resume(folder)
        assert without_times(folder) == without_times(whole)
        for name in (
            *("predictions.csv", "logits.safetensors"),
            *("model/model.safetensors", "model/decisions.json"),
        ):
            assert (folder / name).read_bytes() == (whole / name).read_bytes()


def test_a_damaged_checkpoint_is_named_and_the_one_before_it_used(run, tmp_path):
    folder = shutil.copytree(run.folder, tmp_path / "run")
    (folder / "summary.json").unlink()
    damaged = folder / "checkpoints" / "step-00000008" / "weights.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")

    view = type(run.view)()
    bertplay.resume(folder, view)

    assert [str(damaged) in warning for warning in view.warnings] == [True]
    assert view.steps == [(2, 8)]
    one, other = tensors_of(folder / "model"), tensors_of(run.folder / "model")
    assert all((one[name] == other[name]).all() for name in other)


def test_a_finished_run_is_left_as_it_is(run, tmp_path):
    folder = shutil.copytree(run.folder, tmp_path / "run")
    before, view = contents(folder), type(run.view)()
    assert bertplay.resume(folder, view) == run.summary
    assert contents(folder) == before
    assert "is finished" in view.warnings[0]


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no run of bertplay.*config\.yaml"):
        bertplay.resume(tmp_path)


def test_a_changed_table_is_refused(options, table, tmp_path):
    own = shutil.copy(table, tmp_path / "own.csv")
    train(replace(options, data=str(own)))
    folder = Path(str(options.output))
    (folder / "summary.json").unlink()
    before = contents(folder)
    with Path(own).open("a") as file:
        file.write("a men ship,died\n")
    with pytest.raises(InputError, match="the training table is not the one"):
        bertplay.resume(folder)
    assert contents(folder) == before


def test_what_has_changed_since_a_run_was_recorded_is_told_before_it_is_repeated(run, tmp_path):
    values = yaml.safe_load((run.folder / "config.yaml").read_text())
    recorded = values["recorded"]
    recorded["packages"]["numpy"] = "1.0"
    recorded["data_sha256"] = "0" * 64
    view = type(run.view)()
    options = from_mapping({**values, "output": str(tmp_path / "again")}, "config.yaml")
    train(options, view, origin=Origin(recorded=recorded))
    (warning,) = view.warnings
    assert "numpy 1.0, now " in warning
    assert f"data_sha256 {'0' * 64}, now " in warning


def test_only_what_was_recorded_is_compared():
    now = {"mlx": "2", "packages": {"numpy": "3"}}
    assert differences({}, now) == {}
    assert differences({"mlx": "2", "packages": {"numpy": "3"}}, now) == {}
    assert differences({"mlx": "1", "packages": {"pandas": "3"}}, now) == {
        "mlx": "1, now 2",
        "pandas": "3, now missing",
    }
