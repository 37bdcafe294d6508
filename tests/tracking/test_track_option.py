"""`--track` by the same names on the command line, in YAML and in Python."""

import pytest
from click.testing import CliRunner
from tracked_runs import quick_options

from bertplay import TrainOptions
from bertplay.cli import main
from bertplay.data.errors import InputError
from bertplay.tracking import libraries
from bertplay.training import resume

TRACKERS = ["tensorboard", "wandb", "mlflow"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("wandb", ("wandb",)),
        (["wandb", "mlflow", "wandb"], ("wandb", "mlflow")),
        ((), ()),
    ],
)
def test_python_takes_a_name_or_a_list(given, expected):
    assert TrainOptions(track=given).track == expected


@pytest.mark.parametrize("given", [3, {"wandb": True}, None, [3]])
def test_what_is_no_name_is_refused(given):
    with pytest.raises(InputError, match=r"track is .* a name or a list of names"):
        TrainOptions(track=given)


@pytest.mark.parametrize("name", TRACKERS)
def test_a_missing_library_is_refused_before_anything_is_read(name, tmp_path, monkeypatch):
    monkeypatch.setattr(libraries, "find_spec", lambda wanted: None)
    output = tmp_path / "run"

    done = CliRunner().invoke(main, ["train", "--track", name, "--output", str(output)])

    assert done.exit_code == 2
    assert done.stderr == (
        f"Error: --track {name} needs the package {name}, which is not installed: "
        f"pip install 'bertplay[{name}]'\n"
    )
    assert not output.exists()


def test_an_unknown_tracker_is_refused_and_the_nearest_suggested(tmp_path):
    done = CliRunner().invoke(main, ["train", "--track", "tensorbord"])

    assert done.exit_code == 2
    assert "did you mean tensorboard?" in done.stderr


@pytest.mark.parametrize("line", ["track: tensorboard", "track: [tensorboard]"])
def test_a_yaml_file_names_it_alike(line, tmp_path):
    options = quick_options(tmp_path, epochs=1)
    file = tmp_path / "options.yaml"
    file.write_text(
        f"{line}\nepochs: 1\nreport: false\nmax_length: 16\nbackbone: {options.backbone}\n"
    )

    words = ["train", "--config", file, "--data", options.data, "--output", options.output]
    done = CliRunner().invoke(main, [str(word) for word in words])

    assert done.exit_code == 0, done.output
    assert list((tmp_path / "run" / "tensorboard").iterdir())


def test_a_finished_runs_config_keeps_it(tracked_run):
    assert "track:\n- tensorboard\n" in (tracked_run / "config.yaml").read_text()
    assert resume(tracked_run)["epochs_run"] == 2


def test_a_run_in_its_place_leaves_nothing_of_it(tmp_path):
    from bertplay.training import train

    train(quick_options(tmp_path, epochs=1, track="tensorboard"))
    train(quick_options(tmp_path, epochs=1, overwrite=True))

    assert not (tmp_path / "run" / "tensorboard").exists()
    assert not (tmp_path / "run" / "tracking.json").exists()
