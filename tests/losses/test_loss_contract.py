"""What every loss of rows in the registry promises, over every combination of its options."""

import json
from functools import partial
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from float64_reference import REFERENCES, finite_differences
from hypothesis import given, settings
from hypothesis import strategies as st
from loss_cases import CASES, CLASSES, COUNTS, ROW_LOSSES, TYPICAL, batch, value_and_gradient

from bertplay.losses import get_loss

FIGURES = json.loads(
    (Path(__file__).parent.parent / "fixtures" / "loss_figures.json").read_text(encoding="utf-8")
)

every_case = pytest.mark.parametrize("case", CASES, ids=str)
every_loss = pytest.mark.parametrize("case", TYPICAL, ids=str)
a_few = settings(max_examples=10, deadline=None, derandomize=True)


def close(found, expected, rtol=2e-5, atol=1e-6):
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)


def test_every_loss_has_a_float64_reference():
    assert set(ROW_LOSSES) == set(REFERENCES)


@every_case
@pytest.mark.parametrize("kind", ["labels", "soft labels"])
def test_the_value_is_that_of_the_float64_reference(case, kind):
    logits, labels, soft, weights = batch()
    targets = labels if kind == "labels" else soft
    loss, reference = case.loss(), case.reference()

    for reduction in ("none", "sum", "mean"):
        for rows in ({}, {"sample_weights": weights}):
            found, _ = value_and_gradient(
                lambda z, t, rows=rows, reduction=reduction: mx.sum(
                    loss(z, t, **{k: mx.array(v) for k, v in rows.items()}, reduction=reduction)
                ),
                logits,
                targets,
            )
            expected = reference(logits.astype(np.float64), targets, reduction=reduction, **rows)
            close(found, np.sum(expected))


@every_case
@pytest.mark.parametrize("kind", ["labels", "soft labels"])
def test_the_gradient_is_that_of_the_float64_reference_by_finite_differences(case, kind):
    logits, labels, soft, weights = batch(rows=4)
    targets = labels if kind == "labels" else soft

    _, gradient = value_and_gradient(case.loss(), logits, targets, sample_weights=weights)

    reference = partial(case.reference(), targets=targets, sample_weights=weights)
    close(gradient, finite_differences(reference, logits.astype(np.float64)))


@pytest.mark.parametrize(
    "figure",
    FIGURES["figures"],
    ids=lambda f: f"{f['loss']}{list(f['options'].values())}-{f['targets']}-{f['reduction']}",
)
def test_values_and_gradients_are_those_of_pytorch(figure):
    loss = get_loss(figure["loss"], **figure["options"])
    logits, targets = np.array(FIGURES["logits"]), np.array(FIGURES[figure["targets"]])
    if figure["targets"] == "soft":
        targets = targets.astype(np.float32)
    arrays = mx.array(logits.astype(np.float32)), mx.array(targets)

    value = loss(*arrays, reduction=figure["reduction"])
    _, gradient = value_and_gradient(
        lambda z, t: mx.sum(loss(z, t, reduction=figure["reduction"])), logits, targets
    )

    close(np.array(value), figure["value"])
    close(gradient, figure["gradient"])


@every_loss
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
def test_the_result_is_float32_with_the_shape_of_the_reduction(case, reduction):
    logits, labels, _, _ = batch()

    found = case.loss()(mx.array(logits), mx.array(labels), reduction=reduction)

    assert found.dtype == mx.float32
    assert found.shape == ((len(labels),) if reduction == "none" else ())


@every_loss
@a_few
@given(shift=st.floats(-1000, 1000), seed=st.integers(0, 99))
def test_shifting_all_logits_of_a_row_changes_nothing(case, shift, seed):
    logits, labels, _, _ = batch(seed=seed)
    # Quarters, so that the shifted logits are exact in float32.
    logits = np.round(logits * 4) / 4
    shifts = np.round(np.linspace(-shift, shift, len(labels)))[:, None].astype(np.float32)
    loss = case.loss()

    value, gradient = value_and_gradient(loss, logits, labels)
    shifted_value, shifted_gradient = value_and_gradient(loss, logits + shifts, labels)

    close(shifted_value, value, rtol=1e-6)
    close(shifted_gradient, gradient, rtol=1e-6, atol=1e-7)


@every_loss
@a_few
@given(order=st.permutations(range(CLASSES)), seed=st.integers(0, 99))
def test_the_order_of_the_classes_does_not_matter(case, order, seed):
    logits, labels, soft, _ = batch(seed=seed)

    for targets, moved in ((labels, np.argsort(order)[labels]), (soft, soft[:, order])):
        value, gradient = value_and_gradient(case.loss(), logits, targets)
        found, moved_gradient = value_and_gradient(
            case.permuted(order).loss(), logits[:, order], moved
        )

        close(found, value)
        close(moved_gradient, gradient[:, order])


@every_case
@pytest.mark.parametrize("dtype", [mx.float32, mx.float16, mx.bfloat16], ids=str)
def test_values_and_gradients_are_finite_at_extreme_logits(case, dtype):
    e = 1e4
    logits = [[e, -e, -e], [-e, e, e], [e, e, e], [-e, -e, -e], [-e, -e, e], [0, 0, e], [0, 0, 0]]
    logits = [row for row in logits for _ in range(CLASSES)]
    labels = np.arange(len(logits)) % CLASSES

    value, gradient = value_and_gradient(case.loss(), mx.array(logits, dtype=dtype), labels)

    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    assert value > 0


@every_case
@pytest.mark.parametrize("dtype", [mx.float16, mx.bfloat16], ids=str)
def test_half_precision_logits_are_computed_in_float32(case, dtype):
    logits, labels, _, _ = batch()
    halves = mx.array(logits).astype(dtype)
    same_in_float32 = halves.astype(mx.float32)
    loss = case.loss()

    found, gradient = value_and_gradient(loss, halves, labels)
    expected, expected_gradient = value_and_gradient(loss, same_in_float32, labels)

    assert found == expected
    assert loss(halves, mx.array(labels)).dtype == mx.float32
    close(gradient, expected_gradient, rtol=2**-8)


@every_case
def test_it_is_accurate_where_the_model_is_nearly_certain(case):
    """1 - p falls below what 1 minus a float32 can hold: relative to the float64 reference."""
    smallest_normal_float32 = 1.2e-38
    label = np.array([0])
    for gap in (1.0, 5.0, 10.0, 17.0, 25.0, 60.0):
        logits = np.array([[gap, 0.0, -1.0]])

        value, gradient = value_and_gradient(case.loss(), logits, label)

        close(value, case.reference()(logits, label), rtol=2e-5, atol=smallest_normal_float32)
        if gap <= 10.0:
            differences = finite_differences(partial(case.reference(), targets=label), logits)
            close(gradient, differences, rtol=2e-4, atol=1e-10)


@every_loss
def test_compiled_and_eager_steps_agree(case):
    logits, labels, _, weights = (mx.array(a) for a in batch())
    loss = case.loss()

    def step(logits, labels, weights):
        return mx.value_and_grad(lambda z: loss(z, labels, sample_weights=weights))(logits)

    for found, expected in zip(
        mx.compile(step)(logits, labels, weights), step(logits, labels, weights), strict=True
    ):
        close(np.array(found), np.array(expected), rtol=1e-6, atol=1e-7)


@every_case
def test_a_class_may_be_missing_from_the_batch(case):
    logits, labels, _, _ = batch()
    labels = np.minimum(labels, CLASSES - 2)

    value, gradient = value_and_gradient(case.loss(), logits, labels)

    close(value, case.reference()(logits.astype(np.float64), labels))
    assert np.isfinite(gradient).all()


@every_case
def test_rows_of_weight_zero_do_not_exist_whatever_they_hold(case):
    """This is how a padded last batch is masked."""
    logits, labels, _, weights = batch()
    padded = np.concatenate([logits, [[3e38, -3e38, 0], [np.nan, np.inf, -np.inf]]])
    padded_labels = np.concatenate([labels, [0, -1]])
    padded_weights = np.concatenate([weights, [0, 0]]).astype(np.float32)
    loss = case.loss()

    for reduction in ("mean", "sum"):
        options = {"reduction": reduction}
        value, gradient = value_and_gradient(
            loss, logits, labels, sample_weights=weights, **options
        )
        found, padded_gradient = value_and_gradient(
            loss, padded, padded_labels, sample_weights=padded_weights, **options
        )
        close(found, value, rtol=1e-6)
        close(padded_gradient[:-2], gradient, rtol=1e-6, atol=1e-7)
        assert (padded_gradient[-2:] == 0).all()


@every_loss
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("traced", [False, True], ids=["eager", "compiled"])
def test_rows_with_the_label_to_ignore_weigh_zero(case, reduction, traced):
    logits, labels, _, weights = batch()
    ignored = np.where(np.arange(len(labels)) % 3 == 1, -100, labels)
    loss = partial(case.loss(), reduction=reduction)

    def step(z, t, s):
        return mx.value_and_grad(lambda a: mx.sum(loss(a, t, sample_weights=s, ignore_index=-100)))(
            z
        )

    arrays = mx.array(logits), mx.array(ignored), mx.array(weights)
    value, gradient = (mx.compile(step) if traced else step)(*arrays)

    kept = weights * (ignored != -100).astype(np.float32)
    expected, wanted = value_and_gradient(
        lambda z, t, **rows: mx.sum(loss(z, t, **rows)), logits, labels, sample_weights=kept
    )
    close(np.array(value), expected)
    close(np.array(gradient), wanted)


@every_loss
def test_a_label_to_ignore_needs_labels(case):
    logits, _, soft, _ = batch()
    with pytest.raises(ValueError, match=r"ignore_index is 0, but targets has .*integer labels"):
        case.loss()(mx.array(logits), mx.array(soft), ignore_index=0)


@every_loss
@a_few
@given(kept=st.lists(st.booleans(), min_size=8, max_size=8).filter(any), seed=st.integers(0, 99))
def test_a_mask_gives_what_the_subset_gives(case, kept, seed):
    logits, labels, soft, _ = batch(rows=8, seed=seed)
    kept = np.array(kept)
    loss = case.loss()

    for targets in (labels, soft):
        value, gradient = value_and_gradient(loss, logits[kept], targets[kept])
        found, masked = value_and_gradient(
            loss, logits, targets, sample_weights=kept.astype(np.float32)
        )
        close(found, value, rtol=1e-5)
        close(masked[kept], gradient)


@every_loss
def test_a_batch_in_which_every_row_weighs_zero_has_loss_zero(case):
    logits, labels, _, weights = batch()

    value, gradient = value_and_gradient(case.loss(), logits, labels, sample_weights=0 * weights)

    assert value == 0
    assert (gradient == 0).all()


@every_loss
def test_sample_weights_of_one_change_nothing(case):
    logits, labels, _, weights = batch()
    loss = case.loss()

    value, gradient = value_and_gradient(loss, logits, labels)
    found, weighted = value_and_gradient(loss, logits, labels, sample_weights=np.ones_like(weights))

    close(found, value, rtol=1e-6)
    close(weighted, gradient, rtol=1e-6)


@every_loss
def test_the_mean_does_not_change_when_all_sample_weights_grow_alike(case):
    logits, labels, _, weights = batch()
    loss = case.loss()

    value, _ = value_and_gradient(loss, logits, labels, sample_weights=weights)
    found, _ = value_and_gradient(loss, logits, labels, sample_weights=1000 * weights)

    close(found, value)


@every_case
def test_the_sum_is_the_sum_of_the_examples(case):
    logits, labels, _, weights = (mx.array(a) for a in batch())
    loss = case.loss()

    examples = loss(logits, labels, sample_weights=weights, reduction="none")
    total = loss(logits, labels, sample_weights=weights, reduction="sum")

    close(np.array(total), np.array(examples).sum(), rtol=1e-6)


@every_case
def test_an_example_does_not_depend_on_the_others(case):
    logits, labels, _, _ = batch()
    loss = case.loss()

    together = np.array(loss(mx.array(logits), mx.array(labels), reduction="none"))
    alone = [
        loss(mx.array(logits[i : i + 1]), mx.array(labels[i : i + 1]), reduction="none").item()
        for i in range(len(labels))
    ]

    close(together, alone, rtol=1e-6)


@every_loss
def test_one_hot_soft_labels_are_labels(case):
    logits, labels, _, _ = batch()
    one_hot = np.eye(CLASSES, dtype=np.float32)[labels]
    loss = case.loss()

    by_label = loss(mx.array(logits), mx.array(labels), reduction="none")
    by_probability = loss(mx.array(logits), mx.array(one_hot), reduction="none")

    assert mx.array_equal(by_label, by_probability).item()


@pytest.mark.parametrize("name", ROW_LOSSES)
def test_with_one_class_only_there_is_nothing_to_lose(name):
    loss = get_loss(name, class_counts=[10])
    logits, labels = np.array([[3.0], [-1e4]]), np.array([0, 0])

    value, gradient = value_and_gradient(loss, logits, labels)

    assert value == 0
    assert (gradient == 0).all()


@pytest.mark.parametrize("name", ROW_LOSSES)
def test_one_row_is_a_batch(name):
    loss = get_loss(name, class_counts=COUNTS)

    value, gradient = value_and_gradient(loss, [[0.5, -1.0, 2.0]], np.array([1]))

    assert value > 0
    # The gradient of a function of differences of logits sums to 0.
    assert gradient.sum() == pytest.approx(0, abs=1e-6)
    assert gradient[0, 1] < 0


@pytest.mark.parametrize("name", ROW_LOSSES)
@pytest.mark.parametrize("dtype", [mx.int8, mx.uint8, mx.int32, mx.int64, mx.uint32], ids=str)
def test_labels_may_be_any_integers(name, dtype):
    loss = get_loss(name, class_counts=COUNTS)
    logits, labels, _, _ = batch()

    found = loss(mx.array(logits), mx.array(labels).astype(dtype))

    assert found.item() == loss(mx.array(logits), mx.array(labels)).item()


@every_loss
def test_a_traced_label_outside_the_classes_gives_nan_and_moves_nothing(case):
    """A compiled step cannot look at labels; NaN stops the run, and the weights stay whole."""
    logits, labels, _, _ = batch()
    loss = case.loss()
    traced = []

    def one_batch(z, t):
        traced.append(True)
        return mx.value_and_grad(loss)(z, t)

    bad = labels.copy()
    bad[0] = CLASSES
    batches = mx.array(np.stack([logits, logits])), mx.array(np.stack([labels, bad]))
    # vmap traces as compile does.
    values, gradients = mx.vmap(one_batch)(*batches)

    assert traced == [True]
    assert np.isfinite(values[0].item())
    assert np.isnan(values[1].item())
    assert np.isfinite(np.array(gradients)).all()
    assert (np.array(gradients)[1, 0] == 0).all()


@pytest.mark.parametrize("name", ROW_LOSSES)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"logits": mx.zeros(3)}, r"logits has shape \(3,\).*\[N, C\]"),
        ({"logits": mx.zeros((2, 2, 3))}, r"logits has shape \(2, 2, 3\)"),
        ({"logits": mx.zeros((0, 3)), "targets": mx.zeros(0, mx.int32)}, "N and C at least 1"),
        ({"logits": mx.zeros((4, 3), mx.int32)}, "logits has .*int32.*expected floats"),
        ({"targets": mx.array([0, 1, 2])}, r"targets has shape \(3,\).*\(4,\)"),
        ({"targets": mx.array([0.0, 1.0, 2.0, 0.0])}, r"targets has .*float32: expected integer"),
        ({"targets": mx.zeros((4, 3), mx.int32)}, "targets has .*expected integer labels of"),
        ({"targets": mx.full((4, 2), 0.5)}, r"targets has shape \(4, 2\).*\(4, 3\)"),
        ({"targets": mx.array([0, 1, 2, 3])}, r"label \[3\]: expected labels from 0 to 2"),
        ({"targets": mx.array([0, -1, 2, 2])}, r"label \[-1\]: expected labels from 0 to 2"),
        ({"targets": mx.ones((4, 3))}, "targets has soft labels .*expected probabilities"),
        ({"targets": mx.array([[2.0, -1.0, 0.0]] * 4)}, "targets has soft labels that are neg"),
        ({"sample_weights": mx.ones(3)}, r"sample_weights has shape \(3,\): expected \(4,\)"),
        ({"sample_weights": mx.array([1.0, 1.0, 1.0, -1.0])}, "sample_weights has .*negative"),
        ({"sample_weights": mx.array([1.0, 1.0, 1.0, mx.nan])}, "sample_weights .*not finite"),
        ({"reduction": "average"}, "reduction is 'average': expected one of none, mean, sum"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(name, arguments, message):
    loss = get_loss(name, class_counts=COUNTS)
    fitting = {"logits": mx.zeros((4, 3)), "targets": mx.array([0, 1, 2, 2])}

    with pytest.raises(ValueError, match=message):
        loss(**{**fitting, **arguments})
