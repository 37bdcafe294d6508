"""The built-in emotion table is what its data card says: original, varied, labelled, split."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from bertplay.data.emotions import EMOTIONS_FILE, SPLITS, read_emotions

CARD = Path(__file__).resolve().parents[2] / "docs" / "emotions-data.md"
EMOTIONS = {
    *("anger", "anticipation", "calm", "disgust", "fear", "joy", "love", "neutral", "sadness"),
    *("surprise", "trust"),
}
STYLES = {"casual", "formal", "narrative", "poetic", "slang"}
INTENTS = {"advice", "apology", "complaint", "question", "request", "statement", "thanks"}


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with EMOTIONS_FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+(?:['\u2019][a-z]+)*", text.lower())


def test_it_reads_as_the_table_that_ships(rows):
    frame = read_emotions()
    assert list(frame.columns) == list(rows[0])
    assert list(frame["text"]) == [row["text"] for row in rows]


def test_every_label_is_valid(rows):
    for row in rows:
        assert row["emotion"] in EMOTIONS
        assert row["safety"] in {"safe", "care"}
        assert row["style"] in STYLES
        assert row["intent"] in INTENTS
        assert row["split"] in SPLITS
        for name in ("valence", "arousal", "dominance"):
            assert re.fullmatch(r"0\.\d\d|1\.00", row[name]), row


def test_texts_have_4_to_45_words_and_no_stray_spaces(rows):
    for row in rows:
        assert 4 <= len(row["text"].split()) <= 45, row["text"]
        assert row["text"] == row["text"].strip()
        assert "\n" not in row["text"]


def test_no_two_texts_are_alike_not_even_across_the_splits(rows):
    """By the Jaccard index of their sets of words."""
    texts_with: dict[str, list[int]] = {}
    sets = [frozenset(words(row["text"])) for row in rows]
    for number, own in enumerate(sets):
        shared = Counter(other for word in own for other in texts_with.get(word, ()))
        for other, count in shared.items():
            likeness = count / len(own | sets[other])
            assert likeness < 0.6, (rows[number]["text"], rows[other]["text"])
        for word in own:
            texts_with.setdefault(word, []).append(number)


def test_no_word_opens_more_than_2_percent_of_the_texts(rows):
    first = Counter(words(row["text"])[0] for row in rows)
    assert first.most_common(1)[0][1] <= 0.02 * len(rows)


def test_the_vocabulary_has_at_least_4000_words(rows):
    assert len({word for row in rows for word in words(row["text"])}) >= 4000


def test_the_test_part_is_balanced(rows):
    counts = Counter(row["emotion"] for row in rows if row["split"] == "test")
    assert set(counts) == EMOTIONS
    assert len(set(counts.values())) == 1
    assert min(counts.values()) >= 20


@pytest.mark.parametrize("part", ["train", "validation"])
def test_the_other_parts_are_imbalanced_as_real_data_is(rows, part):
    emotions = [row["emotion"] for row in rows if row["split"] == part]
    share = {name: count / len(emotions) for name, count in Counter(emotions).items()}
    wanted = {"neutral": 0.20, "joy": 0.15, "sadness": 0.12, "fear": 0.03, "disgust": 0.02}
    for name, expected in {**wanted, "calm": 0.02}.items():
        assert share[name] == pytest.approx(expected, abs=0.01), name


def test_the_data_card_has_the_rows_of_every_class_in_every_part(rows):
    table = re.findall(r"^\| (\w+) \| (\d+) \| (\d+) \| (\d+) \|", CARD.read_text("utf-8"), re.M)
    documented = {
        (name, part): int(count)
        for name, *counts in table
        for part, count in zip(SPLITS, counts, strict=True)
    }
    counted = {
        (name, part): sum(row["emotion"] == name and row["split"] == part for row in rows)
        for name in EMOTIONS
        for part in SPLITS
    }
    assert documented == counted


@pytest.mark.parametrize("column", ["safety", "style", "intent"])
def test_the_data_card_has_the_rows_of_the_other_labels(rows, column):
    (line,) = re.findall(rf"^\| `{column}` \| .*$", CARD.read_text("utf-8"), re.M)
    documented = {name: int(count) for name, count in re.findall(r"(\w+) (\d+)", line)}
    assert documented == dict(Counter(row[column] for row in rows))
