"""Times what comes before the first training step, by the row, for tables of growing length.

    python benchmarks/million_rows.py --rows 10000 100000 1000000

Each table is made of the built-in emotion sentences, the first half of one and the second half of
another of the same class. Each length has its own processes: one reads the table, tokenizes and
plans an epoch; another starts training and is interrupted after its first steps. Times are those
of the processor, so that other programs count little; memory is the most held at a time.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

BACKBONE = "mini"
STAGES = ("reading", "tokenizing", "planning")


@dataclass(frozen=True)
class Measured:
    """Of one table: processor seconds, of each stage and to the first steps, and peak bytes."""

    rows: int
    seconds: dict[str, float]
    to_first_steps: float
    prepared_memory: int
    training_memory: int


def write_table(path: Path, rows: int, seed: int = 0) -> None:
    """A CSV table with columns text and label, as varied as a seed makes it."""
    from bertplay.data.emotions import read_emotions

    frame = read_emotions()
    sentences: dict[str, list[list[str]]] = defaultdict(list)
    for text, label in zip(frame["text"], frame["emotion"], strict=True):
        sentences[label].append(text.split())
    labels = sorted(sentences)
    rng = np.random.default_rng(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "label"))
        chosen = rng.integers(len(labels), size=rows).tolist()
        for number, (first, second) in zip(chosen, rng.random((rows, 2)).tolist(), strict=True):
            of_label = sentences[labels[number]]
            begin, end = of_label[int(first * len(of_label))], of_label[int(second * len(of_label))]
            words = begin[: len(begin) // 2] + end[len(end) // 2 :]
            writer.writerow((" ".join(words), labels[number]))


def prepare_training(path: Path) -> tuple[dict[str, float], int]:
    """Read, tokenize, plan: the processor seconds of each, and the peak memory."""
    from bertplay.data.batch_size import BatchSize
    from bertplay.data.tokenizer import encode_texts
    from bertplay.encoders import load_encoder
    from bertplay.options import TrainOptions
    from bertplay.prediction import padded_lengths_for
    from bertplay.training.encoded_texts import EncodedTexts
    from bertplay.training.epoch_batches import epoch_batches
    from bertplay.training.used_vocabulary import used_vocabulary
    from bertplay.training_data import load_training_data

    # What is imported and loaded once costs the same for every table.
    load_training_data(TrainOptions(task="emotion"))
    encoder, tokenizer = load_encoder(BACKBONE)
    max_length = encoder.config.max_length
    options = TrainOptions(data=str(path))

    times = [time.process_time()]
    data = load_training_data(options)
    times.append(time.process_time())
    train, _ = encode_texts(tokenizer, data.train.texts, max_length)
    validation, _ = encode_texts(tokenizer, data.validation.texts, max_length)
    words = encoder.embeddings.word_embeddings.weight
    vocabulary = used_vocabulary(words, train, validation, pad_id=encoder.config.pad_token_id)
    train, validation = vocabulary.renumber(train), vocabulary.renumber(validation)
    times.append(time.process_time())
    rows = EncodedTexts(data.train, train).training_rows()
    epoch_batches(
        rows,
        padded_lengths_for(rows.token_ids),
        BatchSize(options.batch_size),
        sampling=options.sampling,
        seed=options.seed,
        epoch=1,
    )
    times.append(time.process_time())
    return dict(zip(STAGES, np.diff(times).tolist(), strict=True)), peak_memory()


def start_training(path: Path) -> tuple[float, int]:
    """Train until the first steps are shown: the processor seconds, and the peak memory."""
    from bertplay.options import TrainOptions
    from bertplay.training.failures import TrainingInterruptedError
    from bertplay.training.run import train
    from bertplay.training.view import SilentView

    class FirstSteps(SilentView):
        seconds = 0.0

        def stepped(self, epoch: int, step: int, loss: float, learning_rate: float) -> None:
            if not self.seconds:
                self.seconds = time.process_time() - started
                os.kill(os.getpid(), signal.SIGINT)

    view = FirstSteps()
    output = str(path.with_suffix(""))
    options = TrainOptions(data=str(path), backbone=BACKBONE, output=output, report=False)
    started = time.process_time()
    try:
        train(options, view)
    except TrainingInterruptedError:
        return view.seconds, peak_memory()
    raise SystemExit("training ended before it could be interrupted")


def peak_memory() -> int:
    """The largest number of bytes that this process had in memory at a time."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def measure(folder: Path, rows: int) -> Measured:
    """All figures of a table of so many rows."""
    path = folder / f"{rows}.csv"
    write_table(path, rows)
    seconds, prepared_memory = in_own_process(prepare_training, path)
    to_first_steps, training_memory = in_own_process(start_training, path)
    path.unlink()
    return Measured(rows, seconds, to_first_steps, prepared_memory, training_memory)


def in_own_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function returns in a process that has done nothing before."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *arguments).result()


def table(results: list[Measured]) -> str:
    """Microseconds a row of each stage, and what it all comes to, as Markdown."""
    heads = ["rows", *(f"{stage}, us a row" for stage in STAGES), "all, us a row", "by the first"]
    heads += ["s to the first steps", "peak MB, prepared", "peak MB, training"]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    first = sum(results[0].seconds.values()) / results[0].rows
    for result in results:
        a_row = sum(result.seconds.values()) / result.rows
        cells = [f"{result.rows:,}"]
        cells += [f"{result.seconds[stage] / result.rows * 1e6:.1f}" for stage in STAGES]
        cells += [f"{a_row * 1e6:.1f}", f"{a_row / first:.2f}", f"{result.to_first_steps:.1f}"]
        cells += [f"{result.prepared_memory / 1e6:.0f}", f"{result.training_memory / 1e6:.0f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = [measure(Path(folder), rows) for rows in args.rows]
    print(table(results))


if __name__ == "__main__":
    main()
