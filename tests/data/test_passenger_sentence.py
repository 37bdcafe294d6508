"""A Titanic passenger as an English sentence."""

import math
import re

import pytest

from bertplay.data.errors import InputError
from bertplay.data.table import read_table
from bertplay.data.titanic import (
    parse_name,
    passenger_sentence,
    passenger_sentences,
    read_passengers,
)

CUMINGS = {
    "PassengerId": "2",
    "Survived": "1",
    "Pclass": "1",
    "Name": "Cumings, Mrs. John Bradley (Florence Briggs Thayer)",
    "Sex": "female",
    "Age": "38",
    "SibSp": "1",
    "Parch": "0",
    "Ticket": "PC 17599",
    "Fare": "71.2833",
    "Cabin": "C85",
    "Embarked": "C",
}


def test_all_of_kaggles_columns_make_one_sentence():
    assert passenger_sentence(CUMINGS) == (
        "Mrs. Cumings, a 38-year-old woman in first class, travelling in a small family of two, "
        "on an expensive ticket, boarded at Cherbourg, had a cabin on deck C."
    )


def test_the_built_in_columns_make_a_shorter_one():
    passenger = {
        "name": "Allison, Master. Hudson Trevor",
        "survived": "1",
        "sex": "male",
        "age": "0.92",
        "passenger_class": "1st",
    }
    expected = "Master Allison, an 11-month-old boy in first class."
    assert passenger_sentence(passenger) == expected


def test_numbers_as_numbers_give_the_same_sentence():
    typed = CUMINGS | {"Pclass": 1, "Age": 38.0, "SibSp": 1, "Parch": 0.0, "Fare": 71.2833}
    assert passenger_sentence(typed) == passenger_sentence(CUMINGS)


@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_the_case_of_column_names_does_not_matter(change):
    renamed = {change(name): value for name, value in CUMINGS.items()}
    assert passenger_sentence(renamed) == passenger_sentence(CUMINGS)


@pytest.mark.parametrize("column", ["Survived", "PassengerId", "Ticket"])
def test_label_number_and_ticket_never_enter(column):
    changed = CUMINGS | {column: "99887766"}
    assert passenger_sentence(changed) == passenger_sentence(CUMINGS)


@pytest.mark.parametrize("missing", [None, math.nan, "", " ", "nan", "NA", "?"])
@pytest.mark.parametrize(
    ("column", "part"),
    [
        ("Age", " 38-year-old"),
        ("Pclass", " in first class"),
        ("SibSp", ", travelling in a small family of two"),
        ("Parch", ", travelling in a small family of two"),
        ("Fare", ", on an expensive ticket"),
        ("Embarked", ", boarded at Cherbourg"),
        ("Cabin", ", had a cabin on deck C"),
    ],
)
def test_a_missing_value_is_left_out(column, part, missing):
    expected = passenger_sentence(CUMINGS).replace(part, "")
    assert passenger_sentence(CUMINGS | {column: missing}) == expected
    without = {name: value for name, value in CUMINGS.items() if name != column}
    assert passenger_sentence(without) == expected


def test_without_name_sex_or_anything_a_passenger_remains():
    assert passenger_sentence({"Sex": "male", "Age": 40}) == "A 40-year-old man."
    assert passenger_sentence({"Pclass": 3}) == "A passenger in third class."
    assert passenger_sentence({}) == "A passenger."


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (8, "an 8-year-old girl"),
        (11, "an 11-year-old girl"),
        (18, "an 18-year-old woman"),
        (80, "an 80-year-old woman"),
        (88, "an 88-year-old woman"),
        (1, "a 1-year-old girl"),
        (15, "a 15-year-old girl"),
        (16, "a 16-year-old woman"),
        (28.5, "a 28-year-old woman"),
        (0.17, "a 2-month-old girl"),
        (0.67, "an 8-month-old girl"),
        (0.92, "an 11-month-old girl"),
        (0, "a newborn girl"),
    ],
)
def test_ages(age, words):
    assert passenger_sentence({"Sex": "female", "Age": age}) == f"{words.capitalize()}."


def test_a_master_is_a_boy_even_without_an_age():
    assert passenger_sentence({"Name": "Moubarek, Master. Gerios", "Sex": "male"}) == (
        "Master Moubarek, a boy."
    )


@pytest.mark.parametrize(
    ("siblings_spouses", "parents_children", "words"),
    [
        (0, 0, "travelling alone"),
        (1, 0, "travelling in a small family of two"),
        (1, 2, "travelling in a small family of four"),
        (3, 1, "travelling in a large family of five"),
        (8, 2, "travelling in a large family of eleven"),
        (10, 9, "travelling in a large family of 20"),
    ],
)
def test_families(siblings_spouses, parents_children, words):
    passenger = {"SibSp": siblings_spouses, "Parch": parents_children}
    assert passenger_sentence(passenger) == f"A passenger, {words}."


@pytest.mark.parametrize(
    ("fare", "words"),
    [
        (0, "paid no fare"),
        (0.3, "on a cheap ticket"),
        (9.99, "on a cheap ticket"),
        (10, "on a modest ticket"),
        (29.7, "on a modest ticket"),
        (30, "on an expensive ticket"),
        (512.3292, "on an expensive ticket"),
    ],
)
def test_fares(fare, words):
    assert passenger_sentence({"Fare": fare}) == f"A passenger, {words}."


@pytest.mark.parametrize("cabin", ["C85", "C23 C25 C27", "c 85"])
def test_the_deck_is_the_first_letter(cabin):
    assert passenger_sentence({"Cabin": cabin}) == "A passenger, had a cabin on deck C."


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Heikkinen, Miss. Laina", "Miss Heikkinen"),
        ("Sagesser, Mlle. Emma", "Mlle. Sagesser"),
        ("Rothes, the Countess. of (Lucy Noel Martha Dyer-Edwards)", "The Countess of Rothes"),
        ("Duff Gordon, Lady. (Lucille Christiana Sutherland)", "Lady Duff Gordon"),
        ("Reuchlin, Jonkheer. John George", "Jonkheer Reuchlin"),
        ("Oliva y Ocana, Dona. Fermina", "Dona Oliva y Ocana"),
        ('O\'Dwyer, Miss. Ellen "Nellie"', "Miss O'Dwyer"),
        ("Owen Braund", "Owen Braund"),
    ],
)
def test_forms_of_address(name, address):
    assert passenger_sentence({"Name": name}) == f"{address}, a passenger."


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("Age", "abc", "age is 'abc': a number that is not negative was expected"),
        ("Age", -1, "age is '-1': a number that is not negative was expected"),
        ("SibSp", 1.5, "sibsp is '1.5': a number that is not negative was expected"),
        ("Fare", "inf", "fare is 'inf': a number that is not negative was expected"),
        ("Sex", "x", "sex is 'x': male or female was expected"),
        ("Pclass", 4, "pclass is '4': 1, 2 or 3 was expected"),
        ("Embarked", "Z", "embarked is 'Z': C, Q or S was expected"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(column, value, expected):
    with pytest.raises(InputError, match=re.escape(expected)):
        passenger_sentence(CUMINGS | {column: value})


def test_a_table_names_the_line_of_such_a_value(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("Name,Age\nA,1\nB,old\n")
    with pytest.raises(InputError, match=r"t\.csv, line 3: age is 'old'"):
        passenger_sentences(read_table(path), path=path)


def test_a_table_of_other_things_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("title,body\na,b\n")
    with pytest.raises(InputError, match="describes no passengers"):
        passenger_sentences(read_table(path), path=path)


def assert_good_english(sentences: list[str]) -> None:
    for sentence in sentences:
        assert not re.search(r"\b(nan|none|null|na)\b", sentence, re.IGNORECASE), sentence
        assert not re.search(r"\s\s|\s[.,]|,,|\.\.|^\s|\s$", sentence), sentence
        assert not re.search(r"\ba (8|11\b|18\b|e)", sentence), sentence
        assert not re.search(r"\ban (?!8|11\b|18\b|expensive)", sentence), sentence
        assert sentence.endswith("."), sentence
        assert sentence[0].isupper(), sentence


def test_all_built_in_passengers_have_a_title_and_a_good_sentence():
    frame = read_passengers()
    assert len(frame) == 1309
    assert frame["survived"].value_counts().to_dict() == {"0": 809, "1": 500}
    titles = {parse_name(name)[0] for name in frame["name"]}
    assert titles == {
        *("Mr", "Mrs", "Miss", "Master", "Dr", "Rev", "Col", "Major", "Capt", "Ms", "Mme"),
        *("Mlle", "Lady", "Sir", "Don", "Dona", "Jonkheer", "the Countess"),
    }
    sentences = passenger_sentences(frame)
    assert_good_english(sentences)
    assert not any(re.search(", (travelling|on|paid|boarded|had)", text) for text in sentences)


def test_all_of_kaggles_passengers_have_a_title_and_a_good_sentence(shared):
    frame = read_table(shared / "data" / "titanic" / "kaggle_train.csv")
    assert all(parse_name(name)[0] for name in frame["Name"])
    assert_good_english(passenger_sentences(frame))


def test_the_built_in_table_is_the_published_one(shared):
    frame = read_table(shared / "data" / "titanic" / "passengers.csv")
    assert frame.equals(read_passengers())
