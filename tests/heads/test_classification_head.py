"""What `ClassificationHeadV2` promises: logits, loss, probabilities, errors."""

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mlx.utils import tree_flatten

from bertplay.heads import ClassificationHeadV2
from bertplay.losses import get_loss

H, C = 8, 3
POOLINGS = ["cls", "mean", "max", "attention"]


def inputs(batch: int = 4, length: int = 5, dtype=mx.float32):
    states = mx.random.normal((batch, length, H), key=mx.random.key(1)).astype(dtype)
    mask = mx.arange(length)[None] < mx.array([1 + i % length for i in range(batch)])[:, None]
    return states, mask


def labels(batch: int = 4) -> mx.array:
    return mx.arange(batch) % C


def close(a, b, atol=1e-5):
    np.testing.assert_allclose(np.array(a), np.array(b), atol=atol, rtol=1e-5)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("dtype", [mx.float32, mx.bfloat16, mx.float16])
def test_logits_are_float32_whatever_the_states(pooling, dtype):
    logits = ClassificationHeadV2(H, C, pooling=pooling, hidden_dims=(6,))(*inputs(dtype=dtype))

    assert logits.shape == (4, C)
    assert logits.dtype == mx.float32
    assert mx.all(mx.isfinite(logits)).item()


def test_logits_are_float32_from_a_head_in_half_precision():
    head = ClassificationHeadV2(H, C, hidden_dims=(6,))
    head.set_dtype(mx.bfloat16)

    assert head(*inputs(dtype=mx.bfloat16)).dtype == mx.float32


def test_a_plain_head_is_one_linear_map_of_the_pooled_state():
    head = ClassificationHeadV2(H, C, norm=False, dropout=0.0, pooling="mean")
    states, _ = inputs()
    close(head(states), mx.mean(states, axis=1) @ head.output.weight.T + head.output.bias)


@pytest.mark.parametrize("pooling", POOLINGS)
@given(filling=st.floats(-1e4, 1e4), lengths=st.lists(st.integers(1, 5), min_size=3, max_size=3))
@settings(max_examples=15, deadline=None)
def test_the_content_of_padding_never_changes_the_logits(pooling, filling, lengths):
    head = ClassificationHeadV2(H, C, pooling=pooling, hidden_dims=(6,)).eval()
    states, _ = inputs(3)
    mask = mx.arange(5)[None] < mx.array(lengths)[:, None]
    close(head(mx.where(mask[..., None], states, filling), mask), head(states, mask))


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_row_of_padding_trains_without_nan(pooling):
    head = ClassificationHeadV2(H, C, pooling=pooling, hidden_dims=(6, 6), residual=True)
    states, _ = inputs()
    mask = mx.array([[0] * 5, [1] * 5, [1] * 5, [1] * 5])
    loss, gradients = nn.value_and_grad(
        head, lambda: head.compute_loss(head(states, mask), labels())
    )()

    assert mx.isfinite(loss).item()
    assert all(mx.all(mx.isfinite(g)).item() for _, g in tree_flatten(gradients))


def test_weights_start_as_in_bert():
    mx.random.seed(0)
    head = ClassificationHeadV2(400, 50, hidden_dims=(300,), residual=True)

    for layer in (head.output, head.hidden[0].linear, head.hidden[0].projection):
        assert mx.std(layer.weight).item() == pytest.approx(0.02, rel=0.05)
    assert not mx.any(head.output.bias).item()
    assert not mx.any(head.hidden[0].linear.bias).item()


def test_a_residual_layer_of_equal_sizes_adds_its_input():
    head = ClassificationHeadV2(H, C, hidden_dims=(H,), norm=False, dropout=0.0, residual=True)
    head.hidden[0].linear.weight = mx.zeros((H, H))
    states, mask = inputs()
    close(head(states, mask), head.output(head.pool(states, mask)))
    assert head.hidden[0].projection is None


def test_a_residual_layer_of_other_size_adds_a_projection():
    head = ClassificationHeadV2(H, C, hidden_dims=(6,), norm=False, dropout=0.0, residual=True)
    head.hidden[0].linear.weight = mx.zeros((6, H))
    states, mask = inputs()
    projected = head.pool(states, mask) @ head.hidden[0].projection.weight.T
    close(head(states, mask), head.output(projected))


def test_hidden_layers_have_the_sizes_asked_for():
    head = ClassificationHeadV2(H, C, hidden_dims=(16, 6))

    assert [layer.linear.weight.shape for layer in head.hidden] == [(16, H), (6, 16)]
    assert head.output.weight.shape == (C, 6)


def test_without_norm_there_is_no_norm():
    names = dict(
        tree_flatten(ClassificationHeadV2(H, C, hidden_dims=(6,), norm=False).parameters())
    )
    assert not [name for name in names if "norm" in name]


@pytest.mark.parametrize(
    ("activation", "function"),
    [("relu", nn.relu), ("gelu", nn.gelu), ("silu", nn.silu), ("tanh", mx.tanh)],
)
def test_the_activation_is_the_one_named(activation, function):
    head = ClassificationHeadV2(
        H, C, hidden_dims=(6,), activation=activation, norm=False, dropout=0.0
    )
    states, mask = inputs()
    hidden = head.hidden[0].linear(head.pool(states, mask))
    close(head(states, mask), head.output(function(hidden)))


def test_dropout_follows_the_mode():
    head = ClassificationHeadV2(H, C, dropout=0.5)
    states, mask = inputs()
    mx.random.seed(0)
    head.train()
    assert not np.allclose(np.array(head(states, mask)), np.array(head(states, mask)))
    head.eval()
    close(head(states, mask), head(states, mask), atol=0)


def test_probabilities_are_the_softmax_of_the_logits_without_dropout_in_any_mode():
    head = ClassificationHeadV2(H, C, dropout=0.5, hidden_dims=(6,))
    states, mask = inputs()
    in_training = head.train().predict_proba(states, mask)

    close(in_training, mx.softmax(head.eval()(states, mask), axis=-1))
    close(mx.sum(in_training, axis=-1), mx.ones((4,)))


def test_the_loss_is_the_one_named():
    head = ClassificationHeadV2(H, C, loss="focal", loss_kwargs={"gamma": 1.5})
    logits = 2 * mx.random.normal((4, C), key=mx.random.key(5))
    expected = get_loss("focal", gamma=1.5, num_classes=C)(logits, labels())

    assert head.compute_loss(logits, labels()).item() == pytest.approx(expected.item())


def test_class_counts_reach_the_loss():
    head = ClassificationHeadV2(H, C, loss="weighted_ce", loss_kwargs={"class_counts": [80, 15, 5]})
    logits = 2 * mx.random.normal((4, C), key=mx.random.key(5))
    expected = get_loss("weighted_ce", class_counts=[80, 15, 5])(logits, labels())

    assert head.compute_loss(logits, labels()).item() == pytest.approx(expected.item())


def test_a_row_of_weight_zero_does_not_count_for_the_loss():
    head = ClassificationHeadV2(H, C)
    logits = 2 * mx.random.normal((4, C), key=mx.random.key(5))
    found = head.compute_loss(logits, labels(), mx.array([1.0, 1.0, 1.0, 0.0]))

    assert found.item() == pytest.approx(head.compute_loss(logits[:3], labels()[:3]).item())


def test_a_callable_serves_as_loss():
    def squared(logits, targets):
        return mx.mean(mx.square(logits - mx.eye(C)[targets]))

    head = ClassificationHeadV2(H, C, loss=squared)
    assert head.compute_loss(mx.eye(C), mx.arange(C)).item() == 0.0


def test_a_module_serves_as_loss_and_joins_the_tree():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = mx.array(2.0)

        def __call__(self, logits, targets):
            return self.scale * mx.mean(logits)

    head = ClassificationHeadV2(H, C, loss=Scaled())
    assert head.compute_loss(mx.ones((2, C)), mx.array([0, 1])).item() == 2.0
    assert "loss.scale" in dict(tree_flatten(head.parameters()))


def test_a_loss_that_is_not_reduced_is_refused():
    head = ClassificationHeadV2(H, C, loss=nn.losses.cross_entropy)
    with pytest.raises(ValueError, match=r"loss must return a scalar, not shape \(4,\)"):
        head.compute_loss(mx.zeros((4, C)), labels())


def test_update_loss_changes_a_compiled_step_without_a_new_trace():
    head = ClassificationHeadV2(H, C, loss="focal", loss_kwargs={"gamma": 2.0})
    logits = 2 * mx.random.normal((4, C), key=mx.random.key(5))
    traces = []

    def loss(logits, targets):
        traces.append(1)
        return head.compute_loss(logits, targets)

    step = mx.compile(loss, inputs=head.state)
    step(logits, labels())
    head.update_loss(gamma=0.0)
    plain = ClassificationHeadV2(H, C, loss="ce").compute_loss(logits, labels())

    assert step(logits, labels()).item() == pytest.approx(plain.item(), rel=1e-5)
    assert len(traces) == 1


def test_update_loss_refuses_an_unknown_option():
    with pytest.raises(ValueError, match="gama"):
        ClassificationHeadV2(H, C, loss="focal").update_loss(gama=1.0)


@pytest.mark.parametrize("loss", [lambda logits, targets: mx.mean(logits), nn.Linear(2, 2)])
def test_update_loss_refuses_a_loss_without_options(loss):
    with pytest.raises(ValueError, match=r"loss is .* cannot be updated"):
        ClassificationHeadV2(H, C, loss=loss).update_loss(gamma=1.0)


def test_the_options_of_the_loss_are_not_trained():
    head = ClassificationHeadV2(H, C, loss="focal_smooth")
    for model in (head, head.freeze().unfreeze()):
        names = [name for name, _ in tree_flatten(model.trainable_parameters())]
        assert "output.weight" in names
        assert not [name for name in names if name.startswith("loss")]


def test_the_adaptive_loss_moves_inside_a_compiled_step():
    head = ClassificationHeadV2(H, C, loss="adaptive", loss_kwargs={"class_counts": [8, 3, 1]})
    logits = 2 * mx.random.normal((4, C), key=mx.random.key(5))
    ends = [
        ClassificationHeadV2(H, C, loss="weighted_ce", loss_kwargs={"class_counts": [8, 3, 1]}),
        ClassificationHeadV2(H, C, loss="focal"),
    ]

    def loss(progress):
        head.loss.set_progress(progress)
        return head.compute_loss(logits, labels())

    step = mx.compile(loss, inputs=head.state, outputs=head.state)
    for progress, end in zip((0.0, 1.0), ends, strict=True):
        expected = end.compute_loss(logits, labels()).item()
        assert step(mx.array(progress)).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_compiled_equals_eager(pooling):
    head = ClassificationHeadV2(H, C, pooling=pooling, hidden_dims=(6,)).eval()
    states, mask = inputs()
    close(mx.compile(head, inputs=head.state)(states, mask), head(states, mask))


@pytest.mark.parametrize("dtype", [mx.float32, mx.bfloat16])
def test_a_compiled_step_learns_separable_states(dtype):
    mx.random.seed(0)
    head = ClassificationHeadV2(H, C, pooling="attention", hidden_dims=(16,), dropout=0.1)
    targets = labels(12)
    states = mx.random.normal((12, 5, H), key=mx.random.key(2)) * 0.1
    states = (states + 3 * mx.eye(H)[targets][:, None]).astype(dtype)
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
    losses = []
    for _ in range(30):
        losses.append(compiled(states, targets))
        mx.eval(losses[-1], state)
    predicted = mx.argmax(head.predict_proba(states), axis=-1)

    assert losses[-1].item() < losses[0].item()
    assert mx.array_equal(predicted, targets).item()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pooling": "men"}, "pooling is 'men': choose one of .* did you mean mean"),
        ({"activation": "rleu"}, "activation is 'rleu': choose one of .* did you mean relu"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"dropout": -0.1}, "dropout is -0.1"),
        ({"num_classes": 1}, "num_classes is 1"),
        ({"hidden_size": 0}, "hidden_size is 0"),
        ({"hidden_dims": (6, 0)}, "hidden_dims is"),
        ({"loss": 3}, "loss is 3"),
        ({"loss": nn.losses.cross_entropy, "loss_kwargs": {"gamma": 1}}, "loss_kwargs goes with"),
        ({"loss": "focla"}, "focla"),
        ({"loss": "focal", "loss_kwargs": {"gama": 1}}, "gama"),
    ],
)
def test_a_wrong_argument_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        ClassificationHeadV2(**{"hidden_size": H, "num_classes": C, **options})


def test_states_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"hidden_states has shape \(2, 4, 9\).*H = 8"):
        ClassificationHeadV2(H, C)(mx.zeros((2, 4, 9)))
