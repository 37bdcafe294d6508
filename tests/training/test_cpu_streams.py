"""Work beside the first CPU stream changes where something is computed, and not what."""

import os

import mlx.core as mx
import numpy as np
import pytest

from bertplay.cpu_streams import Streams, beside
from bertplay.encoders import BertConfig
from bertplay.encoders.families import build_encoder
from bertplay.heads import ClassificationHeadV2, TextClassifier
from bertplay.named_arrays import named_arrays
from bertplay.optimizers.parameter_groups import optimizer_for
from bertplay.training.objective import Objective, batch_loss
from bertplay.training.step import TraceGuard, compiled_step

SHAPES = {"a": (20, 8), "b": (20, 8), "c": (8, 4), "d": (8,)}


@pytest.fixture(autouse=True)
def on_the_cpu():
    before = mx.default_device()
    mx.set_default_device(mx.cpu)
    yield
    mx.set_default_device(before)


def cores(monkeypatch, number):
    monkeypatch.setattr(os, "cpu_count", lambda: number)


def stream_of(context):
    with context:
        return mx.default_stream(mx.cpu)


def trained(steps=3):
    mx.random.seed(1)
    encoder = build_encoder(
        BertConfig(
            vocab_size=60,
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=32,
        )
    )
    model = TextClassifier(encoder, ClassificationHeadV2(16, 3, loss="ce")).train()
    optimizer = optimizer_for(model, lr=1e-2, weight_decay=0.1)
    optimizer.init(model.trainable_parameters())
    step, state = compiled_step(
        model, optimizer, batch_loss(model, Objective()), clip_norm=1.0, guard=TraceGuard(1)
    )
    ids = mx.arange(32).reshape(4, 8)
    batch = ids, mx.ones_like(ids), {"labels": mx.array([0, 1, 2, 1])}, mx.ones(4)
    for number in range(steps):
        result = step(*batch, mx.array(0.5), mx.array(1e-2), seed=number)
        mx.eval(result.loss, state)
    return {name: np.array(leaf) for name, leaf in named_arrays(model.parameters()).items()}


def test_a_training_with_two_streams_has_the_bits_of_one_with_one(monkeypatch):
    cores(monkeypatch, 1)
    alone = trained()
    cores(monkeypatch, 2)
    together = trained()
    for name, wanted in alone.items():
        np.testing.assert_array_equal(together[name], wanted, err_msg=name)


def test_parameters_are_divided_over_two_streams_by_shape(monkeypatch):
    cores(monkeypatch, 2)
    streams = Streams({path: mx.zeros(shape) for path, shape in SHAPES.items()})
    found = {path: stream_of(streams.of(path)) for path in SHAPES}
    assert found["a"] == found["b"]
    assert found["c"] == found["d"] != found["a"]


def test_one_core_keeps_everything_on_the_current_stream(monkeypatch):
    cores(monkeypatch, 1)
    current = mx.default_stream(mx.cpu)
    assert stream_of(beside()) == current
    assert stream_of(Streams({"a": mx.zeros(3)}).of("a")) == current


def test_beside_is_another_stream_of_the_cpu_and_always_the_same(monkeypatch):
    cores(monkeypatch, 2)
    current = mx.default_stream(mx.cpu)
    second = stream_of(beside())
    assert second != current
    assert second.device == mx.Device(mx.cpu)
    assert stream_of(beside()) == second
