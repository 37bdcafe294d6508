"""What a check says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from bertplay.checks.catalogue import CHECKS

OF_MODEL = ("BP201", "BP202", "BP203", "BP204", "BP303", "BP401")
"""Checks of the model's predictions; the others are of the data or of how training went."""

FIRED, PASSED, NOT_APPLICABLE = "fired", "passed", "not_applicable"


@dataclass(frozen=True)
class CheckResult:
    """What one check says of one run, at one time.

    Attributes:
        code: such as "BP201".
        name: of the check.
        severity: "info", "warning" or "error".
        status: "fired", "passed" or "not_applicable".
        message: what was found and what to do about it, or why the check does not apply; empty
            where it passed.
        page: its page in the documentation.
        task: of several tasks the one it is about; empty where it is about all.
        about: what it fired for, such as a class; where this changes, it is news.
    """

    code: str
    name: str
    severity: str
    status: str
    message: str
    page: str
    task: str = ""
    about: str = ""

    def of_task(self, task: str) -> CheckResult:
        """The same, of one of several tasks."""
        message = f"{task}: {self.message}" if self.message and task else self.message
        return replace(self, task=task, message=message)

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON; without a task and what it is about where there are none."""
        return {
            name: value
            for name, value in asdict(self).items()
            if value or name not in ("task", "about")
        }


def fired(code: str, message: str, about: str = "") -> CheckResult:
    """Something looks wrong."""
    return _result(code, FIRED, message, about)


def passed(code: str) -> CheckResult:
    """Nothing looks wrong."""
    return _result(code, PASSED, "")


def not_applicable(code: str, reason: str) -> CheckResult:
    """The check says nothing here."""
    return _result(code, NOT_APPLICABLE, reason)


def those_fired(results: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of results as summary.json has them, those that fired."""
    return [result for result in results if result["status"] == FIRED]


def final_checks(
    chosen: Iterable[CheckResult], last: Iterable[CheckResult]
) -> list[dict[str, Any]]:
    """What summary.json has: of the model kept what its epoch says, of the course what the last.

    Args:
        chosen: results at the epoch whose weights were kept.
        last: results at the last epoch.
    """
    results = [
        *(result for result in chosen if result.code in OF_MODEL),
        *(result for result in last if result.code not in OF_MODEL),
    ]
    return [result.as_dict() for result in in_order(results)]


def in_order(results: Iterable[CheckResult]) -> tuple[CheckResult, ...]:
    """By their codes; those of several tasks as they come."""
    return tuple(sorted(results, key=lambda result: result.code))


def _result(code: str, status: str, message: str, about: str = "") -> CheckResult:
    check = CHECKS[code]
    return CheckResult(code, check.name, check.severity, status, message, check.page, about=about)
