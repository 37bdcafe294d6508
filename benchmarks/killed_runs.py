"""Kills a training run again and again, goes on with it, and compares it with one left alone.

    python benchmarks/killed_runs.py --kills 20 -- --loss adaptive --accumulate 2 --batch-size 16

All after `--` are options of `bertplay train`. The run is killed with SIGKILL, which no process can
answer: at a random moment between two checkpoints, as soon as a half-written checkpoint lies in the
run directory, or while it starts up, in turn. Each time `bertplay train --resume` goes on.
When the wanted number of kills is reached, it may finish. Then the model's files, the predictions,
the metrics (but for the seconds) and the summary (but for times and memory) are compared.

With `--plot FILE`, the training loss and the validation score of both runs are drawn over each
other, with a mark at each kill.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BERTPLAY = [sys.executable, "-c", "from bertplay.cli import main; main()"]
# What may differ between two runs of the same bits.
TIMES = (
    *("train_seconds", "total_seconds", "rows_per_second", "seconds", "compiled_shapes", "output"),
    *("memory", "frozen_features"),
)
MOMENTS = ("step", "writing", "step", "writing", "start-up")
START_UP = 4.0  # seconds from the start of a process to about its first step


@dataclass(frozen=True)
class Kill:
    """One kill.

    Attributes:
        step: of the last checkpoint then; 0 before the first.
        in_writing: a half-written checkpoint was found afterwards.
    """

    step: int
    in_writing: bool


def finished(command: Sequence[str]) -> None:
    """Run a command to its end, and stop with what it says where it fails."""
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SystemExit(f"{result.stderr}exit code {result.returncode}")


def killed_again_and_again(
    options: Sequence[str], output: Path, *, kills: int, steps: int, seed: int
) -> list[Kill]:
    """Train with kills, and then to the end.

    Args:
        options: of `bertplay train`.
        output: the run directory.
        kills: how many.
        steps: of the whole run.
        seed: of the moments.
    """
    rng, found = random.Random(seed), list[Kill]()
    while len(found) < kills:
        process = subprocess.Popen(
            command(options, output), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        moment = MOMENTS[len(found) % len(MOMENTS)]
        # At most so far that as many steps are left for each of the kills to come.
        further = 0.8 * (steps - last_step(output)) / (kills - len(found))
        target = last_step(output) + rng.uniform(0, further)
        waiting_until = time.perf_counter() + rng.uniform(
            0, START_UP if moment == "start-up" else 0.1
        )
        while process.poll() is None:
            now = time.perf_counter()
            if moment != "start-up" and last_step(output) < target:
                waiting_until = max(waiting_until, now)
            elif now >= waiting_until and (moment != "writing" or half_written(output)):
                process.kill()
                process.wait()
                found.append(Kill(last_step(output), half_written(output)))
                break
            time.sleep(0 if moment == "writing" else 0.005)
        else:
            if process.returncode:
                raise SystemExit(f"the run ended by itself with exit code {process.returncode}")
            print(f"the run was over after {len(found)} kills", file=sys.stderr)
            return found
    finished(command(options, output))
    return found


def command(options: Sequence[str], output: Path) -> list[str]:
    """Goes on with the run, or starts it where it was killed before it had written anything."""
    if (output / "config.yaml").is_file():
        return [*BERTPLAY, "train", "--resume", str(output)]
    return [*BERTPLAY, "train", *options, "--output", str(output)]


def half_written(output: Path) -> bool:
    """Whether a checkpoint is being written, or was when the process was killed."""
    return any((output / "checkpoints").glob(".step-*"))


def last_step(output: Path) -> int:
    """Of the last complete checkpoint."""
    names = [path.name for path in (output / "checkpoints").glob("step-*")]
    return max((int(name.removeprefix("step-")) for name in names), default=0)


def different_files(one: Path, other: Path) -> list[str]:
    """The files of two runs that are not the same, but for times."""
    names = [
        path.relative_to(one).as_posix()
        for path in sorted([*one.glob("model/*"), *one.glob("*predictions.csv")])
    ]
    bytewise = [n for n in names if (one / n).read_bytes() != (other / n).read_bytes()]
    return bytewise + [
        n for n in ("metrics.jsonl", "summary.json") if facts(one / n) != facts(other / n)
    ]


def facts(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a file without times."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines() if path.suffix == ".jsonl" else [text]
    return [{k: v for k, v in json.loads(line).items() if k not in TIMES} for line in lines]


def plot(whole: Path, killed: Path, kills: Sequence[Kill], path: Path) -> None:
    """Draw both runs' curves over each other, and the kills."""
    import matplotlib

    matplotlib.use("Agg")
    # Names in the file that are the same each time.
    matplotlib.rcParams["svg.hashsalt"] = "bertplay"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    for run, style in ((whole, {"linewidth": 5, "alpha": 0.35}), (killed, {"linewidth": 1.5})):
        records = facts(run / "metrics.jsonl")
        steps = [record["step"] for record in records]
        label = "never stopped" if run == whole else f"killed {len(kills)} times"
        axes[0].plot(steps, [record["train_loss"] for record in records], label=label, **style)
        axes[1].plot(steps, [score(record) for record in records], label=label, **style)
    for axis, title in zip(axes, ("training loss", "validation score"), strict=True):
        axis.set_title(title)
        axis.set_xlabel("optimizer steps")
        for kill in kills:
            axis.axvline(kill.step, color="0.6", linewidth=0.6, linestyle=":")
    axes[0].legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    pyplot.close(figure)


def score(record: dict[str, Any]) -> float:
    """Of the validation rows: macro-F1, or the score of several tasks."""
    validation = record["validation"]
    return float(validation.get("score", validation.get("macro_f1")))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; 1 where the runs differ."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--folder", type=Path, help="for both runs; default: a temporary one")
    parser.add_argument("--plot", type=Path, help="picture of both runs, .svg or .png")
    parser.add_argument("options", nargs="*", help="of bertplay train, after --")
    args = parser.parse_args(arguments)
    folder = args.folder or Path(tempfile.mkdtemp())
    finished(command(args.options, folder / "whole"))
    steps = last_step(folder / "whole")
    found = killed_again_and_again(
        args.options, folder / "killed", kills=args.kills, steps=steps, seed=args.seed
    )
    different = different_files(folder / "whole", folder / "killed")
    places = ", ".join(f"{kill.step}{'*' if kill.in_writing else ''}" for kill in found)
    print(f"{len(found)} kills in a run of {steps} steps, after the checkpoints of steps {places}")
    print(f"{sum(kill.in_writing for kill in found)} of them (*) left a half-written checkpoint")
    if args.plot is not None:
        plot(folder / "whole", folder / "killed", found, args.plot)
    print("different: " + ", ".join(different) if different else "all files are the same")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
