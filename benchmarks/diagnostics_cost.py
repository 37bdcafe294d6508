"""What checks, decisions and the report take of a run of the built-in Titanic.

python benchmarks/diagnostics_cost.py
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from bertplay import TrainOptions, train
from bertplay.training import run

PARTS = {
    "data_checks": "checks",
    "decide": "decisions",
    "decision_facts": "decisions",
    "write_logits": "decisions",
    "write_report": "report",
}


def main() -> None:
    """Train once and print the seconds of each part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, help="default: the task's recipe")
    parser.add_argument("--backbone", default="mini")
    asked = parser.parse_args()
    spent: Counter[str] = Counter()
    for name, part in PARTS.items():
        setattr(run, name, timed(getattr(run, name), part, spent))
    # What checks an epoch is made before the first one.
    made = run.epoch_checks
    setattr(run, "epoch_checks", lambda *of: timed(made(*of), "checks", spent))  # noqa: B010

    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        output = str(Path(folder) / "run")
        train(TrainOptions(epochs=asked.epochs, backbone=asked.backbone, output=output))
    total = time.perf_counter() - start
    for part in ("checks", "decisions", "report"):
        print(f"{part:9} {spent[part]:6.2f} s")
    print(f"run       {total:6.2f} s, of which {spent.total() / total:.1%}")


def timed(function: Callable[..., Any], part: str, spent: Counter[str]) -> Callable[..., Any]:
    """The function, which adds its seconds to a part."""

    @wraps(function)
    def measured(*args: Any, **named: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*args, **named)
        finally:
            spent[part] += time.perf_counter() - start

    return measured


if __name__ == "__main__":
    main()
