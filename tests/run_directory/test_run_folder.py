"""Who may write a run directory: nothing that is not ours is ever removed."""

from pathlib import Path

import pytest

from bertplay.data.errors import InputError
from bertplay.options import TrainOptions
from bertplay.run_directory import choose_output, clear_run, require_writable, write_config
from bertplay.training.run import as_config

RESULTS = ("metrics.jsonl", "summary.json", "predictions.csv", "report.html")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A folder as a run leaves it."""
    folder = tmp_path / "run"
    write_config(folder, as_config(TrainOptions(pooling="mean")))
    for name in (*RESULTS, "checkpoints/best/config.json", "model/config.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}")
    return folder


def contents(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def refusal(folder: Path, *, overwrite: bool) -> str:
    with pytest.raises(InputError) as caught:
        require_writable(folder, overwrite=overwrite)
    message = str(caught.value)
    assert message.startswith("--output ")
    assert "\n" not in message
    return message


def test_the_first_free_name_is_chosen(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    chosen = []
    for _ in range(3):
        chosen.append(choose_output(None, "titanic", "focal"))
        chosen[-1].mkdir(parents=True)
    names = ["titanic-focal", "titanic-focal-2", "titanic-focal-3"]
    assert chosen == [Path("runs") / name for name in names]
    assert choose_output(None, "titanic", "ce") == Path("runs") / "titanic-ce"


def test_a_name_that_was_given_is_taken_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert choose_output("~/mine", "titanic", "focal") == tmp_path / "mine"


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_new_or_empty_folder_may_be_written(tmp_path, overwrite):
    require_writable(tmp_path / "new" / "er", overwrite=overwrite)
    require_writable(tmp_path, overwrite=overwrite)
    assert contents(tmp_path) == set()


def test_a_run_is_replaced_only_with_overwrite(run):
    message = refusal(run, overwrite=False)
    assert "already holds a run" in message
    assert "--overwrite" in message
    require_writable(run, overwrite=True)


def test_a_run_that_has_only_begun_may_be_replaced(tmp_path):
    write_config(tmp_path, as_config(TrainOptions(pooling="mean")))
    require_writable(tmp_path, overwrite=True)


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("name", ["thesis.tex", "model/weights", "config.yaml", "summary.json"])
def test_a_folder_that_is_no_run_is_always_refused(tmp_path, name, overwrite):
    """Also where its files have the names of ours."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("learning_rate: 3\n")
    assert "no run of bertplay" in refusal(tmp_path, overwrite=overwrite)


def test_a_config_that_is_no_yaml_makes_no_run(tmp_path):
    (tmp_path / "config.yaml").write_bytes(b"\xff{[")
    assert "no run of bertplay" in refusal(tmp_path, overwrite=True)


def test_a_file_of_that_name_is_refused(tmp_path):
    (tmp_path / "taken").write_text("mine")
    assert "is a file" in refusal(tmp_path / "taken", overwrite=True)


def test_a_file_on_the_way_is_refused_and_named(tmp_path):
    (tmp_path / "taken").write_text("mine")
    message = refusal(tmp_path / "taken" / "run", overwrite=True)
    assert f"{tmp_path / 'taken'} is a file" in message


def test_a_folder_without_permission_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != tmp_path)
    assert "permission" in refusal(tmp_path / "run", overwrite=True)


def test_clearing_removes_results_only(run):
    (run / "notes.txt").write_text("mine")
    (run / "plots").mkdir()
    clear_run(run)
    assert contents(run) == {"config.yaml", "notes.txt", "plots"}


def test_clearing_makes_a_folder_that_is_not_there(tmp_path):
    clear_run(tmp_path / "new" / "er")
    assert (tmp_path / "new" / "er").is_dir()


def test_clearing_removes_a_link_and_not_what_it_points_to(run, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("mine")
    (run / "model" / "config.json").unlink()
    (run / "model").rmdir()
    (run / "model").symlink_to(elsewhere, target_is_directory=True)
    clear_run(run)
    assert not (run / "model").is_symlink()
    assert (elsewhere / "precious").read_text() == "mine"
