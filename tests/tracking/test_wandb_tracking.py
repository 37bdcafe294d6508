"""What wandb writes offline is what metrics.jsonl has."""

import json
import struct

import pytest
from tracked_runs import quick_options, recorded

from bertplay.training import train

pytest.importorskip("wandb", reason="wandb is not installed: pip install 'bertplay[wandb]'")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


BLOCK, FULL, LAST = 32768, 1, 4


def records(file):
    """The records of wandb's file: LevelDB's log format behind a header of seven bytes."""
    from wandb.proto.wandb_internal_pb2 import Record

    data, place, parts = file.read_bytes(), 7, b""
    while place + 7 <= len(data):
        if BLOCK - place % BLOCK < 7:
            place += BLOCK - place % BLOCK
            continue
        _, size, kind = struct.unpack("<IHB", data[place : place + 7])
        parts += data[place + 7 : place + 7 + size]
        place += 7 + size
        if kind in (FULL, LAST):
            yield Record.FromString(parts)
            parts = b""


def test_each_epochs_figures_are_in_the_offline_file(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    train(quick_options(tmp_path, track="wandb"))

    (file,) = (tmp_path / "run" / "wandb").glob("offline-run-*/*.wandb")
    losses = []
    for record in records(file):
        items = {".".join(i.nested_key) or i.key: i.value_json for i in record.history.item}
        if "epoch/train_loss" in items:
            losses.append((json.loads(items["step"]), json.loads(items["epoch/train_loss"])))
    assert losses == [(line["step"], line["train_loss"]) for line in recorded(tmp_path / "run")]
