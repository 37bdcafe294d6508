"""Where a finished run lies, and the commands that come next."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bertplay.cli.printable import one_line

_EXAMPLE_WIDTH = 100


def written_text(summary: Mapping[str, Any]) -> str:
    """The run directory and its parts."""
    predictions = (
        "predictions.csv, test_predictions.csv" if "test" in summary else "predictions.csv"
    )
    model = "model/, adapter/" if "adapter" in summary else "model/"
    report = "report.html, " if (Path(str(summary["output"])) / "report.html").is_file() else ""
    files = f"{model}, {report}summary.json, {predictions}, metrics.jsonl, config.yaml"
    return f"{summary['output']}: {files}"


def next_commands(summary: Mapping[str, Any], example: str) -> list[str]:
    """Commands to copy, quoted for a shell; a short example text is predicted as it is."""
    run = shlex.quote(str(summary["output"]))
    text = one_line(example)
    if len(text) > _EXAMPLE_WIDTH:
        text = "a new text"
    return [
        f"bertplay predict {run} {shlex.quote(text)}",
        f"bertplay evaluate {run} --data FILE",
    ]
