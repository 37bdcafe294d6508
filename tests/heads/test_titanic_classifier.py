"""`TextClassifier` and `TitanicClassifierV2` on small stand-ins for an encoder."""

from types import SimpleNamespace

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from mlx.utils import tree_flatten

from bertplay.heads import ClassificationHeadV2, TextClassifier, TitanicClassifierV2

H = 8


class TinyEncoder(nn.Module):
    """Token embeddings; called and read as a BERT is."""

    def __init__(self):
        super().__init__()
        self.config = SimpleNamespace(hidden_size=H)
        self.embedding = nn.Embedding(20, H)

    def __call__(self, input_ids, attention_mask=None):
        return SimpleNamespace(last_hidden_state=self.embedding(input_ids))


IDS = mx.array([[2, 5, 6, 3], [2, 7, 3, 0]])
MASK = mx.array([[1, 1, 1, 1], [1, 1, 1, 0]])
LABELS = mx.array([0, 1])


def titanic(**options) -> TitanicClassifierV2:
    return TitanicClassifierV2(
        bert_model=TinyEncoder(),
        loss_type="focal_smooth",
        loss_kwargs={"alpha": 0.618, "gamma": 2.0, "smoothing": 0.1},
        **options,
    )


def test_titanic_classifier_works_as_the_design_writes_it():
    model = titanic()
    logits = model(IDS, MASK)
    loss = model.head.compute_loss(logits, LABELS)

    assert logits.shape == (2, 2)
    assert mx.isfinite(loss).item()


@pytest.mark.parametrize(
    "alpha",
    [{"alpha": 0.39}, {"alpha": None}, {"alpha": "balanced", "class_counts": [809, 500]}],
)
def test_titanic_classifier_takes_every_alpha_that_its_docstring_names(alpha):
    model = TitanicClassifierV2(TinyEncoder(), "focal_smooth", {"gamma": 2.0, **alpha})
    assert mx.isfinite(model.head.compute_loss(model(IDS, MASK), LABELS)).item()


def test_titanic_alpha_of_the_docstring_weights_the_classes_as_balanced_does():
    logits = mx.array([[1.0, -0.5], [0.3, 0.2]])
    ratios = []
    for options in ({"alpha": 0.618}, {"alpha": "balanced", "class_counts": [809, 500]}):
        head = TitanicClassifierV2(TinyEncoder(), "focal", options).head
        died, survived = (head.compute_loss(logits, mx.array([c, c])).item() for c in (0, 1))
        ratios.append(survived / died)
    assert ratios[0] == pytest.approx(ratios[1], rel=1e-3)


def test_titanic_classifier_passes_head_options_on():
    assert titanic(pooling="mean", hidden_dims=(6,)).head.output.weight.shape == (2, 6)


def test_titanic_classifier_needs_the_size_of_the_hidden_states():
    with pytest.raises(ValueError, match=r"bert_model has no config\.hidden_size"):
        TitanicClassifierV2(bert_model=lambda ids, mask: ids)


def test_encoder_and_head_are_trained_and_the_options_of_the_loss_are_not():
    model = titanic()
    gradients = nn.value_and_grad(
        model, lambda: model.head.compute_loss(model(IDS, MASK), LABELS)
    )()[1]
    names = dict(tree_flatten(gradients))

    assert mx.any(names["encoder.embedding.weight"]).item()
    assert mx.any(names["head.output.weight"]).item()
    assert not [name for name in names if ".loss." in name]


def test_a_function_that_returns_an_array_serves_as_encoder():
    states = mx.random.normal((2, 4, H), key=mx.random.key(0))
    head = ClassificationHeadV2(H, 3, dropout=0.0)
    model = TextClassifier(lambda input_ids, attention_mask: states, head)

    np.testing.assert_array_equal(np.array(model(IDS, MASK)), np.array(head(states, MASK)))


def test_padding_never_changes_the_logits():
    model = titanic(pooling="mean").eval()
    longer = mx.concatenate([IDS, mx.array([[9, 9], [9, 9]])], axis=1)
    mask = mx.concatenate([MASK, mx.zeros((2, 2), dtype=MASK.dtype)], axis=1)

    np.testing.assert_allclose(np.array(model(longer, mask)), np.array(model(IDS, MASK)), atol=1e-6)


def test_probabilities_are_the_softmax_of_the_logits():
    model = titanic().eval()
    np.testing.assert_allclose(
        np.array(model.predict_proba(IDS, MASK)),
        np.array(mx.softmax(model(IDS, MASK), axis=-1)),
        atol=1e-6,
    )


def test_weights_come_back_from_a_file(tmp_path):
    mx.random.seed(0)
    model, other = titanic().eval(), titanic().eval()
    model.save_weights(str(tmp_path / "model.safetensors"))
    other.load_weights(str(tmp_path / "model.safetensors"))

    np.testing.assert_array_equal(np.array(other(IDS, MASK)), np.array(model(IDS, MASK)))
