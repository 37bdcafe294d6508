"""Options of a run that change how a step is computed, not what."""

from dataclasses import replace
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from test_resuming_a_run import unfinished
from test_whole_run import tensors_of

import bertplay
from bertplay.training import train

OPTIONS = {
    "bfloat16": {"precision": "bfloat16"},
    "recomputed": {"gradient_checkpointing": True},
    "both": {"precision": "bfloat16", "gradient_checkpointing": True},
    "both, several batches a step": {
        "precision": "bfloat16",
        "gradient_checkpointing": True,
        "batch_size": 4,
        "accumulate": 2,
    },
}


def trained(options, name, **changes):
    output = Path(f"{options.output}-{name}")
    train(replace(options, keep="last", output=str(output), **changes))
    return output


@pytest.fixture(scope="session")
def nothing_dropped(tmp_path_factory):
    """Tiny BERT without dropout: a backbone whose runs differ by rounding alone."""
    import json
    import shutil

    tiny = Path(__file__).parent.parent / "fixtures" / "tiny_bert"
    folder = shutil.copytree(tiny, tmp_path_factory.mktemp("backbones") / "without-dropout")
    config = json.loads((folder / "config.json").read_text())
    config |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize(
    ("changes", "tolerance"),
    [
        ({"precision": "bfloat16"}, 0.02),
        ({"gradient_checkpointing": True}, 1e-4),
        ({"precision": "bfloat16", "gradient_checkpointing": True}, 0.02),
    ],
    ids=str,
)
def test_the_model_is_that_of_the_plain_run_up_to_rounding(
    options, nothing_dropped, changes, tolerance
):
    options = replace(options, backbone=str(nothing_dropped), dropout=0.0)
    plain, changed = trained(options, "plain"), trained(options, "changed", **changes)
    texts = ["the women first class", "a men third ship", "the men"]
    shares = [bertplay.load(run).predict_proba(texts) for run in (plain, changed)]
    np.testing.assert_allclose(*shares, atol=tolerance)


def test_bfloat16_rounds_in_the_encoder_and_nowhere_else(options):
    saved = tensors_of(trained(options, "run", precision="bfloat16") / "model")
    plain = tensors_of(trained(options, "plain") / "model")
    assert {array.dtype for array in saved.values()} == {mx.float32}
    name = "bert.encoder.layer.0.attention.self.query.weight"
    assert not mx.array_equal(saved[name], plain[name])
    # More digits than bfloat16 could hold.
    rounded = saved[name].astype(mx.bfloat16).astype(mx.float32)
    assert not mx.array_equal(saved[name], rounded)


def test_every_layer_is_computed_again_where_that_is_asked_for(options, monkeypatch):
    layers, real = [], mx.checkpoint
    monkeypatch.setattr(mx, "checkpoint", lambda run: layers.append(run) or real(run))
    trained(options, "kept")
    assert layers == []
    trained(options, "recomputed", gradient_checkpointing=True)
    # Two layers, in every trace.
    assert layers
    assert len(layers) % 2 == 0


@pytest.mark.parametrize("changes", OPTIONS.values(), ids=OPTIONS.keys())
def test_a_resumed_run_ends_with_the_same_bits(options, tmp_path, changes):
    whole = trained(options, "whole", **changes)
    folder = unfinished(whole, tmp_path / "unfinished")
    bertplay.resume(folder)
    one, other = tensors_of(folder / "model"), tensors_of(whole / "model")
    assert all(mx.array_equal(one[name], other[name]) for name in other)
