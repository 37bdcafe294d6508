"""`MultiTaskHead`: several heads on the same hidden states, each with a task of its own."""

from __future__ import annotations

from collections.abc import Mapping

import mlx.core as mx
import mlx.nn as nn

from bertplay.heads.text_head import TextHead
from bertplay.losses.argument_checks import require, require_known


class MultiTaskHead(nn.Module):
    """Several heads that read the same encoder, which learns from all of their losses.

    Hard parameter sharing (Caruana 1997): one encoder, a head for each task. The losses come one by
    one, so that the caller weighs them.

    Example:
        >>> import mlx.core as mx
        >>> from bertplay.heads import ClassificationHeadV2, RegressionHead
        >>> head = MultiTaskHead(
        ...     {
        ...         "emotion": ClassificationHeadV2(384, 6, hidden_dims=(128,)),
        ...         "valence": RegressionHead(384, hidden_dims=(128,)),
        ...     }
        ... )
        >>> outputs = head(mx.zeros((8, 32, 384)), mx.ones((8, 32)))
        >>> {task: output.shape for task, output in outputs.items()}
        {'emotion': (8, 6), 'valence': (8, 1)}
        >>> targets = {"emotion": mx.zeros((8,), dtype=mx.int32), "valence": mx.zeros((8,))}
        >>> losses = head.compute_losses(outputs, targets)

    Args:
        heads: task to head. Task names are keys of the parameters' tree (`heads.valence.output`):
            not empty, without ".", and no numbers, which MLX takes for places in a list.

    Raises:
        ValueError: there is no head, a name cannot be a key, a head is no `TextHead` or given
            twice, or the heads read states of different sizes.

    Reference:
        Caruana, Multitask Learning, 1997.
    """

    def __init__(self, heads: Mapping[str, TextHead]):
        super().__init__()
        require(len(heads) > 0, "heads is empty: expected at least one task and its head")
        for task, head in heads.items():
            _check_task(task)
            require(
                isinstance(head, TextHead),
                f"the head of task {task!r} is a {type(head).__name__}: expected a TextHead, such "
                "as RegressionHead",
            )
        _check_different(heads)
        sizes = {task: head.hidden_size for task, head in heads.items()}
        require(
            len(set(sizes.values())) == 1,
            f"heads have the hidden_size {sizes}: expected one, that of the encoder",
        )
        self.heads = dict(heads)

    def __call__(
        self, hidden_states: mx.array, attention_mask: mx.array | None = None
    ) -> dict[str, mx.array]:
        """Each task's outputs, float32, of hidden states `[B, L, H]`.

        Args:
            hidden_states: `[B, L, H]`, float32, bfloat16 or float16.
            attention_mask: `[B, L]`, bool or 0/1; None keeps every token.

        Raises:
            ValueError: hidden_states is not `[B, L, H]`, or the mask does not fit it.
        """
        return {task: head(hidden_states, attention_mask) for task, head in self.heads.items()}

    def compute_losses(
        self,
        outputs: Mapping[str, mx.array],
        targets: Mapping[str, mx.array],
        sample_weights: Mapping[str, mx.array] | None = None,
    ) -> dict[str, mx.array]:
        """Each task's loss, a float32 scalar.

        Args:
            outputs: task to its outputs, as calling the head gives them.
            targets: task to its targets, as its head's `compute_loss` takes them.
            sample_weights: task to `[N]`: 0 for a row whose label is missing, which then may hold
                anything. A task that is not named weights all rows alike.

        Raises:
            ValueError: a task has no outputs or targets, a weighted task is unknown, or its head
                refuses what it is given; the task is named.
        """
        weights = sample_weights or {}
        for task in weights:
            require_known("sample_weights has the unknown task", task, self.heads)
        return {
            task: _loss(
                task,
                head,
                _of_task(task, outputs, "outputs"),
                _of_task(task, targets, "targets"),
                weights.get(task),
            )
            for task, head in self.heads.items()
        }


def _loss(
    task: str, head: TextHead, outputs: mx.array, targets: mx.array, weights: mx.array | None
) -> mx.array:
    try:
        return head.compute_loss(outputs, targets, weights)
    except ValueError as error:
        raise ValueError(f"task {task!r}: {error}") from error


def _of_task(task: str, arrays: Mapping[str, mx.array], name: str) -> mx.array:
    require(
        task in arrays,
        f"{name} has no task {task!r}: expected an array for each task, found "
        f"{', '.join(arrays) or 'none'}",
    )
    return arrays[task]


def _check_task(task: str) -> None:
    require(
        isinstance(task, str) and task != "" and "." not in task and not _is_number(task),
        f"task name is {task!r}: expected a text that is not empty, has no '.' and is no number",
    )


def _is_number(text: str) -> bool:
    try:
        int(text)
    except ValueError:
        return False
    return True


def _check_different(heads: Mapping[str, TextHead]) -> None:
    first: dict[int, str] = {}
    for task, head in heads.items():
        other = first.setdefault(id(head), task)
        require(
            other == task,
            f"tasks {other!r} and {task!r} have the same head: make one for each, or its weights "
            "would be saved twice",
        )
