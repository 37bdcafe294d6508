"""Losses of similarity against loops over pairs in float64, and at their extremes."""

from functools import partial

import mlx.core as mx
import numpy as np
import pytest
from float64_reference import finite_differences
from hypothesis import given
from hypothesis import strategies as st

from bertplay.losses import (
    contrastive_loss,
    info_nce_loss,
    region_contrast_loss,
    supervised_contrastive_loss,
)

ROWS, SIZE = 6, 4
LABELS = np.array([0, 1, 0, 2, 1, 0])
SAME = np.array([1, 0, 0, 1, 0, 1])


def features(seed):
    return np.random.default_rng(seed).normal(size=(ROWS, SIZE)).astype(np.float32)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def reference_contrastive(first, second, same, margin):
    """Hadsell et al. 2006, equation 4, whose Y is 1 for a pair that does not belong together."""
    d = np.linalg.norm(first - second, axis=1)
    y = 1 - same
    return np.mean((1 - y) * d**2 / 2 + y * np.maximum(0, margin - d) ** 2 / 2)


def reference_supervised(rows, labels, temperature):
    """Khosla et al. 2020, equation 2, over anchors that have a partner."""
    z = unit(rows) @ unit(rows).T / temperature
    losses = []
    for i in range(len(rows)):
        others = [a for a in range(len(rows)) if a != i]
        partners = [p for p in others if labels[p] == labels[i]]
        if partners:
            total = np.log(np.exp(z[i, others]).sum())
            losses.append(-np.mean([z[i, p] - total for p in partners]))
    return np.mean(losses) if losses else 0.0


def reference_info_nce(first, second, temperature, symmetric):
    """van den Oord et al. 2018, equation 4; both directions as Radford et al. 2021, figure 3."""
    z = unit(first) @ unit(second).T / temperature
    there = np.mean(np.log(np.exp(z).sum(axis=1)) - np.diag(z))
    back = np.mean(np.log(np.exp(z).sum(axis=0)) - np.diag(z))
    return (there + back) / 2 if symmetric else there


OTHER, FURTHER = features(99), features(98)


def regions_of(rows):
    return mx.stack([rows, 2 * rows, mx.array(FURTHER).astype(rows.dtype)], axis=1)


CASES = {
    "contrastive": (
        lambda f: contrastive_loss(f, mx.array(OTHER), mx.array(SAME), margin=2.5),
        lambda f: reference_contrastive(f, OTHER, SAME, 2.5),
    ),
    "supervised": (
        lambda f: supervised_contrastive_loss(f, mx.array(LABELS), temperature=0.3),
        lambda f: reference_supervised(f, LABELS, 0.3),
    ),
    "info_nce": (
        lambda f: info_nce_loss(f, mx.array(OTHER), temperature=0.2),
        lambda f: reference_info_nce(f, OTHER, 0.2, False),
    ),
    "info_nce symmetric": (
        lambda f: info_nce_loss(f, mx.array(OTHER), temperature=0.2, symmetric=True),
        lambda f: reference_info_nce(f, OTHER, 0.2, True),
    ),
    "regions": (
        lambda f: region_contrast_loss(regions_of(f), mx.array(OTHER), temperature=0.2),
        lambda f: reference_info_nce((f + 2 * f + FURTHER) / 3, OTHER, 0.2, False),
    ),
}
every_case = pytest.mark.parametrize(("loss", "reference"), CASES.values(), ids=CASES)


@every_case
@pytest.mark.parametrize("seed", range(4))
def test_the_value_is_that_of_the_float64_reference(loss, reference, seed):
    rows = features(seed)
    found = loss(mx.array(rows))
    assert found.dtype == mx.float32
    assert found.item() == pytest.approx(reference(rows.astype(np.float64)), rel=5e-5)


@every_case
def test_the_gradient_is_that_of_the_float64_reference_by_finite_differences(loss, reference):
    rows = features(5)
    gradient = mx.grad(loss)(mx.array(rows))
    expected = finite_differences(reference, rows.astype(np.float64))
    np.testing.assert_allclose(gradient, expected, rtol=1e-3, atol=2e-6)


@every_case
def test_compiled_and_eager_steps_agree(loss, reference):
    rows = mx.array(features(6))
    step = mx.value_and_grad(loss)
    for found, expected in zip(mx.compile(step)(rows), step(rows), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@every_case
@pytest.mark.parametrize("dtype", [mx.float32, mx.float16, mx.bfloat16], ids=str)
def test_values_and_gradients_are_finite_for_features_of_any_size(loss, reference, dtype):
    for rows in (
        mx.zeros((ROWS, SIZE)),
        mx.full((ROWS, SIZE), 1e4),
        1e4 * mx.array(features(7)),
        mx.array(OTHER),
    ):
        value, gradient = mx.value_and_grad(loss)(rows.astype(dtype))
        assert np.isfinite(value.item())
        assert np.isfinite(np.array(gradient.astype(mx.float32))).all()


@given(seed=st.integers(0, 100), factor=st.floats(0.1, 100.0))
def test_only_the_direction_of_features_is_compared(seed, factor):
    rows = features(seed)
    for loss in (
        lambda f: supervised_contrastive_loss(f, mx.array(LABELS)),
        lambda f: info_nce_loss(f, mx.array(OTHER)),
    ):
        one, other = (loss(mx.array(f.astype(np.float32))).item() for f in (rows, factor * rows))
        assert one == pytest.approx(other, rel=1e-3, abs=1e-5)


def test_pairs_apart_by_the_margin_cost_nothing_unless_they_belong_together():
    one, other = mx.zeros((1, 2)), mx.array([[1.0, 0.0]])
    assert contrastive_loss(one, other, mx.array([0]), margin=1.0).item() == 0
    assert contrastive_loss(one, other, mx.array([1]), margin=1.0).item() == 0.5


def test_without_two_rows_of_a_label_there_is_nothing_to_find():
    value, gradient = mx.value_and_grad(supervised_contrastive_loss)(
        mx.array(features(0)), mx.arange(ROWS)
    )
    assert value.item() == 0
    assert not np.array(gradient).any()


def test_regions_that_are_all_alike_are_one_image():
    rows, texts = mx.array(features(8)), mx.array(OTHER)
    regions = mx.stack([rows] * 4, axis=1)
    expected = info_nce_loss(rows, texts, temperature=0.07).item()
    assert region_contrast_loss(regions, texts).item() == pytest.approx(expected, rel=1e-5)


def test_one_row_is_a_batch():
    assert supervised_contrastive_loss(mx.ones((1, 3)), mx.array([0])).item() == 0
    assert info_nce_loss(mx.ones((1, 3)), mx.ones((1, 3))).item() == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (partial(contrastive_loss, mx.zeros(3), mx.zeros(3), mx.zeros(1)), r"first .*\[N, D\]"),
        (
            partial(contrastive_loss, mx.zeros((2, 3)), mx.zeros((1, 3)), mx.zeros(2)),
            r"second has shape \(1, 3\): expected \(2, 3\)",
        ),
        (
            partial(contrastive_loss, mx.zeros((2, 3)), mx.zeros((2, 3)), mx.zeros(3)),
            r"same has shape \(3,\): expected \(2,\)",
        ),
        (
            partial(contrastive_loss, mx.zeros((2, 3)), mx.zeros((2, 3)), mx.zeros(2), margin=-1.0),
            "margin is -1",
        ),
        (
            partial(supervised_contrastive_loss, mx.zeros((2, 3)), mx.zeros(2)),
            "labels has .*float32: expected integers",
        ),
        (
            partial(
                supervised_contrastive_loss,
                mx.zeros((2, 3)),
                mx.zeros(2, mx.int32),
                temperature=0.0,
            ),
            "temperature is 0",
        ),
        (
            partial(info_nce_loss, mx.zeros((2, 3)), mx.zeros((3, 3))),
            r"second has shape \(3, 3\): expected \(2, 3\)",
        ),
        (partial(info_nce_loss, mx.zeros((2, 3), mx.int32), mx.zeros((2, 3))), "first .*int32"),
        (
            partial(region_contrast_loss, mx.zeros((2, 3)), mx.zeros((2, 3))),
            r"regions has shape \(2, 3\) .*\[B, R, D\]",
        ),
        (
            partial(region_contrast_loss, mx.zeros((2, 4, 3)), mx.zeros((2, 4))),
            r"texts has shape \(2, 4\): expected \(2, 3\)",
        ),
        (
            partial(region_contrast_loss, mx.zeros((2, 4, 3)), mx.zeros((2, 3)), temperature=0.0),
            "temperature is 0",
        ),
    ],
)
def test_arguments_that_do_not_fit_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
