"""The file of costs, in any order of its classes, and what is wrong with it in one sentence."""

import numpy as np
import pytest

from bertplay.data.errors import InputError
from bertplay.decisions.costs import read_costs

CLASSES = ("bad", "good")


def written(folder, text: str) -> str:
    path = folder / "costs.csv"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    "text",
    [
        "true,bad,good\nbad,0,5\ngood,1,0\n",
        "\ufefftrue, good, bad\n\ngood,0,1.0\nbad,5e0,0\n",
    ],
)
def test_rows_are_true_classes_and_columns_predicted_ones(tmp_path, text):
    np.testing.assert_array_equal(read_costs(written(tmp_path, text), CLASSES), [[0, 5], [1, 0]])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["is empty", "'bad'"]),
        ("true,bad\nbad,0\ngood,1\n", ["first line", "lacks the class 'good'"]),
        ("true,bad,good\nbad,0,1\n", ["first column", "lacks the class 'good'"]),
        ("true,bad,god\nbad,0,1\ngood,1,0\n", ["first line", "'god'", "no class of the model"]),
        ("true,bad,good,bad\nbad,0,1,2\ngood,1,0,2\n", ["first line", "twice"]),
        ("true,bad,good\nbad,0,1\ngood,1,0\nbad,0,1\n", ["first column", "twice"]),
        ("true,bad,good\nbad,0\ngood,1,0\n", ["row 'bad'", "1 costs, and 2"]),
        ("true,bad,good\nbad,0,much\ngood,1,0\n", ["row 'bad', column 'good'", "'much'"]),
        ("true,bad,good\nbad,0,nan\ngood,1,0\n", ["row 'bad', column 'good'", "'nan'"]),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path, text, words):
    path = written(tmp_path, text)

    with pytest.raises(InputError) as caught:
        read_costs(path, CLASSES)

    message = str(caught.value)
    assert "\n" not in message
    for word in (path, *words):
        assert word in message


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.csv cannot be read"):
        read_costs(str(tmp_path / "nowhere.csv"), CLASSES)
