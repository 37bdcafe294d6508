"""The formats of an export: what each writes, and what it is compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bertplay.atomic_files import write_json
from bertplay.classifier import Classifier
from bertplay.export.check import Check
from bertplay.export.check_in_onnxruntime import check_in_onnxruntime
from bertplay.export.check_in_transformers import check_in_transformers
from bertplay.export.head_settings import head_settings
from bertplay.export.onnx_model import ONNX_FILE, write_onnx
from bertplay.export.reference import reference
from bertplay.export.tokenizer_files import write_tokenizer
from bertplay.export.transformers_folder import labels, write_transformers_folder

_OWN_HEAD = (
    "transformers has no class for this head: AutoModel loads the encoder, "
    "bertplay_head.safetensors has the head, and README.md the lines that compute the logits "
    "(`bertplay train --head transformers` trains a head that needs none of this)"
)


@dataclass(frozen=True)
class Written:
    """What came of writing a format.

    Attributes:
        checks: comparisons with the model.
        remarks: what its user should know, one sentence each.
    """

    checks: tuple[Check, ...]
    remarks: tuple[str, ...] = ()


def _transformers(folder: Path, classifier: Classifier) -> Written:
    whole = head_settings(classifier.model.head).is_transformers_head
    write_transformers_folder(folder, classifier)
    check = check_in_transformers(folder, reference(classifier), whole=whole)
    return Written((check,), () if whole else (_OWN_HEAD,))


def _onnx(folder: Path, classifier: Classifier) -> Written:
    write_onnx(folder / ONNX_FILE, classifier)
    write_json(folder / "config.json", classifier.encoder.config.as_dict() | labels(classifier))
    write_tokenizer(folder, classifier)
    return Written(check_in_onnxruntime(folder / ONNX_FILE, reference(classifier)))


FORMATS: dict[str, Callable[[Path, Classifier], Written]] = {"hf": _transformers, "onnx": _onnx}
"""Format to what fills an empty folder with it."""
