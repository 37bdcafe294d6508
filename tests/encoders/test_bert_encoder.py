"""The encoder computes what transformers computes."""

from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest

from bertplay.encoders import BertEncoder, load_encoder

FIXTURES = Path(__file__).parent.parent / "fixtures"
TINY = FIXTURES / "tiny_bert"
HALF_TOLERANCE = {mx.bfloat16: 0.15, mx.float16: 0.02}


@pytest.fixture(scope="module")
def tiny() -> BertEncoder:
    return load_encoder(TINY)[0]


@pytest.fixture(scope="module")
def expected() -> dict[str, mx.array]:
    return mx.load(str(TINY / "expected.safetensors"))


def largest_difference(got: mx.array, wanted: mx.array, mask: mx.array | None = None) -> float:
    difference = np.abs(np.array(got.astype(mx.float32)) - np.array(wanted))
    return float(difference.max() if mask is None else difference[np.array(mask) == 1].max())


def test_hidden_states_of_a_padded_batch_equal_transformers(tiny, expected):
    got = tiny(expected["input_ids"], expected["attention_mask"]).last_hidden_state
    assert largest_difference(got, expected["last_hidden_state"]) <= 2e-5


def test_the_pooler_equals_transformers(tiny, expected):
    got = tiny(expected["input_ids"], expected["attention_mask"]).pooled
    assert largest_difference(got, expected["pooler_output"]) <= 2e-5


def test_token_types_equal_transformers(tiny, expected):
    got = tiny(
        expected["input_ids"], expected["attention_mask"], expected["token_type_ids"]
    ).last_hidden_state
    assert largest_difference(got, expected["typed_last_hidden_state"]) <= 2e-5
    assert largest_difference(got, expected["last_hidden_state"]) > 1e-2


def test_real_minilm_equals_transformers(shared):
    encoder, _ = load_encoder(shared / "models" / "all-MiniLM-L6-v2")
    wanted = mx.load(str(FIXTURES / "minilm_hidden_states.safetensors"))
    got = encoder(wanted["input_ids"], wanted["attention_mask"]).last_hidden_state
    assert largest_difference(got, wanted["last_hidden_state"]) <= 2e-5


@pytest.mark.parametrize("dtype", HALF_TOLERANCE, ids=str)
def test_half_precision_stays_near_single_precision(expected, dtype):
    encoder, _ = load_encoder(TINY, dtype=dtype)
    got = encoder(expected["input_ids"], expected["attention_mask"]).last_hidden_state
    assert got.dtype == dtype
    wanted, mask = expected["last_hidden_state"], expected["attention_mask"]
    assert largest_difference(got, wanted, mask) <= HALF_TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", HALF_TOLERANCE, ids=str)
def test_half_precision_minilm_stays_near_single_precision(shared, dtype):
    encoder, _ = load_encoder(shared / "models" / "all-MiniLM-L6-v2", dtype=dtype)
    wanted = mx.load(str(FIXTURES / "minilm_hidden_states.safetensors"))
    got = encoder(wanted["input_ids"], wanted["attention_mask"]).last_hidden_state
    assert (
        largest_difference(got, wanted["last_hidden_state"], wanted["attention_mask"])
        <= HALF_TOLERANCE[dtype]
    )


@pytest.mark.parametrize("dtype", [mx.float32, mx.bfloat16, mx.float16], ids=str)
def test_a_row_of_nothing_but_padding_is_finite_in_value_and_gradient(expected, dtype):
    encoder, _ = load_encoder(TINY, dtype=dtype)
    ids = expected["input_ids"]
    mask = mx.zeros_like(expected["attention_mask"])
    mask[0] = 1

    def total(model: BertEncoder) -> mx.array:
        return model(ids, mask).last_hidden_state.astype(mx.float32).sum()

    value, gradients = nn.value_and_grad(encoder, total)(encoder)
    leaves = [leaf for _, leaf in nn.utils.tree_flatten(gradients)]
    assert mx.isfinite(value).item()
    assert all(mx.isfinite(leaf).all().item() for leaf in leaves)


def test_padding_does_not_change_the_states_of_a_text(tiny, expected):
    ids, wanted = expected["input_ids"], expected["last_hidden_state"]
    alone = tiny(ids[2:, :2], mx.ones((1, 2))).last_hidden_state
    assert largest_difference(alone[0], wanted[2, :2]) <= 2e-5


def test_the_compiled_encoder_equals_the_eager_one(tiny, expected):
    ids, mask = expected["input_ids"], expected["attention_mask"]
    compiled = mx.compile(lambda i, m: tiny(i, m).last_hidden_state)
    assert largest_difference(compiled(ids, mask), tiny(ids, mask).last_hidden_state) <= 2e-6


def test_a_text_longer_than_the_positions_is_refused(tiny):
    with pytest.raises(ValueError, match="at most 16"):
        tiny(mx.zeros((1, 17), dtype=mx.int32))


def test_dropout_is_off_after_loading_and_on_in_training(expected):
    encoder, _ = load_encoder(TINY)
    ids = expected["input_ids"]
    first, second = encoder(ids).last_hidden_state, encoder(ids).last_hidden_state
    assert mx.array_equal(first, second)
    encoder.train()
    assert not mx.array_equal(first, encoder(ids).last_hidden_state)
