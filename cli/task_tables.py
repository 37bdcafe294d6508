"""Several tasks as they are shown: what is planned, each epoch, and the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, RenderableType
from rich.text import Text

from bertplay.cli.printable import figure, loss_text, one_line, percent, scientific
from bertplay.cli.result_tables import plain_table, warn
from bertplay.training.view import EpochRecord, Plan, TaskPlan

_NAME_WIDTH = 24
_SHORT_NAME = 12
_WEAKEST_CLASSES = 8
_BEFORE_TASKS = 28  # columns of the epoch, the loss, the gradient norm and the score

_KINDS = {
    "single_label": "one class a row",
    "multi_label": "any number of classes a row",
    "regression": "a number, learned as standard deviations from the mean",
}
_METRICS = {
    "macro_f1": "macro-F1",
    "micro_f1": "micro-F1",
    "balanced_accuracy": "balanced accuracy",
    "exact_match": "exact match",
    "ccc": "concordance",
    "r2": "R2",
    "pearson": "correlation",
    "mae": "mean absolute error",
    "rmse": "RMSE",
}
_SHOWN = {
    "single_label": ("macro_f1", "balanced_accuracy", "accuracy"),
    "multi_label": ("macro_f1", "micro_f1", "exact_match"),
    "regression": ("ccc", "mae", "rmse"),
}
_OF_BASELINE = {"accuracy": "majority_accuracy"}

TASKS_LEGEND = "score the mean of the tasks' figures, * best so far"


def task_text(task: TaskPlan, train_rows: int) -> str:
    """One task of a plan in a line."""
    parts = [_KINDS[task.kind]]
    if counts := task.class_counts:
        ratio = max(counts.values()) / max(min(counts.values()), 1)
        parts = [f"{parts[0]}, {len(counts)} classes, {ratio:.1f} : 1 largest to smallest"]
    if task.labelled_rows < train_rows:
        parts.append(f"{percent(task.labelled_rows / train_rows, 0)} of the rows labelled")
    parts += [loss_text(task.loss), f"weight {task.weight:.3g}"]
    return "; ".join(parts)


def tasks_epoch_line(record: EpochRecord[Any], plan: Plan) -> str:
    """All figures of an epoch in one line."""
    best = " (best so far)" if record.is_best else ""
    tasks = "; ".join(
        f"{one_line(task.name, _NAME_WIDTH)} {metric_name(task.metric)} "
        f"{_quality(record, task)} (loss {figure(record.train_figures[task.name], 4)}, "
        f"weight {figure(record.validation.weights[task.name], 2)})"
        for task in plan.tasks
    )
    return (
        f"epoch {record.epoch}/{plan.epochs}{best}: loss {figure(record.train_loss, 4)}, "
        f"learning rate {scientific(record.learning_rate)}, "
        f"gradient norm {figure(record.gradient_norm, 2)}, "
        f"score {figure(record.validation.score)}; {tasks}"
    )


class TasksEpochTable:
    """Heading and rows of the table that grows by an epoch; sentences where it is too wide.

    Args:
        plan: of the run.
        width: columns of the terminal.
    """

    def __init__(self, plan: Plan, width: int) -> None:
        self._plan = plan
        self._columns = [(task, max(len(_short(task)), 6)) for task in plan.tasks]
        needed = _BEFORE_TASKS + sum(width + 2 for _, width in self._columns)
        self._sentences = needed > width

    def heading(self) -> list[Text]:
        """The lines above the first row."""
        if self._sentences:
            return []
        names = "".join(f"  {_short(task):>{width}}" for task, width in self._columns)
        figures = "".join(
            f"  {_abbreviated(task.metric):>{width}}" for task, width in self._columns
        )
        return [
            Text(" " * _BEFORE_TASKS + figures, "dim"),
            Text(f"epoch  {'loss':>6}  {'grad':>5}  {'score':>6}{names}", "bold"),
        ]

    def row(self, record: EpochRecord[Any]) -> list[RenderableType]:
        """The lines of one epoch: the figures, and under them what each task's loss counted."""
        if self._sentences:
            return [Text(tasks_epoch_line(record, self._plan), "bold" if record.is_best else "")]
        mark = "*" if record.is_best else " "
        line = (
            f"{record.epoch:>4}{mark}  {figure(record.train_loss, 4):>6}  "
            f"{figure(record.gradient_norm, 2):>5}  {figure(record.validation.score):>6}"
        )
        cells = "".join(f"  {_quality(record, task):>{width}}" for task, width in self._columns)
        rows: list[RenderableType] = [Text(line + cells, "bold" if record.is_best else "")]
        if self._plan.task_weighting != "fixed":
            weights = record.validation.weights
            shown = "".join(
                f"  {figure(weights[task.name], 2):>{width}}" for task, width in self._columns
            )
            rows.append(Text(f"{'weight':>{_BEFORE_TASKS}}{shown}", "dim"))
        return rows


def print_tasks_result(
    console: Console,
    tasks: Mapping[str, Mapping[str, Any]],
    metrics: Mapping[str, Mapping[str, Any]],
    baselines: Mapping[str, Mapping[str, Any]] | None = None,
    lines: Sequence[str] = (),
) -> None:
    """Print each task's figures beside those of an answer without reading, and the weakest classes.

    Args:
        console: where to.
        tasks: task to its facts, as summary.json has them.
        metrics: task to its figures.
        baselines: task to the figures of its baseline; None for none.
        lines: of the checks that fired.
    """
    headings = [] if baselines is None else ["baseline"]
    table = plain_table("task", "figure", "model", *headings)
    table.columns[1].justify = "left"
    for name, of_task in metrics.items():
        for place, key in enumerate(_SHOWN[tasks[name]["kind"]]):
            cells = [one_line(name, _NAME_WIDTH) if place == 0 else "", metric_name(key)]
            compared = []
            if baselines is not None:
                of_baseline = baselines[name].get(_OF_BASELINE.get(key, key))
                compared = ["" if of_baseline is None else figure(of_baseline)]
            table.add_row(*cells, Text(figure(of_task[key]), style="bold"), *compared)
    console.print(table)
    weakest = [
        (figures["f1"], name, label, figures)
        for name, of_task in metrics.items()
        for label, figures in of_task.get("per_class", {}).items()
        if figures["support"]
    ]
    if weakest:
        console.print()
        classes = plain_table("weakest classes", "task", "precision", "recall", "F1", "rows")
        classes.columns[1].justify = "left"
        for _, name, label, figures in sorted(weakest, key=lambda w: w[:3])[:_WEAKEST_CLASSES]:
            of_class = (figure(figures[key]) for key in ("precision", "recall", "f1"))
            shown = (one_line(label, _NAME_WIDTH), one_line(name, _NAME_WIDTH))
            classes.add_row(*shown, *of_class, f"{figures['support']:,}")
        console.print(classes)
    if lines:
        console.print()
    for line in lines:
        warn(console, line)


def metric_name(key: str) -> str:
    """A figure's name in words."""
    return _METRICS.get(key, key.replace("_", " "))


def _short(task: TaskPlan) -> str:
    return one_line(task.name, _SHORT_NAME)


def _abbreviated(metric: str) -> str:
    names = {"macro_f1": "F1", "micro_f1": "mic-F1", "balanced_accuracy": "bal"}
    return names.get(metric, {"accuracy": "acc", "exact_match": "exact"}.get(metric, metric)[:6])


def _quality(record: EpochRecord[Any], task: TaskPlan) -> str:
    metrics = record.validation.tasks.get(task.name)
    return figure(None if metrics is None else getattr(metrics, task.metric))
