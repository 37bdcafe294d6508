"""The four recipes: their trees, their sums in float64, and that a small model learns all parts."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
import pytest

from bertplay.losses import (
    CompositeLoss,
    emotion_engine_loss,
    keyboard_loss,
    listnet_loss,
    match_events_loss,
    search_loss,
)

ROWS = 12
COUNTS = {"action_class": [900, 90, 10], "severity": [5000, 5], "offence": [300, 700]}


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def surprisal(p, y):
    return -np.log(p[np.arange(len(y)), y])


def cross_entropy(logits, labels):
    return surprisal(softmax(logits), labels).mean()


def info_nce(first, second, temperature):
    a, b = (f / np.linalg.norm(f, axis=1, keepdims=True) for f in (first, second))
    return cross_entropy(a @ b.T / temperature, np.arange(len(a)))


def effective(counts, beta=0.999):
    w = (1 - beta) / (1 - beta ** np.array(counts, np.float64))
    return len(w) * w / w.sum()


SEARCH_WEIGHTS = {"classification": 1.0, "ranking": 0.5, "similarity": 0.3, "content_quality": 0.2}
SEARCH_SIZES = {"classification": 3, "ranking": 4, "embeddings": 5, "content_quality": 1}


def search_targets(random):
    return {
        "classification": random.integers(0, 3, ROWS),
        "ranking": np.tile([2, 1, 0, 0], (ROWS, 1)),
        "similarity": np.arange(ROWS) % 4,
        "content_quality": random.uniform(size=(ROWS, 1)),
    }


def search_reference(x, y):
    pairs = [(i, j) for i in range(4) for j in range(4) if y["ranking"][0, i] > y["ranking"][0, j]]
    f = x["embeddings"] / np.linalg.norm(x["embeddings"], axis=1, keepdims=True)
    alike = []
    for i in range(ROWS):
        others = np.delete(np.arange(ROWS), i)
        p = softmax(f[i : i + 1] @ f[others].T / 0.1)[0]
        alike.append(-np.log(p[y["similarity"][others] == y["similarity"][i]]).mean())
    return {
        "classification": cross_entropy(x["classification"], y["classification"]),
        "ranking": np.mean(
            [np.maximum(0, 1 - x["ranking"][:, i] + x["ranking"][:, j]) for i, j in pairs]
        ),
        "similarity": np.mean(alike),
        "content_quality": ((x["content_quality"] - y["content_quality"]) ** 2).mean(),
    }


EMOTION_WEIGHTS = {"emotions": 1.5, "vad": 1.0, "safety": 1.2, "style": 0.8, "intent": 0.8}
EMOTION_SIZES = {"emotions": 11, "vad": 3, "safety": 2, "style": 4, "intent": 5}


def emotion_targets(random):
    sizes = EMOTION_SIZES
    labels = {task: random.integers(0, size, ROWS) for task, size in sizes.items()}
    return {**labels, "vad": random.uniform(size=(ROWS, 3))}


def emotion_reference(x, y):
    surprise = surprisal(softmax(x["emotions"]), y["emotions"])
    return {
        "emotions": ((1 - np.exp(-surprise)) ** 2 * surprise).mean(),
        "vad": ((x["vad"] - y["vad"]) ** 2).mean(),
        **{task: cross_entropy(x[task], y[task]) for task in ("safety", "style", "intent")},
    }


KEYBOARD_WEIGHTS = {
    "encoder": 0.3,
    "encoder/alignment": 1.0,
    "encoder/region": 0.2,
    "decoder": 1.0,
    "decoder/text": 1.0,
    "decoder/routing": 0.5,
    "decoder/layout": 0.4,
    "decoder/consistency": 0.3,
    "decoder/load_balance": 0.01,
}
KEYBOARD_SIZES = {
    "global_feat": 256,
    "text_feat": 256,
    "roi_feats": (4, 256),
    "logits": 40,
    "task_probs": 3,
    "layout_probs": 5,
    "expert_probs": 5,
}


def keyboard_targets(random):
    layout = random.integers(0, 5, ROWS)
    return {
        "token": random.integers(0, 40, ROWS),
        "task": random.integers(0, 3, ROWS),
        "layout": layout,
        "language": layout,
    }


def keyboard_reference(x, y):
    layout = surprisal(x["layout_probs"], y["layout"]).mean()
    leaves = {
        "encoder/alignment": info_nce(x["global_feat"], x["text_feat"], 0.07),
        "encoder/region": info_nce(x["roi_feats"].mean(axis=1), x["text_feat"], 0.07),
        "decoder/text": cross_entropy(x["logits"], y["token"]),
        "decoder/routing": surprisal(x["task_probs"], y["task"]).mean(),
        "decoder/layout": layout,
        "decoder/consistency": layout,
        "decoder/load_balance": ((x["expert_probs"].mean(axis=0) - 0.2) ** 2).sum(),
    }
    for part in ("encoder", "decoder"):
        inner = {path: v for path, v in leaves.items() if path.startswith(part + "/")}
        leaves[part] = sum(KEYBOARD_WEIGHTS[path] * value for path, value in inner.items())
    return leaves


MATCH_WEIGHTS = dict.fromkeys(COUNTS, 1.0)
MATCH_SIZES = {task: len(counts) for task, counts in COUNTS.items()}


def match_targets(random):
    return {task: np.arange(ROWS) % size for task, size in MATCH_SIZES.items()}


def match_reference(x, y):
    found = {}
    for task, counts in COUNTS.items():
        w, surprise = effective(counts), surprisal(softmax(x[task]), y[task])
        if task == "severity":
            w = w * np.sum(counts) / (w * counts).sum()
            found[task] = (w[y[task]] * (1 - np.exp(-surprise)) ** 2 * surprise).mean()
        else:
            found[task] = np.average(surprise, weights=w[y[task]])
    return found


@dataclass(frozen=True)
class Recipe:
    loss: Callable[..., CompositeLoss]
    weights: dict[str, float]
    sizes: dict[str, int | tuple[int, ...]]
    targets: Callable[..., dict[str, Any]]
    reference: Callable[..., dict[str, float]]


SEARCH = Recipe(search_loss, SEARCH_WEIGHTS, SEARCH_SIZES, search_targets, search_reference)
EMOTION = Recipe(
    emotion_engine_loss, EMOTION_WEIGHTS, EMOTION_SIZES, emotion_targets, emotion_reference
)
KEYBOARD = Recipe(
    keyboard_loss, KEYBOARD_WEIGHTS, KEYBOARD_SIZES, keyboard_targets, keyboard_reference
)
MATCH = Recipe(
    partial(match_events_loss, COUNTS), MATCH_WEIGHTS, MATCH_SIZES, match_targets, match_reference
)
RECIPES = {"search": SEARCH, "emotion engine": EMOTION, "keyboard": KEYBOARD, "match": MATCH}
every_recipe = pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)


def drawn(recipe, seed=0):
    random = np.random.default_rng(seed)
    outputs = {}
    for name, size in recipe.sizes.items():
        shape = size if isinstance(size, tuple) else (size,)
        values = random.normal(size=(ROWS, *shape))
        outputs[name] = softmax(values) if name.endswith("_probs") else values
    return outputs, recipe.targets(random)


def arrays(mappings):
    return [
        {
            name: mx.array(v.astype(np.float32) if v.dtype == np.float64 else v)
            for name, v in mapping.items()
        }
        for mapping in mappings
    ]


class Heads(nn.Module):
    """One hidden layer, and a linear head for each output that the recipe reads."""

    def __init__(self, recipe):
        super().__init__()
        self.shapes = {
            name: size if isinstance(size, tuple) else (size,)
            for name, size in recipe.sizes.items()
        }
        self.hidden = nn.Linear(8, 64)
        self.heads = {
            name: nn.Linear(64, int(np.prod(shape))) for name, shape in self.shapes.items()
        }
        self.loss = recipe.loss()

    def __call__(self, inputs):
        hidden = mx.tanh(self.hidden(inputs))
        outputs = {
            name: head(hidden).reshape(-1, *self.shapes[name]) for name, head in self.heads.items()
        }
        return {
            name: mx.softmax(value, axis=-1) if name.endswith("_probs") else value
            for name, value in outputs.items()
        }


@every_recipe
def test_its_components_and_their_weights_are_those_of_its_table(recipe):
    loss = recipe.loss()
    _, components = loss(*arrays(drawn(recipe)))
    assert loss.weights() == recipe.weights
    assert list(components) == ["total", *recipe.weights]


@every_recipe
@pytest.mark.parametrize("seed", range(3))
def test_every_component_is_that_of_the_float64_reference(recipe, seed):
    outputs, targets = drawn(recipe, seed)
    expected = recipe.reference(outputs, targets)
    roots = {path: value for path, value in expected.items() if "/" not in path}
    expected["total"] = sum(recipe.weights[path] * value for path, value in roots.items())

    total, components = recipe.loss()(*arrays((outputs, targets)))

    assert components.keys() == expected.keys()
    for path, value in components.items():
        assert value.item() == pytest.approx(expected[path], rel=5e-5), path
    assert total.item() == components["total"].item()


@every_recipe
def test_compiled_and_eager_values_and_gradients_agree(recipe):
    outputs, targets = arrays(drawn(recipe))
    loss = recipe.loss()

    def step(outputs, targets):
        return mx.value_and_grad(lambda outputs: loss(outputs, targets))(outputs)

    (_, components), gradients = step(outputs, targets)
    (_, found), compiled = mx.compile(step, inputs=loss.state)(outputs, targets)
    for path, value in components.items():
        assert found[path].item() == pytest.approx(value.item(), rel=1e-5), path
    for name, gradient in gradients.items():
        np.testing.assert_allclose(compiled[name], gradient, rtol=1e-4, atol=1e-6, err_msg=name)


@every_recipe
@pytest.mark.parametrize("dtype", [mx.float32, mx.float16], ids=str)
def test_gradients_are_finite_and_reach_every_output_also_at_extremes(recipe, dtype):
    outputs, targets = arrays(drawn(recipe))
    loss = recipe.loss()
    for factor in (1.0, 1e4):
        scaled = {
            name: value if name.endswith("_probs") else factor * value
            for name, value in outputs.items()
        }
        scaled = {name: value.astype(dtype) for name, value in scaled.items()}
        (total, _), gradients = mx.value_and_grad(lambda x: loss(x, targets))(scaled)
        assert np.isfinite(total.item())
        for name, gradient in gradients.items():
            values = np.array(gradient.astype(mx.float32))
            assert np.isfinite(values).all(), name
            assert factor > 1 or values.any(), name


@every_recipe
def test_a_missing_output_or_target_is_named_with_its_term(recipe):
    for place, kind in enumerate(("output", "target")):
        for name in arrays(drawn(recipe))[place]:
            given = arrays(drawn(recipe))
            del given[place][name]
            with pytest.raises(ValueError, match=f"term .* reads the {kind} '{name}', which is mi"):
                recipe.loss()(*given)


@every_recipe
def test_a_small_model_learns_every_component(recipe):
    mx.random.seed(0)
    # Off 0, so that the untrained experts are not even by themselves.
    inputs = 0.5 + mx.random.normal((ROWS, 8))
    targets = arrays(drawn(recipe))[1]
    model, optimizer = Heads(recipe), optim.Adam(1e-2)
    gradient_of = nn.value_and_grad(model, lambda x, y: model.loss(model(x), y))
    (_, first), _ = gradient_of(inputs, targets)
    for _ in range(40):
        (_, last), gradients = gradient_of(inputs, targets)
        optimizer.update(model, gradients)
        mx.eval(model.state, optimizer.state)
    for path, value in first.items():
        assert last[path].item() < 0.7 * value.item(), path


def test_ranking_may_be_that_of_whole_lists():
    outputs, targets = arrays(drawn(SEARCH))
    _, components = search_loss(ranking="listnet")(outputs, targets)
    expected = listnet_loss(outputs["ranking"], targets["ranking"]).item()
    assert components["ranking"].item() == expected


def test_the_temperatures_are_those_given():
    for recipe, path in ((SEARCH, "similarity"), (KEYBOARD, "encoder/region")):
        batch = arrays(drawn(recipe))
        cold, warm = (recipe.loss(temperature=t)(*batch)[1][path].item() for t in (0.05, 5.0))
        assert cold > warm


def test_emotions_are_weighted_by_their_rows_where_these_are_given():
    outputs, targets = drawn(EMOTION)
    counts = np.arange(1, 12)
    surprise = surprisal(softmax(outputs["emotions"]), targets["emotions"])
    alpha = counts.sum() / (11 * counts)[targets["emotions"]]
    _, components = emotion_engine_loss(gamma=1.0, emotion_counts=counts)(
        *arrays((outputs, targets))
    )
    expected = (alpha * (1 - np.exp(-surprise)) * surprise).mean()
    assert components["emotions"].item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("recipe", "task"),
    [(EMOTION, "vad"), (EMOTION, "emotions"), (MATCH, "severity"), (MATCH, "offence")],
)
def test_rows_without_a_label_do_not_count(recipe, task):
    outputs, targets = drawn(recipe)
    there = np.arange(ROWS) % 3 > 0
    kept = {task: outputs[task][there]}, {task: targets[task][there]}
    expected = recipe.loss()(*arrays(({**outputs, **kept[0]}, {**targets, **kept[1]})))[1][task]
    targets[task][~there] = -1
    targets[f"{task}_weights"] = there.astype(int)

    _, components = recipe.loss(partly_labelled=(task,))(*arrays((outputs, targets)))

    assert components[task].item() == pytest.approx(expected.item(), rel=1e-5)


def test_a_layout_that_fits_the_language_is_consistent():
    outputs, targets = arrays(drawn(KEYBOARD))
    targets["language"] = mx.zeros(ROWS, mx.int32)
    for fits, expected in (([[1, 1, 1, 1, 1]], 0.0), ([[0.5] * 5], np.log(2))):
        _, components = keyboard_loss(layout_fits=fits)(outputs, targets)
        assert components["decoder/consistency"].item() == pytest.approx(expected, abs=1e-6)


def test_the_tasks_of_a_match_count_alike_for_the_rows_they_were_counted_on():
    """A model that knows nothing: ln 2 from cross-entropy, a quarter of it from the focal loss."""
    counts = {task: [1000, 1] for task in COUNTS}
    labels = mx.array([0] * 1000 + [1])
    outputs, targets = dict.fromkeys(COUNTS, mx.zeros((1001, 2))), dict.fromkeys(COUNTS, labels)
    _, components = match_events_loss(counts)(outputs, targets)
    for task, factor in {"action_class": 1, "severity": 0.25, "offence": 1}.items():
        assert components[task].item() == pytest.approx(factor * np.log(2), rel=1e-4)


def test_task_weights_of_a_match_are_set_between_epochs():
    loss, batch = match_events_loss(COUNTS), arrays(drawn(MATCH))
    _, components = loss(*batch)
    weights = {"action_class": 0.5, "severity": 2.0, "offence": 0.0}
    total, _ = loss.update_weights(**weights)(*batch)
    expected = sum(weight * components[task].item() for task, weight in weights.items())
    assert total.item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: search_loss(ranking="listnett"), r"ranking is 'listnett'; did you mean listnet\?"),
        (lambda: emotion_engine_loss(gamma=-1.0), "gamma is -1"),
        (lambda: emotion_engine_loss(emotion_counts=[0, 0]), "class_counts is"),
        (
            lambda: emotion_engine_loss(partly_labelled=("stile",)),
            r"partly_labelled has 'stile'; did you mean style\?",
        ),
        (lambda: match_events_loss({"severity": [1, 2]}), "class_counts has severity: expected"),
        (lambda: match_events_loss({}), "class_counts has nothing: expected counts for action_cl"),
        (
            lambda: match_events_loss({**COUNTS, "card": [1]}),
            "has action_class, .*, card: expected",
        ),
        (lambda: match_events_loss({**COUNTS, "offence": [-1, 1]}), "class_counts is"),
        (lambda: match_events_loss(COUNTS, beta=1.0), "beta is 1"),
        (
            lambda: match_events_loss(COUNTS, partly_labelled=("goal",)),
            "partly_labelled has 'goal'",
        ),
    ],
)
def test_arguments_that_do_not_fit_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
