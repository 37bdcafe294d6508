"""logits.safetensors of a run: what decisions are fitted on, so that they can be fitted anew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bertplay.atomic_files import write_atomically
from bertplay.data.errors import InputError
from bertplay.decisions.labelled_logits import LabelledLogits, labelled

LOGITS_FILE = "logits.safetensors"


def write_logits(run: Path, parts: Mapping[str, LabelledLogits]) -> None:
    """Write what a run's model said of rows with labels.

    The file has the tensors PART.logits, `[N, C]` float32, and PART.labels, `[N]` int32, in the
    order of the rows of predictions.csv and of test_predictions.csv; its metadata has the classes.

    Args:
        run: the run directory.
        parts: "validation", and "test" where there are test rows.
    """
    from safetensors.numpy import save_file

    tensors = {}
    for name, rows in parts.items():
        tensors[f"{name}.logits"] = rows.logits.astype(np.float32)
        tensors[f"{name}.labels"] = rows.labels.astype(np.int32)
    classes = json.dumps(list(parts["validation"].classes))
    write_atomically(
        run / LOGITS_FILE, lambda path: save_file(tensors, path, metadata={"classes": classes})
    )


def read_logits(run: Path) -> dict[str, LabelledLogits]:
    """What `write_logits` wrote.

    Raises:
        InputError: the run has no such file, as it is not finished, learned several label columns
            or is of an earlier version, or the file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    path = run / LOGITS_FILE
    if not path.is_file():
        raise InputError(
            f"{run} has no {LOGITS_FILE}: it is no finished run of a single label column, or one "
            "of an earlier version; train it again"
        )
    try:
        with safe_open(path, framework="numpy") as file:
            classes = tuple(json.loads(file.metadata()["classes"]))
            names = {name.partition(".")[0] for name in file.keys()}  # noqa: SIM118 - no mapping
            return {
                name: labelled(
                    file.get_tensor(f"{name}.logits"), file.get_tensor(f"{name}.labels"), classes
                )
                for name in sorted(names, reverse=True)
            }
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged ({error}): train the run again") from None
