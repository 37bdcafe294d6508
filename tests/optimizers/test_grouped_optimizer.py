"""The optimizer of a whole model: its state, who has state, and who joins late."""

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
import pytest
from given_gradients import Parameters, gradients_of, rate_of, rule_of
from mlx.utils import tree_flatten, tree_unflatten
from recorded_paths import NAMES

from bertplay.named_arrays import named_arrays
from bertplay.optimizers.arguments import OPTIMIZER_ARGUMENTS
from bertplay.optimizers.grouped import GroupedOptimizer, ParameterGroup

ALL = tuple(OPTIMIZER_ARGUMENTS)


def optimizer_of(name, names=NAMES):
    """Muon for the matrices, AdamW for the vector."""
    of_vector = "adamw" if name == "muon" else name
    return GroupedOptimizer(
        {key: ParameterGroup(rule_of(of_vector if key == "vector" else name)) for key in names}
    )


def train(model, optimizer, steps):
    for step in steps:
        gradients = gradients_of(model, step)
        trained = {key: gradients[key] for key in model.trainable_parameters()}
        optimizer.update(model, trained, rate_of(step))


def weights(model):
    return {name: np.array(leaf) for name, leaf in model.parameters().items()}


def assert_same_bits(left, right):
    assert left.keys() == right.keys()
    for name in left:
        np.testing.assert_array_equal(np.array(left[name]), np.array(right[name]))


def test_adamw_takes_the_very_steps_of_mlx_s_own():
    model, other = Parameters(), Parameters()
    ours = GroupedOptimizer(
        {
            "matrix": ParameterGroup(rule_of("adamw", 0.01)),
            "wide": ParameterGroup(rule_of("adamw", 0.01)),
            "vector": ParameterGroup(rule_of("adamw", 0.0)),
        }
    )

    def rule(decay):
        return optim.AdamW(
            lambda step: 0.01 + 0.001 * step.astype(mx.float32),
            weight_decay=decay,
            bias_correction=True,
        )

    theirs = optim.MultiOptimizer(
        [rule(0.01), rule(0.0)],
        [lambda _, parameter: parameter.ndim > 1],
    )
    ours.init(model.trainable_parameters())
    theirs.init(other.trainable_parameters())
    for step in range(50):
        rate = 0.01 + 0.001 * mx.array(step, dtype=mx.float32)
        ours.update(model, gradients_of(model, step), rate)
        theirs.update(other, gradients_of(other, step))

    assert_same_bits(weights(model), weights(other))


def test_a_group_multiplies_the_rate():
    model, twice = Parameters(), Parameters()
    for parameters, rate, factor in ((model, 0.02, 1.0), (twice, 0.01, 2.0)):
        optimizer = GroupedOptimizer(
            {name: ParameterGroup(rule_of("sgd"), factor) for name in NAMES}
        )
        optimizer.init(parameters.trainable_parameters())
        optimizer.update(parameters, gradients_of(parameters, 0), mx.array(rate))

    for name in NAMES:
        np.testing.assert_allclose(np.array(model[name]), np.array(twice[name]), rtol=1e-6)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("as_tree", [False, True])
def test_a_restored_state_goes_on_bit_for_bit(name, as_tree, tmp_path):
    model, optimizer = Parameters(), optimizer_of(name)
    optimizer.init(model.trainable_parameters())
    train(model, optimizer, range(7))
    mx.save_safetensors(str(tmp_path / "state.safetensors"), named_arrays(optimizer.state))
    again = Parameters()
    again.update({key: mx.array(value) for key, value in weights(model).items()})
    train(model, optimizer, range(7, 12))

    restored = optimizer_of(name)
    restored.init(again.trainable_parameters())
    arrays = mx.load(str(tmp_path / "state.safetensors"))
    restored.state = tree_unflatten(list(arrays.items())) if as_tree else arrays
    train(again, restored, range(7, 12))

    assert_same_bits(weights(again), weights(model))
    assert_same_bits(named_arrays(restored.state), named_arrays(optimizer.state))


def test_only_trainable_parameters_have_state():
    model, optimizer = Parameters(), optimizer_of("adamw")
    model.freeze(keys=["wide"])

    optimizer.init(model.trainable_parameters())

    assert set(named_arrays(optimizer.state)) == {
        "0.step",
        "0.parameters.matrix.m",
        "0.parameters.matrix.v",
        "0.parameters.vector.m",
        "0.parameters.vector.v",
    }


def test_frozen_parameters_do_not_move():
    model, optimizer = Parameters(), optimizer_of("adamw")
    before = weights(model)
    model.freeze(keys=["wide"])
    optimizer.init(model.trainable_parameters())
    train(model, optimizer, range(3))

    np.testing.assert_array_equal(np.array(model.wide), before["wide"])
    assert np.abs(np.array(model.matrix) - before["matrix"]).min() > 1e-3


@pytest.mark.parametrize("name", ["adam", "adamw", "radam", "adafactor"])
def test_a_parameter_that_joins_late_starts_like_one_that_joins_first(name):
    """Its bias correction begins at its own first step; the others go on as if nothing were."""
    model, optimizer = Parameters(), optimizer_of(name)
    model.freeze(keys=["wide"])
    optimizer.init(model.trainable_parameters())
    train(model, optimizer, range(6))
    model.unfreeze(keys=["wide"])
    optimizer.init(model.trainable_parameters())
    train(model, optimizer, range(6, 12))

    alone = Parameters(("wide",))
    of_alone = optimizer_of(name, ("wide",))
    of_alone.init(alone.trainable_parameters())
    train(alone, of_alone, range(6, 12))
    others = Parameters(("matrix", "vector"))
    of_others = optimizer_of(name, ("matrix", "vector"))
    of_others.init(others.trainable_parameters())
    train(others, of_others, range(12))

    assert_same_bits(weights(model), {**weights(others), **weights(alone)})
    assert optimizer.state["0"]["step"].item() == 12
    assert optimizer.state["1"]["step"].item() == 6


def test_a_state_with_late_parameters_goes_on_bit_for_bit(tmp_path):
    model, optimizer = Parameters(), optimizer_of("adamw")
    model.freeze(keys=["wide"])
    optimizer.init(model.trainable_parameters())
    train(model, optimizer, range(3))
    model.unfreeze(keys=["wide"])
    optimizer.init(model.trainable_parameters())
    train(model, optimizer, range(3, 6))
    mx.save_safetensors(str(tmp_path / "state.safetensors"), named_arrays(optimizer.state))
    again = Parameters()
    again.update({key: mx.array(value) for key, value in weights(model).items()})
    train(model, optimizer, range(6, 9))

    restored = optimizer_of("adamw")
    restored.init(again.trainable_parameters())
    restored.state = mx.load(str(tmp_path / "state.safetensors"))
    train(again, restored, range(6, 9))

    assert_same_bits(weights(again), weights(model))


def test_a_parameter_that_is_frozen_again_loses_its_state():
    model, optimizer = Parameters(), optimizer_of("adamw")
    optimizer.init(model.trainable_parameters())
    train(model, optimizer, range(3))
    kept = np.array(optimizer.state["0"]["parameters"]["vector"]["m"])
    model.freeze(keys=["wide", "matrix"])

    optimizer.init(model.trainable_parameters())

    assert list(optimizer.state["0"]["parameters"]) == ["vector"]
    np.testing.assert_array_equal(optimizer.state["0"]["parameters"]["vector"]["m"], kept)
    model.freeze(keys=["vector"])
    optimizer.init(model.trainable_parameters())
    assert optimizer.state == {}


def test_init_changes_nothing_where_nothing_joins_or_leaves():
    model, optimizer = Parameters(), optimizer_of("adamw")
    optimizer.init(model.trainable_parameters())
    train(model, optimizer, range(3))
    before = {name: np.array(array) for name, array in named_arrays(optimizer.state).items()}

    optimizer.init(model.trainable_parameters())

    assert_same_bits(named_arrays(optimizer.state), before)


def compiled(model, optimizer):
    """A step that is traced once for each set of parameters, and the list of its traces."""
    traces = []
    state = [model.state, optimizer.state]

    def step(gradients, learning_rate):
        traces.append(None)
        optimizer.update(model, gradients, learning_rate)

    return mx.compile(step, inputs=state, outputs=state), state, traces


@pytest.mark.parametrize("name", ALL)
def test_a_compiled_step_is_the_eager_one_and_is_traced_once(name):
    names = ("matrix",)
    model, optimizer = Parameters(names), optimizer_of(name, names)
    optimizer.init(model.trainable_parameters())
    mx.eval(mx.array(0) + 1)  # makes the default stream, before which MLX traces once more
    step, state, traces = compiled(model, optimizer)
    for number in range(8):
        step(gradients_of(model, number), rate_of(number))
        mx.eval(state)
    eager, of_eager = Parameters(names), optimizer_of(name, names)
    of_eager.init(eager.trainable_parameters())
    train(eager, of_eager, range(8))

    assert len(traces) == 1
    np.testing.assert_allclose(np.array(model.matrix), np.array(eager.matrix), atol=1e-5)


def test_a_compiled_step_goes_on_from_a_restored_state():
    """The state it was compiled with is changed in place, not replaced."""
    model, optimizer = Parameters(), optimizer_of("adamw")
    optimizer.init(model.trainable_parameters())
    step, state, _ = compiled(model, optimizer)
    saved = []
    for number in (0, 1, 2, 1, 2):
        if number == 1 and not saved:
            saved = [weights(model), dict(named_arrays(optimizer.state))]
        elif number == 1:
            first = weights(model)
            model.update({key: mx.array(value) for key, value in saved[0].items()})
            optimizer.state = saved[1]
        step(gradients_of(model, number), rate_of(number))
        mx.eval(state)

    assert optimizer.state["0"]["step"].item() == 3
    assert_same_bits(weights(model), first)


def test_a_compiled_step_goes_on_when_parameters_join():
    model, optimizer = Parameters(), optimizer_of("adamw")
    model.freeze(keys=["wide"])
    optimizer.init(model.trainable_parameters())
    step, state, _ = compiled(model, optimizer)
    eager, of_eager = Parameters(), optimizer_of("adamw")
    eager.freeze(keys=["wide"])
    of_eager.init(eager.trainable_parameters())
    for number in range(6):
        if number == 3:
            for parameters, of_them in ((model, optimizer), (eager, of_eager)):
                parameters.unfreeze(keys=["wide"])
                of_them.init(parameters.trainable_parameters())
        gradients = gradients_of(model, number)
        step({key: gradients[key] for key in model.trainable_parameters()}, rate_of(number))
        mx.eval(state)
        train(eager, of_eager, [number])

    for key in NAMES:
        np.testing.assert_allclose(np.array(model[key]), np.array(eager[key]), atol=1e-6)


def test_it_trains_the_upper_of_two_layers():
    """A tree with a list of which only the end is trained."""
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model.layers[0].freeze()
    before = dict(tree_flatten(model.parameters()))
    optimizer = GroupedOptimizer({path: ParameterGroup(rule_of("adamw")) for path in before})
    optimizer.init(model.trainable_parameters())
    loss_and_gradients = nn.value_and_grad(model, lambda x: mx.square(model(x)).sum())

    _, gradients = loss_and_gradients(mx.ones((1, 2)))
    optimizer.update(model, gradients, mx.array(0.1))

    after = dict(tree_flatten(model.parameters()))
    moved = {path for path in before if not mx.array_equal(before[path], after[path])}
    assert moved == {"layers.1.weight", "layers.1.bias"}


def test_the_rules_of_the_groups_keep_no_arrays_of_a_step():
    rule = optim.SGD(0.0)
    before = rule.state
    model = Parameters(("vector",))
    optimizer = GroupedOptimizer({"vector": ParameterGroup(rule)})
    optimizer.init(model.trainable_parameters())
    train(model, optimizer, range(2))

    assert rule.state is before
    assert rule.state["step"].item() == 0


def test_a_parameter_without_state_is_named():
    model, optimizer = Parameters(), optimizer_of("adamw")
    optimizer.init({"matrix": model.matrix})
    with pytest.raises(ValueError, match="wide has no state"):
        train(model, optimizer, [0])


def test_a_parameter_without_group_is_named():
    model, optimizer = Parameters(), optimizer_of("adamw", ("matrix", "wide"))
    with pytest.raises(ValueError, match="vector belongs to no group"):
        optimizer.init(model.trainable_parameters())
    with pytest.raises(ValueError, match="stranger belongs to no group"):
        optimizer.state = {"0.step": mx.array(1), "0.parameters.stranger.m": mx.array(0.0)}
    assert optimizer.state == {}
