"""Losses by name for rows with any number of labels and for numbers: found, made, called."""

import mlx.core as mx
import numpy as np
import pytest

from bertplay.losses import (
    ALL_LOSSES,
    LOSSES,
    MULTI_LABEL_LOSSES,
    REGRESSION_LOSSES,
    asymmetric_loss,
    binary_cross_entropy,
    concordance_loss,
    get_loss,
    huber_loss,
    mean_squared_error,
    sigmoid_focal_loss,
)

ROWS, CLASSES = 6, 3
OTHERS = [*MULTI_LABEL_LOSSES, *REGRESSION_LOSSES]
CALLS = [
    ("bce", {}, binary_cross_entropy),
    ("bce", {"pos_weight": 2.0}, binary_cross_entropy),
    ("bce", {"pos_weight": [0.5, 1.0, 30.0]}, binary_cross_entropy),
    ("focal_bce", {"gamma": 1.5, "alpha": 0.6}, sigmoid_focal_loss),
    ("focal_bce", {"gamma": 0.0, "alpha": None}, sigmoid_focal_loss),
    ("asymmetric", {"gamma_positive": 0.5, "gamma_negative": 2.0, "margin": 0.1}, asymmetric_loss),
    ("asymmetric", {"margin": 0.0}, asymmetric_loss),
    ("mse", {}, mean_squared_error),
    ("huber", {"delta": 0.3}, huber_loss),
    ("ccc", {}, concordance_loss),
]


def batch(seed=0):
    random = np.random.default_rng(seed)
    outputs = random.normal(scale=2.0, size=(ROWS, CLASSES)).astype(np.float32)
    targets = random.integers(0, 2, size=(ROWS, CLASSES)).astype(np.float32)
    weights = random.uniform(0.25, 2.0, size=ROWS).astype(np.float32)
    return mx.array(outputs), mx.array(targets), mx.array(weights)


def test_the_names_are_these():
    assert list(MULTI_LABEL_LOSSES) == ["bce", "focal_bce", "asymmetric"]
    assert list(REGRESSION_LOSSES) == ["mse", "huber", "ccc"]


def test_all_losses_are_those_of_every_kind_and_each_knows_its_own():
    assert list(ALL_LOSSES) == [*LOSSES, *OTHERS]
    for specs, kind in (
        (LOSSES, "single_label"),
        (MULTI_LABEL_LOSSES, "multi_label"),
        (REGRESSION_LOSSES, "regression"),
    ):
        assert {spec.kind for spec in specs.values()} == {kind}
        assert {get_loss(name, class_counts=[1, 2, 3]).kind for name in specs} == {kind}


@pytest.mark.parametrize("name", OTHERS)
def test_a_named_loss_describes_itself_in_one_line(name):
    spec = ALL_LOSSES[name]

    assert spec.name == name
    for text in (spec.description, *(option.help for option in spec.options)):
        assert text.endswith(".")
        assert "\n" not in text


@pytest.mark.parametrize("name", OTHERS)
def test_the_defaults_by_name_are_those_of_the_function(name):
    outputs, targets, _ = batch()
    expected = ALL_LOSSES[name].function(outputs, targets)
    assert get_loss(name)(outputs, targets).item() == pytest.approx(expected.item(), rel=1e-6)


@pytest.mark.parametrize(("name", "options", "function"), CALLS)
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("num_classes", [None, CLASSES])
def test_a_loss_by_name_is_its_function_with_the_options(
    name, options, function, reduction, num_classes
):
    outputs, targets, weights = batch()

    loss = get_loss(name, num_classes=num_classes, **options)
    found = loss(outputs, targets, sample_weights=weights, reduction=reduction)

    expected = function(outputs, targets, **options, sample_weights=weights, reduction=reduction)
    assert found.dtype == mx.float32
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", OTHERS)
def test_a_label_to_ignore_is_refused_where_targets_are_no_labels(name):
    outputs, targets, _ = batch()
    with pytest.raises(ValueError, match=rf"ignore_index is -1: .*{name!r}.* sample weight of 0"):
        get_loss(name)(outputs, targets, ignore_index=-1)


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        (
            "focal",
            "regression",
            r"^loss 'focal' is for single-label classes, expected one of mse, huber, ccc$",
        ),
        ("mse", "multi_label", "'mse' is for regression, expected one of bce, focal_bce, asymm"),
        ("bce", "single_label", "'bce' is for multi-label classes, expected one of ce, weighted"),
        ("hubr", "regression", "unknown loss 'hubr'; did you mean huber"),
        ("asymetric", "single_label", "unknown loss 'asymetric'; did you mean asymmetric"),
        ("mse", "regresion", "kind is 'regresion'; did you mean regression"),
    ],
)
def test_a_loss_that_must_fit_a_kind_is_refused_where_it_does_not(name, kind, message):
    with pytest.raises(ValueError, match=message):
        get_loss(name, kind=kind)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("bce", {"gamma": 2.0}, r"loss 'bce' has no option 'gamma' \(choose from pos_weight\)"),
        ("bce", {"pos_weight": [1.0, 2.0]}, "pos_weight has shape .*one for each of 3 classes"),
        ("bce", {"pos_weight": -1.0}, "pos_weight has a weight that is negative"),
        ("bce", {"pos_weight": "balanced"}, "pos_weight is 'balanced': expected a number, or one"),
        ("bce", {"pos_weight": True}, "pos_weight is True: expected a number"),
        ("focal_bce", {"alpha": 1.5}, "alpha is 1.5: expected a number from 0 to 1"),
        ("focal_bce", {"alpha": "balanced"}, "alpha is 'balanced': expected a number from 0 to 1"),
        ("focal_bce", {"gamma": -1}, "gamma is -1"),
        ("asymmetric", {"margin": 1.0}, "margin is 1: expected a number of at least 0 and below 1"),
        ("asymmetric", {"gamma_negative": -1.0}, "gamma_negative is -1"),
        ("huber", {"delta": 0.0}, "delta is 0: expected a number greater than 0"),
        ("mse", {"delta": 1.0}, r"loss 'mse' has no option 'delta' \(there are none\)"),
    ],
)
def test_wrong_options_are_refused(name, options, message):
    with pytest.raises(ValueError, match=message):
        get_loss(name, num_classes=CLASSES, **options)


def test_options_are_reported_as_plain_values():
    assert get_loss("bce").options() == {"pos_weight": None}
    assert get_loss("bce", pos_weight=2, num_classes=3).options() == {"pos_weight": [2.0] * 3}
    assert get_loss("focal_bce", alpha=None).options() == {"gamma": 2.0, "alpha": None}
    assert get_loss("asymmetric").options()["margin"] == 0.05


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("bce", {"pos_weight": None}, {"pos_weight": [0.5, 1.0, 30.0]}),
        ("focal_bce", {"alpha": 0.25}, {"alpha": 0.75}),
        ("asymmetric", {"margin": 0.05}, {"margin": 0.0}),
        ("huber", {"delta": 1.0}, {"delta": 0.1}),
    ],
)
def test_options_change_inside_one_compiled_step_without_a_new_trace(name, before, after):
    outputs, targets, _ = batch()
    loss = get_loss(name, num_classes=CLASSES, **before)
    traces = []

    def step(outputs, targets):
        traces.append(True)
        return loss(outputs, targets)

    compiled = mx.compile(step, inputs=loss.state)
    compiled(outputs, targets)
    loss.update(**after)

    expected = ALL_LOSSES[name].function(outputs, targets, **after)
    assert compiled(outputs, targets).item() == pytest.approx(expected.item(), rel=1e-5)
    assert len(traces) == 1


def test_alpha_may_come_and_go_in_a_compiled_step():
    outputs, targets, _ = batch()
    loss = get_loss("focal_bce", alpha=None)
    compiled = mx.compile(lambda x, y: loss(x, y), inputs=loss.state)
    for alpha in (None, 0.25, None):
        loss.update(alpha=alpha)
        expected = sigmoid_focal_loss(outputs, targets, alpha=alpha)
        assert compiled(outputs, targets).item() == pytest.approx(expected.item(), rel=1e-5)
