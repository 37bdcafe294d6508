"""Run an exported ONNX file with onnxruntime, and compare what it computes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bertplay.export.check import Check, checked, installed, named_with_version, not_checked
from bertplay.export.reference import Reference

_PROGRAM = "onnxruntime"


def check_in_onnxruntime(path: Path, expected: Reference) -> tuple[Check, ...]:
    """Compare logits and probabilities with the model's, for a batch and for a text alone.

    Args:
        path: of the file.
        expected: of the model.

    Raises:
        ExportFailedError: they are not those of the model.
    """
    if not installed(_PROGRAM):
        return (not_checked(_PROGRAM, "logits and probabilities"),)
    import onnxruntime

    session: Any = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    logits, probabilities = session.run(
        ["logits", "probabilities"],
        {"input_ids": expected.input_ids, "attention_mask": expected.attention_mask},
    )
    short = expected.attention_mask[:1, : int(expected.attention_mask[0].sum())]
    (alone,) = session.run(
        ["logits"],
        {"input_ids": expected.input_ids[:1, : short.shape[1]], "attention_mask": short},
    )
    program = named_with_version(_PROGRAM)
    checked(program, "logits of one text alone", alone, expected.logits[:1])
    return (
        checked(program, "logits", logits, expected.logits),
        checked(program, "probabilities", probabilities, np.asarray(expected.probabilities)),
    )
