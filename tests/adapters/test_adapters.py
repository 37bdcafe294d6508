"""LoRA and DoRA on tiny BERT: what they change, what is trained, and what merging keeps."""

import mlx.core as mx
import numpy as np
import pytest
from tiny_classifier import TINY, bits_of, logits, loss_of, steps, tiny

from bertplay.adapters.adding import adapter_arrays, add_adapters
from bertplay.adapters.merging import merged_arrays
from bertplay.adapters.settings import ALL_LINEAR, TARGETS, AdapterSettings, split_targets
from bertplay.data.errors import InputError
from bertplay.encoders import BertConfig, BertEncoder, load_encoder
from bertplay.encoders.post_norm import LINEARS
from bertplay.encoders.quantizing import fitting
from bertplay.named_arrays import named_arrays

KINDS = pytest.mark.parametrize("kind", ["lora", "dora"])
BITS = pytest.mark.parametrize("bits", [0, 8, 4])


def trained(kind, **settings):
    """A model with adapters after a few steps, so that they change something."""
    model = tiny(kind, **settings)
    list(steps(model, 5))
    return model


def queries(model):
    return [layer.attention.self.query for layer in model.encoder.encoder.layer]


@KINDS
@BITS
def test_a_new_adapter_changes_no_output(kind, bits):
    without = logits(tiny(bits=bits))
    np.testing.assert_allclose(logits(tiny(kind, bits=bits)), without, atol=1e-5)


@KINDS
def test_adapters_and_head_are_trained_and_nothing_else(kind):
    model = tiny(kind)
    head = {f"head.{name}" for name in named_arrays(model.head.trainable_parameters())}
    adapters = {f"encoder.{name}" for name in adapter_arrays(model.encoder)}
    assert set(named_arrays(model.trainable_parameters())) == head | adapters
    assert len(adapters) == 2 * 2 * {"lora": 2, "dora": 3}[kind]


@KINDS
@BITS
def test_training_lowers_the_loss_and_leaves_the_rest_bitwise_as_it_was(kind, bits):
    model = tiny(kind, bits=bits)
    before, at_first = bits_of(model.parameters()), set(bits_of(model.trainable_parameters()))
    loss_before = loss_of(model)
    list(steps(model, 20))
    after = bits_of(model.parameters())
    assert loss_of(model) < 0.9 * loss_before
    assert {name for name in before if before[name] != after[name]} == at_first


@KINDS
@BITS
def test_merged_weights_compute_the_same(kind, bits):
    model = trained(kind, bits=bits, targets=(ALL_LINEAR,))
    plain = tiny()
    assert np.abs(logits(model) - logits(plain)).max() > 1e-2

    plain.encoder.load_weights(list(merged_arrays(model.encoder).items()))
    plain.head = model.head

    np.testing.assert_allclose(logits(plain), logits(model), atol=1e-5)


def test_merging_leaves_the_adapted_encoder_as_it_is():
    model = trained("lora")
    before = bits_of(model.parameters())
    mx.eval(merged_arrays(model.encoder))
    assert bits_of(model.parameters()) == before


def test_the_merged_arrays_of_an_encoder_without_adapters_are_its_own():
    encoder = tiny().encoder
    merged = merged_arrays(encoder)
    assert bits_of(merged) == bits_of(encoder.parameters())


@pytest.mark.parametrize("bits", [8, 4])
def test_a_quantized_encoder_is_merged_to_what_its_bits_stand_for(bits):
    quantized, plain = tiny(bits=bits), tiny()
    exact = logits(plain)
    plain.encoder.load_weights(list(merged_arrays(quantized.encoder).items()))
    np.testing.assert_allclose(logits(plain), logits(quantized), atol=1e-5)
    assert np.abs(logits(quantized) - exact).max() > 1e-5


def test_the_added_part_is_scaled_by_alpha_over_rank():
    """Twice the alpha, and as much with half the rank, adds twice as much to a weight."""
    model = trained("lora", rank=4, alpha=8.0)
    query = queries(model)[0]
    delta = np.array(query.fuse().weight - query.linear.weight)
    product = np.array(query.lora_b.T @ query.lora_a.T)
    np.testing.assert_allclose(delta, 8.0 / 4 * product, atol=1e-6)


@pytest.mark.parametrize("change", [{"rank": 4}, {"alpha": 64.0}, {"targets": ("key",)}])
def test_every_setting_changes_what_is_learned(change):
    settings = {"rank": 8, "alpha": 16.0, "targets": ("query", "value")}
    changed = logits(trained("lora", **{**settings, **change}))
    assert np.abs(changed - logits(trained("lora", **settings))).max() > 1e-4


def test_the_kinds_learn_different_things():
    assert np.abs(logits(trained("lora")) - logits(trained("dora"))).max() > 1e-4


def test_the_rank_is_the_inner_size_of_the_matrices():
    query = queries(tiny("lora", rank=3))[0]
    assert (query.lora_a.shape, query.lora_b.shape) == ((32, 3), (3, 32))


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_is_one_linear_map_of_every_layer(target):
    adapters = adapter_arrays(tiny("lora", targets=(target,)).encoder)
    assert {name.rpartition(".")[0] for name in adapters} == {
        f"encoder.layer.{n}.{LINEARS[target]}" for n in range(2)
    }


def test_all_linear_are_all_targets():
    every = adapter_arrays(tiny("lora", targets=(ALL_LINEAR,)).encoder)
    assert every.keys() == adapter_arrays(tiny("lora", targets=TARGETS).encoder).keys()


def test_dropout_of_the_adapter_acts_in_training_only():
    settings = {"targets": (ALL_LINEAR,)}
    model, other = (trained("lora", dropout=rate, **settings) for rate in (0.5, 0.0))
    other.load_weights(list(named_arrays(model.parameters()).items()))
    np.testing.assert_array_equal(logits(model), logits(other))

    apart = []
    for rate in (model, other):
        for query in queries(rate):
            query.train()
            mx.random.seed(1)
            x = mx.random.normal((4, 32))
            apart.append(np.abs(np.array(query(x)) - np.array(query(x))).max())
    assert min(apart[:2]) > 1e-3
    assert max(apart[2:]) == 0


def test_the_same_seed_draws_the_same_adapter():
    one, same = adapter_arrays(tiny("lora").encoder), adapter_arrays(tiny("lora").encoder)
    assert bits_of(one) == bits_of(same)


def test_an_adapter_takes_the_training_mode_of_its_encoder():
    encoder, _ = load_encoder(TINY)
    encoder.train()
    add_adapters(encoder, AdapterSettings())
    assert all(module.training for module in encoder.modules())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "lorra"}, "adapter is 'lorra': choose one of lora, dora"),
        ({"rank": 0}, "adapter_rank is 0: it must be at least 1"),
        ({"alpha": 0.0}, "adapter_alpha is 0.0: it must be a number above 0"),
        ({"alpha": float("nan")}, "adapter_alpha is nan: it must be a number above 0"),
        ({"dropout": 1.0}, "adapter_dropout is 1.0: it must be at least 0 and below 1"),
        ({"targets": ()}, "adapter_targets is empty: name at least one linear map"),
    ],
)
def test_settings_outside_their_range_are_refused(change, message):
    with pytest.raises(InputError) as caught:
        AdapterSettings(**change)
    assert str(caught.value) == message


def test_an_unknown_target_is_refused_with_the_names_and_the_nearest():
    with pytest.raises(InputError) as caught:
        AdapterSettings(targets=("query", "valeu"))
    message = str(caught.value)
    assert message.startswith("adapter_targets has 'valeu': choose from query, key, value, ")
    assert message.endswith("all-linear; did you mean 'value'?")


def test_targets_are_listed_with_commas():
    assert split_targets(" query, output.dense,") == ("query", "output.dense")


def test_an_encoder_whose_inputs_make_no_groups_is_not_quantized():
    encoder = BertEncoder(BertConfig(10, 20, 1, 2, 32))
    with pytest.raises(InputError, match="a multiple of 32, and this encoder's query has 20"):
        fitting(encoder, 8)
