"""What a learning-rate range test found, as lines."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from bertplay.cli.printable import figure, one_line, scientific

_LINES = 13
_BAR_WIDTH = 30


def result_lines(facts: Mapping[str, Any], encoding: str | None) -> list[str]:
    """A table of the running mean with bars, the suggestion, and where all of it is.

    Args:
        facts: as lr_find.json has them.
        encoding: of the terminal; None where it is unknown.
    """
    block = "\u2588" if (encoding or "").lower().startswith("utf") else "#"
    rates, smoothed = facts["rates"], facts["smoothed"]
    lines = [f"{'rate':>8}  {'loss':>7}"]
    if rates:
        largest = max(smoothed)
        every = max(math.ceil(len(rates) / _LINES), 1)
        for step in range(len(rates) - 1, -1, -every)[::-1]:
            bar = block * max(round(smoothed[step] / largest * _BAR_WIDTH), 0)
            lines.append(f"{scientific(rates[step]):>8}  {figure(smoothed[step], 4):>7}  {bar}")
    end = ", where the loss diverged" if facts["diverged"] else ""
    lines += ["", f"{len(rates)} steps{end}"]
    if facts["suggested_lr"] is None:
        lines.append(f"no suggestion: {facts['reason']}")
    else:
        lines += [
            f"suggested --lr {scientific(facts['suggested_lr'])}: {facts['reason']} at "
            f"{scientific(facts['lr_of_minimum'])}"
        ]
    output = one_line(str(facts["output"]))
    return [*lines, f"written to {output}: lr_find.json, lr_find.{facts['plot'].rsplit('.')[-1]}"]
