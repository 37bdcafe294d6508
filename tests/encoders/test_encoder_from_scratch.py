"""The small encoder that needs no download."""

import mlx.core as mx
from mlx.utils import tree_flatten

from bertplay.encoders import encoder_from_scratch

TEXTS = ["the women of first class survived", "the men of third class did not", "a ship sank"] * 5


def build(seed: int = 0):
    return encoder_from_scratch(TEXTS, max_length=32, seed=seed)


def test_the_same_seed_gives_the_same_weights_and_vocabulary():
    (first, words), (second, same_words) = build(), build()
    left, right = dict(tree_flatten(first.parameters())), dict(tree_flatten(second.parameters()))
    assert all(mx.array_equal(left[name], right[name]) for name in left)
    assert words.get_vocab() == same_words.get_vocab()


def test_another_seed_gives_other_weights():
    weights = [build(seed)[0].encoder.layer[0].output.dense.weight for seed in (0, 1)]
    assert not mx.array_equal(*weights)


def test_matrices_start_small_biases_at_zero_and_norms_at_one():
    layer = build()[0].encoder.layer[0]
    assert 0.018 < layer.output.dense.weight.std().item() < 0.022
    assert mx.all(layer.output.dense.bias == 0)
    assert mx.all(layer.output.LayerNorm.weight == 1)


def test_the_vocabulary_knows_the_words_of_the_texts():
    _, tokenizer = build()
    assert tokenizer.encode("women survived").tokens == ["[CLS]", "women", "survived", "[SEP]"]
