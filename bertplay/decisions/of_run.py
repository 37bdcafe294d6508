"""Decisions of a finished run fitted anew, without training."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import Any

from bertplay import run_directory
from bertplay.data.errors import InputError
from bertplay.decisions.asked import asked_of
from bertplay.decisions.deciding import decide as fitted
from bertplay.decisions.deciding import decision_facts
from bertplay.decisions.decisions import DECISIONS_FILE, write_decisions
from bertplay.decisions.stored_logits import read_logits
from bertplay.run_lock import run_lock


def decide(
    run: str | PathLike[str],
    *,
    calibration: str | None = None,
    optimise: str | None = None,
    target_accuracy: float | None = None,
    coverage: float | None = None,
) -> dict[str, Any]:
    """Fit the decisions of a finished run anew, on what its model said of the validation rows.

    decisions.json of its model, and of its adapter where there is one, and the part `decisions` of
    its summary.json are replaced; no weight changes. What is not given stays as it was asked for.

    Args:
        run: its directory.
        calibration: as of `bertplay train`; "none" for none.
        optimise: as of `bertplay train`; "none" for the likeliest class.
        target_accuracy: as of `bertplay train`; 0 answers every row.
        coverage: as of `bertplay train`; 0 for no prediction sets.

    Returns:
        What the decisions are worth, as summary.json has it.

    Raises:
        InputError: it is no finished run of a single label column, a file of it is damaged,
            another process writes it, or what is asked for cannot be fitted.
    """
    folder = Path(run).expanduser()
    logits = read_logits(folder)
    with run_lock(folder):
        summary = _summary(folder)
        options = {
            "calibration": calibration,
            "optimise": optimise,
            "target_accuracy": target_accuracy,
            "coverage": coverage,
        }
        given = {name: value for name, value in options.items() if value is not None}
        rows = logits["validation"]
        asked = asked_of(
            **{**summary["decisions"]["asked"], **given}, classes=rows.classes, labels=rows.labels
        )
        decisions = fitted(rows, asked)
        facts = decision_facts(rows, asked, decisions, logits.get("test"))
        for place in (folder / "model", folder / "adapter"):
            if not place.is_dir():
                continue
            if decisions is None:
                (place / DECISIONS_FILE).unlink(missing_ok=True)
            else:
                write_decisions(place, decisions)
        run_directory.write_summary(folder, {**summary, "decisions": facts})
    return facts


def _summary(folder: Path) -> dict[str, Any]:
    path = folder / run_directory.SUMMARY
    try:
        summary: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        summary["decisions"]["asked"]
    except FileNotFoundError:
        raise InputError(
            f"{folder} is not finished: go on with it with bertplay train --resume {folder}"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged ({error}): train the run again") from None
    return summary
