"""How far exported models are from the model itself, in every format.

    python benchmarks/export_parity.py --backbone mini

Trains a head of each kind for an epoch on the built-in passengers (or another table), exports it in
each format, and prints what the export measured in the other programs, which must be installed.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bertplay import TrainOptions, train
from bertplay.export.check import Check
from bertplay.export.writing import ExportSettings, export_run

RUNS = {
    "default": ({}, ("hf", "onnx")),
    "`--head transformers`": ({"head": "transformers"}, ("hf", "onnx")),
    "`--adapter lora`": ({"adapter": "lora", "lr": 3e-3}, ("hf", "peft")),
    "`--adapter dora`": ({"adapter": "dora", "lr": 3e-3}, ("peft",)),
}
"""What is trained, with which options, and how it is exported."""


def measured(args: argparse.Namespace, place: Path) -> Iterator[tuple[str, str, Check]]:
    """Head, format, and each comparison with another program."""
    for number, (head, (options, formats)) in enumerate(RUNS.items()):
        run = place / f"run-{number}"
        of_table = {} if args.data is None else {"data": args.data, "label": args.label}
        of_run = {"backbone": args.backbone, "epochs": 1, "output": str(run)}
        train(TrainOptions(**of_table, **of_run, **options))
        for name in formats:
            written = export_run(run, place / f"{name}-{number}", ExportSettings(name))
            for check in written.checks:
                yield head, name, check


def table(rows: list[tuple[str, str, Check]]) -> str:
    """The comparisons in Markdown."""
    lines = ["| trained with | format | program | compared | largest difference |"]
    lines.append("|---|---|---|---|---|")
    for head, name, check in rows:
        figure = "not installed" if check.difference is None else f"{check.difference:.1e}"
        lines.append(f"| {head} | `{name}` | {check.program} | {check.compared} | {figure} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backbone", default="mini")
    parser.add_argument("--data", help="table; by default the built-in passengers")
    parser.add_argument("--label", help="its label column")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        print(table(list(measured(args, Path(place)))))


if __name__ == "__main__":
    main()
