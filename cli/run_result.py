"""The figures of a finished run: of one label column, or of several tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from bertplay.cli.result_tables import print_result
from bertplay.cli.task_tables import print_tasks_result


def print_results(console: Console, summary: Mapping[str, Any], test_heading: str) -> None:
    """Print the validation figures, and those of the test rows where there are some.

    Args:
        console: where to.
        summary: as in summary.json.
        test_heading: stands above the figures of the test rows.
    """
    _print(console, summary, "validation", "baseline", summary["alarms"])
    if "test" in summary:
        console.print()
        console.print(Text(test_heading, "bold"))
        _print(console, summary, "test", "test_baseline", ())


def _print(
    console: Console, summary: Mapping[str, Any], part: str, baseline: str, alarms: Any
) -> None:
    if "tasks" not in summary:
        print_result(console, summary[part], summary[baseline], alarms)
        return
    print_tasks_result(console, summary["tasks"], summary[part]["tasks"], summary[baseline], alarms)
