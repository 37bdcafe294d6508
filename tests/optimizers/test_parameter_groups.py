"""Which parameter has which rule, rate and decay."""

import re

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from mlx.utils import tree_map

from bertplay import InputError
from bertplay.encoders import BertConfig, BertEncoder
from bertplay.heads import ClassificationHeadV2, MultiTaskHead, RegressionHead, TextClassifier
from bertplay.named_arrays import named_arrays
from bertplay.optimizers.arguments import OPTIMIZER_ARGUMENTS
from bertplay.optimizers.parameter_groups import TASK_WEIGHT_RATE, optimizer_for

LR = 1e-2
DECAY = 0.5
OPTIMIZERS = tuple(OPTIMIZER_ARGUMENTS)
CONFIG = BertConfig(
    vocab_size=5,
    hidden_size=4,
    num_hidden_layers=3,
    num_attention_heads=2,
    intermediate_size=6,
    max_position_embeddings=4,
)


class TaskWeights(nn.Module):
    def __init__(self):
        super().__init__()
        self.log_variances = mx.ones((2,))


def model_of(head=None):
    mx.random.seed(0)
    head = head or ClassificationHeadV2(4, 3, hidden_dims=(5,), pooling="attention")
    return TextClassifier(BertEncoder(CONFIG, pooler=True), head)


def moved(model, gradient, name="adamw", **options):
    """How far one step takes each parameter, by path `[...]`."""
    values = {"lr": LR, "weight_decay": 0.0, **options}
    arguments = values.pop("arguments", {})
    before = named_arrays(tree_map(np.array, model.trainable_parameters()))
    optimizer = optimizer_for(model, name, arguments, **values)
    optimizer.init(model.trainable_parameters())
    gradients = tree_map(lambda leaf: mx.full(leaf.shape, gradient), model.trainable_parameters())
    optimizer.update(model, gradients, mx.array(LR))
    after = named_arrays(model.trainable_parameters())
    return {path: before[path] - np.array(after[path]) for path in after}


def rates(model, name="adamw", **options):
    """The rate of each parameter by that of the model; AdamW's first step is the rate itself."""
    return {path: change.mean() / LR for path, change in moved(model, 1.0, name, **options).items()}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_matrices_decay_and_vectors_do_not(name):
    model = model_of()
    before = named_arrays(tree_map(np.array, model.trainable_parameters()))

    changes = moved(model, 0.0, name, weight_decay=DECAY)

    for path, change in changes.items():
        if before[path].ndim < 2:
            np.testing.assert_array_equal(change, 0.0)
        elif name != "adam":  # divides the decay by its own size
            np.testing.assert_allclose(change, LR * DECAY * before[path], atol=1e-7)
        else:
            assert np.abs(change).max() > 0


def test_without_further_options_all_rates_are_one():
    assert set(np.round(list(rates(model_of()).values()), 3)) == {1.0}


def test_learned_task_weights_have_a_rate_of_their_own_and_no_decay():
    model = model_of(MultiTaskHead({"a": ClassificationHeadV2(4, 2), "b": RegressionHead(4)}))
    model.task_weights = TaskWeights()

    assert rates(model)["task_weights.log_variances"] == pytest.approx(TASK_WEIGHT_RATE, rel=1e-4)
    changes = moved(model, 0.0, weight_decay=DECAY)
    np.testing.assert_array_equal(changes["task_weights.log_variances"], 0.0)


def test_the_head_has_its_own_rate():
    for path, rate in rates(model_of(), head_lr=5 * LR).items():
        assert rate == pytest.approx(5 if path.startswith("head.") else 1, rel=1e-3)


def test_rates_fall_from_layer_to_layer():
    """Of three layers: the last 1/2, the first 1/8, the embeddings 1/16; above them 1."""
    found = rates(model_of(), layer_decay=0.5)
    for path, rate in found.items():
        layer = re.match(r"encoder\.encoder\.layer\.(\d)", path)
        if path.startswith("encoder.embeddings."):
            wanted = 1 / 16
        elif layer is not None:
            wanted = {0: 1 / 8, 1: 1 / 4, 2: 1 / 2}[int(layer[1])]
        else:
            wanted = 1.0
        assert rate == pytest.approx(wanted, rel=1e-3), path
    assert any(path.startswith("encoder.pooler.") for path in found)


def test_the_heads_rate_does_not_change_with_the_layers():
    found = rates(model_of(), layer_decay=0.5, head_lr=3 * LR)
    assert found["head.output.weight"] == pytest.approx(3, rel=1e-3)
    assert found["encoder.encoder.layer.2.output.dense.weight"] == pytest.approx(0.5, rel=1e-3)


def momenta(model, name="adamw", **options):
    """The names of each parameter's state."""
    optimizer = optimizer_for(model, name, lr=LR, weight_decay=DECAY, **options)
    optimizer.init(model.trainable_parameters())
    (cohort,) = optimizer.state.values()
    return {path: set(moments) for path, moments in cohort["parameters"].items()}


@pytest.mark.parametrize("several", [False, True])
def test_muon_trains_the_matrices_of_hidden_layers_alone(several):
    head = None
    if several:
        heads = {name: RegressionHead(4, hidden_dims=(5,)) for name in ("a", "b")}
        head = MultiTaskHead(heads)
    model = model_of(head)
    arrays = named_arrays(model.trainable_parameters())

    found = momenta(model, "muon")

    by_muon = {path for path, moments in found.items() if moments == {"v"}}
    by_adamw = {path for path, moments in found.items() if moments == {"m", "v"}}
    assert by_muon | by_adamw == set(found)
    assert {path for path in by_adamw if arrays[path].ndim > 1} == {
        "encoder.embeddings.word_embeddings.weight",
        "encoder.embeddings.position_embeddings.weight",
        "encoder.embeddings.token_type_embeddings.weight",
        *(("head.heads.a.output.weight", "head.heads.b.output.weight") if several else ()),
        *(() if several else ("head.output.weight",)),
    }
    assert {arrays[path].ndim for path in by_muon} == {2}
    # Six matrices a layer, the pooler's, and a head's hidden one.
    assert len(by_muon) == 3 * 6 + 1 + (2 if several else 1)


def test_muon_leaves_the_rest_to_adamw_with_its_own_rate():
    model = model_of()
    model.task_weights = TaskWeights()
    found = rates(model, "muon", arguments={"adamw_lr": 4 * LR})
    assert found["encoder.embeddings.word_embeddings.weight"] == pytest.approx(4, rel=1e-3)
    assert found["head.output.weight"] == pytest.approx(4, rel=1e-3)
    assert found["encoder.encoder.layer.0.output.dense.bias"] == pytest.approx(4, rel=1e-3)
    assert found["task_weights.log_variances"] == pytest.approx(4 * TASK_WEIGHT_RATE, rel=1e-3)
    usual = rates(model_of(), "muon")
    for path in ("encoder.pooler.dense.weight", "encoder.encoder.layer.0.output.dense.weight"):
        assert found[path] == pytest.approx(usual[path], rel=1e-3)


@pytest.mark.parametrize(("option", "value"), [("beta1", 0.5), ("beta2", 0.5), ("eps", 1.0)])
def test_what_muon_leaves_to_adamw_has_adamws_options(option, value):
    """Seen in the second of two steps, as the first has no past."""

    def second_step(arguments):
        model = model_of()
        optimizer = optimizer_for(model, "muon", arguments, lr=LR, weight_decay=0.0)
        optimizer.init(model.trainable_parameters())
        for gradient in (1.0, 0.1):
            gradients = tree_map(
                lambda leaf, size=gradient: mx.full(leaf.shape, size), model.trainable_parameters()
            )
            optimizer.update(model, gradients, mx.array(LR))
        return np.array(model.head.output.bias)

    assert np.abs(second_step({option: value}) - second_step({})).max() > 1e-4


def test_muons_update_is_as_large_as_adamws():
    """By its usual scale: 0.2 in each of a matrix's numbers, of the rate."""
    mx.random.seed(0)
    model = nn.Module()
    model.weight = mx.zeros((32, 16))
    optimizer = optimizer_for(model, "muon", lr=LR, weight_decay=0.0)
    optimizer.init(model.trainable_parameters())
    optimizer.update(model, {"weight": mx.random.normal((32, 16))}, mx.array(LR))
    size = mx.sqrt(mx.square(model.weight).mean()).item() / LR
    assert size == pytest.approx(0.2, rel=0.25)  # the iteration comes near to orthogonal, no more


def test_an_option_of_another_optimizer_is_refused():
    with pytest.raises(InputError, match="adamw has no option 'momentum', it has beta1, "):
        optimizer_for(model_of(), "adamw", {"momentum": 0.5}, lr=LR, weight_decay=0.0)


def test_parameters_that_are_unfrozen_later_have_groups_from_the_start():
    model = model_of()
    model.encoder.freeze()
    optimizer = optimizer_for(model, lr=LR, weight_decay=0.0)
    optimizer.init(model.trainable_parameters())
    model.encoder.unfreeze()
    optimizer.init(model.trainable_parameters())
    assert set(optimizer.state["1"]["parameters"]) == {
        path for path in named_arrays(model.trainable_parameters()) if path.startswith("encoder.")
    }
