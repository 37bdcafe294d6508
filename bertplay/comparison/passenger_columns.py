"""The columns of a Titanic table as numbers and categories, for models that read no text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bertplay.data.cells import cell_text
from bertplay.data.titanic import parse_name

if TYPE_CHECKING:
    import pandas as pd

_COMMON_TITLES = {
    **{title: title for title in ("Mr", "Mrs", "Miss", "Master")},
    "Mme": "Mrs",
    "Mlle": "Miss",
    "Ms": "Miss",
}


def columns_of_facts(frame: pd.DataFrame) -> pd.DataFrame:
    """What the table says of each passenger, as numbers and categories; NaN where it is silent.

    Sex, age, class, title (with the rare ones as one), and where the table has them family size,
    fare, port and deck.
    """
    import pandas as pd

    texts = frame.rename(columns=str.lower).map(lambda value: cell_text(value).strip())
    texts = texts.rename(columns={"passenger_class": "pclass"})

    def numbers(column: str) -> pd.Series[Any]:
        found: pd.Series[Any] = pd.to_numeric(texts[column], errors="coerce").astype(float)
        return found

    def categories(values: pd.Series[Any]) -> pd.Series[Any]:
        known: pd.Series[Any] = values.where(values != "").astype("category")
        return known

    facts = {
        "sex": categories(texts["sex"].str.lower()),
        "age": numbers("age"),
        "class": pd.to_numeric(texts["pclass"].str[:1], errors="coerce").astype(float),
        "title": categories(texts["name"].map(_title)),
    }
    if {"sibsp", "parch"} <= set(texts):
        facts["family"] = numbers("sibsp") + numbers("parch") + 1
    if "fare" in texts:
        facts["fare"] = numbers("fare")
    if "embarked" in texts:
        facts["port"] = categories(texts["embarked"])
    if "cabin" in texts:
        facts["deck"] = categories(texts["cabin"].str[:1])
    columns: pd.DataFrame = pd.DataFrame(facts)
    return columns


def _title(name: str) -> str:
    return _COMMON_TITLES.get(parse_name(name)[0], "rare")
