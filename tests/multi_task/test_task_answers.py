"""A loaded model with several heads is asked about one text, a row, a list, or a stream."""

from itertools import count, islice

import numpy as np
import pytest

import bertplay
from bertplay.answers import Answer
from bertplay.data.errors import InputError
from bertplay.multi_task.answers import SetAnswer

TEXTS = ["the women first class", "", "a men third ship", "men"]


@pytest.fixture(scope="module")
def model(run):
    return bertplay.load_multi_task(run.folder)


def test_one_text_gives_an_answer_of_each_task_with_all_probabilities(model):
    answers = model(TEXTS[0])
    outputs = {name: output[0] for name, output in model.predict_outputs(TEXTS[:1]).items()}
    classes = {column.name: column.classes for column in model.task.columns}
    mood, topics = answers["mood"], answers["topics"]
    assert isinstance(mood, Answer)
    assert isinstance(topics, SetAnswer)
    assert mood.probabilities == dict(zip(classes["mood"], outputs["mood"], strict=True))
    assert topics.probabilities == dict(zip(classes["topics"], outputs["topics"], strict=True))
    assert answers["score"] == outputs["score"]


def test_the_answers_are_those_of_predict(model):
    for answers, predicted in zip(model(TEXTS), model.predict(TEXTS), strict=True):
        assert answers["mood"].label == predicted["mood"]
        assert answers["mood"].probability == max(answers["mood"].probabilities.values())
        assert list(answers["topics"].labels) == predicted["topics"]
        assert answers["score"] == predicted["score"]
    assert model([]) == []


def test_a_set_reads_as_its_classes_with_all_probabilities():
    assert repr(SetAnswer(("a", "b"), {"a": 0.9, "b": 0.75, "c": 0.1})) == (
        "a, b (a 0.900, b 0.750, c 0.100)"
    )
    assert repr(SetAnswer((), {"a": 0.25})) == "none (a 0.250)"


def test_a_row_is_asked_about_by_its_columns(model):
    assert model({"mood": None, "text": TEXTS[0]}) == model(TEXTS[0])
    with pytest.raises(InputError, match="the row has no column 'text'"):
        model({"title": "a"})


def test_a_missing_text_is_an_empty_one_and_a_number_none_at_all(model):
    assert model([None, float("nan"), ""])[:2] == model(["", "", ""])[:2]
    with pytest.raises(InputError, match="a text or a mapping of columns was expected, not 3"):
        model([3])


def test_a_stream_answers_in_order(model):
    streamed = [answers["score"] for answers in model.stream(iter(TEXTS), window=3)]
    np.testing.assert_allclose(streamed, model.predict_outputs(TEXTS)["score"], atol=1e-5)


def test_a_stream_reads_no_further_than_its_window(model):
    taken = []
    answers = model.stream((taken.append(n) or f"women {n}" for n in count()), window=5)
    assert taken == []
    assert len(list(islice(answers, 6))) == 6
    assert len(taken) == 10


def test_a_window_without_a_text_is_refused(model):
    with pytest.raises(ValueError, match="window is 0: it must be at least 1"):
        model.stream(TEXTS, window=0)
