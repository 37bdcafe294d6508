"""A run, or a table of predictions, as one page of HTML that needs nothing else: report.html."""

from bertplay.diagnostics.predicted_rows import PredictedRows
from bertplay.report.column_sections import Chosen
from bertplay.report.diagnosed import diagnosed
from bertplay.report.finished_run import SPLITS, held_out_rows, validation_rows
from bertplay.report.next_steps import next_steps
from bertplay.report.other_rows import (
    diagnosed_predictions,
    diagnosed_rows,
    require_two_classes,
)
from bertplay.report.predictions_table import read_predictions
from bertplay.report.rows_of_tasks import Rows, rows_of_tasks, with_columns
from bertplay.report.rows_page import DiagnosedRows
from bertplay.report.run_files import RunFiles, read_run_files
from bertplay.report.run_page import run_findings
from bertplay.report.table_cells import cells_of_table
from bertplay.report.writing import REPORT, write_report, write_rows_page, write_run_page

__all__ = [
    "REPORT",
    "SPLITS",
    "Chosen",
    "DiagnosedRows",
    "PredictedRows",
    "Rows",
    "RunFiles",
    "cells_of_table",
    "diagnosed",
    "diagnosed_predictions",
    "diagnosed_rows",
    "held_out_rows",
    "next_steps",
    "read_predictions",
    "read_run_files",
    "require_two_classes",
    "rows_of_tasks",
    "run_findings",
    "validation_rows",
    "with_columns",
    "write_report",
    "write_rows_page",
    "write_run_page",
]
