"""How a run went: what was measured after each epoch, as figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bertplay.report.lines import Place, line_figure
from bertplay.report.svg import Drawing, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Record = Mapping[str, Any]
"""A line of metrics.jsonl."""

_SINGLE_LABEL = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced acc.",
    "macro_f1": "macro-F1",
}
_MULTI_LABEL = {"macro_f1": "macro-F1", "micro_f1": "micro-F1", "exact_match": "exact match"}
_REGRESSION = {"ccc": "concordance", "pearson": "correlation"}
_MOST_CLASSES = 4


def training_curves(records: Sequence[Record], best_epoch: int) -> list[Drawing]:
    """The loss that was trained, the rate and the gradient's norm, over the epochs."""
    epochs = _epochs(records)
    losses = [float(record["train_loss"]) for record in records]
    drawings = [
        _over_epochs(
            {"training loss": losses},
            epochs,
            best_epoch,
            name="training-loss",
            title="Training loss by epoch",
            y_label="training loss",
            caption="The loss that was minimised, as the mean over each epoch's rows.",
        ),
        _over_epochs(
            {"gradient norm": [float(record["gradient_norm"]) for record in records]},
            epochs,
            best_epoch,
            name="gradient-norm",
            title="Gradient norm by epoch",
            y_label="gradient norm",
            caption="The norm of the gradient before clipping, as the mean over each epoch's "
            "steps.",
        ),
    ]
    schedules = sorted({name for record in records for name in record.get("schedule", {})})
    if schedules:
        drawings.append(
            _over_epochs(
                {
                    name: [float(record["schedule"].get(name, 0.0)) for record in records]
                    for name in schedules
                },
                epochs,
                best_epoch,
                name="schedule",
                title="What the schedule of the loss reached",
                y_label=schedules[0] if len(schedules) == 1 else "reached",
                caption="What the schedule of the loss had reached after each epoch: "
                f"{', '.join(schedules)}.",
            )
        )
    return drawings


def task_shares(records: Sequence[Record], best_epoch: int) -> Drawing:
    """What each task has of the weighted training loss, over the epochs."""
    weighted = [
        {
            name: record["validation"]["task_weights"][name] * abs(loss)
            for name, loss in record["train_figures"].items()
        }
        for record in records
    ]
    shares = {
        name: [of[name] / (sum(of.values()) or 1.0) for of in weighted] for name in weighted[0]
    }
    return _over_epochs(
        shares,
        _epochs(records),
        best_epoch,
        name="task-shares",
        title="Share of each task in the training loss by epoch",
        y_label="share of the loss",
        caption="What each task's loss, times its weight, has of the sum: a task with hardly a "
        "share is hardly learned.",
    )


def validation_curves(
    validation: Sequence[Mapping[str, Any]],
    epochs: Sequence[int],
    best_epoch: int,
    *,
    name: str,
    train_loss: Sequence[float] = (),
) -> list[Drawing]:
    """The figures of one label column on the validation rows, over the epochs.

    Args:
        validation: each epoch's figures of the column.
        epochs: their numbers.
        best_epoch: whose weights were kept.
        name: begins the figures' names.
        train_loss: the column's own part of the training loss, where there are several.
    """
    drawings = []
    if train_loss:
        drawings.append(
            _over_epochs(
                {"loss": train_loss},
                epochs,
                best_epoch,
                name=f"{name}-loss",
                title="Training loss of this task by epoch",
                y_label="training loss",
                caption="This task's own part of the loss, before it is weighed.",
            )
        )
    wanted = next(
        names
        for names in (_SINGLE_LABEL, _MULTI_LABEL, _REGRESSION)
        if names.keys() <= validation[0].keys()
    )
    drawings.append(
        _over_epochs(
            {label: [of[key] for of in validation] for key, label in wanted.items()},
            epochs,
            best_epoch,
            name=f"{name}-quality",
            title="Validation figures by epoch",
            y_label="validation rows",
            caption="Each on the validation rows, after each epoch.",
        )
    )
    if "log_loss" in validation[0]:
        drawings.append(
            _over_epochs(
                {
                    "confidence": [of["mean_confidence"] for of in validation],
                    "accuracy": [of["accuracy"] for of in validation],
                },
                epochs,
                best_epoch,
                name=f"{name}-confidence",
                title="Mean confidence and accuracy by epoch",
                y_label="validation rows",
                caption="How sure the model is on average, and how often it is right. A line of "
                "confidence above that of accuracy means overconfidence.",
            )
        )
    if "per_class" in validation[0]:
        drawings.append(_recalls(validation, epochs, best_epoch, name))
    return drawings


def _recalls(
    validation: Sequence[Mapping[str, Any]], epochs: Sequence[int], best_epoch: int, name: str
) -> Drawing:
    """The recall of each class; of many classes, of those that end lowest."""
    recalls = {
        label: [of["per_class"][label]["recall"] for of in validation]
        for label in validation[-1]["per_class"]
    }
    known = {label: values for label, values in recalls.items() if None not in values}
    lowest = sorted(known, key=lambda label: known[label][-1])[:_MOST_CLASSES]
    shown = {label: known[label] for label in known if label in lowest}
    all_shown = len(shown) == len(known)
    which = "each class" if all_shown else f"the {len(shown)} classes that end lowest"
    return _over_epochs(
        shown,
        epochs,
        best_epoch,
        name=f"{name}-recalls",
        title=f"Recall of {which} by epoch",
        y_label="recall",
        caption=f"Recall of {which}: the share of its rows that were found.",
    )


def _over_epochs(
    series: Mapping[str, Sequence[float]],
    epochs: Sequence[int],
    best_epoch: int,
    *,
    name: str,
    title: str,
    y_label: str,
    caption: str,
) -> Drawing:
    figure, axes = line_figure(
        {label: (epochs, values) for label, values in series.items()},
        x_label="epoch",
        y_label=y_label,
        mark=Place(best_epoch, f"best: epoch {best_epoch}"),
        points=True,
    )
    _whole_epochs(axes, epochs)
    at_best = list(epochs).index(best_epoch)
    description = "; ".join(
        f"{label} from {values[0]:.3g} in epoch {epochs[0]} to {values[-1]:.3g} in epoch "
        f"{epochs[-1]}, {values[at_best]:.3g} in the best epoch, {best_epoch}"
        for label, values in series.items()
    )
    return drawing(figure, name, title, description + ".", caption)


def _whole_epochs(axes: Axes, epochs: Sequence[int]) -> None:
    """A tick for an epoch, and no more than a dozen."""
    step = -(-len(epochs) // 12)
    axes.set_xticks(list(epochs)[::step])
    if len(epochs) == 1:
        axes.set_xlim(epochs[0] - 0.5, epochs[0] + 0.5)


def _epochs(records: Sequence[Record]) -> list[int]:
    return [int(record["epoch"]) for record in records]
