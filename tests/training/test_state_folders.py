"""Complete states on disk: written whole, known to be undamaged, the latest ones kept."""

import json
import os

import mlx.core as mx
import pytest

from bertplay.training.loop_state import LoopState
from bertplay.training.state_folders import DamagedStateError, StateFolders, read_state

KEPT = {"w": mx.array([3.0, 4.0])}


def state(step: int) -> LoopState:
    """A state whose weights tell its step; the kept weights are the same in all."""
    arrays = {"weights": {"a.b": mx.array([float(step), 0.1])}, "kept": KEPT}
    return LoopState(arrays, {"step": step, "best": [1, 0.1]})


def no_damage(message):
    raise AssertionError(message)


def test_what_is_read_is_what_was_written(tmp_path):
    folders = StateFolders(tmp_path, keep=2)
    folders.write(state(7))
    found = folders.latest(no_damage)
    assert found.step == 7
    assert found.facts == {"step": 7, "best": [1, 0.1]}
    assert found.arrays.keys() == {"weights", "kept"}
    assert found.arrays["weights"]["a.b"].tolist() == mx.array([7.0, 0.1]).tolist()


def test_the_latest_ones_are_kept(tmp_path):
    folders = StateFolders(tmp_path, keep=2)
    for step in (9, 10, 100):
        folders.write(state(step))
    assert [path.name for path in folders.all()] == ["step-00000010", "step-00000100"]
    assert folders.latest(no_damage).step == 100


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


DAMAGE = {
    "a flipped bit": lambda folder: flip_a_bit(folder / "weights.safetensors"),
    "a short file": lambda folder: os.truncate(folder / "kept.safetensors", 10),
    "no file": lambda folder: (folder / "state.json").unlink(),
    "other facts": lambda folder: (folder / "state.json").write_text('{"step": 3}'),
    "no manifest": lambda folder: (folder / "manifest.json").unlink(),
    "half a manifest": lambda folder: (folder / "manifest.json").write_text('{"sha256": {'),
    "an empty manifest": lambda folder: (folder / "manifest.json").write_text('{"sha256": {}}'),
    "another manifest": lambda folder: (folder / "manifest.json").write_text("[1]"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_one_is_named_and_the_one_before_it_is_used(tmp_path, damage):
    folders, told = StateFolders(tmp_path, keep=3), []
    folders.write(state(1))
    damaged = folders.write(state(2))
    damage(damaged)

    found = folders.latest(told.append)

    assert found.step == 1
    assert len(told) == 1
    assert str(damaged) in told[0]
    with pytest.raises(DamagedStateError):
        read_state(damaged)


def test_without_any_undamaged_one_there_is_none(tmp_path):
    folders, told = StateFolders(tmp_path, keep=3), []
    assert folders.latest(told.append) is None
    flip_a_bit(folders.write(state(1)) / "weights.safetensors")
    assert folders.latest(told.append) is None
    assert len(told) == 1


def test_a_process_that_dies_while_it_writes_leaves_the_states_as_they_were(tmp_path, monkeypatch):
    folders = StateFolders(tmp_path, keep=2)
    folders.write(state(1))

    def die(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(json, "dumps", die)
        with pytest.raises(KeyboardInterrupt):
            folders.write(state(2))
    assert folders.latest(no_damage).step == 1


def test_what_a_killed_process_left_half_written_is_removed(tmp_path):
    folders = StateFolders(tmp_path, keep=2)
    (tmp_path / ".step-00000002-abc").mkdir(parents=True)
    (tmp_path / "best").mkdir()
    folders.write(state(3))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best", "step-00000003"]
