"""Each family of encoders computes what transformers computes, and is trained as BERT is."""

import json

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from tiny_encoders import FAMILIES, FOLDER, LENGTHS, expected, largest_difference

from bertplay.adapters.adding import adapter_arrays, add_adapters
from bertplay.adapters.merging import merged_arrays
from bertplay.adapters.settings import ALL_LINEAR, TARGETS, AdapterSettings
from bertplay.data.tokenizer import load_tokenizer
from bertplay.encoders import load_encoder
from bertplay.encoders.dropout import Dropout
from bertplay.encoders.families import build_encoder
from bertplay.encoders.quantization import Quantization
from bertplay.encoders.quantizing import quantize_encoder, quantize_linears
from bertplay.freezing import apply_freeze, frozen_layers
from bertplay.model_folder import write_quantized_model
from bertplay.named_arrays import named_arrays
from bertplay.optimizers.parameter_groups import optimizer_for

pytestmark = pytest.mark.parametrize("family", FAMILIES)
HALVES = pytest.mark.parametrize("dtype", [mx.bfloat16, mx.float16], ids=str)


def loaded(family, dtype=mx.float32):
    return load_encoder(FOLDER / family, dtype=dtype)[0]


def without_dropout(encoder):
    for module in encoder.modules():
        if isinstance(module, Dropout):
            module._p = 0.0
    return encoder


def gradients(encoder, batch):
    """Of a sum that weighs every state differently; also the sum itself."""
    ids, mask = batch["input_ids"], batch["attention_mask"]
    weights = mx.sin(mx.arange(ids.size * 32, dtype=mx.float32)).reshape(*ids.shape, 32)

    def total():
        states = encoder(ids, mask).last_hidden_state
        return (states.astype(mx.float32) * weights).sum()

    value, found = nn.value_and_grad(encoder, total)()
    return value.item(), {n: np.array(a.astype(mx.float32)) for n, a in named_arrays(found).items()}


@pytest.mark.parametrize("length", LENGTHS)
def test_hidden_states_equal_transformers(family, length):
    batch = expected(family, length)
    got = loaded(family)(batch["input_ids"], batch["attention_mask"]).last_hidden_state
    wanted, mask = batch["last_hidden_state"], batch["attention_mask"]
    assert largest_difference(got, wanted, mask) <= 5e-5


def test_tokens_equal_transformers(family):
    tokenizer = load_tokenizer(FOLDER / family)
    wanted = json.loads((FOLDER / family / "tokens.json").read_text(encoding="utf-8"))
    assert {text: tokenizer.encode(text).ids for text in wanted} == wanted


def test_padding_is_the_token_that_the_tokenizer_pads_with(family):
    encoder, tokenizer = load_encoder(FOLDER / family)
    assert tokenizer.id_to_token(encoder.config.pad_token_id).strip("<[]>").lower() == "pad"


def test_a_text_alone_has_the_states_that_it_has_in_a_batch(family):
    encoder, batch = loaded(family), expected(family, 64)
    alone = encoder(batch["input_ids"][1:, :33]).last_hidden_state
    assert largest_difference(alone[0], batch["last_hidden_state"][1, :33]) <= 5e-5


def test_a_text_longer_than_the_encoder_reads_is_refused(family):
    with pytest.raises(ValueError, match="at most 72"):
        loaded(family)(mx.zeros((1, 73), dtype=mx.int32))


@HALVES
def test_rows_of_nothing_but_padding_are_finite_in_value_and_gradient(family, dtype):
    batch = dict(expected(family, 64))
    batch["attention_mask"] = mx.array(np.arange(64) < np.array([[64], [0]])).astype(mx.int32)
    encoder = loaded(family, dtype)
    states = encoder(batch["input_ids"], batch["attention_mask"]).last_hidden_state
    assert states.dtype == dtype
    value, found = gradients(encoder, batch)
    assert np.isfinite(value)
    assert all(np.isfinite(leaf).all() for leaf in found.values())


def test_frozen_parts_are_not_trained_and_everything_else_is(family):
    encoder = loaded(family)
    for freeze, fixed in {"none": 0, "embeddings": 0, "1": 1, "full": len(encoder.layers)}.items():
        apply_freeze(encoder, freeze)
        assert frozen_layers(encoder) == fixed
        frozen = {} if freeze == "none" else encoder.parts()[: fixed + 1]
        held = sum(leaf.size for part in frozen for m in part for leaf in leaves(m))
        assert sum(a.size for a in leaves(encoder)) - trainable_size(encoder) == held + (
            pooler_size(encoder) if freeze == "full" else 0
        )


def leaves(module):
    return named_arrays(module.parameters()).values()


def trainable_size(encoder):
    return sum(a.size for a in named_arrays(encoder.trainable_parameters()).values())


def pooler_size(encoder):
    return sum(a.size for a in leaves(encoder.pooler)) if "pooler" in encoder else 0


def test_every_parameter_but_the_pooler_gets_a_gradient(family):
    encoder = without_dropout(loaded(family)).train()
    _, found = gradients(encoder, expected(family, 32))
    zero = {name for name, leaf in found.items() if not leaf.any()}
    assert {name for name in zero if not name.startswith("pooler.")} == set()


def test_split_anywhere_it_computes_what_it_does_whole(family):
    encoder, batch = loaded(family), expected(family, 32)
    ids, mask = batch["input_ids"], batch["attention_mask"]
    whole = encoder.hidden_states(ids, mask)
    for layers in range(len(encoder.layers) + 1):
        below = encoder.below(ids, mask, layers)
        assert mx.array_equal(below, whole[layers])
        assert mx.array_equal(encoder.above(below, mask, layers), whole[-1])


def test_layers_that_are_computed_again_give_the_same_gradients(family):
    encoder, batch = without_dropout(loaded(family)).train(), expected(family, 32)
    kept_value, kept = gradients(encoder, batch)
    encoder.recompute = True
    value, found = gradients(encoder, batch)
    assert value == pytest.approx(kept_value, rel=1e-5)
    assert found.keys() == kept.keys()
    for name in kept:
        np.testing.assert_allclose(found[name], kept[name], atol=1e-3, rtol=1e-4, err_msg=name)


@pytest.mark.parametrize("kind", ["lora", "dora"])
def test_adapters_on_every_map_are_trained_and_merged(family, kind):
    encoder, batch = loaded(family), expected(family, 32)
    settings = AdapterSettings(kind=kind, rank=2, targets=(ALL_LINEAR,))
    add_adapters(encoder, settings)
    assert set(named_arrays(encoder.trainable_parameters())) == set(adapter_arrays(encoder))
    changed = {n: a + 0.02 for n, a in adapter_arrays(encoder).items()}
    encoder.load_weights(list(changed.items()), strict=False)
    wanted = encoder(batch["input_ids"], batch["attention_mask"]).last_hidden_state
    plain = build_encoder(encoder.config, merged_arrays(encoder)).eval()
    plain.load_weights(list(merged_arrays(encoder).items()))
    got = plain(batch["input_ids"], batch["attention_mask"]).last_hidden_state
    assert largest_difference(got, batch["last_hidden_state"]) > 1e-2
    assert largest_difference(got, wanted) <= 1e-4


def test_every_target_names_maps_of_each_layer(family):
    encoder = loaded(family)
    assert tuple(encoder.linears) == TARGETS
    for target in TARGETS:
        adapted = loaded(family)
        add_adapters(adapted, AdapterSettings(rank=2, targets=(target,)))
        assert len(adapter_arrays(adapted)) == 2 * len(encoder.layers)


@pytest.mark.parametrize(("bits", "most"), [(8, 0.05), (4, 1.0)])
def test_quantized_maps_stay_near(family, bits, most):
    encoder, batch = loaded(family), expected(family, 32)
    wide = [m for _, m in encoder.named_modules() if isinstance(m, nn.Linear)]
    assert wide
    quantize_linears(encoder, Quantization(bits, 32))
    got = encoder(batch["input_ids"], batch["attention_mask"]).last_hidden_state
    difference = np.abs(np.array(got) - np.array(batch["last_hidden_state"]))
    assert 0 < difference[np.array(batch["attention_mask"]) == 1].mean() <= most


@pytest.mark.parametrize("bits", [8, 4])
def test_a_quantized_encoder_is_written_and_read_as_it_is(family, bits, tmp_path):
    folder, quantized = written_quantized(family, bits, tmp_path)
    assert len(quantized_names(mx.load(str(folder / "model.safetensors")))) == 1 + len(
        [m for m in quantized.modules() if isinstance(m, nn.QuantizedLinear)]
    )
    batch = expected(family, 32)
    wanted = quantized(batch["input_ids"], batch["attention_mask"]).last_hidden_state
    again, _ = load_encoder(folder)
    got = again(batch["input_ids"], batch["attention_mask"]).last_hidden_state
    assert largest_difference(got, wanted) <= 1e-6
    plain = build_encoder(again.config, merged_arrays(quantized)).eval()
    plain.load_weights(list(merged_arrays(quantized).items()))
    got = plain(batch["input_ids"], batch["attention_mask"]).last_hidden_state
    assert largest_difference(got, wanted) <= 1e-4


@pytest.mark.parametrize("bits", [8, 4])
def test_adapters_on_a_quantized_encoder_get_gradients_and_nothing_else_does(
    family, bits, tmp_path
):
    encoder, _ = load_encoder(written_quantized(family, bits, tmp_path)[0])
    add_adapters(encoder, AdapterSettings(rank=2, targets=(ALL_LINEAR,)))
    _, found = gradients(encoder, expected(family, 32))
    assert set(found) == set(adapter_arrays(encoder))
    # The other matrix of each pair starts at 0, and so does the gradient of this one.
    assert all(leaf.any() for name, leaf in found.items() if name.endswith("lora_b"))


def written_quantized(family, bits, place):
    """A folder with the encoder in so many bits, and that encoder."""
    encoder, tokenizer = load_encoder(FOLDER / family)
    quantization = Quantization(bits, 32)
    quantize_encoder(encoder, quantization)
    write_quantized_model(place / "model", encoder, tokenizer, {}, {}, quantization)
    return place / "model", encoder


def quantized_names(tensors):
    return {name for name in tensors if name.endswith(".scales")}


def test_rates_fall_from_layer_to_layer(family):
    encoder = loaded(family)
    model = nn.Module()
    model.encoder = encoder
    groups = optimizer_for(model, lr=1.0, weight_decay=0.0, layer_decay=0.5)
    layers = len(encoder.layers)
    for number, part in enumerate(encoder.parts()):
        ids = {id(a) for module in part for a in leaves(module)}
        for path, leaf in named_arrays(model.parameters()).items():
            if id(leaf) in ids:
                assert groups._groups[path].rate == 0.5 ** (layers + 1 - number), path
