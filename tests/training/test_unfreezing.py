"""Progressive unfreezing: what is trained changes from epoch to epoch."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from test_resuming_a_run import unfinished
from test_whole_run import tensors_of, without_times

import bertplay
from bertplay.data.errors import InputError
from bertplay.encoders import load_encoder
from bertplay.named_arrays import named_arrays
from bertplay.training import SilentView, train

STAGES = "1:full 2:1 3:none"


class Snapshots(SilentView):
    """Remembers when something else is trained."""

    def __init__(self):
        self.stages = []

    def unfrozen(self, epoch, frozen, trainable):
        self.stages.append((epoch, frozen, trainable))


def encoder_after(options, epochs, stages):
    """Its tensors after so many epochs."""
    output = f"{options.output}-{epochs}"
    train(replace(options, epochs=epochs, unfreeze=stages, output=output, keep="last"))
    encoder, _ = load_encoder(Path(output) / "model")
    return {name: np.array(leaf) for name, leaf in named_arrays(encoder.parameters()).items()}


def test_each_epoch_changes_what_it_is_to_train_and_nothing_else(options):
    before, _ = load_encoder(options.backbone)
    start = {name: np.array(leaf) for name, leaf in named_arrays(before.parameters()).items()}
    changed = []
    for epochs, stages in ((1, "1:full"), (2, "1:full 2:1"), (3, STAGES)):
        after = encoder_after(options, epochs, stages)
        changed.append({name for name in start if (start[name] != after[name]).any()})
    assert changed[0] == set()
    assert {name.split(".")[2] for name in changed[1]} == {"1"}
    assert any(name.startswith("embeddings.") for name in changed[2])
    assert any(name.startswith("encoder.layer.0.") for name in changed[2])


def test_it_is_told_and_written_down(options):
    view = Snapshots()
    summary = train(replace(options, epochs=3, unfreeze=STAGES), view)
    folder = Path(str(options.output))
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    counts = [line["trainable_parameters"] for line in lines]
    assert counts[0] < counts[1] < counts[2]
    assert view.stages == [(2, "1", counts[1]), (3, "none", counts[2])]
    assert summary["parameters"]["trainable"] == counts[2]
    assert summary["unfreeze"] == STAGES
    assert summary["compiled_shapes"] == 3


@pytest.mark.parametrize("more", [{"ema": 0.9}, {"accumulate": 2, "batch_size": 4}], ids=str)
def test_a_resumed_run_ends_with_the_same_bits_in_every_stage(options, tmp_path, more):
    options = replace(options, epochs=3, unfreeze=STAGES, checkpoint_every=3, **more)
    options = replace(options, keep_checkpoints=100)
    train(options)
    whole = Path(str(options.output))
    count = len(list((whole / "checkpoints").glob("step-*")))
    for kept in range(1, count):
        again = unfinished(whole, tmp_path / f"from-state-{kept}")
        for state in sorted((again / "checkpoints").glob("step-*"))[kept:]:
            shutil.rmtree(state)
        bertplay.resume(again)
        assert without_times(again) == without_times(whole)
        one, other = tensors_of(again / "model"), tensors_of(whole / "model")
        assert all(mx.array_equal(one[name], other[name]) for name in other)


def test_a_stage_that_the_backbone_cannot_have_is_refused_before_training(options):
    with pytest.raises(InputError, match="freeze is 9, and the backbone has 2 layers"):
        train(replace(options, epochs=3, unfreeze="1:full 3:9"))
    assert not Path(str(options.output)).exists()
