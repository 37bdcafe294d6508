"""A run, or a table of predictions, as one page of HTML that needs nothing else: report.html."""

from bertplay.diagnostics.predicted_rows import PredictedRows
from bertplay.report.finished_run import validation_rows
from bertplay.report.predictions_table import read_predictions
from bertplay.report.rows_of_tasks import rows_of_tasks
from bertplay.report.run_files import RunFiles, read_run_files
from bertplay.report.run_page import run_findings
from bertplay.report.writing import REPORT, write_predictions_report, write_report

__all__ = [
    "REPORT",
    "PredictedRows",
    "RunFiles",
    "read_predictions",
    "read_run_files",
    "rows_of_tasks",
    "run_findings",
    "validation_rows",
    "write_predictions_report",
    "write_report",
]
