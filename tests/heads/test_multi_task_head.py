"""What `MultiTaskHead` promises: several tasks' outputs and losses, and errors that name them."""

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
import pytest
from mlx.utils import tree_flatten

from bertplay.heads import ClassificationHeadV2, MultiLabelHead, MultiTaskHead, RegressionHead

H, ROWS = 8, 6


def make(seed=0, **options):
    mx.random.seed(seed)
    return MultiTaskHead(
        {
            "emotion": ClassificationHeadV2(H, 3, loss="ce", hidden_dims=(12,), **options),
            "topics": MultiLabelHead(H, 4, hidden_dims=(12,), **options),
            "valence": RegressionHead(H, hidden_dims=(12,), **options),
        }
    )


def inputs(dtype=mx.float32):
    states = mx.random.normal((ROWS, 5, H), key=mx.random.key(1)).astype(dtype)
    return states, mx.arange(5)[None] < mx.array([1, 2, 3, 4, 5, 5])[:, None]


def targets():
    return {
        "emotion": mx.arange(ROWS) % 3,
        "topics": (mx.arange(ROWS)[:, None] // mx.array([1, 2, 3, 4])) % 2,
        "valence": mx.linspace(-1, 1, ROWS),
    }


@pytest.mark.parametrize("dtype", [mx.float32, mx.bfloat16])
def test_outputs_are_those_of_each_head(dtype):
    head = make().eval()
    outputs = head(*inputs(dtype))

    assert {task: o.shape for task, o in outputs.items()} == {
        "emotion": (ROWS, 3),
        "topics": (ROWS, 4),
        "valence": (ROWS, 1),
    }
    for task, output in outputs.items():
        assert output.dtype == mx.float32
        assert mx.array_equal(output, head.heads[task](*inputs(dtype))).item()


def test_losses_are_those_of_each_head():
    head = make()
    outputs = head(*inputs())

    losses = head.compute_losses(outputs, targets())

    assert list(losses) == ["emotion", "topics", "valence"]
    for task, loss in losses.items():
        assert loss.shape == ()
        expected = head.heads[task].compute_loss(outputs[task], targets()[task])
        assert loss.item() == pytest.approx(expected.item())


def test_a_missing_label_weighs_nothing_for_its_task_alone():
    head = make()
    outputs, known = head(*inputs()), targets()
    weights = {
        "emotion": mx.array([1.0, 1, 0, 1, 1, 1]),
        "valence": mx.array([0.0] * 3 + [1.0] * 3),
    }
    missing = {
        "emotion": mx.where(weights["emotion"] > 0, known["emotion"], -1),
        "topics": known["topics"],
        "valence": mx.where(weights["valence"] > 0, known["valence"], mx.nan),
    }

    losses = head.compute_losses(outputs, missing, weights)

    rows = {"emotion": mx.array([0, 1, 3, 4, 5]), "valence": mx.array([3, 4, 5])}
    for task, loss in losses.items():
        own = rows.get(task, mx.arange(ROWS))
        expected = head.heads[task].compute_loss(outputs[task][own], known[task][own])
        assert loss.item() == pytest.approx(expected.item(), rel=1e-5)


def test_a_batch_without_a_label_for_a_task_gives_that_task_no_gradient():
    head = make()
    states, mask = inputs()
    unknown = {**targets(), "valence": mx.full((ROWS,), mx.nan)}
    weights = {"valence": mx.zeros(ROWS)}

    def loss():
        return sum(head.compute_losses(head(states, mask), unknown, weights).values())

    _, gradients = nn.value_and_grad(head, loss)()

    for name, gradient in tree_flatten(gradients):
        assert mx.any(gradient != 0).item() != name.startswith("heads.valence."), name
        assert mx.all(mx.isfinite(gradient)).item(), name


def test_every_parameter_of_every_head_gets_a_gradient():
    head = make(pooling="attention", dropout_samples=2)
    states, mask = inputs()

    def loss():
        return sum(head.compute_losses(head(states, mask), targets()).values())

    _, gradients = nn.value_and_grad(head, loss)()

    assert {name for name, _ in tree_flatten(gradients)} == {
        name for name, _ in tree_flatten(head.trainable_parameters())
    }
    assert {name.split(".")[1] for name, _ in tree_flatten(gradients)} == set(head.heads)
    for name, gradient in tree_flatten(gradients):
        assert mx.any(gradient != 0).item(), name


def test_modes_reach_every_head():
    head = make(dropout=0.5)
    for mode in (False, True):
        head.train(mode)
        assert {own.dropout.training for own in head.heads.values()} == {mode}


def test_weights_are_saved_by_task_and_come_back(tmp_path):
    saved, loaded = make(seed=0).eval(), make(seed=1).eval()
    file = str(tmp_path / "head.safetensors")

    saved.save_weights(file)
    loaded.load_weights(file)

    assert "heads.valence.output.weight" in dict(tree_flatten(loaded.parameters()))
    for task, output in loaded(*inputs()).items():
        assert mx.array_equal(output, saved(*inputs())[task]).item()


def test_a_compiled_step_learns_all_tasks():
    head = make(dropout=0.0)
    wanted = targets()
    states = mx.concatenate(
        [4 * mx.eye(3)[wanted["emotion"]], 4 * wanted["topics"], wanted["valence"][:, None]], axis=1
    )[:, None]
    optimizer = optim.Adam(learning_rate=0.02)
    optimizer.init(head.trainable_parameters())
    state = [head.state, optimizer.state]

    def losses_of(states, wanted):
        losses = head.compute_losses(head(states), wanted)
        return sum(losses.values()), losses

    def step(states, wanted):
        (_, losses), gradients = nn.value_and_grad(head, losses_of)(states, wanted)
        optimizer.update(head, gradients)
        return losses

    compiled = mx.compile(step, inputs=state, outputs=state)
    history = [
        {task: loss.item() for task, loss in compiled(states, wanted).items()} for _ in range(80)
    ]

    for task in head.heads:
        assert history[-1][task] < 0.2 * history[0][task], task
    np.testing.assert_array_equal(
        mx.argmax(head(states)["emotion"], axis=-1), np.array(wanted["emotion"])
    )


@pytest.mark.parametrize("name", ["outputs", "targets"])
def test_a_task_without_outputs_or_targets_is_named(name):
    head = make()
    given = {"outputs": head(*inputs()), "targets": targets()}
    del given[name]["valence"]
    with pytest.raises(ValueError, match=rf"{name} has no task 'valence': .*emotion, topics"):
        head.compute_losses(**given)


def test_weights_of_an_unknown_task_are_refused():
    head = make()
    with pytest.raises(ValueError, match=r"unknown task 'valense'; did you mean valence\?"):
        head.compute_losses(head(*inputs()), targets(), {"valense": mx.ones(ROWS)})


def test_what_a_head_refuses_is_told_with_its_task():
    head = make()
    wrong = {**targets(), "topics": mx.zeros((ROWS, 3))}
    with pytest.raises(ValueError, match=r"task 'topics': targets has shape \(6, 3\)"):
        head.compute_losses(head(*inputs()), wrong)


def test_targets_of_other_tasks_are_left_alone():
    head = make()
    losses = head.compute_losses(head(*inputs()), {**targets(), "arousal": mx.zeros(ROWS)})
    assert "arousal" not in losses


@pytest.mark.parametrize("name", ["", "a.b", ".", "0", "-1", 3])
def test_a_name_that_cannot_be_a_key_of_the_tree_is_refused(name):
    with pytest.raises(ValueError, match=r"task name is .*not empty, has no '.' and is no number"):
        MultiTaskHead({name: RegressionHead(H)})


def test_no_head_is_refused():
    with pytest.raises(ValueError, match="heads is empty"):
        MultiTaskHead({})


def test_the_same_head_twice_is_refused():
    head = RegressionHead(H)
    with pytest.raises(ValueError, match="tasks 'valence' and 'arousal' have the same head"):
        MultiTaskHead({"valence": head, "arousal": head})


def test_something_that_is_no_head_is_refused():
    with pytest.raises(ValueError, match="the head of task 'valence' is a Linear: expected a Text"):
        MultiTaskHead({"valence": nn.Linear(H, 1)})


def test_heads_for_different_encoders_are_refused():
    with pytest.raises(ValueError, match=r"heads have the hidden_size .*'b': 9"):
        MultiTaskHead({"a": RegressionHead(H), "b": RegressionHead(9)})
