"""A run as one page of HTML that needs nothing else: report.html."""

from bertplay.report.predicted_rows import PredictedRows
from bertplay.report.writing import REPORT, write_report

__all__ = ["REPORT", "PredictedRows", "write_report"]
