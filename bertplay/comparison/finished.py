"""The files of a finished comparison: compare.json, compare.md and compare.html."""

from __future__ import annotations

import json
from pathlib import Path

from bertplay.atomic_files import write_json, write_text
from bertplay.comparison.concluded import Facts, concluded
from bertplay.comparison.figures import FIGURES
from bertplay.comparison.html_page import html
from bertplay.comparison.page import markdown
from bertplay.comparison.paired import require_fitting_test
from bertplay.data.errors import InputError

FACTS = "compare.json"


def written(facts: Facts, folder: Path) -> Facts:
    """Write what is known of a comparison into a folder, and give it back."""
    write_json(folder / FACTS, facts)
    write_text(folder / "compare.md", markdown(facts))
    write_text(folder / "compare.html", html(facts))
    return facts


def read_comparison(folder: Path) -> Facts:
    """What compare.json of a folder holds.

    Raises:
        InputError: it cannot be read, or is none of bertplay's.
    """
    path = folder / FACTS
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}") from None
    if not isinstance(facts, dict) or not {"methods", "reference", "test", "rare"} <= facts.keys():
        raise InputError(f"{path} is no comparison of bertplay: compare anew")
    return facts


def concluded_again(facts: Facts, reference: str | None, test: str | None) -> Facts:
    """The same scores with everything that follows from them, nothing being trained.

    Args:
        facts: of trainings, from `read_comparison`.
        reference: the method to compare to; None for the same one.
        test: of `bertplay.comparison.paired.TESTS`; None for the same one.

    Raises:
        InputError: there is no such method, or the test does not fit how the table was split.
    """
    if "seeds" not in facts and "folds" not in facts:
        raise InputError("this comparison is of finished runs: name the runs again")
    chosen, tested = reference or facts["reference"], test or facts["test"]
    if chosen not in facts["methods"]:
        names = ", ".join(facts["methods"])
        raise InputError(f"--reference {chosen} is none of the methods compared: {names}")
    trainings = len(next(iter(facts["methods"].values()))["scores"][FIGURES[0].key])
    require_fitting_test(
        tested, trainings, folds="folds" in facts, fixed_split=facts.get("fixed_split", False)
    )
    return concluded(facts, chosen, tested)
