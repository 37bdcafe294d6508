"""A distillation as plain lines, and in a terminal with a progress bar."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, TextIO

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from bertplay.cli.printable import duration, figure, one_line, percent
from bertplay.distillation.view import DistillPlan, SilentDistillView

_PROGRESS_LINES = 20


class PlainDistillView(SilentDistillView):
    """Writes lines that can be read, searched and kept.

    Args:
        stream: where to.
        started: `time.perf_counter()` at the start.
    """

    def __init__(self, stream: TextIO, *, started: float) -> None:
        self._stream, self._started = stream, started
        self._plan: DistillPlan | None = None
        self._shown = 0

    def planned(self, plan: DistillPlan) -> None:
        """Write the plan."""
        self._plan, self._started = plan, time.perf_counter()
        self._shown = plan.first_step * _PROGRESS_LINES // plan.steps
        for line in plan_lines(plan):
            self._line(line)

    def stepped(self, step: int, figures: dict[str, float]) -> None:
        """Write at most twenty lines a run."""
        assert self._plan is not None
        shown = step * _PROGRESS_LINES // self._plan.steps
        if shown > self._shown:
            self._shown = shown
            self._line(f"{step_text(self._plan, step, self._started)}: {figures_text(figures)}")

    def compared(self, step: int, similarity: float) -> None:
        """Write the similarity."""
        self._line(compared_text(step, similarity))

    def finished(self, summary: dict[str, Any]) -> None:
        """Write what was made."""
        for line in result_lines(summary):
            self._line(line)

    def _line(self, text: str) -> None:
        click.echo(text, file=self._stream, color=False)


class TerminalDistillView(SilentDistillView):
    """Shows a progress bar; a context manager that takes it away.

    Args:
        console: of the terminal.
        started: `time.perf_counter()` at the start.
    """

    def __init__(self, console: Console, *, started: float) -> None:
        self._console, self._started = console, started
        self._plan: DistillPlan | None = None
        self._progress = Progress(
            TextColumn("{task.fields[state]}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.completed}/{task.total}", markup=False),
            console=console,
            transient=True,
            expand=True,
        )
        self._task = self._progress.add_task("", state="compiling")

    def __enter__(self) -> TerminalDistillView:
        """The progress bar appears with the plan."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take the progress bar away, however it ended."""
        self._progress.stop()

    def planned(self, plan: DistillPlan) -> None:
        """Show the plan and the empty progress bar."""
        self._plan, self._started = plan, time.perf_counter()
        self._console.print("\n".join(plan_lines(plan)))
        self._progress.update(self._task, total=plan.steps, completed=plan.first_step)
        self._progress.start()

    def stepped(self, step: int, figures: dict[str, float]) -> None:
        """Move the bar."""
        assert self._plan is not None
        left = step_text(self._plan, step, self._started).split(", ")[-1]
        self._progress.update(self._task, completed=step, state=f"{figures_text(figures)}, {left}")

    def compared(self, step: int, similarity: float) -> None:
        """Show the similarity above the bar."""
        self._console.print(compared_text(step, similarity))

    def finished(self, summary: dict[str, Any]) -> None:
        """Show what was made."""
        self._progress.stop()
        self._console.print("\n".join(result_lines(summary)), soft_wrap=True)


def plan_lines(plan: DistillPlan) -> list[str]:
    """The plan as named lines."""
    share = percent(plan.parameters / plan.teacher_parameters, 0)
    resumed = f", going on from step {plan.first_step:,}" if plan.first_step else ""
    return [
        f"teacher   {one_line(plan.teacher)}, {plan.teacher_parameters:,} parameters",
        f"student   {plan.layers} layers of {plan.hidden}, {plan.vocabulary:,} word pieces, "
        f"{plan.parameters:,} parameters ({share} of the teacher's)",
        f"texts     {plan.texts:,} with {plan.tokens:,} tokens",
        f"steps     {plan.steps:,}{resumed}",
    ]


def step_text(plan: DistillPlan, step: int, started: float) -> str:
    """How far it is, and how long it will take."""
    done = step - plan.first_step
    left = (time.perf_counter() - started) / max(done, 1) * (plan.steps - step)
    return f"step {step:,}/{plan.steps:,} ({percent(step / plan.steps, 0)}), {duration(left)} left"


def figures_text(figures: dict[str, float]) -> str:
    """The parts of the loss."""
    return ", ".join(f"{name} {figure(value)}" for name, value in figures.items())


def compared_text(step: int, similarity: float) -> str:
    """How alike the sentence embeddings are."""
    return (
        f"after step {step:,}: similarity to the teacher {figure(similarity, 4)} (held-out texts)"
    )


def result_lines(summary: dict[str, Any]) -> list[str]:
    """What was made, and what comes next."""
    output = one_line(str(summary["output"]))
    return [
        f"similarity to the teacher {figure(summary['similarity'], 4)}, learned in "
        f"{duration(summary['seconds'])}",
        f"written to {output}: config.json, model.safetensors, tokenizer.json, distillation.json",
        f"next: bertplay train --backbone {output} --data FILE",
    ]
