"""Trainings that are run with one process and with two; as a program, it writes what they give.

Usage: python trainings.py FOLDER
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOMS = Path(__file__).parent.parent
sys.path += [str(ROOMS / "training"), str(ROOMS / "multi_task"), str(ROOMS / "distributed")]

from launching import without_dropout  # noqa: E402
from small_tasks import ROWS, task_options  # noqa: E402
from word_average import fitted, weights, word_average  # noqa: E402

import bertplay  # noqa: E402
from bertplay.distributed.process_group import process_group  # noqa: E402
from bertplay.losses import LOSSES  # noqa: E402
from bertplay.training.objective import Objective  # noqa: E402

# What a training is of, and what the test does with it.
FITS: dict[str, dict[str, Any]] = {
    **{loss: {"loss": loss} for loss in LOSSES},
    "two batches a step": {"loss": "weighted_ce", "batch_size": 4, "accumulate": 2},
    "three batches a step": {"loss": "dice", "batch_size": 4, "accumulate": 3},
    "four batches a step, sgd": {"batch_size": 2, "accumulate": 4, "optimizer": "sgd"},
    "r-drop": {"objective": Objective(r_drop=1.0)},
    "a moving average": {"ema": 0.9},
    "with dropout": {"dropout": 0.5},
    "with dropout, four batches a step": {"dropout": 0.5, "batch_size": 2, "accumulate": 4},
}
TASKS = {
    "uncertainty": {"task_weighting": "uncertainty"},
    "gradients": {"task_weighting": "gradients"},
    "gradients, with dropout, in bfloat16": {
        "task_weighting": "gradients",
        "dropout": 0.5,
        "precision": "bfloat16",
    },
    "gradient checkpointing": {"gradient_checkpointing": True},
    "by validation": {"task_weighting": "inverse_f1"},
}


def fit(loss: str = "ce", dropout: float = 0.0, **changes: Any):
    """Losses of the epochs, gradient norms, validation outputs, and the model's weights."""
    model = word_average(loss, dropout=dropout)
    result = fitted(model, group=process_group(), epochs=3, **changes)
    return {
        "losses": np.array([record.train_loss for record in result.history]),
        "norms": np.array([record.gradient_norm for record in result.history]),
        "outputs": result.outputs,
        **{f"weight {name}": value for name, value in weights(model).items()},
    }


def main(folder: Path) -> None:
    """Write `RANK-NAME.npz` for each fit, and a run directory for each of several tasks."""
    rank = process_group().rank
    for name, values in FITS.items():
        np.savez(folder / f"{rank}-{name}.npz", **fit(**values))
    own = folder / f"of-{rank}"
    own.mkdir()
    table = own / "texts.csv"
    lines = [",".join(ROWS[row % 5]) for row in range(40)]
    table.write_text("\n".join(["text,mood,topics,score", *lines]) + "\n")
    backbone = without_dropout(own)
    for name, values in TASKS.items():
        options = task_options(
            table, folder / name, backbone=str(backbone), **{"dropout": 0.0, **values}
        )
        summary = bertplay.train(options)
        (own / f"{name}.json").write_text(json.dumps(summary["validation"]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
