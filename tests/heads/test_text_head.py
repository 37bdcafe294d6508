"""What all heads of texts share: weights of a seed, multi-sample dropout, errors, docstrings."""

import doctest
import inspect
import re

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
import pytest
from mlx.utils import tree_flatten

import bertplay.heads as heads
from bertplay.heads import ClassificationHeadV2, MultiLabelHead, RegressionHead, TextHead

H, D = 8, 3
HEADS = [ClassificationHeadV2, MultiLabelHead, RegressionHead]
every_head = pytest.mark.parametrize("make", HEADS)


def inputs(batch=4, length=5, dtype=mx.float32):
    states = mx.random.normal((batch, length, H), key=mx.random.key(1)).astype(dtype)
    mask = mx.arange(length)[None] < mx.array([1 + i % length for i in range(batch)])[:, None]
    return states, mask


def targets_for(make, batch=4):
    classes = mx.arange(batch) % D
    return classes if make is ClassificationHeadV2 else mx.eye(D)[classes]


def seeded(make, seed=0, **options):
    mx.random.seed(seed)
    return make(H, D, **options)


def close(a, b, atol=1e-6):
    np.testing.assert_allclose(np.array(a), np.array(b), atol=atol, rtol=1e-5)


def test_the_head_for_classes_draws_the_weights_and_masks_it_always_drew():
    mx.random.seed(7)
    options = {"hidden_dims": (6, 4), "residual": True, "pooling": "attention", "dropout": 0.5}
    head = ClassificationHeadV2(8, 3, **options)
    states = mx.random.normal((2, 5, 8))

    names = dict(tree_flatten(head.parameters()))
    close(names["hidden.0.linear.weight"][0, :3], [-0.00367835, 0.00271817, -0.0171526], 1e-7)
    close(names["hidden.1.projection.weight"][0, :3], [-0.01384775, -0.00813851, 0.0202162], 1e-7)
    close(names["output.weight"][0, :3], [-0.01377626, 0.04364123, 0.02520775], 1e-7)
    expected = [[-0.02673809, 0.11175004, -0.02148879], [0.01963923, -0.00567213, -0.00350316]]
    close(head(states), expected, 1e-5)


def test_the_parameters_have_the_names_that_saved_models_have():
    head = ClassificationHeadV2(8, 3, hidden_dims=(6,), residual=True, pooling="attention")
    hidden = ["norm.weight", "norm.bias", "linear.weight", "linear.bias", "projection.weight"]
    assert [name for name, _ in tree_flatten(head.parameters())] == [
        "pool.query",
        *(f"hidden.0.{name}" for name in hidden),
        *("norm.weight", "norm.bias", "output.weight", "output.bias"),
        *("loss.gamma", "loss.alpha", "loss.smoothing"),
    ]


@every_head
def test_the_same_seed_gives_the_same_weights(make):
    first, again, other = seeded(make), seeded(make), seeded(make, seed=1)

    for (name, a), (_, b) in zip(
        tree_flatten(first.parameters()), tree_flatten(again.parameters()), strict=True
    ):
        assert mx.array_equal(a, b).item(), name
    assert not mx.array_equal(first.output.weight, other.output.weight).item()


@every_head
@pytest.mark.parametrize("pooling", ["cls", "mean", "max", "attention"])
@pytest.mark.parametrize("dtype", [mx.float32, mx.bfloat16, mx.float16])
def test_outputs_are_finite_float32_whatever_the_states(make, pooling, dtype):
    outputs = seeded(make, pooling=pooling, dropout_samples=3)(*inputs(dtype=dtype))

    assert outputs.shape == (4, D)
    assert outputs.dtype == mx.float32
    assert mx.all(mx.isfinite(outputs)).item()


@every_head
def test_the_content_of_padding_never_changes_the_outputs(make):
    head = seeded(make).eval()
    states, mask = inputs()
    spoilt = mx.where(mask[..., None], states, mx.nan)
    close(head(spoilt, mask), head(states, mask), atol=0)


@every_head
def test_every_parameter_gets_a_gradient(make):
    head = seeded(make, pooling="attention", hidden_dims=(16, 6), residual=True, dropout_samples=2)
    states, mask = inputs(8)
    targets = targets_for(make, 8)

    def loss():
        return head.compute_loss(head(states, mask), targets)

    _, gradients = nn.value_and_grad(head, loss)()

    # The loss's own options are not trained.
    names = {name for name, _ in tree_flatten(head.trainable_parameters())}
    assert {name for name, _ in tree_flatten(gradients)} == names
    for name, gradient in tree_flatten(gradients):
        assert mx.any(gradient != 0).item(), name
        assert mx.all(mx.isfinite(gradient)).item(), name


@every_head
def test_without_dropout_samples_change_nothing(make):
    states, mask = inputs()
    one, many = (seeded(make, dropout=0.0, dropout_samples=k) for k in (1, 49))
    assert mx.array_equal(one(states, mask), many(states, mask)).item()


@every_head
def test_in_eval_mode_samples_change_nothing(make):
    states, mask = inputs()
    one, many = (seeded(make, dropout=0.5, dropout_samples=k).eval() for k in (1, 5))
    assert mx.array_equal(one(states, mask), many(states, mask)).item()


@every_head
def test_outputs_are_the_average_of_the_last_layer_under_each_mask(make):
    samples, dropout = 4, 0.5
    head = seeded(make, hidden_dims=(), dropout=dropout, dropout_samples=samples)
    states, mask = inputs()
    x = head.norm(head.pool(states, mask))

    mx.random.seed(5)
    kept = mx.random.bernoulli(1 - dropout, (samples, *x.shape))
    each = [head.output(k * x / (1 - dropout)) for k in kept]
    mx.random.seed(5)

    close(head(states, mask), sum(each) / samples)


def test_one_sample_draws_the_masks_of_plain_dropout():
    states, mask = inputs()
    head = seeded(ClassificationHeadV2, dropout=0.5, dropout_samples=1)
    x = head.norm(head.pool(states, mask))
    mx.random.seed(5)
    expected = head.output(nn.Dropout(0.5)(x))
    mx.random.seed(5)
    close(head(states, mask), expected, atol=0)


@pytest.mark.parametrize("samples", [4, 16])
def test_samples_divide_the_variance_of_the_noise(samples):
    states = mx.broadcast_to(inputs(1)[0], (4000, 5, H))
    one, many = (
        seeded(RegressionHead, hidden_dims=(), dropout=0.3, dropout_samples=k) for k in (1, samples)
    )

    noise = mx.var(one(states), axis=0)
    less = mx.var(many(states), axis=0)

    np.testing.assert_allclose(noise / less, samples, rtol=0.15)
    close(mx.mean(many(states), axis=0), many.eval()(states[:1])[0], atol=5e-3)


@every_head
def test_a_compiled_step_draws_new_masks_every_time(make):
    head = seeded(make, dropout=0.5, dropout_samples=2)
    states, mask = inputs()
    step = mx.compile(head, inputs=[head.state, mx.random.state], outputs=mx.random.state)
    first, second = step(states, mask), step(states, mask)
    assert not mx.array_equal(first, second).item()


@every_head
def test_a_compiled_step_learns(make):
    head = seeded(make, hidden_dims=(16,), dropout_samples=3)
    targets = targets_for(make, 12)
    rows = mx.arange(12) % D
    states = 0.1 * mx.random.normal((12, 5, H), key=mx.random.key(2))
    states = states + 3 * mx.eye(H)[rows][:, None]
    optimizer = optim.Adam(learning_rate=0.02)
    optimizer.init(head.trainable_parameters())
    state = [head.state, optimizer.state, mx.random.state]

    def step(states, targets):
        loss, gradients = nn.value_and_grad(
            head, lambda: head.compute_loss(head(states), targets)
        )()
        optimizer.update(head, gradients)
        return loss

    compiled = mx.compile(step, inputs=state, outputs=state)
    for _ in range(40):
        compiled(states, targets)
        mx.eval(state)

    assert mx.array_equal(mx.argmax(head.eval()(states), axis=-1), rows).item()


@every_head
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dropout_samples": 0}, "dropout_samples is 0: it must be a whole number of at least 1"),
        ({"dropout_samples": 1.5}, "dropout_samples is 1.5"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"pooling": "men"}, "pooling is 'men': choose one of .* did you mean mean"),
        ({"activation": "rleu"}, "activation is 'rleu': choose one of .* did you mean relu"),
        ({"hidden_size": 0}, "hidden_size is 0"),
        ({"hidden_dims": (6, 0)}, "hidden_dims is"),
        ({"loss": 3}, "loss is 3: expected a name or a callable"),
        ({"loss": nn.losses.mse_loss, "loss_kwargs": {"delta": 1}}, "loss_kwargs goes with"),
        ({"loss": "focla"}, "unknown loss 'focla'; did you mean focal"),
    ],
)
def test_a_wrong_argument_is_named(make, options, message):
    arguments = {"hidden_size": H, **options}
    with pytest.raises(ValueError, match=message):
        make(arguments.pop("hidden_size"), D, **arguments)


@pytest.mark.parametrize(
    ("make", "loss", "message"),
    [
        (RegressionHead, "focal", "'focal' is for single-label.*expected one of mse, huber, ccc"),
        (RegressionHead, "bce", "'bce' is for multi-label.*expected one of mse, huber, ccc"),
        (MultiLabelHead, "mse", "'mse' is for regression, expected one of bce, focal_bce, asym"),
        (ClassificationHeadV2, "huber", "'huber' is for regression, expected one of ce, weighted"),
    ],
)
def test_a_named_loss_must_fit_the_head(make, loss, message):
    with pytest.raises(ValueError, match=message):
        make(H, D, loss=loss)


def test_a_text_head_takes_any_loss_and_reports_it():
    head = TextHead(H, 2, loss=lambda outputs, targets: mx.mean(mx.abs(outputs - targets)))
    outputs = head(*inputs())

    assert head.compute_loss(outputs, outputs + 2.0).item() == pytest.approx(2.0)
    assert head.diagnostics(outputs, outputs + 2.0)["loss"].item() == pytest.approx(2.0)
    with pytest.raises(ValueError, match="num_outputs is 0"):
        TextHead(H, 0, loss=nn.losses.mse_loss)


documented_heads = pytest.mark.parametrize(
    "name", ["ClassificationHeadV2", "MultiLabelHead", "MultiTaskHead", "RegressionHead"]
)


@documented_heads
def test_the_arguments_are_all_documented(name):
    make = getattr(heads, name)
    documented = re.findall(r"^ {4}(\w+): ", inspect.getdoc(make), re.MULTILINE)
    assert set(inspect.signature(make).parameters) <= set(documented)


@documented_heads
def test_its_example_runs(name):
    make = getattr(heads, name)
    (test,) = doctest.DocTestFinder(recurse=False).find(make, name, globs={name: make})
    assert doctest.DocTestRunner().run(test).failed == 0
