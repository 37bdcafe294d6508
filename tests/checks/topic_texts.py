"""Texts whose words hint at a class without giving it away, and quick runs on them."""

from pathlib import Path

import numpy as np

from bertplay import TrainOptions

CLASSES = ("sport", "music")
WORDS = {
    "sport": ("ball", "goal", "team", "match", "coach", "run"),
    "music": ("song", "band", "tune", "choir", "drum", "note"),
}
OTHERS = tuple(f"word{n}" for n in range(40))


def topic_texts(rows: int, seed: int = 0, hints: int = 3) -> list[tuple[str, str]]:
    """Texts of eight words, `hints` of them about the label's topic."""
    rng = np.random.default_rng(seed)
    found = []
    for row in range(rows):
        label = CLASSES[row % 2]
        words = [*rng.choice(WORDS[label], hints), *rng.choice(OTHERS, 8 - hints)]
        found.append((" ".join(rng.permutation(words)), label))
    return found


def write_table(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.write_text("\n".join(["text,label", *(",".join(row) for row in rows)]) + "\n")
    return path


def quick_options(folder: Path, rows: list[tuple[str, str]], **changes) -> TrainOptions:
    """A few epochs of a small encoder with random weights."""
    values = {
        "data": str(write_table(folder / "table.csv", rows)),
        "backbone": "scratch",
        "loss": "ce",
        "max_length": 16,
        "epochs": 3,
        "lr": 1e-3,
        "validation_fraction": 0.3,
        "output": str(folder / "run"),
        "report": False,
    }
    return TrainOptions(**{**values, **changes})


def fired(summary: dict) -> list[str]:
    """The codes of what fired."""
    return [check["code"] for check in summary["checks"] if check["status"] == "fired"]
