"""A reader finds the old file or the new one, whole, and never half of one."""

import stat

import pytest

from bertplay.atomic_files import write_atomically, write_folder, write_json, write_text


class WriterFailedError(Exception):
    pass


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def fail_after_half(path):
    path.write_text("half")
    raise WriterFailedError


def fail_after_one_file(folder):
    (folder / "one").write_text("half")
    raise WriterFailedError


def test_a_file_is_written_and_nothing_else_remains(tmp_path):
    write_text(tmp_path / "new" / "f.txt", "Straße\n")
    assert (tmp_path / "new" / "f.txt").read_bytes() == "Straße\n".encode()
    assert names(tmp_path / "new") == ["f.txt"]


def test_a_file_is_replaced(tmp_path):
    for text in ("old", "new"):
        write_text(tmp_path / "f.txt", text)
    assert (tmp_path / "f.txt").read_text() == "new"


def test_the_old_file_is_there_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "f.txt"
    path.write_text("old")
    seen = []

    def write(temporary):
        temporary.write_text("new")
        seen.append((path.read_text(), temporary.parent, temporary.suffix))

    write_atomically(path, write)
    assert seen == [("old", tmp_path, ".txt")]
    assert path.read_text() == "new"


@pytest.mark.parametrize("failure", [WriterFailedError, KeyboardInterrupt, OSError])
def test_a_writer_that_fails_leaves_the_old_file_and_no_other(tmp_path, failure):
    path = tmp_path / "f.txt"
    path.write_text("old")

    def write(temporary):
        temporary.write_text("half")
        raise failure

    with pytest.raises(failure):
        write_atomically(path, write)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["f.txt"]


def test_a_file_is_as_readable_as_any_other(tmp_path):
    (tmp_path / "usual").write_text("")
    write_text(tmp_path / "ours", "")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("usual", "ours")}
    assert len(modes) == 1


def test_json_without_nan_only(tmp_path):
    path = tmp_path / "f.json"
    write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, {"a": float("nan")})
    assert path.read_text() == '{\n  "a": 1\n}\n'
    assert names(tmp_path) == ["f.json"]


def test_a_folder_is_written_and_nothing_else_remains(tmp_path):
    write_folder(tmp_path / "up" / "model", lambda folder: (folder / "one").write_text("1"))
    assert names(tmp_path / "up") == ["model"]
    assert names(tmp_path / "up" / "model") == ["one"]


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    model = tmp_path / "model"
    for name in ("old", "new"):
        write_folder(model, lambda folder, name=name: (folder / name).write_text(name))
    assert names(model) == ["new"]
    assert names(tmp_path) == ["model"]


@pytest.mark.parametrize("existed", [True, False])
def test_a_writer_that_fails_leaves_the_old_folder_and_no_other(tmp_path, existed):
    model = tmp_path / "model"
    if existed:
        model.mkdir()
        (model / "old").write_text("old")
    with pytest.raises(WriterFailedError):
        write_folder(model, fail_after_one_file)
    assert names(tmp_path) == (["model"] if existed else [])
    assert not existed or (model / "old").read_text() == "old"


def test_the_old_folder_is_back_if_the_new_one_cannot_take_its_place(tmp_path, monkeypatch):
    model = tmp_path / "model"
    model.mkdir()
    (model / "old").write_text("old")
    replace = type(model).replace

    def fail_on_the_new(path, target):
        if (path / "new").exists():
            raise OSError("no space left on device")
        return replace(path, target)

    monkeypatch.setattr(type(model), "replace", fail_on_the_new)
    with pytest.raises(OSError, match="no space"):
        write_folder(model, lambda folder: (folder / "new").write_text("new"))
    assert names(tmp_path) == ["model"]
    assert names(model) == ["old"]
