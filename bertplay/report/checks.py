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
    return (_section(said, *_others(results)),)


def _others(results: Sequence[Mapping[str, Any]]) -> tuple[Block, ...]:
    """What passed, in a line, and why other checks say nothing."""
    passed = _names(results, "passed")
    unable = [result for result in results if result["status"] == "not_applicable"]
    facts = [
        *([("nothing found", ", ".join(passed))] if passed else []),
        *((f"{result['name']} (not applicable)", result["message"]) for result in unable),
    ]
    return (Facts(tuple(facts)),) if facts else ()


def _names(results: Sequence[Mapping[str, Any]], status: str) -> list[str]:
    """The names of checks with this status, each once."""
    names = [str(result["name"]) for result in results if result["status"] == status]
    return list(dict.fromkeys(names))


def _section(*blocks: Block) -> Section:
    return Section("checks", "What looks wrong", blocks)
