"""Checks that fired, as lines: each once, and again when what it is about changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bertplay.checks.result import FIRED, CheckResult, those_fired


class NewChecks:
    """Remembers what fired, so that what lasts is shown once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}

    def of(self, checks: Iterable[CheckResult]) -> list[CheckResult]:
        """Those that fire now and did not fire before, or for something else."""
        news = []
        for check in checks:
            place = check.code, check.task
            if check.status != FIRED:
                self._known.pop(place, None)
            elif self._known.get(place) != check.about:
                self._known[place] = check.about
                news.append(check)
        return news


def check_line(check: Mapping[str, Any]) -> str:
    """A check that fired: `BP203 overconfidence: ... (docs/checks/BP203.md)`."""
    return f"{check['code']} {check['name']}: {check['message']} ({check['page']})"


def fired_lines(summary: Mapping[str, Any]) -> list[str]:
    """Of a summary or an evaluation, a line for each check that fired."""
    return [check_line(check) for check in those_fired(summary["checks"])]
