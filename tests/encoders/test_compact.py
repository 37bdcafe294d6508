"""Weights in 8 bits: how small, how exact, and that an encoder loads from them."""

import json
import shutil
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bertplay import InputError
from bertplay.encoders import load_encoder
from bertplay.encoders.compact import compact, expand
from bertplay.named_arrays import named_arrays

TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"


@given(size=st.floats(1e-3, 1e3), seed=st.integers(0, 100))
def test_numbers_come_back_within_half_a_step_of_their_row(size, seed):
    matrix = size * np.random.default_rng(seed).normal(size=(5, 7)).astype(np.float32)
    back = np.array(expand(compact({"w": mx.array(matrix)}))["w"])
    step = np.abs(matrix).max(axis=1, keepdims=True) / 127
    assert (np.abs(back - matrix) <= 0.502 * step + 1e-9).all()


def test_a_row_of_zeros_stays_one():
    matrix = mx.array([[0.0, 0.0], [1.0, -2.0]])
    back = expand(compact({"w": matrix}))["w"]
    assert back[0].tolist() == [0.0, 0.0]


def test_vectors_are_half_precision_and_matrices_8_bits():
    small = compact({"weight": mx.ones((4, 8)), "bias": mx.ones(8)})
    kinds = {name: tensor.dtype for name, tensor in small.items()}
    assert kinds == {"weight": mx.int8, "weight_scale": mx.float16, "bias": mx.float16}


def test_what_is_not_compact_stays_as_it_is():
    tensors = {"weight": mx.ones((2, 2)), "temperature_scale": mx.ones(1)}
    assert expand(tensors) == tensors


@pytest.fixture
def compact_folder(tmp_path):
    for name in ("config.json", "vocab.txt"):
        shutil.copy(TINY / name, tmp_path)
    encoder, _ = load_encoder(TINY)
    small = compact(named_arrays(encoder.parameters()))
    mx.save_safetensors(str(tmp_path / "model.safetensors"), small)
    return tmp_path


def test_an_encoder_loads_from_8_bits_and_says_nearly_the_same(compact_folder):
    full, _ = load_encoder(TINY)
    small, _ = load_encoder(compact_folder)
    assert named_arrays(small.parameters()).keys() == named_arrays(full.parameters()).keys()
    ids = mx.array([[2, 5, 7, 8, 3]])
    one, other = (np.array(e(ids).last_hidden_state) for e in (full, small))
    cosine = (one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum())
    assert cosine > 0.999
    assert not np.array_equal(one, other)


def test_a_missing_compact_tensor_is_named_by_the_name_it_should_have(compact_folder):
    path = str(compact_folder / "model.safetensors")
    tensors = mx.load(path)
    del tensors["encoder.layer.0.output.dense.weight"]
    mx.eval(tensors)
    mx.save_safetensors(path, tensors)
    with pytest.raises(InputError, match=r"missing: encoder.layer.0.output.dense.weight"):
        load_encoder(compact_folder)
    assert json.loads((compact_folder / "config.json").read_text())["hidden_size"] == 32
