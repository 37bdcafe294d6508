"""How far exported models are from the model itself, in every format.

    python benchmarks/export_parity.py --backbone mini
    python benchmarks/export_parity.py --backbone tests/fixtures/encoders/*

Trains a head of each kind for an epoch on the built-in passengers (or another table), exports it in
each format, and prints what the export measured in the other programs, which must be installed; a
column for each backbone.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from bertplay import TrainOptions, train
from bertplay.export.check import Check
from bertplay.export.writing import ExportSettings, export_run

RUNS = {
    "default": ({}, ("hf", "onnx")),
    "`--head transformers`": ({"head": "transformers"}, ("hf", "onnx")),
    "`--adapter lora --lr 3e-3`": ({"adapter": "lora", "lr": 3e-3}, ("hf", "peft")),
    "`--adapter dora --lr 3e-3`": ({"adapter": "dora", "lr": 3e-3}, ("peft",)),
}
"""What is trained, with which options, and how it is exported."""


def measured(
    backbone: str, args: argparse.Namespace, place: Path
) -> Iterator[tuple[str, str, Check]]:
    """Head, format, and each comparison with another program, of one backbone."""
    for number, (head, (options, formats)) in enumerate(RUNS.items()):
        run = place / f"run-{number}"
        of_table = {} if args.data is None else {"data": args.data, "label": args.label}
        of_run = {"backbone": backbone, "epochs": 1, "output": str(run)}
        train(TrainOptions(**of_table, **of_run, **options))
        for name in formats:
            written = export_run(run, place / f"{name}-{number}", ExportSettings(name))
            for check in written.checks:
                yield head, name, check


def table(measured_of: Mapping[str, list[tuple[str, str, Check]]]) -> str:
    """The comparisons in Markdown, with a column for each backbone."""
    lines = [f"| trained with | format | program | compared | {' | '.join(measured_of)} |"]
    lines.append("|---" * (4 + len(measured_of)) + "|")
    for rows in zip(*measured_of.values(), strict=True):
        head, name, check = rows[0]
        figures = " | ".join(
            "not installed" if c.difference is None else f"{c.difference:.1e}" for _, _, c in rows
        )
        lines.append(f"| {head} | `{name}` | {check.program} | {check.compared} | {figures} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backbone", nargs="+", default=["mini"])
    parser.add_argument("--data", help="table; by default the built-in passengers")
    parser.add_argument("--label", help="its label column")
    args = parser.parse_args()
    found = {}
    for backbone in args.backbone:
        with tempfile.TemporaryDirectory() as place:
            found[Path(backbone).name] = list(measured(backbone, args, Path(place)))
    print(table(found))


if __name__ == "__main__":
    main()
