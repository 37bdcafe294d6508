"""`lr_find`: which learning rate suits a run, by a short training with rising rates."""

from __future__ import annotations

from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any

from bertplay.atomic_files import write_atomically, write_json
from bertplay.data.errors import InputError
from bertplay.environment import environment
from bertplay.lr_find_options import LrFindOptions
from bertplay.options import TrainOptions, learns_tasks
from bertplay.training.rate_plot import write_rate_plot
from bertplay.training.rate_range import averaged_steps, rate_range_test
from bertplay.training.rate_suggestion import suggested_rate
from bertplay.training.trial_run import trial_run
from bertplay.training.view import SilentView

FACTS = "lr_find.json"


class SilentLrFindView(SilentView):
    """Shows nothing; the terminal's views override what they show."""

    def started(self, task: str, steps: int) -> None:
        """The model is built, and the test is about to start."""

    def tested(self, step: int, rate: float, loss: float) -> None:
        """The number of the step, its rate, and the running mean of the loss."""


def lr_find(
    options: TrainOptions,
    test_options: LrFindOptions | None = None,
    view: SilentLrFindView | None = None,
) -> dict[str, Any]:
    """Train with rising rates, suggest one, and write the losses and a picture of them.

    The model is not kept. What concerns whole epochs (`epochs`, `schedule`, `warmup`, averages of
    weights, the choice of the best epoch) plays no part.

    Args:
        options: of the run that a rate is sought for; `output` is the folder of the results, by
            default lr-find-TASK.
        test_options: of the range test.
        view: is told what happens; by default nobody is.

    Returns:
        What lr_find.json holds: `suggested_lr` and `lr_of_minimum`, both None where the test
        cannot tell, the `reason`, `rates`, `losses`, `smoothed`, `diverged` and the `output`.

    Raises:
        InputError: the input or the options are wrong; nothing was written.
    """
    test_options, view = test_options or LrFindOptions(), view or SilentLrFindView()
    if options.output is not None:
        _require_writable(Path(options.output).expanduser(), overwrite=options.overwrite)
    run = trial_run(options, view)
    output = _output(options, run.task)
    view.started(run.task, test_options.steps)
    test = rate_range_test(
        run,
        first=test_options.first_lr,
        last=test_options.last_lr,
        steps=test_options.steps,
        on_step=view.tested,
    )
    suggestion = suggested_rate(test, averaged_steps(test_options.steps))
    plot = output / f"lr_find.{test_options.plot}"
    facts = {
        "task": run.task,
        "backbone": options.backbone,
        "loss": None if learns_tasks(options) else options.loss,
        "optimizer": options.optimizer,
        "suggested_lr": suggestion.rate,
        "lr_of_minimum": suggestion.rate_of_minimum,
        "reason": suggestion.reason,
        **asdict(test_options),
        "diverged": test.diverged,
        "rates": list(test.rates),
        "losses": list(test.losses),
        "smoothed": list(test.smoothed),
        "seed": options.seed,
        "output": str(output),
        "plot": str(plot),
        "environment": environment(),
    }
    title = f"Learning-rate range test: {run.task}, {Path(options.backbone).name}, "
    title += options.optimizer
    write_atomically(plot, lambda path: write_rate_plot(path, test, suggestion.rate, title))
    write_json(output / FACTS, facts)
    return facts


def _output(options: TrainOptions, task: str) -> Path:
    """The folder that the user named, or the first free lr-find-TASK[-N]."""
    if options.output is not None:
        return Path(options.output).expanduser()
    base = Path(f"lr-find-{task}")
    if not base.exists():
        return base
    return next(
        path
        for number in count(2)
        if not (path := base.with_name(f"{base.name}-{number}")).exists()
    )


def _require_writable(folder: Path, *, overwrite: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise InputError(f"--output {folder} is a file: name a folder")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not (folder / FACTS).is_file():
        raise InputError(
            f"--output {folder} holds files that are of no range test: name another folder"
        )
    if not overwrite:
        raise InputError(
            f"--output {folder} already holds a range test: name another folder, or replace it "
            "with --overwrite"
        )
