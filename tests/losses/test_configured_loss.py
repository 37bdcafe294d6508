"""Losses as modules: made by name, living in a model's tree, changed without a new trace."""

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from loss_cases import COUNTS, batch
from mlx.utils import tree_flatten

from bertplay.losses import (
    LOSSES,
    AdaptiveLoss,
    balanced_weights,
    focal_loss,
    focal_smooth_loss,
    get_loss,
    weighted_cross_entropy,
)


class Classifier(nn.Module):
    def __init__(self, loss):
        super().__init__()
        self.output = nn.Linear(3, 3)
        self.loss = loss


def example():
    logits, labels, _, _ = batch()
    return mx.array(logits), mx.array(labels)


def test_the_registry_has_the_names_of_the_command_line():
    assert list(LOSSES) == [
        "ce",
        "weighted_ce",
        "label_smoothing",
        "focal",
        "focal_smooth",
        "adaptive",
        "curriculum",
        "focal_schedule",
        "logit_adjusted",
        "balanced_softmax",
        "ldam",
        "poly1",
        "gce",
        "dice",
        "tversky",
    ]


@pytest.mark.parametrize("name", LOSSES)
def test_a_registered_loss_describes_itself_in_one_line(name):
    spec = LOSSES[name]

    assert spec.name == name
    for text in (spec.description, *(option.help for option in spec.options)):
        assert text.endswith(".")
        assert "\n" not in text


@pytest.mark.parametrize("name", LOSSES)
def test_the_defaults_of_the_registry_are_those_of_the_loss(name):
    defaults = {o.name: o.default for o in LOSSES[name].options}

    spelt_out = get_loss(name, class_counts=COUNTS, **defaults)

    assert spelt_out.options() == get_loss(name, class_counts=COUNTS).options()
    own = [option for option in spelt_out.options() if "." not in option]
    assert own == list(defaults)


def test_a_loss_by_name_is_its_function_with_the_options():
    logits, labels = example()

    found = get_loss("focal_smooth", gamma=1.5, alpha=[1, 2, 3], smoothing=0.2)(logits, labels)

    options = {"gamma": 1.5, "alpha": [1, 2, 3], "smoothing": mx.array(0.2)}
    assert found.item() == focal_smooth_loss(logits, labels, **options).item()


def test_weights_are_balanced_by_default_where_the_loss_is_about_them():
    logits, labels = example()

    found = get_loss("weighted_ce", class_counts=COUNTS)(logits, labels)

    weights = balanced_weights(COUNTS)
    assert found.item() == weighted_cross_entropy(logits, labels, class_weights=weights).item()


@pytest.mark.parametrize("name", ["weighted_ce", "adaptive"])
def test_balanced_weights_without_counts_say_what_to_pass(name):
    with pytest.raises(ValueError, match=r'class_weights="balanced" .* pass class_counts='):
        get_loss(name, num_classes=3)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("focla", {}, r"unknown loss 'focla'; did you mean focal\? .*weighted_ce.*adaptive"),
        ("focal", {"gama": 1}, r"loss 'focal' has no option 'gama'; did you mean gamma\?"),
        ("focal", {"smoothing": 0.1}, r"loss 'focal' has no option 'smoothing' .*gamma, alpha"),
        ("ce", {"gamma": 1}, r"loss 'ce' has no option 'gamma' \(there are none\)"),
        ("adaptive", {"ramp": "cosin"}, r"ramp is 'cosin'; did you mean cosine\?"),
        ("focal", {"gamma": -1}, "gamma is -1"),
        ("label_smoothing", {"smoothing": 1.0}, "smoothing is 1"),
        ("focal", {"alpha": [1, 2]}, "alpha has 2 entries: expected one for each of 3"),
        ("adaptive", {"start": 0.5, "end": 0.5}, "start is 0.5 and end is 0.5: start must be be"),
        ("adaptive", {"end": 1.5}, "end is 1.5: expected a number from 0 to 1"),
    ],
)
def test_unknown_names_and_wrong_values_are_refused(name, options, message):
    with pytest.raises(ValueError, match=message):
        get_loss(name, class_counts=COUNTS, **options)


def test_weights_for_different_numbers_of_classes_are_refused():
    with pytest.raises(ValueError, match=r"has .* entries: expected one for each of"):
        get_loss("adaptive", class_weights=[1, 2, 3], alpha=[1, 2])


def test_a_loss_made_for_other_classes_refuses_the_logits():
    with pytest.raises(ValueError, match="alpha has 2 entries: expected one for each of 3"):
        get_loss("focal", alpha=0.25)(*example())


def test_options_are_reported_as_plain_values():
    loss = get_loss("focal_smooth", alpha="balanced", smoothing=0.1, class_counts=[1, 3])

    assert loss.options() == {"gamma": 2.0, "alpha": [2.0, 0.6666667], "smoothing": 0.1}
    assert loss.name == "focal_smooth"
    assert "focal_smooth" in repr(loss)


@pytest.mark.parametrize("name", LOSSES)
def test_options_are_saved_with_the_model_and_come_back(name, tmp_path):
    logits, labels = example()
    saved = Classifier(get_loss(name, class_counts=COUNTS))
    loaded = Classifier(get_loss(name, class_counts=[1, 1, 1]))
    if "gamma" in saved.loss:
        saved.loss.update(gamma=3.0)
    file = str(tmp_path / "model.safetensors")

    saved.save_weights(file)
    loaded.load_weights(file)

    assert loaded.loss.options() == saved.loss.options()
    assert loaded.loss(logits, labels).item() == saved.loss(logits, labels).item()


@pytest.mark.parametrize("name", LOSSES)
def test_options_are_never_trained_also_after_unfreeze(name):
    model = Classifier(get_loss(name, class_counts=COUNTS))

    for change in (
        lambda: None,
        model.unfreeze,
        lambda: model.unfreeze(keys=["gamma", "alpha", "progress", "weight", "bias"]),
        lambda: model.loss.unfreeze(),
        lambda: model.freeze() and model.unfreeze(),
    ):
        change()
        trained = dict(tree_flatten(model.trainable_parameters()))
        assert set(trained) == {"output.weight", "output.bias"}


def test_an_optimizer_step_leaves_the_options_as_they_are():
    import mlx.optimizers as optim

    model = Classifier(get_loss("adaptive", class_counts=COUNTS))
    logits, labels = example()
    before = model.loss.options()

    optimizer = optim.AdamW(0.1, weight_decay=0.1)
    _, gradients = nn.value_and_grad(model, lambda: model.loss(model.output(logits), labels))()
    optimizer.update(model, gradients)

    assert model.loss.options() == before


def test_options_change_inside_one_compiled_step_without_a_new_trace():
    logits, labels = example()
    loss = get_loss("focal", num_classes=3)
    traces = []

    def step(logits, labels):
        traces.append(True)
        return loss(logits, labels)

    compiled = mx.compile(step, inputs=loss.state)
    found, expected = [], []
    for options in ({"gamma": 2.0}, {"gamma": 0.0}, {"gamma": 1.0, "alpha": [1, 2, 3]}):
        loss.update(**options)
        found.append(compiled(logits, labels).item())
        expected.append(focal_loss(logits, labels, **options).item())

    assert found == pytest.approx(expected, rel=1e-6)
    assert len(traces) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gama": 1.0}, r"no option 'gama'; did you mean gamma\?"),
        ({"gamma": -1.0}, "gamma is -1"),
        ({"gamma": 1.0, "alpha": [1, 2]}, "alpha has 2 entries"),
        ({"gamma": 1.0, "ramp": "cosine"}, "ramp is 'linear' and fixed when the loss is made"),
        ({"gamma": 1.0, "start": 1.0}, "start must be below end"),
    ],
)
def test_a_wrong_update_changes_nothing(options, message):
    loss = AdaptiveLoss(class_counts=COUNTS)
    before = loss.options()

    with pytest.raises(ValueError, match=message):
        loss.update(**options)

    assert loss.options() == before


def test_weights_can_be_counted_again_by_name():
    loss = get_loss("focal", class_counts=COUNTS)
    loss.update(alpha="balanced")
    assert mx.array_equal(loss.alpha, balanced_weights(COUNTS)).item()

    loss.update(alpha=None)
    assert loss.options()["alpha"] == [1.0, 1.0, 1.0]


def test_weights_given_once_tell_the_number_of_classes():
    loss = get_loss("focal", alpha=[1, 2, 3])

    loss.update(alpha=None)

    assert loss.options()["alpha"] == [1.0, 1.0, 1.0]


def test_a_loss_for_any_number_of_classes_takes_them_as_they_come():
    loss = get_loss("focal_smooth")
    for classes in (2, 5):
        assert np.isfinite(loss(mx.zeros((1, classes)), mx.array([0])).item())


@pytest.mark.parametrize("dtype", [mx.bfloat16, mx.float16], ids=str)
def test_a_model_cast_to_half_precision_still_computes_its_loss_in_float32(dtype):
    model = Classifier(get_loss("adaptive", class_counts=COUNTS))
    model.set_dtype(dtype)
    model.loss.set_progress(0.5)

    assert model.loss(*example()).dtype == mx.float32
