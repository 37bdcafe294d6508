"""report.html of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bertplay.atomic_files import write_text
from bertplay.data.errors import InputError
from bertplay.data.wording import listed
from bertplay.diagnostics.diagnosis import TrainedLoss, diagnose_rows
from bertplay.diagnostics.predicted_rows import PredictedRows
from bertplay.report.blocks import Section
from bertplay.report.chosen_rows import rows_named, rows_to_explain
from bertplay.report.confidence import confidence_section
from bertplay.report.explained_rows import explained_section
from bertplay.report.hard_rows import hard_rows_section
from bertplay.report.loss_shares import loss_section
from bertplay.report.predictions_page import majority_of, predictions_page
from bertplay.report.ranking import ranking_section
from bertplay.report.rendering import rendered
from bertplay.report.run_files import RunFiles, read_run_files
from bertplay.report.run_page import run_page
from bertplay.report.slices import slices_section
from bertplay.report.svg import drawing_style

if TYPE_CHECKING:
    from bertplay.classifier import Classifier
    from bertplay.multi_task.classifier import MultiTaskClassifier

REPORT = "report.html"


def write_report(
    folder: Path,
    columns: Mapping[str, PredictedRows],
    *,
    explain: Sequence[str] = (),
    output: Path | None = None,
) -> Path:
    """Write the page of a finished run.

    Args:
        folder: the run directory, complete but for the page.
        columns: label column to the validation rows that have a label of it, of the columns whose
            rows have one class each; of a run with a single one its name is "".
        explain: ids of the rows whose words are to be coloured; some are chosen by default.
        output: the page's file; by default report.html in the folder.

    Returns:
        The page's file.

    Raises:
        InputError: the folder holds no finished run, a file of it is damaged, or no row has an id
            that is to be explained.
    """
    from bertplay.loading import load_any

    run, model = read_run_files(folder), load_any(folder)
    _require_rows(columns, explain)
    with drawing_style():
        parts = {
            name: _sections(run, model, name, rows, number, explain)
            for number, (name, rows) in enumerate(columns.items(), 1)
        }
        page = run_page(run, parts)
    path = folder / REPORT if output is None else output
    write_text(path, rendered(page))
    return path


def write_predictions_report(rows: PredictedRows, source: Path, output: Path) -> dict[str, Any]:
    """Write the page of a table of predictions.

    Args:
        rows: of the table.
        source: its file.
        output: the page's file.

    Returns:
        The figures of the rows, with `findings` and `baseline`.
    """
    found, baseline = diagnose_rows(rows), majority_of(rows)
    with drawing_style():
        page = predictions_page(found, baseline, source)
    write_text(output, rendered(page))
    return {"findings": list(page.lead), **found.as_dict(), "baseline": baseline}


def _require_rows(columns: Mapping[str, PredictedRows], ids: Sequence[str]) -> None:
    known = [name for rows in columns.values() for name in rows.ids]
    missing = sorted(set(ids) - set(known))
    if missing:
        raise InputError(
            f"--explain {missing[0]}: no validation row has this id; there are "
            f"{listed(known[:5])}, ..."
        )


def _sections(
    run: RunFiles,
    model: Classifier | MultiTaskClassifier,
    name: str,
    rows: PredictedRows,
    number: int,
    explain: Sequence[str],
) -> tuple[Section, ...]:
    """What the predictions of a column show."""
    summary = run.summary
    of_column, counted = (
        (summary["tasks"][name], summary["tasks"][name]) if name else (summary, summary["data"])
    )
    progress = summary["best_epoch"] / run.config["epochs"]
    loss = TrainedLoss(
        of_column["loss"]["name"], of_column["loss"]["arguments"], counted["class_counts"], progress
    )
    found = diagnose_rows(rows, loss)
    assert found.loss is not None
    return (
        *ranking_section(found.ranking, f"ranking-{number}"),
        confidence_section(found, f"confidence-{number}"),
        loss_section(found.loss, f"looks-{number}"),
        hard_rows_section(rows, f"wrong-{number}"),
        *slices_section(found, f"slices-{number}"),
        explained_section(
            model,
            rows,
            rows_named(rows, explain) if explain else rows_to_explain(rows),
            anchor=f"words-{number}",
            task=name or None,
        ),
    )
