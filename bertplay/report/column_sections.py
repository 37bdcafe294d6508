"""What the predictions of a label column show, as sections of a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bertplay.diagnostics.diagnosis import Diagnosis
from bertplay.diagnostics.numbers import NumberDiagnosis
from bertplay.diagnostics.several_labels import SeveralLabelDiagnosis
from bertplay.report.blocks import Section
from bertplay.report.chosen_rows import rows_named, rows_to_explain
from bertplay.report.confidence import confidence_section
from bertplay.report.diagnosed import AnyDiagnosis
from bertplay.report.explained_rows import explained_section
from bertplay.report.hard_rows import hard_rows_section
from bertplay.report.loss_shares import loss_section
from bertplay.report.numbers import sections_of_numbers
from bertplay.report.ranking import ranking_section
from bertplay.report.several_labels import sections_of_several_labels
from bertplay.report.slices import slices_section

if TYPE_CHECKING:
    from bertplay.classifier import Classifier
    from bertplay.multi_task.classifier import MultiTaskClassifier


@dataclass(frozen=True)
class Chosen:
    """What a user wants to see.

    Attributes:
        explain: ids of the rows whose words are to be coloured; some are chosen by default.
        classes: whose thresholds are drawn; by default the rarest one.
    """

    explain: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


def column_sections(
    found: AnyDiagnosis,
    number: int,
    name: str,
    chosen: Chosen,
    model: Classifier | MultiTaskClassifier | None = None,
) -> tuple[Section, ...]:
    """The sections, in order.

    Args:
        found: the figures of the column's rows.
        number: of the column, for anchors.
        name: of the column; "" for a single one.
        chosen: what a user wants to see.
        model: that made the predictions, to explain some; None where it is not at hand.
    """
    if isinstance(found, SeveralLabelDiagnosis):
        return sections_of_several_labels(found, number, chosen.classes)
    if isinstance(found, NumberDiagnosis):
        return sections_of_numbers(found, number)
    return (
        *ranking_section(found.ranking, f"ranking-{number}", chosen.classes),
        confidence_section(found, f"confidence-{number}"),
        *((loss_section(found.loss, f"looks-{number}"),) if found.loss else ()),
        hard_rows_section(found, f"wrong-{number}"),
        *slices_section(found.slices, list(found.rows.columns), f"slices-{number}"),
        *((_explained(found, number, name, chosen.explain, model),) if model else ()),
    )


def _explained(
    found: Diagnosis,
    number: int,
    name: str,
    explain: Sequence[str],
    model: Classifier | MultiTaskClassifier,
) -> Section:
    rows = rows_named(found.rows, explain) if explain else rows_to_explain(found.rows)
    return explained_section(model, found.rows, rows, anchor=f"words-{number}", task=name or None)
