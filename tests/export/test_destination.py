"""Where an export goes: nothing is lost, nothing is left half done."""

import pytest

from bertplay.data.errors import InputError
from bertplay.export import writing
from bertplay.export.writing import ExportSettings, export_run


def refusal(run, output, *, overwrite: bool = False) -> str:
    with pytest.raises(InputError) as caught:
        export_run(run, output, ExportSettings(), overwrite=overwrite)
    return str(caught.value)


def test_an_export_is_replaced_only_when_asked(run, tmp_path):
    export_run(run, tmp_path / "out", ExportSettings())
    (tmp_path / "out" / "config.json").write_text("changed")

    assert "already holds an export" in refusal(run, tmp_path / "out")
    assert (tmp_path / "out" / "config.json").read_text() == "changed"
    export_run(run, tmp_path / "out", ExportSettings(), overwrite=True)
    assert (tmp_path / "out" / "config.json").read_text() != "changed"


@pytest.mark.parametrize("name", ["notes.txt", "config.json", "model.safetensors"])
def test_a_folder_with_other_files_is_left_alone(run, tmp_path, name):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / name).write_text("{}")

    message = refusal(run, tmp_path / "mine", overwrite=True)

    assert "no export of bertplay" in message
    assert (tmp_path / "mine" / name).read_text() == "{}"


def test_a_file_in_its_place_is_named(run, tmp_path):
    (tmp_path / "out").write_text("")

    assert f"{tmp_path / 'out'} is a file" in refusal(run, tmp_path / "out")
    assert f"{tmp_path / 'out'} is a file" in refusal(run, tmp_path / "out" / "below")


def test_an_empty_folder_is_filled(run, tmp_path):
    (tmp_path / "out").mkdir()

    export_run(run, tmp_path / "out", ExportSettings())

    assert (tmp_path / "out" / "README.md").is_file()


def test_an_export_that_fails_leaves_the_old_one_and_nothing_else(run, tmp_path, monkeypatch):
    export_run(run, tmp_path / "out", ExportSettings())
    before = {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()}

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "model_card", full_disk)
    with pytest.raises(OSError, match="No space"):
        export_run(run, tmp_path / "out", ExportSettings(), overwrite=True)

    assert {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_format_is_told_its_nearest():
    with pytest.raises(InputError, match="did you mean 'onnx'"):
        ExportSettings("onxx")


def test_what_is_no_run_is_refused(tmp_path):
    assert "is no run with a trained model" in refusal(tmp_path / "nothing", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_damaged_summary_is_named(run, tmp_path):
    whole = tmp_path / "run"
    (whole / "model").mkdir(parents=True)
    for file in (run / "model").iterdir():
        (whole / "model" / file.name).write_bytes(file.read_bytes())
    (whole / "summary.json").write_text('{"validation": ')

    assert "summary.json is damaged" in refusal(whole, tmp_path / "out")
    assert not (tmp_path / "out").exists()
