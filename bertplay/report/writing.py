"""report.html of a run, and pages of other rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bertplay.atomic_files import write_text
from bertplay.data.errors import InputError
from bertplay.data.wording import did_you_mean, listed
from bertplay.diagnostics.numbers import NumberDiagnosis
from bertplay.report.blocks import Section
from bertplay.report.column_sections import Chosen, column_sections
from bertplay.report.diagnosed import AnyDiagnosis, diagnosed
from bertplay.report.rendering import rendered
from bertplay.report.rows_of_tasks import Rows
from bertplay.report.rows_page import DiagnosedRows, rows_page
from bertplay.report.run_files import RunFiles, read_run_files
from bertplay.report.run_page import run_page
from bertplay.report.svg import drawing_style

if TYPE_CHECKING:
    from bertplay.classifier import Classifier
    from bertplay.multi_task.classifier import MultiTaskClassifier

    Model = Classifier | MultiTaskClassifier

REPORT = "report.html"


def write_report(
    folder: Path,
    columns: Mapping[str, Rows],
    *,
    chosen: Chosen | None = None,
    output: Path | None = None,
) -> Path:
    """Write the page of a finished run.

    Args:
        folder: the run directory, complete but for the page.
        columns: label column to the validation rows that have a label of it; of a run with a single
            one its name is "".
        chosen: what a user wants to see; by default what is worth it.
        output: the page's file; by default report.html in the folder.

    Returns:
        The page's file.

    Raises:
        InputError: the folder holds no finished run, a file of it is damaged, or there is no such
            row or class as was chosen.
    """
    run = read_run_files(folder)
    return write_run_page(run, diagnosed(columns, run), chosen or Chosen(), output)


def write_run_page(
    run: RunFiles, columns: Mapping[str, AnyDiagnosis], chosen: Chosen, output: Path | None = None
) -> Path:
    """The same of rows that are diagnosed already, see `write_report`."""
    from bertplay.loading import load_any

    require_chosen(columns, chosen)
    model = load_any(run.folder)
    with drawing_style():
        page = run_page(run, _sections(columns, chosen, model), columns)
    path = run.folder / REPORT if output is None else output
    write_text(path, rendered(page))
    return path


def write_rows_page(
    of: DiagnosedRows, chosen: Chosen, output: Path, model: Model | None = None
) -> Path:
    """Write the page of other rows.

    Args:
        of: what was found.
        chosen: what a user wants to see.
        output: the page's file.
        model: that made the predictions; None where it is not at hand.

    Returns:
        The page's file.

    Raises:
        InputError: there is no such row or class as was chosen.
    """
    require_chosen(of.columns, chosen)
    with drawing_style():
        page = rows_page(of, _sections(of.columns, chosen, model))
    write_text(output, rendered(page))
    return output


def require_chosen(columns: Mapping[str, AnyDiagnosis], chosen: Chosen) -> None:
    """Raise `InputError` where no row or no class is called so."""
    ids = [name for of in columns.values() for name in of.rows.ids]
    for name in sorted(set(chosen.explain) - set(ids)):
        raise InputError(
            f"--explain {name}: no such row is diagnosed; there are {listed(ids[:5])}, ..."
        )
    classes = [
        name
        for of in columns.values()
        if not isinstance(of, NumberDiagnosis)
        for name in of.rows.classes
    ]
    for name in sorted(set(chosen.classes) - set(classes)):
        raise InputError(
            f"--class {name}: there is no such class, only {listed(classes)}"
            f"{did_you_mean(name, classes)}"
        )


def _sections(
    columns: Mapping[str, AnyDiagnosis], chosen: Chosen, model: Model | None
) -> dict[str, tuple[Section, ...]]:
    return {
        name: column_sections(of, number, name, chosen, model)
        for number, (name, of) in enumerate(columns.items(), 1)
    }
