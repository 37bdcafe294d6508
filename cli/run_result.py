"""The figures of a finished run: of one label column, or of several tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from bertplay.cli.check_lines import fired_lines
from bertplay.cli.decisions_table import print_decisions
from bertplay.cli.printable import duration
from bertplay.cli.result_tables import print_result
from bertplay.cli.task_tables import print_tasks_result
from bertplay.training.step_memory import bytes_text


def print_results(console: Console, summary: Mapping[str, Any]) -> None:
    """Print the validation figures, and those of the test rows where there are some.

    Args:
        console: where to.
        summary: as in summary.json.
    """
    console.print(Text(_validation_heading(summary), "bold"))
    _print(console, summary, "validation", "baseline", fired_lines(summary))
    if "test" in summary:
        console.print()
        console.print(Text(_test_heading(summary), "bold"))
        _print(console, summary, "test", "test_baseline", ())
    if "decisions" in summary:
        console.print()
        print_decisions(console, summary["decisions"])
    console.print()
    console.print(Text(_memory_text(summary["memory"]), "dim"))


def _print(
    console: Console, summary: Mapping[str, Any], part: str, baseline: str, lines: Sequence[str]
) -> None:
    if "tasks" not in summary:
        print_result(console, summary[part], summary[baseline], lines)
        return
    print_tasks_result(console, summary["tasks"], summary[part]["tasks"], summary[baseline], lines)


def _memory_text(memory: Mapping[str, int]) -> str:
    """What was used at most."""
    arrays, process = memory["peak_active_bytes"], memory["process_peak_bytes"]
    return f"Memory: at most {bytes_text(arrays)} for arrays, {bytes_text(process)} for the process"


def _validation_heading(summary: Mapping[str, Any]) -> str:
    """Whose figures follow."""
    return (
        f"Validation: {summary['data']['validation_rows']:,} rows, epoch "
        f"{summary['best_epoch']} of {summary['epochs_run']}, "
        f"trained in {duration(summary['train_seconds'])}"
    )


def _test_heading(summary: Mapping[str, Any]) -> str:
    """Whose figures follow: rows that chose nothing."""
    return f"Test: {summary['data']['test_rows']:,} rows, which chose neither epoch nor settings"
