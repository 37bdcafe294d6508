"""Freezing, adapters and quantization: what excludes what, and what is filled in."""

import pytest

from bertplay.adapters.settings import AdapterSettings
from bertplay.data.errors import InputError
from bertplay.options import TrainOptions
from bertplay.trained_part_options import adapter_settings


def refusal(**values: object) -> str:
    with pytest.raises(InputError) as caught:
        TrainOptions(**values)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_without_an_adapter_there_are_no_settings():
    assert adapter_settings(TrainOptions()) is None


def test_settings_that_are_left_open_have_their_defaults():
    assert adapter_settings(TrainOptions(adapter="lora")) == AdapterSettings()


def test_every_option_of_the_adapter_reaches_its_setting():
    options = TrainOptions(
        adapter="dora",
        adapter_rank=4,
        adapter_alpha=2,
        adapter_dropout=0.1,
        adapter_targets="key, output.dense",
    )
    expected = AdapterSettings("dora", 4, 2.0, 0.1, ("key", "output.dense"))
    assert adapter_settings(options) == expected
    assert expected.scale == 0.5


def test_a_number_of_layers_may_be_a_number():
    assert TrainOptions(freeze=4) == TrainOptions(freeze="4")


@pytest.mark.parametrize("freeze", ["top", "0", 0, "-1", "1.5"])
def test_a_wrong_freeze_is_refused(freeze):
    assert refusal(freeze=freeze).startswith(f"freeze is '{freeze}': choose none, full, ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("adapter_rank", 4),
        ("adapter_alpha", 8.0),
        ("adapter_dropout", 0.1),
        ("adapter_targets", "key"),
    ],
)
def test_options_of_an_adapter_without_one_are_refused(name, value):
    assert refusal(**{name: value}) == f"{name} needs an adapter: give adapter, lora or dora"


@pytest.mark.parametrize("freeze", ["full", "2"])
def test_an_adapter_and_frozen_layers_exclude_each_other(freeze):
    message = refusal(adapter="lora", freeze=freeze)
    assert message.startswith(f"adapter lora freezes the encoder by itself, and freeze {freeze}")


@pytest.mark.parametrize("freeze", ["none", "embeddings", "2"])
def test_quantized_weights_cannot_be_trained(freeze):
    assert refusal(quantize=4, freeze=freeze).startswith("quantize 4 gives weights that cannot be")


@pytest.mark.parametrize(
    "values",
    [
        {"quantize": 8, "adapter": "dora"},
        {"quantize": 4, "freeze": "full"},
        {"adapter": "lora", "freeze": "embeddings"},
    ],
)
def test_what_fits_together_is_allowed(values):
    options = TrainOptions(**values)
    assert {name: getattr(options, name) for name in values} == values


def test_only_8_and_4_bits_are_there():
    assert refusal(quantize=2, adapter="lora").startswith("quantize is 2: choose 8 or 4 bits")


@pytest.mark.parametrize("values", [{"adapter": "lora"}, {"quantize": 8, "freeze": "full"}])
def test_random_weights_are_no_backbone_of_an_adapter(values):
    assert "needs a pretrained backbone" in refusal(backbone="scratch", **values)


def test_a_wrong_setting_is_refused_with_the_options():
    assert refusal(adapter="lora", adapter_targets="querry").endswith("did you mean 'query'?")
    assert refusal(adapter="lorra").endswith("did you mean lora?")


def test_stages_may_be_a_mapping_as_yaml_has_it():
    stages = {1: "full", 3: 4, 5: "none"}
    assert TrainOptions(unfreeze=stages) == TrainOptions(unfreeze="1:full 3:4 5:none")


@pytest.mark.parametrize("values", [{"adapter": "lora"}, {"quantize": 8, "freeze": "full"}])
def test_an_adapter_or_quantized_weights_cannot_be_unfrozen(values):
    assert "leave unfreeze out" in refusal(unfreeze="2:none", **values)


def test_a_stage_that_would_never_come_is_refused():
    assert refusal(unfreeze="4:none", epochs=3).startswith("unfreeze has epoch 4, and epochs is 3")
