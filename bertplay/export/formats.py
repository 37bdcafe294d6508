"""The formats of an export: what each writes, and what it is compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from bertplay.adapters.folder import read_origin
from bertplay.atomic_files import write_json
from bertplay.classifier import Classifier
from bertplay.encoders.loading import find_model
from bertplay.export.check import Check
from bertplay.export.check_in_onnxruntime import check_in_onnxruntime
from bertplay.export.check_in_peft import check_in_peft
from bertplay.export.check_in_transformers import check_in_transformers
from bertplay.export.head_settings import head_settings
from bertplay.export.hub_names import hub_id
from bertplay.export.onnx_model import ONNX_FILE, write_onnx
from bertplay.export.peft_folder import BACKBONE, write_peft_folder
from bertplay.export.reference import reference
from bertplay.export.tokenizer_files import write_tokenizer
from bertplay.export.transformers_folder import labels, write_transformers_folder
from bertplay.loading import load_adapter, load_any

if TYPE_CHECKING:
    from bertplay.multi_task.classifier import MultiTaskClassifier

Run: TypeAlias = "str | PathLike[str]"

_OWN_HEAD = (
    "transformers has no class for this head: AutoModel loads the encoder, "
    "bertplay_head.safetensors has the head, and README.md the lines that compute the logits "
    "(`bertplay train --head transformers` trains a head that needs none of this)"
)
_BACKBONE = (
    "the Hub does not have the backbone by a name, so backbone/ holds it; the adapter is of no use "
    "without it"
)


@dataclass(frozen=True)
class Written:
    """What came of writing a format.

    Attributes:
        checks: comparisons with the model.
        remarks: what its user should know, one sentence each.
        backbone: the Hub's id of what an adapter is put on; None where it lies in the folder.
    """

    checks: tuple[Check, ...]
    remarks: tuple[str, ...] = ()
    backbone: str | None = None


@dataclass(frozen=True)
class Format:
    """A format of an export.

    Attributes:
        load: a run's model as the format takes it.
        write: fills an empty folder with the model of a run.
    """

    load: Callable[[Run], Classifier | MultiTaskClassifier]
    write: Callable[[Path, Classifier, Run], Written]


def _transformers(folder: Path, classifier: Classifier, run: Run) -> Written:
    whole = head_settings(classifier.model.head).is_transformers_head(classifier.encoder.config)
    write_transformers_folder(folder, classifier)
    check = check_in_transformers(folder, reference(classifier), whole=whole)
    return Written((check,), () if whole else (_OWN_HEAD,))


def _onnx(folder: Path, classifier: Classifier, run: Run) -> Written:
    write_onnx(folder / ONNX_FILE, classifier)
    write_json(folder / "config.json", classifier.encoder.config.as_dict() | labels(classifier))
    write_tokenizer(folder, classifier)
    return Written(check_in_onnxruntime(folder / ONNX_FILE, reference(classifier)))


def _peft(folder: Path, classifier: Classifier, run: Run) -> Written:
    write_peft_folder(folder, run, classifier)
    named = read_origin(run).backbone
    on_hub = hub_id(named)
    backbone = folder / BACKBONE if on_hub is None else find_model(named)
    check = check_in_peft(folder, backbone, reference(classifier))
    return Written((check,), () if on_hub else (_BACKBONE,), on_hub)


FORMATS = {
    "hf": Format(load_any, _transformers),
    "onnx": Format(load_any, _onnx),
    "peft": Format(load_adapter, _peft),
}
