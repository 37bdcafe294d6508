"""Export a trained run for other programs: the folder as a whole, checked, with its card."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from bertplay.atomic_files import write_folder, write_text
from bertplay.classifier import Classifier
from bertplay.data.errors import InputError
from bertplay.data.wording import did_you_mean, listed
from bertplay.export.card import CardFacts, model_card
from bertplay.export.check import Check
from bertplay.export.check_in_transformers import check_in_transformers
from bertplay.export.destination import CARD, require_destination
from bertplay.export.head_settings import head_settings
from bertplay.export.reference import reference
from bertplay.export.run_summary import run_summary
from bertplay.export.transformers_folder import write_transformers_folder
from bertplay.loading import load_any

FORMATS = ("hf",)


@dataclass(frozen=True)
class Export:
    """A finished export.

    Attributes:
        folder: that was written.
        checks: comparisons with the model.
        remarks: what its user should know, one sentence each.
    """

    folder: Path
    checks: tuple[Check, ...]
    remarks: tuple[str, ...]


def export_run(
    run: str | PathLike[str],
    output: str | PathLike[str],
    *,
    format: str = "hf",  # noqa: A002 - what the command calls it
    name: str | None = None,
    license_id: str | None = None,
    repo: str | None = None,
    overwrite: bool = False,
) -> Export:
    """Write a trained classifier in another program's format, with a model card.

    Args:
        run: a run directory, or its `model` or `adapter` folder.
        output: the folder to write, as a whole at once.
        format: "hf", a folder for transformers.
        name: of the model, for the card; the folder's by default.
        license_id: of the model, by the Hub's list, for the card.
        repo: the Hub's id that the folder is meant for; the card's code loads from there.
        overwrite: replace an older export.

    Raises:
        InputError: the run has no model, or one of several tasks; or the folder may not be written.
        ExportFailedError: what was written does not compute what the model does; it is gone again.
    """
    if format not in FORMATS:
        raise InputError(
            f"format is {format!r}: choose {listed(list(FORMATS))}{did_you_mean(format, FORMATS)}"
        )
    folder = Path(output).expanduser()
    require_destination(folder, overwrite=overwrite)
    classifier = load_any(run)
    if not isinstance(classifier, Classifier):
        raise InputError(
            f"{run} learned several tasks, and no format of export has room for several heads: "
            "train one column alone, or use bertplay.load_multi_task"
        )
    settings = head_settings(classifier.model.head)
    summary = run_summary(run)
    expected = reference(classifier)
    checks: list[Check] = []

    def write(target: Path) -> None:
        write_transformers_folder(target, classifier)
        checks.append(check_in_transformers(target, expected, whole=settings.is_transformers_head))
        facts = CardFacts(
            name=name or folder.absolute().name,
            location=repo or str(output),
            format=format,
            license_id=license_id,
            settings=settings,
            checks=tuple(checks),
        )
        write_text(target / CARD, model_card(facts, classifier, summary))

    write_folder(folder, write)
    remarks = () if settings.is_transformers_head else (_OWN_HEAD,)
    return Export(folder, tuple(checks), remarks)


_OWN_HEAD = (
    "transformers has no class for this head: AutoModel loads the encoder, "
    "bertplay_head.safetensors has the head, and README.md the lines that compute the logits "
    "(`bertplay train --head transformers` trains a head that needs none of this)"
)
