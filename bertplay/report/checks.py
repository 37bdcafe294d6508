"""What the checks of a run say: those that fired, and what else was looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bertplay.report.blocks import Block, Facts, Notice, Notices, Prose, Section

_SEVERITIES = ("error", "warning", "info")


def checks_section(summary: Mapping[str, Any]) -> tuple[Section, ...]:
    """A section; nothing where there are no checks.

    Args:
        summary: of the run.
    """
    if "checks" not in summary:
        return ()
    results = summary["checks"]
    fired = [result for result in results if result["status"] == "fired"]
    notices = [
        Notice(result["severity"], f"{result['name']} ({result['code']})", result["message"])
        for severity in _SEVERITIES
        for result in fired
        if result["severity"] == severity
    ]
    said: Block = Notices(tuple(notices)) if notices else Prose("No check has found anything.")
    title = "What looks wrong" if notices else "Checks"
    return (Section("checks", title, (said, *_others(results))),)


def _others(results: Sequence[Mapping[str, Any]]) -> tuple[Block, ...]:
    """What passed, in a line, and why other checks say nothing."""
    passed = _names(results, "passed")
    facts = [
        *([("nothing found", ", ".join(passed))] if passed else []),
        *((f"{name} (not applicable)", reason) for name, reason in _reasons(results)),
    ]
    return (Facts(tuple(facts)),) if facts else ()


def _reasons(results: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Checks that do not apply, and why; tasks with the same reason stand together."""
    tasks: dict[tuple[str, str], list[str]] = {}
    for result in results:
        if result["status"] == "not_applicable":
            task = result.get("task", "")
            reason = result["message"].removeprefix(f"{task}: ")
            tasks.setdefault((result["name"], reason), []).append(task)
    return [
        (name, f"{', '.join(of)}: {reason}" if any(of) else reason)
        for (name, reason), of in tasks.items()
    ]


def _names(results: Sequence[Mapping[str, Any]], status: str) -> list[str]:
    """The names of checks with this status, each once."""
    names = [str(result["name"]) for result in results if result["status"] == status]
    return list(dict.fromkeys(names))
