"""Options are refused before anything is read, by one sentence that names them."""

from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
import yaml

from bertplay.data.errors import InputError
from bertplay.optimizers.arguments import OPTIMIZER_ARGUMENTS
from bertplay.options import (
    METRICS,
    OPTIMIZERS,
    POOLINGS,
    SAMPLINGS,
    SCHEDULES,
    TrainOptions,
    from_mapping,
)

NAN, INFINITY = float("nan"), float("inf")


def refusal(**values: object) -> str:
    with pytest.raises(InputError) as caught:
        TrainOptions(**values)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("validation_fraction", 0.0),
        ("validation_fraction", 1.0),
        ("validation_fraction", NAN),
        ("epochs", 0),
        ("epochs", -1),
        ("batch_size", 0),
        ("max_length", 3),
        ("max_tokens", 0),
        ("patience", 0),
        ("lr", 0.0),
        ("lr", -1e-4),
        ("lr", 1.0),
        ("lr", NAN),
        ("head_lr", 0.0),
        ("head_lr", 1.0),
        ("layer_decay", 0.0),
        ("layer_decay", 1.1),
        ("layer_decay", NAN),
        ("warmup", -0.1),
        ("warmup", 1.0),
        ("dropout", -0.1),
        ("dropout", 1.0),
        ("weight_decay", -0.1),
        ("weight_decay", NAN),
        ("weight_decay", INFINITY),
        ("clip_norm", -1.0),
        ("clip_norm", INFINITY),
        ("seed", -1),
        ("seed", 2**32),
    ],
)
def test_a_value_outside_its_range_is_refused(name, value):
    assert refusal(**{name: value}).startswith(f"{name} is {value}: it must ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("validation_fraction", 0.01),
        ("epochs", 1),
        ("batch_size", 1),
        ("max_length", 4),
        ("patience", 1),
        ("lr", 1e-8),
        ("head_lr", 1e-8),
        ("layer_decay", 1.0),
        ("warmup", 0.0),
        ("dropout", 0.0),
        ("weight_decay", 0.0),
        ("clip_norm", 0.0),
        ("seed", 0),
        ("seed", 2**32 - 1),
    ],
)
def test_the_ends_of_a_range_are_allowed(name, value):
    assert getattr(TrainOptions(**{name: value}), name) == value


@pytest.mark.parametrize(
    ("name", "value", "nearest"),
    [
        ("task", "titanik", "titanic"),
        ("pooling", "maen", "mean"),
        ("schedule", "cosin", "cosine"),
        ("optimizer", "moun", "muon"),
        ("metric", "macro-f1", "macro_f1"),
        ("keep", "bets", "best"),
    ],
)
def test_an_unknown_choice_is_refused_and_the_nearest_suggested(name, value, nearest):
    message = refusal(**{name: value})
    assert message.startswith(f"{name} is {value!r}: choose one of ")
    assert message.endswith(f"did you mean {nearest}?")


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("task", ("titanic", "emotion")),
        ("pooling", POOLINGS),
        ("sampling", SAMPLINGS),
        ("schedule", SCHEDULES),
        ("optimizer", OPTIMIZERS),
        ("metric", METRICS),
        ("keep", ("best", "last")),
    ],
)
def test_every_choice_is_allowed(name, choices):
    for choice in choices:
        assert getattr(TrainOptions(**{name: choice}), name) == choice


@pytest.mark.parametrize("sampling", ["balanced", "sqrt"])
def test_batches_by_tokens_need_rows_that_are_the_same_in_each_epoch(sampling):
    assert refusal(max_tokens=512, sampling=sampling) == (
        f"max_tokens needs sampling natural: with {sampling}, rows are drawn anew, and epochs "
        "would have different numbers of steps; give batch_size instead"
    )


def test_text_and_template_exclude_each_other():
    message = refusal(text="body", template="{title}")
    assert "text" in message
    assert "template" in message


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("epochs", "three", "a whole number"),
        ("epochs", True, "a whole number"),
        ("epochs", [3], "a whole number"),
        ("batch_size", 2.5, "a whole number"),
        ("batch_size", None, "a whole number"),
        ("seed", "0", "a whole number"),
        ("lr", "fast", "a number"),
        ("lr", True, "a number"),
        ("dropout", None, "a number"),
        ("loss", 3, "text"),
        ("loss", None, "text"),
        ("data", 3, "text"),
        ("text", ["body"], "text"),
        ("pooling", ["mean"], "text"),
        ("overwrite", "yes", "true or false"),
        ("overwrite", 1, "true or false"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(name, value, expected):
    assert refusal(**{name: value}) == f"{name} is {value!r}: it must be {expected}"


@pytest.mark.parametrize("name", ["loss_args", "optimizer_args", "schedule_args"])
@pytest.mark.parametrize("value", [3, "gamma", ["gamma"], None, {1: 2.0}])
def test_arguments_that_are_no_mapping_from_names_are_refused(name, value):
    assert refusal(**{name: value}).startswith(f"{name} is {value!r}: it must hold")


@pytest.mark.parametrize("name", ["loss_args", "optimizer_args", "schedule_args"])
@pytest.mark.parametrize("value", [{"a": 1}, object(), [1.0, {"a": 1}]])
def test_an_argument_that_no_file_can_hold_is_refused(name, value):
    message = refusal(**{name: {"alpha": value}})
    assert message.startswith(f"{name}: alpha is ")


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_option_of_an_optimizer_may_have_its_default(optimizer):
    given = {name: about.default for name, about in OPTIMIZER_ARGUMENTS[optimizer].items()}
    assert TrainOptions(optimizer=optimizer, optimizer_args=given).optimizer_args == given


@pytest.mark.parametrize(
    ("optimizer", "arguments", "message"),
    [
        ("adamw", {"momentum": 0.9}, "adamw has no option 'momentum', it has beta1, beta2, eps"),
        (
            "sgd",
            {"momentun": 0.9},
            "sgd has no option 'momentun', it has momentum, nesterov; did you mean 'momentum'?",
        ),
        ("sgd", {"momentum": 1.0}, "momentum is 1.0: it must be at least 0 and below 1"),
        ("sgd", {"nesterov": 1}, "nesterov is 1: it must be true or false"),
        ("sgd", {"nesterov": True, "momentum": 0}, "nesterov needs a momentum above 0"),
        ("lion", {"beta2": "high"}, "beta2 is 'high': it must be a number"),
        ("radam", {"eps": 0.0}, "eps is 0.0: it must be a number above 0"),
        ("muon", {"ns_steps": 0}, "ns_steps is 0: it must be at least 1"),
        ("muon", {"ns_steps": 2.5}, "ns_steps is 2.5: it must be a whole number"),
        (
            "muon",
            {"adjust": "none_"},
            "adjust is 'none_': it must be one of match_rms_adamw, original",
        ),
    ],
)
def test_an_optimizers_option_that_does_not_fit_is_named(optimizer, arguments, message):
    refused = refusal(optimizer=optimizer, optimizer_args=arguments)
    assert refused == f"optimizer_args: {message}"


def test_a_schedules_option_that_does_not_fit_is_named():
    refused = refusal(schedule="step", schedule_args={"T_0": 1})
    assert refused == (
        "schedule_args: step has no option 'T_0', it has step_size, milestones, gamma"
    )


def test_values_are_plain_whatever_they_were_given_as():
    """So that every run can be written to a YAML file."""
    options = TrainOptions(
        data=Path("folder") / "t.csv",
        lr=np.float64(1e-3),
        dropout=0,
        epochs=np.int64(3),
        loss_args={
            "alpha": (0.25, 0.75),
            "weights": np.array([1, 2]),
            "more": mx.array([0.5]),
            "gamma": np.float32(2),
        },
    )
    plain = {name: getattr(options, name) for name in ("data", "lr", "dropout", "epochs")}
    assert plain == {"data": "folder/t.csv", "lr": 1e-3, "dropout": 0.0, "epochs": 3}
    assert [type(value) for value in plain.values()] == [str, float, float, int]
    arguments = {"alpha": [0.25, 0.75], "weights": [1, 2], "more": [0.5], "gamma": 2.0}
    assert options.loss_args == arguments
    assert yaml.safe_load(yaml.safe_dump(options.loss_args)) == arguments


def test_options_do_not_change_with_the_mapping_they_were_made_from():
    given = {"gamma": 2.0}
    options = TrainOptions(loss_args=given)
    given["gamma"] = 5.0
    assert options.loss_args == {"gamma": 2.0}


def test_options_cannot_be_changed_only_replaced():
    options = TrainOptions()
    with pytest.raises(FrozenInstanceError):
        options.epochs = 3
    with pytest.raises(InputError, match="epochs is 0"):
        replace(options, epochs=0)


def test_a_mapping_gives_the_same_options_as_keywords():
    values = {"epochs": 3, "loss": "focal", "loss_args": {"gamma": 1.0}, "overwrite": True}
    assert from_mapping(values, "f.yaml") == TrainOptions(**values)


def test_an_unknown_key_is_refused_and_the_nearest_suggested():
    with pytest.raises(InputError) as caught:
        from_mapping({"epoch": 3}, "f.yaml")
    assert str(caught.value) == "f.yaml: unknown option 'epoch'; did you mean epochs?"


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("epochs: three", "epochs"),
        ("lr: fast", "lr"),
        ("lr: 1e-4", "lr"),  # YAML 1.1 wants 1.0e-4, and reads this as text
        ("batch_size: 2.5", "batch_size"),
        ("loss_args: 3", "loss_args"),
        ("warmup: .nan", "warmup"),
        ("data: [a.csv]", "data"),
    ],
)
def test_wrong_values_of_a_yaml_file_are_named(line, named):
    with pytest.raises(InputError, match=f"^{named} is "):
        from_mapping(yaml.safe_load(line), "f.yaml")


def test_every_option_has_a_help_text_and_a_heading():
    for declared in fields(TrainOptions):
        assert declared.metadata["help"]
        assert declared.metadata["group"]
