"""The facts of a run: what is shown before it, and summary.json after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bertplay.checks.result import final_checks
from bertplay.data.batch_size import BatchSize, padding_fraction
from bertplay.data.batches import Batch
from bertplay.device_memory import memory_facts
from bertplay.environment import environment
from bertplay.freezing import freeze_stages
from bertplay.losses import ConfiguredLoss
from bertplay.metrics import Metrics, evaluate, majority_baseline
from bertplay.options import TrainOptions
from bertplay.prediction import Logits, padded_lengths_for, softmax
from bertplay.trained_part_options import adapter_settings
from bertplay.training.encoded_splits import EncodedSplits
from bertplay.training.epoch_batches import epoch_batches
from bertplay.training.frozen_pass import FrozenPass
from bertplay.training.loop import LoopResult
from bertplay.training.objective import objective_of
from bertplay.training.preparation import Prepared
from bertplay.training.rows import TrainingRows
from bertplay.training.step_memory import StepMemory
from bertplay.training.trained_part import trained_part_facts
from bertplay.training.view import Plan
from bertplay.training_data import TrainingData


def plan_of(
    options: TrainOptions,
    data: TrainingData,
    prepared: Prepared,
    memory: StepMemory,
    frozen_pass: FrozenPass | None,
    output: Path,
) -> Plan:
    """What the user is shown before training starts."""
    assert options.epochs is not None
    assert options.average_weights is not None
    trainable, total = prepared.parameters
    return Plan(
        source=data.source,
        train_rows=len(prepared.train),
        validation_rows=len(prepared.validation),
        test_rows=len(prepared.test or ()),
        class_counts=_class_counts(data),
        example=data.train.texts[0],
        backbone=options.backbone,
        trainable_parameters=trainable,
        total_parameters=total,
        loss=loss_facts(prepared.loss),
        sampling=options.sampling,
        padded_lengths=padded_lengths_for(prepared.train.token_ids),
        padding_fraction=first_epoch_padding(prepared.train.training_rows(), options),
        cut_texts=prepared.encoded.cut_texts,
        steps_per_epoch=len(first_epoch(prepared.train.training_rows(), options)),
        batches_per_step=options.accumulate,
        ema=options.ema,
        epochs=options.epochs,
        memory=memory,
        objective=objective_of(options),
        teacher=options.teacher,
        average_weights=options.average_weights,
        output=str(output),
        freeze_stages=freeze_stages(options.freeze, options.unfreeze),
        features=None if frozen_pass is None else frozen_pass.planned(),
        adapter=adapter_settings(options),
        quantize=options.quantize,
        head_left_out=prepared.encoded.head_left_out,
    )


def summary_of(
    options: TrainOptions,
    data: TrainingData,
    prepared: Prepared,
    result: LoopResult[Metrics],
    test_logits: Logits | None,
    decisions: Mapping[str, Any],
    *,
    frozen_pass: FrozenPass | None,
    total_seconds: float,
    output: Path,
) -> dict[str, Any]:
    """The contents of summary.json.

    Args:
        options: with the recipe's settings.
        data: the tables.
        prepared: the trained classifier and its texts.
        result: of the training loop.
        test_logits: `[N, C]` of the test rows, where there are some.
        decisions: what was fitted on the validation rows, and what it is worth.
        frozen_pass: of frozen layers that ran once.
        total_seconds: of the whole run.
        output: the run directory.
    """
    chosen = result.chosen
    held_out = data.validation
    assert held_out.labels is not None
    own_rows = [data.train, *([] if options.validation else [held_out]), data.test or ()]
    return {
        "task": data.task.name,
        "loss": loss_facts(prepared.loss),
        "backbone": options.backbone,
        **({} if options.teacher is None else {"teacher": _teacher_facts(options)}),
        **trained_part_facts(options, *prepared.parameters),
        "data": {
            "source": data.source,
            "sha256": data.sha256,
            "rows": sum(map(len, own_rows)),
            "train_rows": len(data.train),
            "validation_rows": len(held_out),
            "validation_source": held_out.source,
            "test_rows": len(data.test or ()),
            "classes": list(data.classes),
            "class_counts": _class_counts(data),
            "text_rule": asdict(data.task.text_rule),
        },
        "validation": chosen.validation.as_dict(),
        "baseline": dict(majority_baseline(_class_counts(data), held_out.labels)),
        **({} if test_logits is None else _test_figures(data, test_logits)),
        "decisions": dict(decisions),
        "checks": final_checks(chosen.checks, result.history[-1].checks),
        "epochs_run": len(result.history),
        "best_epoch": chosen.epoch,
        **frozen_facts(frozen_pass),
        "train_seconds": result.train_seconds,
        "total_seconds": total_seconds,
        "rows_per_second": len(result.history) * len(data.train) / result.train_seconds,
        **encoding_facts(prepared.encoded, prepared.train.training_rows(), options),
        "compiled_shapes": result.compiled_shapes,
        "memory": memory_facts(),
        "seed": options.seed,
        "output": str(output),
        "environment": environment(),
    }


def _teacher_facts(options: TrainOptions) -> dict[str, Any]:
    objective = objective_of(options)
    return {
        "run": options.teacher,
        "weight": objective.teacher_weight,
        "temperature": objective.temperature,
    }


def _test_figures(data: TrainingData, logits: Logits) -> dict[str, Any]:
    assert data.test is not None
    assert data.test.labels is not None
    labels = data.test.labels
    return {
        "test": evaluate(softmax(logits), labels, data.classes).as_dict(),
        "test_baseline": dict(majority_baseline(_class_counts(data), labels)),
    }


def loss_facts(loss: ConfiguredLoss) -> dict[str, Any]:
    """A loss's name and its resolved arguments, ready for JSON."""
    return {"name": loss.name, "arguments": loss.options()}


def _class_counts(data: TrainingData) -> dict[str, int]:
    return dict(zip(data.classes, data.class_counts, strict=True))


def frozen_facts(frozen_pass: FrozenPass | None) -> dict[str, Any]:
    """What was kept of frozen layers, as summary.json has it; `train_seconds` is without."""
    if frozen_pass is None or frozen_pass.largest == 0:
        return {}
    return {"frozen_features": {"bytes": frozen_pass.largest, "seconds": frozen_pass.seconds}}


def encoding_facts(
    encoded: EncodedSplits, rows: TrainingRows, options: TrainOptions
) -> dict[str, Any]:
    """How the training texts fit into batches, as summary.json has it."""
    return {
        "padding_fraction": first_epoch_padding(rows, options),
        "cut_texts": encoded.cut_texts,
    }


def first_epoch_padding(rows: TrainingRows, options: TrainOptions) -> float:
    """Padding tokens by all tokens of the first epoch; the others differ a little by chance."""
    return padding_fraction(rows.lengths, first_epoch(rows, options), batch_size_of(options))


def first_epoch(rows: TrainingRows, options: TrainOptions) -> list[Batch]:
    """The batches of the first epoch; all epochs have as many."""
    return epoch_batches(
        rows,
        padded_lengths_for(rows.token_ids),
        batch_size_of(options),
        sampling=options.sampling,
        seed=options.seed,
        epoch=1,
    )


def batch_size_of(options: TrainOptions) -> BatchSize:
    """Of the batches of a step."""
    return BatchSize(options.batch_size, options.max_tokens, options.accumulate)
