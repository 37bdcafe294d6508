"""The settings of a training loop, and the parts of a step that are made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mlx.nn as nn

from bertplay.data.batch_size import BatchSize
from bertplay.distributed.process_group import ALONE, ProcessGroup
from bertplay.optimizers.grouped import GroupedOptimizer
from bertplay.optimizers.parameter_groups import optimizer_for
from bertplay.schedules import Schedule, schedule_for
from bertplay.training.precision import in_precision
from bertplay.training.step import BatchLoss, Step, TraceGuard, compiled_step


@dataclass(frozen=True)
class LoopSettings:
    """The settings of the loop; see `bertplay.options.TrainOptions` for their meaning."""

    epochs: int
    batch_size: int
    max_tokens: int | None
    accumulate: int
    sampling: str
    optimizer: str
    optimizer_args: Mapping[str, Any]
    lr: float
    head_lr: float | None
    layer_decay: float
    schedule: str
    schedule_args: Mapping[str, Any]
    warmup: float
    weight_decay: float
    clip_norm: float
    average_weights: float
    ema: float
    keep: str
    patience: int | None
    checkpoint_every: int | None
    freeze_stages: Mapping[int, str]
    gradient_checkpointing: bool
    precision: str
    seed: int
    pad_id: int

    @property
    def size(self) -> BatchSize:
        """Of all batches that make one optimizer step."""
        return BatchSize(self.batch_size, self.max_tokens, self.accumulate)


def optimizer_of(model: nn.Module, settings: LoopSettings) -> GroupedOptimizer:
    """The optimizer that the settings ask for; it has no state yet."""
    return optimizer_for(
        model,
        settings.optimizer,
        settings.optimizer_args,
        lr=settings.lr,
        weight_decay=settings.weight_decay,
        head_lr=settings.head_lr,
        layer_decay=settings.layer_decay,
    )


def schedule_of(settings: LoopSettings, total_steps: int) -> Schedule:
    """The learning rates that the settings ask for.

    Raises:
        InputError: an option of the schedule does not fit the peak rate.
    """
    return schedule_for(
        settings.schedule,
        settings.lr,
        total_steps=total_steps,
        epochs=settings.epochs,
        warmup=settings.warmup,
        arguments=settings.schedule_args,
    )


def step_of(
    model: nn.Module,
    optimizer: GroupedOptimizer,
    batch_loss: BatchLoss,
    settings: LoopSettings,
    guard: TraceGuard,
    group: ProcessGroup = ALONE,
) -> tuple[Step, list[object]]:
    """The compiled step that the settings ask for, as of `compiled_step`.

    Args:
        model: in training mode, with the weights to begin with.
        optimizer: initialised.
        batch_loss: what is minimised.
        settings: of the loop.
        guard: counts the traces.
        group: the processes that a step's rows are divided over.
    """
    encoder: Any = model.encoder
    encoder.recompute = settings.gradient_checkpointing
    return compiled_step(
        model,
        optimizer,
        in_precision(batch_loss, encoder, settings.precision),
        clip_norm=settings.clip_norm,
        guard=guard,
        accumulate=settings.accumulate,
        group=group,
    )
