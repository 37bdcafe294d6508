"""Export a trained run for other programs: the folder as a whole, checked, with its card."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from bertplay.atomic_files import write_folder, write_text
from bertplay.classifier import Classifier
from bertplay.data.errors import InputError
from bertplay.data.wording import did_you_mean, listed
from bertplay.decisions.decisions import write_decisions
from bertplay.export.calibrated_head import with_calibrated_head
from bertplay.export.card import CardFacts, model_card
from bertplay.export.destination import CARD, require_destination
from bertplay.export.formats import FORMATS, Written
from bertplay.export.head_settings import head_settings
from bertplay.export.run_summary import run_summary

if TYPE_CHECKING:
    from bertplay.multi_task.classifier import MultiTaskClassifier


@dataclass(frozen=True)
class ExportSettings:
    """What an export is asked for besides the run and the folder.

    Attributes:
        format: one of `FORMATS`: "hf" for transformers, "onnx" for ONNX runtimes,
            "peft" for an adapter.
        name: of the model, for the card; the folder's by default.
        license_id: of the model, by the Hub's list, for the card.
        repo: the Hub's id that the folder is meant for; the card's code loads from there.

    Raises:
        InputError: there is no such format.
    """

    format: str = "hf"
    name: str | None = None
    license_id: str | None = None
    repo: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is not known."""
        if self.format not in FORMATS:
            known = list(FORMATS)
            raise InputError(
                f"format is {self.format!r}: choose one of {listed(known)}"
                f"{did_you_mean(self.format, known)}"
            )


def export_run(
    run: str | PathLike[str],
    output: str | PathLike[str],
    settings: ExportSettings,
    *,
    overwrite: bool = False,
) -> Written:
    """Write a trained classifier in another program's format, with a model card.

    Its calibration goes into the last layer's weights where it is a linear map, and the rest of its
    decisions beside them, into decisions.json.

    Args:
        run: a run directory, or its `model` or `adapter` folder; or a model of transformers that
            classifies.
        output: the folder to write, as a whole at once.
        settings: of the export.
        overwrite: replace an older export.

    Returns:
        The comparisons with the model, and remarks.

    Raises:
        InputError: the run has no model, or no adapter, or several tasks, or predicts anything but
            one class a text; the folder may not be written; a package that writes the format is
            missing, or it has no room for the model.
        ExportFailedError: what was written does not compute what the model does; it is gone again.
    """
    folder = Path(output).expanduser()
    require_destination(folder, overwrite=overwrite)
    chosen = FORMATS[settings.format]
    classifier = chosen.load(run)
    if not isinstance(classifier, Classifier):
        raise InputError(f"{run} {_refused(classifier)}")
    own = classifier.decisions
    classifier = with_calibrated_head(classifier)
    summary = run_summary(run)
    results: list[Written] = []

    def write(target: Path) -> None:
        results.append(chosen.write(target, classifier, run))
        facts = CardFacts(
            name=settings.name or folder.absolute().name,
            location=settings.repo or str(folder),
            on_hub=settings.repo is not None,
            format=settings.format,
            license_id=settings.license_id,
            settings=head_settings(classifier.model.head),
            checks=results[0].checks,
            backbone=results[0].backbone,
            decisions=own,
        )
        if classifier.decisions is not None:
            write_decisions(target, classifier.decisions)
        write_text(target / CARD, model_card(facts, classifier, summary))

    write_folder(folder, write)
    return results[0]


def _refused(model: MultiTaskClassifier) -> str:
    """Why a model cannot be exported, and what to do."""
    columns = model.task.columns
    if len(columns) == 1 and columns[0].kind != "single_label":
        predicts = "a number" if columns[0].kind == "regression" else "any number of classes"
        return (
            f"predicts {predicts} a text, and only models of one class a text are exported: use "
            "bertplay.load_multi_task"
        )
    return (
        "learned several tasks, and no format of export has room for several heads: train one "
        "column alone, or use bertplay.load_multi_task"
    )
