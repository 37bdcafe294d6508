"""A Titanic passenger as one English sentence, from the built-in table's columns or Kaggle's.

The built-in table holds the 1,309 passengers (name, survived, sex, age, class) as historical facts.
A value that is not known is left out of the sentence; the label, the passenger's number and the
ticket number never enter it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bertplay.data.cells import cell_text, reads_as_missing
from bertplay.data.errors import InputError
from bertplay.data.table import read_table
from bertplay.data.wording import listed

if TYPE_CHECKING:
    import pandas as pd

PASSENGERS_FILE = Path(__file__).with_name("titanic_passengers.csv")
"""The built-in table."""

_COLUMNS = {
    "name": "name",
    "sex": "sex",
    "age": "age",
    "pclass": "class",
    "passenger_class": "class",
    "sibsp": "siblings_spouses",
    "parch": "parents_children",
    "fare": "fare",
    "cabin": "cabin",
    "embarked": "port",
}
_DESCRIBING = ("name", "sex", "age", "class")
_SEXES = {"male": "male", "m": "male", "female": "female", "f": "female"}
_CLASSES = {
    "1": "first",
    "1st": "first",
    "first": "first",
    "2": "second",
    "2nd": "second",
    "second": "second",
    "3": "third",
    "3rd": "third",
    "third": "third",
}
_PORTS = {name[0]: name for name in ("Cherbourg", "Queenstown", "Southampton")}
_NUMBER_WORDS = (
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
# The tables put a full stop after every title; English only after those that are shortened.
_WHOLE_TITLES = {"Miss", "Master", "Major", "Lady", "Sir", "Don", "Dona", "Jonkheer"}
_NAME = re.compile(r"(?P<surname>[^,]+),\s*(?P<title>[^.,()]+)\.\s*(?P<given>.*)")
_CHILD_BELOW = 16
# How tables write a value that is not known.
_NOT_KNOWN = frozenset({"na", "n/a", "none", "null", "?"})

Value = TypeVar("Value")


def read_passengers() -> pd.DataFrame:
    """The built-in table: name, survived ("0" or "1"), sex, age in years, passenger_class."""
    return read_table(PASSENGERS_FILE)


def passenger_sentences(frame: pd.DataFrame, *, path: str | PathLike[str] = "table") -> list[str]:
    """One sentence for each row of a table in the built-in or in Kaggle's layout.

    Raises:
        InputError: no column describes a passenger, or a value (named by its line) is no such
            fact, e.g. an age that is no number.
    """
    names = [str(name) for name in frame.columns]
    if not any(_COLUMNS.get(name.lower()) in _DESCRIBING for name in names):
        raise InputError(
            f"{path} describes no passengers: a column Name, Sex, Age or Pclass was expected, "
            f"not only {listed(names)}"
        )
    columns = [frame[name] for name in frame.columns]
    kind = frame.index.name or "row"
    return [
        _sentence_at(dict(zip(names, row, strict=True)), f"{path}, {kind} {place}")
        for place, *row in zip(frame.index, *columns, strict=True)
    ]


def passenger_sentence(passenger: Mapping[str, object]) -> str:
    """A passenger as one English sentence.

    Args:
        passenger: column name to value, in the built-in layout (name, sex, age, passenger_class)
            or Kaggle's (Name, Sex, Age, Pclass, SibSp, Parch, Fare, Cabin, Embarked), in any case;
            columns and values may be missing, and other columns are not read.

    Returns:
        For example: "Mrs. Cumings, a 38-year-old woman in first class, travelling in a small
        family of two, on an expensive ticket, boarded at Cherbourg, had a cabin on deck C."

    Raises:
        InputError: a value cannot be understood, e.g. an age that is no number.
    """
    facts = _known_facts(passenger)
    parts = (
        form_of_address(facts),
        description(facts),
        family(facts),
        fare(facts),
        port(facts),
        deck(facts),
    )
    sentence = ", ".join(part for part in parts if part)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _sentence_at(passenger: Mapping[str, object], place: str) -> str:
    try:
        return passenger_sentence(passenger)
    except InputError as error:
        raise InputError(f"{place}: {error}") from error


def form_of_address(facts: Mapping[str, object]) -> str:
    """Title and surname, "Mrs. Cumings"; a name without a title as it is; "" without a name."""
    name = cell_text(facts.get("name"))
    title, surname = parse_name(name)
    if not title:
        return " ".join(name.split())
    if title.lower() == "the countess":
        return f"the Countess of {surname}"
    return f"{title if title in _WHOLE_TITLES else title + '.'} {surname}"


def parse_name(name: str) -> tuple[str, str]:
    """(title, surname) of "Cumings, Mrs. John Bradley"; ("", "") where there is no title."""
    found = _NAME.fullmatch(" ".join(name.split()))
    return (found["title"].strip(), found["surname"].strip()) if found else ("", "")


def description(facts: Mapping[str, object]) -> str:
    """Age, person and class: "an 8-year-old girl in second class"."""
    years = _understood(facts, "age", _amount)
    words = [_age_words(years), _person(facts, years)]
    words = [word for word in words if word]
    travel_class = _understood(facts, "class", lambda text: _CLASSES[text.lower()])
    if travel_class:
        words.append(f"in {travel_class} class")
    return f"{_article(words[0])} {' '.join(words)}"


def family(facts: Mapping[str, object]) -> str:
    """The size of the family on board, the passenger included, where both counts are known."""
    siblings_spouses = _understood(facts, "siblings_spouses", _count)
    parents_children = _understood(facts, "parents_children", _count)
    if siblings_spouses is None or parents_children is None:
        return ""
    size = siblings_spouses + parents_children + 1
    if size == 1:
        return "travelling alone"
    word = _NUMBER_WORDS[size - 1] if size <= len(_NUMBER_WORDS) else str(size)
    return f"travelling in a {'small' if size < 5 else 'large'} family of {word}"


def fare(facts: Mapping[str, object]) -> str:
    """How dear the ticket was, in a word, from which an encoder learns more than from a number."""
    pounds = _understood(facts, "fare", _amount)
    if pounds is None:
        return ""
    if pounds == 0:
        return "paid no fare"
    if pounds < 10:
        return "on a cheap ticket"
    return "on a modest ticket" if pounds < 30 else "on an expensive ticket"


def port(facts: Mapping[str, object]) -> str:
    """Where the passenger came on board."""
    name = _understood(facts, "port", lambda text: _PORTS[text[0].upper()])
    return f"boarded at {name}" if name else ""


def deck(facts: Mapping[str, object]) -> str:
    """The deck, which is the first letter of the cabin's number."""
    cabin = cell_text(facts.get("cabin")).strip()
    return f"had a cabin on deck {cabin[0].upper()}" if cabin[:1].isalpha() else ""


def _known_facts(passenger: Mapping[str, object]) -> dict[str, object]:
    """The values that are there, by fact; of two columns for one fact, the first with a value."""
    facts: dict[str, object] = {}
    for column, value in passenger.items():
        fact = _COLUMNS.get(str(column).lower())
        known = not reads_as_missing(value) and cell_text(value).strip().lower() not in _NOT_KNOWN
        if fact and fact not in facts and known:
            facts[fact] = value
    return facts


def _understood(
    facts: Mapping[str, object], fact: str, parse: Callable[[str], Value]
) -> Value | None:
    """The parsed value of a fact, None where it is not known."""
    text = cell_text(facts.get(fact)).strip()
    if not text:
        return None
    try:
        return parse(text)
    except (ValueError, KeyError) as error:
        expected = {
            "sex": "male or female",
            "class": "1, 2 or 3",
            "port": "C, Q or S",
        }.get(fact, "a number that is not negative")
        column = next(name for name, known in _COLUMNS.items() if known == fact)
        raise InputError(f"{column} is {text!r}: {expected} was expected") from error


def _amount(text: str) -> float:
    number = float(text)
    if not 0 <= number < math.inf:
        raise ValueError("negative or infinite")
    return number


def _count(text: str) -> int:
    if not _amount(text).is_integer():
        raise ValueError("not a whole number")
    return int(_amount(text))


def _age_words(years: float | None) -> str:
    """The age in completed years, of an infant in months, as an adjective."""
    if years is None:
        return ""
    if years >= 1:
        return f"{int(years)}-year-old"
    months = round(years * 12)
    return f"{months}-month-old" if months else "newborn"


def _person(facts: Mapping[str, object], years: float | None) -> str:
    """Man, woman, boy, girl; Master is the title of a boy, whatever else is known."""
    sex = _understood(facts, "sex", lambda text: _SEXES[text.lower()])
    title, _ = parse_name(cell_text(facts.get("name")))
    if title == "Master" and sex != "female":
        return "boy"
    child = years is not None and years < _CHILD_BELOW
    if sex == "male":
        return "boy" if child else "man"
    if sex == "female":
        return "girl" if child else "woman"
    return "child" if child else "passenger"


def _article(word: str) -> str:
    """The indefinite article: "an" before 8, 11, 18 and 80 to 89, as they are spoken."""
    number = re.match(r"\d+", word)
    spoken_vowel = number is not None and (number[0].startswith("8") or number[0] in ("11", "18"))
    return "an" if spoken_vowel else "a"
