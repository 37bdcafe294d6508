"""Fine-tunes one encoder with bertplay and with Hugging Face's Trainer, in turn, and compares.

    python benchmarks/emotion_against_trainer.py --backbone DIR --train train.csv \
        --validation val.csv

Both start from the same weights and use the same rows, cross-entropy, AdamW, warm-up of a tenth of
the steps, linear decay, batches grouped by length and no evaluation before the end. Each run is a
process of its own, so that neither engine's threads or memory touch the other's. Needs
`pip install 'bertplay[benchmark]'`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ENGINES = ("bertplay", "trainer")


def run_bertplay(args: argparse.Namespace, seed: int) -> dict[str, Any]:
    """One run of bertplay's own `train`."""
    from bertplay import TrainOptions, train

    with tempfile.TemporaryDirectory() as folder:
        summary = train(
            TrainOptions(
                task="emotion",
                data=args.train,
                validation=args.validation,
                loss="ce",
                backbone=args.backbone,
                pooling=args.pooling,
                epochs=args.epochs,
                batch_size=args.batch_size,
                lr=args.lr,
                seed=seed,
                keep="last",
                output=f"{folder}/run",
                report=False,
            )
        )
    figures = summary["validation"]
    return {
        "macro_f1": figures["macro_f1"],
        "accuracy": figures["accuracy"],
        "ece": figures["ece"],
        "train_seconds": summary["train_seconds"],
        "padding": summary["padding_fraction"],
    }


def run_trainer(args: argparse.Namespace, seed: int) -> dict[str, Any]:
    """One run of transformers' Trainer."""
    import numpy as np
    import pandas as pd
    import torch
    from transformers import (
        AutoModelForSequenceClassification,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    from bertplay.metrics import evaluate

    set_seed(seed)
    tables = [pd.read_csv(path, keep_default_na=False) for path in (args.train, args.validation)]
    classes = sorted(tables[0].label.unique())
    tokenizer = AutoTokenizer.from_pretrained(args.backbone)
    lengths: list[int] = []

    def rows(table: pd.DataFrame) -> list[dict[str, Any]]:
        encoded = tokenizer(table.text.tolist(), truncation=True, max_length=128)
        return [
            {"input_ids": ids, "attention_mask": mask, "labels": classes.index(label)}
            for ids, mask, label in zip(
                encoded["input_ids"], encoded["attention_mask"], table.label, strict=True
            )
        ]

    pad = DataCollatorWithPadding(tokenizer)

    def collate(batch: list[dict[str, Any]]) -> Any:
        padded = pad(batch)
        lengths.append(padded["input_ids"].numel())
        return padded

    train, validation = (rows(table) for table in tables)
    steps = -(-len(train) // args.batch_size) * args.epochs
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            AutoModelForSequenceClassification.from_pretrained(
                args.backbone, num_labels=len(classes)
            ),
            TrainingArguments(
                folder,
                num_train_epochs=args.epochs,
                per_device_train_batch_size=args.batch_size,
                per_device_eval_batch_size=args.batch_size,
                learning_rate=args.lr,
                weight_decay=0.01,
                warmup_steps=steps // 10,
                lr_scheduler_type="linear",
                train_sampling_strategy="group_by_length",
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                logging_strategy="no",
                seed=seed,
                use_cpu=not torch.cuda.is_available(),
            ),
            train_dataset=train,
            data_collator=collate,
        )
        started = time.perf_counter()
        trainer.train()
        seconds = time.perf_counter() - started
        tokens = args.epochs * sum(len(row["input_ids"]) for row in train)
        padding = 1 - tokens / sum(lengths)
        predicted = trainer.predict(validation)
    logits = predicted.predictions
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    figures = evaluate(
        shares / shares.sum(axis=1, keepdims=True),
        predicted.label_ids,  # the Trainer groups these rows by length too
        classes,
    )
    return {
        "macro_f1": figures.macro_f1,
        "accuracy": figures.accuracy,
        "ece": figures.ece,
        "train_seconds": seconds,
        "padding": padding,
    }


def run_apart(engine: str, seed: int) -> dict[str, Any]:
    """One run in a process of its own."""
    command = [sys.executable, __file__, *sys.argv[1:], "--engine", engine, "--seed", str(seed)]
    environment = os.environ | {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    print(f"seed {seed} {engine:9}", json.dumps(result), flush=True)
    return result


def table(results: dict[str, list[dict[str, Any]]]) -> str:
    """Means and standard deviations over the seeds, as Markdown, and the ratio of the times."""

    def cell(runs: list[dict[str, Any]], name: str, digits: int) -> str:
        values = [run[name] for run in runs]
        spread = f" +- {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
        return f"{statistics.mean(values):.{digits}f}{spread}"

    lines = [
        "| engine | macro-F1 | accuracy | ECE | training seconds | padding |",
        "|---|---|---|---|---|---|",
    ]
    for engine, runs in results.items():
        cells = [
            cell(runs, "macro_f1", 4),
            cell(runs, "accuracy", 4),
            cell(runs, "ece", 4),
            cell(runs, "train_seconds", 1),
            f"{statistics.mean(run['padding'] for run in runs):.1%}",
        ]
        lines.append(f"| {engine} | {' | '.join(cells)} |")
    pairs = zip(*(results[engine] for engine in ENGINES), strict=True)
    ratios = [ours["train_seconds"] / theirs["train_seconds"] for ours, theirs in pairs]
    lines.append("")
    lines.append(
        f"Training time, bertplay / Trainer, pair by pair: median {statistics.median(ratios):.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f})"
    )
    return "\n".join(lines)


def main() -> None:
    """Read the command line and run the comparison, or one run of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbone", required=True)
    parser.add_argument("--train", required=True)
    parser.add_argument("--validation", required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--lr", type=float, default=1e-4)
    parser.add_argument("--pooling", default="mean")
    parser.add_argument("--output", type=Path, help="also write the table to this file")
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.engine:
        run = run_bertplay if args.engine == "bertplay" else run_trainer
        print(json.dumps(run(args, args.seed)))
        return
    results: dict[str, list[dict[str, Any]]] = {engine: [] for engine in ENGINES}
    for seed in range(args.seeds):
        # The first engine changes with the seed, so that neither always meets a warm machine.
        for engine in ENGINES if seed % 2 == 0 else ENGINES[::-1]:
            results[engine].append(run_apart(engine, seed))
    report = table(results)
    print(f"\n{report}")
    if args.output:
        args.output.write_text(report + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
