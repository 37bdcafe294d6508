"""What a run is about to do, as named lines."""

from __future__ import annotations

from bertplay.adapters.settings import AdapterSettings
from bertplay.cli.printable import loss_text, one_line, percent
from bertplay.training.step_memory import StepMemory, bytes_text
from bertplay.training.view import Plan, PlannedFeatures

COMPILING = "compiling; the first run on a machine takes longest"
"""Shown until the first steps are done, as nothing else moves while MLX compiles them."""

_CLASSES_SHOWN = 10
_EXAMPLE_WIDTH = 300
_SAMPLINGS = {
    "balanced": "balanced, rows drawn anew each epoch, all classes alike",
    "sqrt": "sqrt, rows drawn anew each epoch, classes by the square root of their rows",
}


def rows_text(plan: Plan) -> str:
    """How many rows there are for what."""
    test = f", {plan.test_rows:,} to test the final model on" if plan.test_rows else ""
    return f"{plan.train_rows:,} to train on, {plan.validation_rows:,} to validate on{test}"


def class_shares(plan: Plan) -> list[tuple[str, int, float]]:
    """Name, rows and share of the classes, the most frequent first; of many, the two ends."""
    total = sum(plan.class_counts.values())
    ordered = sorted(plan.class_counts.items(), key=lambda item: -item[1])
    if len(ordered) > _CLASSES_SHOWN:
        ordered = [*ordered[: _CLASSES_SHOWN // 2], *ordered[-_CLASSES_SHOWN // 2 :]]
    return [(one_line(name, 24), count, count / total) for name, count in ordered]


def imbalance_text(plan: Plan) -> str:
    """How much larger the largest class is than the smallest, and how many are not shown."""
    counts = plan.class_counts.values()
    hidden = len(plan.class_counts) - _CLASSES_SHOWN
    more = f"; {hidden} classes of middle size are not shown" if hidden > 0 else ""
    return f"{max(counts) / max(min(counts), 1):.1f} : 1, largest to smallest class{more}"


def plan_rows(plan: Plan) -> list[tuple[str, str]]:
    """Name and text of the other lines, in order."""
    lengths = ", ".join(map(str, plan.padded_lengths))
    longer = "1 longer text is" if plan.cut_texts == 1 else f"{plan.cut_texts:,} longer texts are"
    cut = f"; {longer} cut" if plan.cut_texts else ""
    return [
        ("example", one_line(plan.example, _EXAMPLE_WIDTH)),
        ("backbone", _backbone_text(plan)),
        *([] if set(plan.freeze_stages.values()) == {"none"} else [("frozen", _frozen_text(plan))]),
        *([] if plan.features is None else [("features", _features_text(plan.features))]),
        *([] if plan.adapter is None else [("adapter", _adapter_text(plan.adapter))]),
        *_loss_rows(plan),
        *([] if plan.sampling == "natural" else [("sampling", _SAMPLINGS[plan.sampling])]),
        *([] if plan.teacher is None else [("teacher", _teacher_text(plan))]),
        ("lengths", f"{lengths} tokens, {percent(plan.padding_fraction)} padding{cut}"),
        ("steps", _steps_text(plan)),
        ("memory", _memory_text(plan.memory)),
        ("output", one_line(plan.output)),
    ]


def _backbone_text(plan: Plan) -> str:
    bits = f" in {plan.quantize} bits" if plan.quantize else ""
    head = ", without the classification head that it has" if plan.head_left_out else ""
    return (
        f"{one_line(plan.backbone)}{bits}{head}, trainable {plan.trainable_parameters:,} of "
        f"{plan.total_parameters:,} parameters"
    )


def _frozen_text(plan: Plan) -> str:
    """What of the encoder is not trained, and has no dropout, by epoch."""
    first, *later = sorted(plan.freeze_stages.items())
    stages = [f"{_part_text(frozen)} from epoch {epoch} on" for epoch, frozen in later]
    return ", ".join([_part_text(first[1]), *stages])


def _part_text(freeze: str) -> str:
    if freeze == "none":
        return "nothing"
    if freeze == "full":
        return "the encoder"
    if freeze == "embeddings":
        return "the embeddings"
    return f"the embeddings and the bottom {'layer' if freeze == '1' else f'{freeze} layers'}"


def _features_text(features: PlannedFeatures) -> str:
    """That frozen layers run once, and what that takes."""
    where = "a temporary file" if features.in_file else "memory"
    return f"frozen layers run once: {bytes_text(features.size)} of features in {where}"


def _adapter_text(adapter: AdapterSettings) -> str:
    dropout = f", dropout {adapter.dropout:g}" if adapter.dropout else ""
    return (
        f"{adapter.kind} of rank {adapter.rank}, scaled by {adapter.scale:g}{dropout}, on "
        f"{', '.join(adapter.targets)}"
    )


def _loss_rows(plan: Plan) -> list[tuple[str, str]]:
    if plan.tasks:
        return [("weighting", plan.task_weighting.replace("_", " "))]
    return [("loss", loss_text(plan.loss))]


def _teacher_text(plan: Plan) -> str:
    share = percent(plan.objective.teacher_weight, 0)
    return (
        f"{one_line(str(plan.teacher))}, {share} of the loss, temperature "
        f"{plan.objective.temperature:g}"
    )


def _memory_text(memory: StepMemory) -> str:
    """What a batch needs, of what there is."""
    return (
        f"about {bytes_text(memory.needed)} for a batch of {memory.rows} x {memory.length} tokens, "
        f"of {bytes_text(memory.usable)}"
    )


def _steps_text(plan: Plan) -> str:
    steps = plan.steps_per_epoch * plan.epochs
    text = f"{plan.epochs} epochs x {plan.steps_per_epoch} = {steps:,}"
    if plan.batches_per_step > 1:
        text += f", each of {plan.batches_per_step} batches"
    if plan.objective.r_drop:
        text += f", R-Drop {plan.objective.r_drop:g}"
    if plan.average_weights:
        text += f", weights averaged over the last {percent(plan.average_weights, 0)}"
    if plan.ema:
        text += f", moving average of the weights, decay {plan.ema:g}"
    if plan.first_step:
        text += f"; goes on after step {plan.first_step:,}"
    return text


def unfrozen_text(epoch: int, frozen: str, trainable: int) -> str:
    """What is trained from an epoch on."""
    return (
        f"from epoch {epoch} on {trainable:,} parameters are trained, frozen: {_part_text(frozen)}"
    )
