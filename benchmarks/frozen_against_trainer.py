"""Trains a head on a frozen encoder with bertplay and with Hugging Face's Trainer, and compares.

    python benchmarks/frozen_against_trainer.py --backbone DIR --train train.csv \
        --validation val.csv

All have the same frozen weights, the same head (mean pooling, norm, dropout, linear layer), rows,
learning rate, AdamW, warm-up of a tenth of the steps and linear decay. bertplay runs the encoder
once over all rows and keeps what it gives; the Trainer runs it in every step: once with batches
grouped by length and no dropout in the frozen encoder, as bertplay has it, and once as it comes,
with batches in random order and the dropout that its `model.train()` turns on. Each run is a
process of its own, one after the other; processor seconds are of all its threads.

Where all steps of the Trainer would take too long, `--trainer-steps` times so many of them, best a
multiple of 50, as it sorts rows by length within 50 batches. The time of all is then worked out
from theirs, and there is no quality to compare. Needs `pip install 'bertplay[benchmark]'`.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

GROUPED, AS_IT_COMES = "trainer", "trainer-as-it-comes"
ENGINES = ("bertplay", GROUPED, AS_IT_COMES)


def run_bertplay(args: argparse.Namespace) -> dict[str, Any]:
    """One run of bertplay's own `train`; its time is that of the one pass and of the steps."""
    from bertplay import TrainOptions, train

    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        summary = train(
            TrainOptions(
                task="emotion",
                data=args.train,
                validation=args.validation,
                loss="ce",
                backbone=args.backbone,
                freeze="full",
                pooling="mean",
                epochs=args.epochs,
                batch_size=args.batch_size,
                lr=args.lr,
                average_weights=0.0,
                seed=args.seed,
                keep="last",
                output=f"{folder}/run",
                report=False,
            )
        )
    features = summary["frozen_features"]
    return {
        "macro_f1": summary["validation"]["macro_f1"],
        "seconds": features["seconds"] + summary["train_seconds"],
        "processor_seconds": time.process_time() - started,
        "seconds_of_pass": features["seconds"],
        "seconds_of_command": summary["total_seconds"],
        "feature_bytes": features["bytes"],
    }


def run_trainer(args: argparse.Namespace) -> dict[str, Any]:
    """One run of transformers' Trainer, or as many of its steps as are asked for."""
    import numpy as np
    import pandas as pd
    import torch
    from torch import nn
    from transformers import (
        AutoModel,
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    from bertplay.metrics import evaluate

    class Model(nn.Module):
        """A frozen encoder with bertplay's head."""

        def __init__(self, num_labels: int) -> None:
            super().__init__()
            self.encoder = AutoModel.from_pretrained(args.backbone, add_pooling_layer=False)
            self.encoder.requires_grad_(False)
            size = self.encoder.config.hidden_size
            self.head = nn.Sequential(
                nn.LayerNorm(size), nn.Dropout(0.1), nn.Linear(size, num_labels)
            )
            nn.init.normal_(self.head[2].weight, std=0.02)
            nn.init.zeros_(self.head[2].bias)

        def train(self, mode: bool = True) -> Any:
            super().train(mode)
            if grouped:
                self.encoder.eval()  # as bertplay: no dropout in what is frozen
            return self

        def forward(self, input_ids: Any, attention_mask: Any, labels: Any) -> Any:
            states = self.encoder(input_ids, attention_mask).last_hidden_state
            mask = attention_mask[..., None].to(states.dtype)
            logits = self.head((states * mask).sum(1) / mask.sum(1))
            return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}

    grouped = args.engine == GROUPED
    set_seed(args.seed)
    tables = [pd.read_csv(path, keep_default_na=False) for path in (args.train, args.validation)]
    classes = sorted(tables[0].label.unique())
    tokenizer = AutoTokenizer.from_pretrained(args.backbone)

    def rows(table: pd.DataFrame) -> list[dict[str, Any]]:
        encoded = tokenizer(table.text.tolist(), truncation=True, max_length=128)
        return [
            {"input_ids": ids, "attention_mask": mask, "labels": classes.index(label)}
            for ids, mask, label in zip(
                encoded["input_ids"], encoded["attention_mask"], table.label, strict=True
            )
        ]

    train, validation = (rows(table) for table in tables)
    steps = steps_of(len(train), args)
    asked = args.trainer_steps or steps
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            Model(len(classes)),
            TrainingArguments(
                folder,
                max_steps=asked,
                per_device_train_batch_size=args.batch_size,
                per_device_eval_batch_size=args.batch_size,
                learning_rate=args.lr,
                weight_decay=0.01,
                warmup_steps=steps // 10,
                lr_scheduler_type="linear",
                train_sampling_strategy="group_by_length" if grouped else "random",
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                logging_strategy="no",
                seed=args.seed,
                use_cpu=not torch.cuda.is_available(),
            ),
            train_dataset=train,
            data_collator=DataCollatorWithPadding(tokenizer),
        )
        started, processor = time.perf_counter(), time.process_time()
        trainer.train()
        share = asked / steps
        times = {
            "seconds": (time.perf_counter() - started) / share,
            "processor_seconds": (time.process_time() - processor) / share,
            "steps": [asked, steps],
        }
        if asked < steps:
            return {"macro_f1": None, **times}
        predicted = trainer.predict(validation)
    logits = predicted.predictions
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    # The Trainer groups these rows by length too, and gives their labels in its order.
    figures = evaluate(shares, predicted.label_ids, classes)
    return {"macro_f1": figures.macro_f1, **times}


def steps_of(rows: int, args: argparse.Namespace) -> int:
    """Of a whole training."""
    return math.ceil(rows / args.batch_size) * int(args.epochs)


def run_apart(engine: str) -> dict[str, Any]:
    """One run in a process of its own."""
    command = [sys.executable, __file__, *sys.argv[1:], "--engine", engine]
    environment = os.environ | {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    print(f"{engine:19}", json.dumps(result), flush=True)
    return result


def table(results: dict[str, dict[str, Any]]) -> str:
    """All as Markdown, with the Trainer's times by bertplay's."""
    ours = results["bertplay"]
    lines = [
        "| | seconds | by bertplay's | processor seconds | by bertplay's | macro-F1 |",
        "|---|---|---|---|---|---|",
    ]
    names = {
        "bertplay": f"bertplay: one pass of {ours['seconds_of_pass']:.1f} s, then the steps",
        GROUPED: "Trainer, grouped by length, no dropout in the encoder",
        AS_IT_COMES: "Trainer as it comes",
    }
    for engine, name in names.items():
        run = results[engine]
        cells = [_measured(name, run)]
        for key in ("seconds", "processor_seconds"):
            cells += [f"{run[key]:.1f}", f"{run[key] / ours[key]:.1f}"]
        cells.append("" if run["macro_f1"] is None else f"{run['macro_f1']:.4f}")
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        f"{ours['feature_bytes'] / 1e6:.0f} MB of features; the whole command "
        f"{ours['seconds_of_command']:.1f} s, and its processor seconds are all of it, with "
        "reading, evaluations and checkpoints.",
    ]
    return "\n".join(lines)


def _measured(name: str, run: dict[str, Any]) -> str:
    """The name, and how much of it was timed where that is not all."""
    done, steps = run.get("steps", (1, 1))
    return name if done == steps else f"{name} ({done:,} of {steps:,} steps timed)"


def main() -> None:
    """Read the command line and run the comparison, or one run of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbone", required=True)
    parser.add_argument("--train", required=True)
    parser.add_argument("--validation", required=True)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--trainer-steps", type=int, help="time so many of the Trainer's steps")
    parser.add_argument("--output", type=Path, help="also write the table to this file")
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.engine:
        run = run_bertplay if args.engine == "bertplay" else run_trainer
        print(json.dumps(run(args)))
        return
    report = table({engine: run_apart(engine) for engine in ENGINES})
    print(f"\n{report}")
    if args.output:
        args.output.write_text(report + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
