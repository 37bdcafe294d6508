"""Explanations of a tiny BERT: they add up, they are right token by token, they name words."""

import mlx.core as mx
import numpy as np
import pytest
from tiny_models import classifier_of, multi_task_classifier

from bertplay.attribution import explain
from bertplay.attribution.words import pieces_of
from bertplay.data.tokenizer import train_wordpiece
from bertplay.multi_task.classifier import probabilities

TEXT = "The women of the first class survived, children"


@pytest.fixture(scope="module")
def classifier():
    return classifier_of(("died", "survived", "unknown"))


def log_odds(classifier, ids: list[int]) -> np.ndarray:
    """Of each class, in float64, from the model's logits of token ids."""
    z = np.array(classifier.model(mx.array([ids])))[0].astype(np.float64)
    return np.array([z[c] - np.log(np.exp(np.delete(z, c)).sum()) for c in range(len(z))])


def hidden(classifier, ids: list[int]) -> list[int]:
    mask = classifier.tokenizer.token_to_id("[MASK]")
    return [ids[0], *[mask] * (len(ids) - 2), ids[-1]]


def test_the_words_add_up_to_the_difference_of_the_log_odds(classifier):
    ids = classifier.tokenizer.encode(TEXT).ids
    (found,) = explain(classifier, [TEXT], ["survived"])

    assert found.complete
    assert found.end == pytest.approx(log_odds(classifier, ids)[1], abs=1e-4)
    assert found.start == pytest.approx(log_odds(classifier, hidden(classifier, ids))[1], abs=1e-4)
    total = sum(word.part for word in found.words)
    assert total == pytest.approx(found.end - found.start, abs=0.01 * max(1, abs(total)))
    assert found.error == pytest.approx(total - (found.end - found.start), abs=1e-5)


def test_each_token_has_the_integral_of_its_finite_differences(classifier):
    """The slope in the direction of one token's change, at the middles of 200 steps."""
    ids = classifier.tokenizer.encode("women survived").ids
    encoder, head = classifier.model.encoder, classifier.model.head
    x, b = encoder.below(mx.array([ids, hidden(classifier, ids)]), None, 0)
    t = ((mx.arange(200) + 0.5) / 200)[:, None, None]
    direction = (x - b) * mx.array([0.0, 1.0, 0.0, 0.0])[:, None]
    step = 0.02

    def score(states):
        z = np.array(head(encoder.above(states, None, 0))).astype(np.float64)
        return z[:, 0] - np.log(np.exp(z[:, 1:]).sum(axis=1))

    path = b + t * (x - b)
    slopes = (score(path + step * direction) - score(path - step * direction)) / (2 * step)
    (found,) = explain(classifier, ["women survived"], ["died"])

    assert len(ids) == 4
    assert found.words[0].part == pytest.approx(slopes.mean(), rel=0.02)


def test_the_predicted_class_is_explained_unless_another_is_named(classifier):
    ids = classifier.tokenizer.encode(TEXT).ids

    (found,) = explain(classifier, [TEXT])

    assert found.target == classifier.classes[log_odds(classifier, ids).argmax()]


def test_of_two_classes_a_word_speaks_as_much_for_one_as_against_the_other():
    two = classifier_of(("died", "survived"))

    died, survived = explain(two, [TEXT, TEXT], ["died", "survived"])

    np.testing.assert_allclose(
        [word.part for word in died.words], [-word.part for word in survived.words], atol=1e-4
    )


def test_words_are_named_by_their_places_in_the_text(classifier):
    (found,) = explain(classifier, [TEXT], ["died"])

    assert [found.text[word.start : word.end] for word in found.words] == (
        TEXT.replace(",", " ,").split()
    )


def test_words_beyond_the_length_of_the_model_are_left_out(classifier):
    (found,) = explain(classifier, [" ".join(["women"] * 40)], ["died"])

    assert len(found.words) == classifier.max_length - 2
    assert found.complete


def test_a_text_without_words_has_nothing_to_explain(classifier):
    (found,) = explain(classifier, [""], ["died"])

    assert found.words == ()
    assert found.start == found.end


def test_every_head_of_several_tasks_is_explained():
    several = multi_task_classifier()
    ids = several.tokenizer.encode(TEXT).ids
    logits = several.model(mx.array([ids]))
    shown = {c.name: probabilities(np.array(logits[c.name]), c) for c in several.task.columns}

    (mood,) = explain(several, [TEXT], ["cross"], task="mood")
    (topics,) = explain(several, [TEXT], ["price"], task="topics")
    (urgency,) = explain(several, [TEXT], task="urgency")

    cross, price = shown["mood"][0, 1], shown["topics"][0, 0]
    assert mood.end == pytest.approx(np.log(cross / (1 - cross)), abs=1e-4)
    assert topics.end == pytest.approx(np.log(price / (1 - price)), abs=1e-4)
    # The mean of the labels is in both ends alike.
    mean = next(c.mean for c in several.task.columns if c.name == "urgency")
    assert urgency.end + mean == pytest.approx(shown["urgency"][0], abs=1e-4)
    assert urgency.target == ""


def test_what_cannot_be_explained_is_named(classifier):
    with pytest.raises(ValueError, match="'sunk' is not a class"):
        explain(classifier, [TEXT], ["sunk"])
    with pytest.raises(ValueError, match="texts is a single text: give a list of texts"):
        explain(classifier, TEXT)
    with pytest.raises(ValueError, match="1 targets for 2 texts"):
        explain(classifier, [TEXT, TEXT], ["died"])
    with pytest.raises(ValueError, match="task is 'mood', but"):
        explain(classifier, [TEXT], task="mood")
    with pytest.raises(ValueError, match="task is None: the model has"):
        explain(multi_task_classifier(), [TEXT])


def test_the_pieces_of_a_word_are_summed():
    tokenizer = train_wordpiece(["seas sick"] * 3, vocab_size=10)
    text = "Seasick, sea"
    pieces = pieces_of(tokenizer, text, 32)

    merged = pieces.merged(np.ones(len(pieces.ids)))

    assert [text[word.start : word.end] for word in merged] == ["Seasick", ",", "sea"]
    assert [word.part for word in merged] == [7, 1, 3]
