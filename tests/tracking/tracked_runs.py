"""A small table and the options of a quick run on it."""

import json
from pathlib import Path

from bertplay import TrainOptions

TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"
ROWS = ("the women first class,glad", "a women first ship,glad", "the men third class,don't know")


def quick_options(folder: Path, **changes) -> TrainOptions:
    """Two epochs with tiny BERT on a table of two classes, one with an apostrophe."""
    table = folder / "table.csv"
    table.write_text("\n".join(["text,label", *(ROWS * 10)]) + "\n")
    values = {
        "data": str(table),
        "backbone": str(TINY),
        "max_length": 16,
        "batch_size": 8,
        "epochs": 2,
        "lr": 1e-3,
        "output": str(folder / "run"),
        "report": False,
    }
    return TrainOptions(**{**values, **changes})


def recorded(folder: Path) -> list[dict]:
    """The lines of metrics.jsonl."""
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
