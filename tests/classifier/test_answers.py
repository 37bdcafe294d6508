"""A loaded model is asked about one text, a list, or a stream that never ends."""

from itertools import count, islice
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bertplay.classifier import Classifier
from bertplay.data.errors import InputError
from bertplay.encoders import load_encoder
from bertplay.heads import ClassificationHeadV2, TextClassifier
from bertplay.task import Task
from bertplay.text_rule import TextRule

TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"
TEXTS = ["the women survived", "", "a child, a ship and the sea", "men"]

any_text = st.text(st.characters(exclude_categories=()), max_size=60)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    encoder, tokenizer = load_encoder(TINY)
    mx.random.seed(0)
    head = ClassificationHeadV2(32, 2, loss="ce")
    model = TextClassifier(encoder, head)
    model.eval()
    task = Task("table", TextRule("column", "text"), "label", ("died", "survived"))
    return Classifier(model, tokenizer, task, {"pooling": "cls"}, max_length=12)


def test_one_text_gives_one_answer(classifier):
    answer = classifier(TEXTS[0])
    shares = classifier.predict_proba(TEXTS[:1])[0]
    assert answer.label == classifier.predict(TEXTS[:1])[0]
    assert answer.probability == shares.max()
    assert answer.probabilities == dict(zip(classifier.classes, shares, strict=True))


def test_an_answer_reads_as_its_class_with_all_probabilities(classifier):
    died, survived = classifier.predict_proba(TEXTS[:1])[0]
    shown = repr(classifier(TEXTS[0]))
    assert shown.startswith(classifier(TEXTS[0]).label)
    assert shown.endswith(f"(died {died:.3f}, survived {survived:.3f})")


def test_a_list_gives_an_answer_for_each_text(classifier):
    assert [answer.label for answer in classifier(TEXTS)] == classifier.predict(TEXTS)
    assert classifier([]) == []


def test_a_row_is_asked_about_by_its_columns(classifier):
    row = {"label": None, "text": TEXTS[0]}
    assert classifier(row) == classifier(TEXTS[0])
    assert next(classifier.stream([row])) == classifier(TEXTS[0])
    with pytest.raises(InputError, match="the row has no column 'text'"):
        classifier({"title": "a"})


def test_a_missing_text_is_an_empty_one_and_a_number_none_at_all(classifier):
    assert classifier([None, float("nan"), ""])[:2] == classifier(["", "", ""])[:2]
    with pytest.raises(InputError, match="a text or a mapping of columns was expected, not 3"):
        classifier([3])


def test_probabilities_are_asked_for_a_list_that_may_lack_texts(classifier):
    shares = classifier.predict_proba([None, TEXTS[0], float("nan")])
    np.testing.assert_allclose(shares, classifier.predict_proba(["", TEXTS[0], ""]), atol=1e-6)
    with pytest.raises(InputError, match="texts is a single text: give a list of texts"):
        classifier.predict_proba(TEXTS[0])


def test_a_stream_answers_in_order(classifier):
    streamed = [a.probabilities["died"] for a in classifier.stream(iter(TEXTS), window=3)]
    np.testing.assert_allclose(streamed, classifier.predict_proba(TEXTS)[:, 0], atol=1e-6)


def test_a_stream_reads_no_further_than_its_window(classifier):
    taken = []

    def texts():
        for number in count():
            taken.append(number)
            yield f"women {number}"

    answers = classifier.stream(texts(), window=5)
    assert taken == []
    next(answers)
    assert len(taken) == 5
    assert len(list(islice(answers, 5))) == 5
    assert len(taken) == 10


def test_a_window_without_a_text_is_refused(classifier):
    with pytest.raises(ValueError, match="window is 0: it must be at least 1"):
        classifier.stream(TEXTS, window=0)


@settings(deadline=None, max_examples=30)
@given(st.lists(any_text, min_size=1, max_size=4))
def test_any_texts_have_finite_probabilities_that_sum_to_1(classifier, texts):
    shares = classifier.predict_proba(texts)
    assert np.isfinite(shares).all()
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
