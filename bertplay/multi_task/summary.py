"""The facts of a run with several tasks: what is shown before it, and summary.json after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bertplay.checks.result import final_checks
from bertplay.device_memory import memory_facts
from bertplay.environment import environment
from bertplay.freezing import freeze_stages
from bertplay.multi_task.data import MultiLabelledTexts
from bertplay.multi_task.metrics import MultiTaskMetrics, baseline
from bertplay.multi_task.preparation import PreparedTasks, task_facts
from bertplay.options import TrainOptions
from bertplay.prediction import padded_lengths_for
from bertplay.trained_part_options import adapter_settings
from bertplay.training.frozen_pass import FrozenPass
from bertplay.training.loop import LoopResult
from bertplay.training.objective import Objective
from bertplay.training.step_memory import StepMemory
from bertplay.training.summary import (
    encoding_facts,
    first_epoch,
    first_epoch_padding,
    frozen_facts,
)
from bertplay.training.trained_part import trained_part_facts
from bertplay.training.view import Plan, TaskPlan


def tasks_plan(
    options: TrainOptions,
    prepared: PreparedTasks,
    memory: StepMemory,
    frozen_pass: FrozenPass | None,
    output: Path,
) -> Plan:
    """What the user is shown before training starts."""
    assert options.epochs is not None
    assert options.average_weights is not None
    data, encoded = prepared.data, prepared.encoded
    facts = task_facts(prepared)
    trainable, total = prepared.parameters
    return Plan(
        source=data.train.source,
        train_rows=len(data.train),
        validation_rows=len(data.validation),
        test_rows=len(data.test or ()),
        class_counts={},
        example=data.train.texts[0],
        backbone=options.backbone,
        trainable_parameters=trainable,
        total_parameters=total,
        loss={},
        sampling=options.sampling,
        padded_lengths=padded_lengths_for(encoded.train),
        padding_fraction=first_epoch_padding(prepared.training_rows(), options),
        cut_texts=encoded.cut_texts,
        steps_per_epoch=len(first_epoch(prepared.training_rows(), options)),
        batches_per_step=options.accumulate,
        ema=options.ema,
        epochs=options.epochs,
        memory=memory,
        objective=Objective(),
        teacher=None,
        average_weights=options.average_weights,
        output=str(output),
        tasks=tuple(TaskPlan(name, **_of_plan(of_task)) for name, of_task in facts.items()),
        task_weighting=options.task_weighting,
        freeze_stages=freeze_stages(options.freeze, options.unfreeze),
        features=None if frozen_pass is None else frozen_pass.planned(),
        adapter=adapter_settings(options),
        quantize=options.quantize,
        head_left_out=encoded.head_left_out,
    )


def tasks_summary(
    options: TrainOptions,
    prepared: PreparedTasks,
    result: LoopResult[MultiTaskMetrics],
    test: MultiTaskMetrics | None,
    *,
    frozen_pass: FrozenPass | None,
    total_seconds: float,
    output: Path,
) -> dict[str, Any]:
    """The contents of summary.json.

    Args:
        options: with the recipe's settings.
        prepared: the trained model and its rows.
        result: of the training loop.
        test: the figures on the test rows, where there are some.
        frozen_pass: of frozen layers that ran once.
        total_seconds: of the whole run.
        output: the run directory.
    """
    data, chosen = prepared.data, result.chosen
    own_rows = [data.train, *([] if options.validation else [data.validation]), data.test or ()]
    of_test = {}
    if test is not None and data.test is not None:
        of_test = {
            "test": test.as_dict(),
            "test_baseline": _baselines(prepared, data.test),
        }
    return {
        "task": data.task.name,
        "tasks": task_facts(prepared),
        "task_weighting": options.task_weighting,
        "backbone": options.backbone,
        **trained_part_facts(options, *prepared.parameters),
        "data": {
            "source": data.train.source,
            "sha256": data.train.sha256,
            "rows": sum(map(len, own_rows)),
            "train_rows": len(data.train),
            "validation_rows": len(data.validation),
            "validation_source": data.validation.source,
            "test_rows": len(data.test or ()),
            "text_rule": asdict(data.task.text_rule),
        },
        "validation": chosen.validation.as_dict(),
        "baseline": _baselines(prepared, data.validation),
        **of_test,
        "checks": final_checks(chosen.checks, result.history[-1].checks),
        "epochs_run": len(result.history),
        "best_epoch": chosen.epoch,
        **frozen_facts(frozen_pass),
        "train_seconds": result.train_seconds,
        "total_seconds": total_seconds,
        "rows_per_second": len(result.history) * len(data.train) / result.train_seconds,
        **encoding_facts(prepared.encoded, prepared.training_rows(), options),
        "compiled_shapes": result.compiled_shapes,
        "memory": memory_facts(),
        "seed": options.seed,
        "output": str(output),
        "environment": environment(),
    }


def _baselines(prepared: PreparedTasks, rows: MultiLabelledTexts) -> dict[str, Any]:
    return {
        name: baseline(prepared.data.train.labels[name], labels)
        for name, labels in rows.labels.items()
        if labels.known.any()
    }


def _of_plan(facts: Mapping[str, Any]) -> dict[str, Any]:
    names = ("kind", "loss", "weight", "metric", "labelled_rows")
    return {
        **{name: facts[name] for name in names},
        "class_counts": facts.get("class_counts", {}),
    }
