"""A loss that is a tree: its sums against float64 NumPy, its weights, its state, its errors."""

import copy

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlx.utils import tree_flatten

from bertplay.losses import (
    AdaptiveLoss,
    CompositeLoss,
    LossTerm,
    cross_entropy,
    get_loss,
    info_nce_loss,
    mean_squared_error,
)

ROWS, CLASSES = 6, 3
PATHS = ["total", "labels", "numbers", "numbers/size", "numbers/price"]


def term(name, loss=mean_squared_error, weight=1.0, **options):
    return LossTerm(name, loss, outputs=(name,), targets=(name,), weight=weight, **options)


def tree(labels=0.5, numbers=2.0, size=1.0, price=3.0, loss=cross_entropy):
    return CompositeLoss(
        "all",
        (
            term("labels", loss, labels),
            CompositeLoss(
                "numbers",
                (term("size", weight=size), term("price", weight=price)),
                weight=numbers,
            ),
        ),
    )


def batch(seed=0):
    random = np.random.default_rng(seed)
    outputs = {"labels": random.normal(size=(ROWS, CLASSES))}
    outputs |= {name: random.normal(size=(ROWS, 2)) for name in ("size", "price")}
    targets = {"labels": random.integers(0, CLASSES, ROWS)}
    targets |= {name: random.normal(size=(ROWS, 2)) for name in ("size", "price")}
    return outputs, targets


def arrays(mappings):
    return [
        {
            name: mx.array(v.astype(np.float32) if v.dtype == np.float64 else v)
            for name, v in mapping.items()
        }
        for mapping in mappings
    ]


def reference_leaves(outputs, targets):
    """The leaves' values in float64."""
    z, y = outputs["labels"], targets["labels"]
    surprisal = np.log(np.exp(z).sum(axis=1)) - z[np.arange(ROWS), y]
    return {
        "labels": surprisal.mean(),
        "size": ((outputs["size"] - targets["size"]) ** 2).mean(),
        "price": ((outputs["price"] - targets["price"]) ** 2).mean(),
    }


@given(
    seed=st.integers(0, 50),
    weights=st.lists(st.floats(0.125, 8.0, width=32), min_size=4, max_size=4),
)
def test_every_component_is_the_weighted_sum_of_what_is_below_it(seed, weights):
    labels, numbers, size, price = weights
    leaves = reference_leaves(*batch(seed))
    inner = size * leaves["size"] + price * leaves["price"]

    total, components = tree(*weights)(*arrays(batch(seed)))

    assert list(components) == PATHS
    expected = [labels * leaves["labels"] + numbers * inner, leaves["labels"], inner]
    expected += [leaves["size"], leaves["price"]]
    found = [value.item() for value in components.values()]
    assert found == pytest.approx(expected, rel=1e-5)
    assert total.item() == components["total"].item()


def test_all_components_are_float32_scalars_also_of_half_precision_outputs():
    outputs, targets = arrays(batch())
    halves = {name: value.astype(mx.bfloat16) for name, value in outputs.items()}
    half_term = LossTerm("half", lambda x: x.mean(), outputs=("size",))
    _, components = CompositeLoss("both", (tree(), half_term))(halves, targets)
    assert {(value.dtype, value.shape) for value in components.values()} == {(mx.float32, ())}


def test_a_composite_is_a_term_of_another_and_its_components_move_below_its_name():
    one = tree()
    total, components = one(*arrays(batch()))
    both = CompositeLoss("both", (one, term("size", weight=0.5)))

    _, found = both(*arrays(batch()))

    moved = {f"all/{path}": value for path, value in components.items() if path != "total"}
    assert list(found) == ["total", "all", *moved, "size"]
    for path, value in {"all": total, **moved}.items():
        assert found[path].item() == value.item()


def test_the_weight_of_the_root_is_for_a_parent_and_not_for_its_own_total():
    (labels, numbers), batch_ = tree().terms.values(), arrays(batch())
    heavy = CompositeLoss("heavy", (labels, numbers), weight=7.0)
    assert heavy(*batch_)[0].item() == tree()(*batch_)[0].item()


@given(factor=st.floats(0.25, 4.0, width=32))
def test_the_gradient_is_linear_in_the_weights(factor):
    outputs, targets = arrays(batch())

    def gradient(**weights):
        loss = tree(**weights)
        return mx.grad(lambda size: loss({**outputs, "size": size}, targets)[0])(outputs["size"])

    np.testing.assert_allclose(gradient(size=factor), factor * gradient(size=1.0), rtol=1e-5)


def test_arrays_are_passed_in_the_order_of_their_names_outputs_first():
    seen = []

    def loss(*values, factor):
        seen.extend(value.item() for value in values)
        return factor * values[0]

    outputs = {name: mx.array(n) for n, name in enumerate("abc", 1)}
    targets = {name: mx.array(n) for n, name in enumerate("abc", 10)}
    one = LossTerm("x", loss, outputs=("c", "a"), targets=("b",), options={"factor": 2.0})
    assert one(outputs, targets).item() == 6.0
    assert seen == [3, 1, 11]


def test_targets_are_not_needed_where_a_loss_compares_outputs():
    features = mx.random.normal((4, 8), key=mx.random.key(0))
    one = LossTerm("pairs", info_nce_loss, outputs=("a", "b"), options={"temperature": 0.5})
    found = one({"a": features, "b": features}, {})
    assert found.item() == info_nce_loss(features, features, temperature=0.5).item()


@pytest.mark.parametrize("loss", [cross_entropy, get_loss("focal"), get_loss("ce")])
def test_rows_that_weigh_0_have_no_influence_whatever_their_label(loss):
    outputs, targets = batch()
    kept = np.array([1, 1, 0, 1, 0, 1])
    targets["labels"][kept == 0] = -1
    outputs["labels"][kept == 0] = np.nan
    targets["has_label"] = kept
    one = term("labels", loss, sample_weights="has_label")

    found = one(*arrays((outputs, targets)))

    rows = [{"labels": mapping["labels"][kept == 1]} for mapping in (outputs, targets)]
    assert found.item() == pytest.approx(term("labels", loss)(*arrays(rows)).item(), rel=1e-6)


def test_a_term_that_weighs_0_is_shown_and_adds_nothing_even_if_it_is_nan():
    outputs, targets = arrays(batch())
    outputs["size"] = mx.full((ROWS, 2), mx.nan)
    total, components = tree(size=0.0)(outputs, targets)
    assert np.isnan(components["numbers/size"].item())
    price = components["numbers/price"].item()
    expected = 0.5 * components["labels"].item() + 2 * 3 * price
    assert total.item() == pytest.approx(expected, rel=1e-6)


class Model(nn.Module):
    def __init__(self, loss):
        super().__init__()
        self.output = nn.Linear(3, CLASSES)
        self.loss = loss

    def compute_loss(self, inputs, targets):
        hidden = self.output(inputs)
        return self.loss({"labels": hidden, "size": hidden, "price": hidden}, targets)


def model_batch():
    random = np.random.default_rng(1)
    targets = {name: random.normal(size=(ROWS, CLASSES)) for name in ("size", "price")}
    targets["labels"] = random.integers(0, CLASSES, ROWS)
    inputs, targets = arrays(({"inputs": random.normal(size=(ROWS, 3))}, targets))
    return inputs["inputs"], targets


def test_a_compiled_training_step_gives_the_same_as_an_eager_one():
    results = []
    for compiled in (False, True):
        mx.random.seed(0)
        model = Model(tree(loss=get_loss("focal_smooth", num_classes=CLASSES)))
        optimizer = optim.AdamW(1e-2)
        value_and_grad = nn.value_and_grad(model, model.compute_loss)

        def step(inputs, targets, model=model, optimizer=optimizer, gradient_of=value_and_grad):
            (_, components), gradients = gradient_of(inputs, targets)
            optimizer.update(model, gradients)
            return components

        if compiled:
            state = [model.state, optimizer.state]
            step = mx.compile(step, inputs=state, outputs=state)
        for _ in range(3):
            components = step(*model_batch())
        results.append([value.item() for value in components.values()])
    assert results[0] == pytest.approx(results[1], rel=1e-5)


def test_weights_and_progress_change_inside_one_compiled_step_without_a_new_trace():
    loss = tree(loss=AdaptiveLoss(class_weights=[1.0, 2.0, 3.0]))
    traces = []

    def step(outputs, targets):
        traces.append(True)
        return loss(outputs, targets)

    compiled = mx.compile(step, inputs=loss.state)
    for change in (
        lambda: None,
        lambda: loss.update_weights(labels=4.0, **{"numbers/price": 0.0}),
        lambda: loss.set_progress(1.0),
    ):
        change()
        found, expected = compiled(*arrays(batch()))[1], loss(*arrays(batch()))[1]
        for path in PATHS:
            assert found[path].item() == pytest.approx(expected[path].item(), rel=1e-6)
    assert len(traces) == 1


def test_weights_may_be_computed_inside_a_compiled_step():
    loss = tree()

    def step(weight, outputs, targets):
        loss.update_weights(labels=weight)
        return loss(outputs, targets)[0]

    compiled = mx.compile(step, inputs=loss.state, outputs=loss.state)
    found = compiled(mx.array(0.25), *arrays(batch()))
    assert found.item() == pytest.approx(tree(labels=0.25)(*arrays(batch()))[0].item(), rel=1e-6)
    assert loss.weights()["labels"] == 0.25


def test_a_loss_with_a_schedule_is_reached_at_any_depth():
    one, other = AdaptiveLoss(class_weights=None), AdaptiveLoss(class_weights=None)
    inner = CompositeLoss("inner", (term("a", one), term("b")))
    CompositeLoss("outer", (inner, term("c", other))).set_progress(0.5)
    assert (one.mix.item(), other.mix.item()) == (0.5, 0.5)


def test_weights_are_never_trained_but_a_loss_with_parameters_is():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = mx.array(1.0)

        def __call__(self, logits, labels):
            return cross_entropy(self.scale * logits, labels)

    model = Model(tree(loss=Scaled()))
    trained = {"output.weight", "output.bias", "loss.terms.labels.loss.scale"}
    for change in (
        lambda: None,
        model.unfreeze,
        lambda: model.unfreeze(keys=["weight", "bias", "scale"]),
        lambda: model.freeze() and model.unfreeze(),
    ):
        change()
        assert set(dict(tree_flatten(model.trainable_parameters()))) == trained
    model.freeze()
    assert not tree_flatten(model.trainable_parameters())


def test_an_optimizer_step_leaves_weights_and_options_as_they_are():
    model = Model(tree(loss=get_loss("focal", num_classes=CLASSES)))
    before = tree_flatten(model.loss.parameters())
    _, gradients = nn.value_and_grad(model, model.compute_loss)(*model_batch())
    optim.AdamW(0.1, weight_decay=0.1).update(model, gradients)
    for (name, old), (_, new) in zip(before, tree_flatten(model.loss.parameters()), strict=True):
        assert mx.array_equal(old, new).item(), name


def test_weights_and_state_are_saved_with_the_model_and_come_back(tmp_path):
    saved = Model(tree(0.3, 0.1, 0.7, 0.9, loss=get_loss("focal", gamma=1.0)))
    loaded = Model(tree(loss=get_loss("focal")))
    file = str(tmp_path / "model.safetensors")

    saved.save_weights(file)
    loaded.load_weights(file)

    weights = {"labels": 0.3, "numbers": 0.1, "numbers/size": 0.7, "numbers/price": 0.9}
    assert loaded.loss.weights() == weights
    assert loaded.loss(*arrays(batch()))[0].item() == saved.loss(*arrays(batch()))[0].item()


def test_a_copy_has_weights_of_its_own():
    loss = tree()
    copy.deepcopy(loss).update_weights(labels=9.0)
    assert loss.weights()["labels"] == 0.5


def test_a_model_cast_to_half_precision_still_sums_in_float32():
    model = Model(tree(loss=get_loss("focal")))
    model.set_dtype(mx.bfloat16)
    total, components = model.compute_loss(*model_batch())
    assert total.dtype == mx.float32
    assert all(value.dtype == mx.float32 for value in components.values())


def test_updating_weights_gives_the_loss_back_and_changes_the_named_ones_only():
    loss = tree()
    assert loss.update_weights(numbers=0.25, **{"numbers/size": 0.0}) is loss
    weights = {"labels": 0.5, "numbers": 0.25, "numbers/size": 0.0, "numbers/price": 3.0}
    assert loss.weights() == weights


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"label": 1.0}, r"'all' has no term 'label'; did you mean labels\? .*numbers/price"),
        ({"labels": -1.0}, "weight of 'labels' is -1: expected a number of at least 0"),
        ({"numbers/size": float("nan")}, "weight of 'numbers/size' is nan"),
        ({"labels": 2.0, "numbers": float("inf")}, "weight of 'numbers' is inf"),
        ({"labels": 2.0, "numbers": mx.ones(2)}, "weight of 'numbers' is array"),
        ({"labels": 0, "numbers": 0}, "terms of 'all' all weigh 0"),
        (
            {"labels": 2.0, "numbers/size": mx.array(0), "numbers/price": 0.0},
            "terms of 'numbers' all weigh 0",
        ),
    ],
)
def test_a_wrong_update_changes_nothing(weights, message):
    loss = tree()
    before = loss.weights()
    with pytest.raises(ValueError, match=message):
        loss.update_weights(**weights)
    assert loss.weights() == before


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CompositeLoss("x", ()), "terms of 'x' is empty"),
        (lambda: CompositeLoss("x", (term("a"), term("b"), term("a"))), "has a more than once"),
        (lambda: CompositeLoss("x", (term("a", weight=0.0),)), "terms of 'x' all weigh 0"),
        (lambda: CompositeLoss("x", (mean_squared_error,)), "terms of 'x' has a function"),
        (lambda: CompositeLoss("x/y", (term("a"),)), "name is 'x/y': expected a name without"),
        (lambda: term("a.b"), r"name is 'a\.b'"),
        (lambda: term(""), "name is ''"),
        (lambda: term("total"), "name is 'total'"),
        (lambda: term(3), "name is 3"),
        (lambda: term("a", weight=-0.5), "weight of 'a' is -0.5: expected a number of at least 0"),
        (lambda: term("a", weight=float("inf")), "weight of 'a' is inf"),
        (lambda: term("a", weight=float("nan")), "weight of 'a' is nan"),
        (lambda: term("a", weight="1"), "weight of 'a' is '1'"),
        (lambda: term("a", weight=mx.ones(2)), "weight of 'a' is array"),
        (lambda: term("a", "mse"), "loss of term 'a' is 'mse': expected a function or module"),
        (lambda: LossTerm("a", cross_entropy, outputs=()), "outputs of term 'a' is empty"),
        (
            lambda: LossTerm("a", cross_entropy, outputs="logits"),
            r"outputs of term 'a' is 'logits': expected a sequence of names",
        ),
        (
            lambda: LossTerm("a", cross_entropy, outputs=("logits",), targets=(1,)),
            r"targets of term 'a' is \(1,\)",
        ),
    ],
)
def test_a_tree_that_cannot_be_one_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda outputs, targets: outputs.pop("price"),
            "term 'numbers/price' reads the output 'price', which is missing: outputs has "
            "labels, size",
        ),
        (
            lambda outputs, targets: targets.pop("size"),
            "term 'numbers/size' reads the target 'size', which is missing: targets has "
            "labels, price",
        ),
        (lambda outputs, targets: outputs.clear(), "outputs has nothing"),
        (
            lambda outputs, targets: outputs.update(size=None),
            "term 'numbers/size' reads the output 'size', which is a NoneType: expected an array",
        ),
        (
            lambda outputs, targets: outputs.update(size=mx.zeros((ROWS, 3))),
            r"term 'numbers/size': targets has shape \(6, 2\): expected \(6, 3\)",
        ),
    ],
)
def test_outputs_and_targets_that_do_not_fit_are_named_with_their_term(change, message):
    outputs, targets = arrays(batch())
    change(outputs, targets)
    with pytest.raises(ValueError, match=message):
        tree()(outputs, targets)


def test_missing_row_weights_are_named_with_their_term():
    one = term("size", sample_weights="size_weights")
    with pytest.raises(ValueError, match="term 'size' reads the target 'size_weights', which is"):
        one(*arrays(batch()))


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (lambda x, y: x, r"term 'numbers/size' gave an array of shape \(6, 2\): expected a scalar"),
        (lambda x, y: 1.0, "term 'numbers/size' gave a float: expected a scalar array"),
    ],
)
def test_a_loss_that_is_no_scalar_is_named(loss, message):
    whole = CompositeLoss("all", (CompositeLoss("numbers", (term("size", loss),)),))
    with pytest.raises(ValueError, match=message):
        whole(*arrays(batch()))
