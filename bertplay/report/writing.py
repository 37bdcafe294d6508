"""report.html of a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bertplay.atomic_files import write_text
from bertplay.report.explained_rows import explained_section
from bertplay.report.predicted_rows import PredictedRows, rows_to_explain
from bertplay.report.rendering import rendered
from bertplay.report.run_files import read_run_files
from bertplay.report.run_page import run_page
from bertplay.report.svg import drawing_style

REPORT = "report.html"


def write_report(folder: Path, columns: Mapping[str, PredictedRows]) -> Path:
    """Write the page of a finished run.

    Args:
        folder: the run directory, complete but for the page.
        columns: label column to the validation rows that have a label of it, of the columns whose
            rows have one class each; of a run with a single one its name is "".

    Returns:
        The page's file.

    Raises:
        InputError: the folder holds no finished run, or a file of it is damaged.
    """
    from bertplay.loading import load_any

    run, model = read_run_files(folder), load_any(folder)
    explained = {
        name: explained_section(
            model,
            rows,
            rows_to_explain(rows),
            anchor=f"words-{number}",
            task=name or None,
        )
        for number, (name, rows) in enumerate(columns.items(), 1)
    }
    with drawing_style():
        page = run_page(run, explained)
    write_text(folder / REPORT, rendered(page))
    return folder / REPORT
