"""The rules by which a gradient changes a parameter."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from given_gradients import Parameters, gradients_of, path_of, rate_of, rule_of
from recorded_paths import ARRAYS, NAMES

from bertplay.optimizers.arguments import OPTIMIZER_ARGUMENTS
from bertplay.optimizers.grouped import GroupedOptimizer, ParameterGroup
from bertplay.optimizers.radam import RAdam

OTHER_ARGUMENTS = {
    "momentum": 0.5,
    "beta1": 0.5,
    "beta2": 0.7,
    "eps": 0.1,
    "decay_exponent": 0.5,
    "clip_threshold": 0.5,
    "scale_parameter": True,
    "ns_steps": 2,
    "adjust": "original",
}


def float64(name):
    return {key: ARRAYS[f"{key}.{name}"].astype(np.float64) for key in ("start", "gradients")}


def numpy_lion(start, gradients, rates, decay, beta1=0.9, beta2=0.99):
    """Algorithm 2 of Chen et al. 2023; PyTorch has no Lion."""
    weight, momentum, path = start, np.zeros_like(start), []
    for gradient, rate in zip(gradients, rates, strict=True):
        direction = np.sign(beta1 * momentum + (1 - beta1) * gradient)
        weight = weight - rate * (direction + decay * weight)
        momentum = beta2 * momentum + (1 - beta2) * gradient
        path.append(weight)
    return np.stack(path)


def numpy_adafactor(start, gradients, rates, decay):
    """Algorithms 4 and 5 of Shazeer & Stern 2018 at given absolute rates.

    PyTorch's Adafactor knows relative rates only: it always multiplies by the weights' size.
    """
    weight, path = start, []
    rows, columns, squares = 0.0, 0.0, 0.0
    for step, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        beta = 1 - step**-0.8
        square = gradient**2 + 1e-30
        if gradient.ndim == 2:
            rows = beta * rows + (1 - beta) * square.sum(axis=1)
            columns = beta * columns + (1 - beta) * square.sum(axis=0)
            estimate = np.outer(rows, columns) / rows.sum()
        else:
            squares = beta * squares + (1 - beta) * square
            estimate = squares
        update = gradient / np.sqrt(estimate)
        update = update / max(1.0, np.sqrt((update**2).mean()))
        weight = weight - rate * update - rate * decay * weight
        path.append(weight)
    return np.stack(path)


@pytest.mark.parametrize(
    ("name", "reference"), [("lion", numpy_lion), ("adafactor", numpy_adafactor)]
)
def test_200_steps_equal_the_papers_algorithm_in_double_precision(name, reference):
    path = path_of(rule_of(name, 0.1))

    rates = ARRAYS["rates"].astype(np.float64)
    for parameter in NAMES:
        wanted = reference(**float64(parameter), rates=rates, decay=0.1)
        np.testing.assert_allclose(path[parameter], wanted, rtol=0, atol=2e-5)


@pytest.mark.parametrize("beta2", [0.5, 0.9, 0.99, 0.999, 0.9999])
def test_radam_knows_the_length_of_its_average_at_every_step(beta2):
    """Known to float32's last digits, though its definition is a difference of two thousands."""
    from bertplay.optimizers.radam import _length

    steps = np.arange(1, 2001, dtype=np.float64)
    longest, power = 2 / (1 - beta2) - 1, beta2**steps
    # -expm1 is 1 - power without the digits that float64 loses there.
    wanted = longest - 2 * steps * power / -np.expm1(steps * np.log(beta2))

    got = _length(beta2, mx.array(steps, dtype=mx.float32))

    np.testing.assert_allclose(np.array(got), wanted, rtol=1e-6)


def test_radam_starts_with_five_steps_of_momentum_alone():
    """Then the step divides by the gradient's size: one with gradients of 1000 shrinks at once."""
    model = nn.Module()
    model.weight = mx.zeros((1, 1))
    optimizer = RAdam(1.0)
    moved, before = [], 0.0
    for _ in range(6):
        optimizer.update(model, {"weight": mx.full((1, 1), 1000.0)})
        moved.append(before - model.weight.item())
        before = model.weight.item()

    assert moved[:5] == pytest.approx([1000.0] * 5, rel=1e-4)
    assert 0 < moved[5] < 1


@pytest.mark.parametrize("name", OPTIMIZER_ARGUMENTS)
def test_each_optimizer_finds_the_lowest_point_of_a_bowl(name):
    model = Parameters(("matrix", "wide"))
    goal = {"matrix": mx.full((3, 2), 0.7), "wide": mx.full((2, 3), -0.4)}
    optimizer = GroupedOptimizer({key: ParameterGroup(rule_of(name)) for key in goal})
    optimizer.init(model.trainable_parameters())

    def height(parameters):
        return sum(mx.square(parameters[key] - goal[key]).sum().item() for key in goal)

    assert height(model) > 1
    for step in range(200):
        gradients = {key: 2 * (model[key] - goal[key]) for key in goal}
        optimizer.update(model, gradients, mx.array(0.2 * (1 - step / 200)))

    assert height(model) < 1e-2


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        (name, argument)
        for name, arguments in OPTIMIZER_ARGUMENTS.items()
        for argument in arguments
        if name != "muon" or argument not in ("adamw_lr", *OPTIMIZER_ARGUMENTS["adamw"])
    ],
)
def test_every_option_changes_the_path(name, argument):
    """What Muon leaves to AdamW, and its options, are in test_parameter_groups.py."""
    given = {}
    if argument == "eps2":
        given, other = {"scale_parameter": True}, 10.0
    elif argument == "nesterov":
        other = not OPTIMIZER_ARGUMENTS[name][argument].default
    else:
        other = OTHER_ARGUMENTS[argument]
    names = ("matrix", "wide")

    usual = path_of(rule_of(name, **given), names, steps=10)
    changed = path_of(rule_of(name, **given, **{argument: other}), names, steps=10)

    for parameter in names:
        assert np.abs(usual[parameter][-1] - changed[parameter][-1]).max() > 1e-3


@pytest.mark.parametrize("name", OPTIMIZER_ARGUMENTS)
def test_decay_makes_weights_smaller(name):
    names = ("matrix", "wide")
    plain = path_of(rule_of(name), names, steps=50)
    decayed = path_of(rule_of(name, 0.5), names, steps=50)
    for parameter in names:
        assert np.square(decayed[parameter][-1]).sum() < np.square(plain[parameter][-1]).sum()


@pytest.mark.parametrize("name", OPTIMIZER_ARGUMENTS)
def test_bfloat16_parameters_have_float32_state_and_arithmetic(name):
    """So that they are what the float32 path is, rounded once a step."""
    names = ("matrix", "wide")
    model = Parameters(names, mx.bfloat16)
    optimizer = GroupedOptimizer({key: ParameterGroup(rule_of(name)) for key in names})
    optimizer.init(model.trainable_parameters())
    alone = GroupedOptimizer({key: ParameterGroup(rule_of(name)) for key in names})
    alone.init(model.trainable_parameters())
    for step in range(5):
        wide = Parameters(names)
        wide.update({key: model[key].astype(mx.float32) for key in names})
        gradients = gradients_of(model, step)
        optimizer.update(model, gradients, rate_of(step))
        alone.update(wide, gradients, rate_of(step))
        for key in names:
            assert model[key].dtype == mx.bfloat16
            assert mx.array_equal(model[key], wide[key].astype(mx.bfloat16))
    for moments in optimizer.state["0"]["parameters"].values():
        assert {moment.dtype for moment in moments.values()} == {mx.float32}
