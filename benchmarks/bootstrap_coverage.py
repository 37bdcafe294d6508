"""How often the report's 95% intervals hold the true figure of a class.

Tables of N rows are drawn from a classifier of which all is known: 30% of the rows are of the rare
class, of which it finds 70%, and of the others it takes 12.5% for it, so that its precision on the
rare class is 0.7059 and its F1 0.7029. An interval that keeps its word holds them in 95 of 100
tables.

    python benchmarks/bootstrap_coverage.py [--tables 2000] [--json]
"""

from __future__ import annotations

import argparse
import json

import numpy as np

from bertplay.diagnostics import class_intervals

SHARE, RECALL, FALSE_RATE = 0.3, 0.7, 0.125
ROWS = (50, 100, 200, 500, 2000)


def true_figures() -> dict[str, float]:
    """Precision, recall and F1 of the rare class on all rows that could be drawn."""
    hits, false = SHARE * RECALL, (1 - SHARE) * FALSE_RATE
    precision = hits / (hits + false)
    f1 = 2 * precision * RECALL / (precision + RECALL)
    return {"precision": precision, "recall": RECALL, "f1": f1}


def coverage(rows: int, tables: int, seed: int = 0) -> dict[str, float]:
    """Share of the tables whose interval holds each figure, and the intervals' mean width.

    Args:
        rows: of a table.
        tables: how many.
        seed: of the draws.
    """
    random, true = np.random.default_rng(seed), true_figures()
    cells = np.array(
        [(1 - SHARE) * (1 - FALSE_RATE), (1 - SHARE) * FALSE_RATE, SHARE * (1 - RECALL)]
    )
    held = dict.fromkeys(true, 0)
    width = dict.fromkeys(true, 0.0)
    for table in range(tables):
        counts = random.multinomial(rows, [*cells, SHARE * RECALL])
        _, rare = class_intervals(counts.reshape(2, 2), seed=table)
        for name, figure in true.items():
            bounds = getattr(rare, name)
            if bounds is not None:
                held[name] += bounds[0] <= figure <= bounds[1]
                width[name] += bounds[1] - bounds[0]
    return {
        **{name: count / tables for name, count in held.items()},
        **{f"{name}_width": total / tables for name, total in width.items()},
    }


def main() -> None:
    """Print the shares for each number of rows."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tables", type=int, default=2000, help="of each size (default 2000)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    found = {rows: coverage(rows, options.tables) for rows in ROWS}
    if options.json:
        print(json.dumps(found, indent=2))
        return
    print("rows  precision  recall     F1   width of the recall's")
    for rows, of in found.items():
        print(
            f"{rows:>4}  {of['precision']:>9.3f}  {of['recall']:>6.3f}  {of['f1']:>5.3f}"
            f"   {of['recall_width']:>6.3f}"
        )


if __name__ == "__main__":
    main()
