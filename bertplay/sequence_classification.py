"""Checkpoints of transformers' `*ForSequenceClassification`, with the head that they come with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlx.core as mx

from bertplay.classifier import Classifier
from bertplay.data.errors import InputError
from bertplay.data.tokenizer import load_tokenizer, require_tokens_fit
from bertplay.data.vocabulary_files import tokenizer_settings
from bertplay.decisions.decisions import read_decisions
from bertplay.encoders.checkpoint import encoder_part, read_all_tensors
from bertplay.encoders.compact import expand
from bertplay.encoders.config import EncoderConfig
from bertplay.encoders.families import read_config, read_config_values
from bertplay.encoders.loading import filled_encoder
from bertplay.heads import (
    ClassificationHeadV2,
    MultiLabelHead,
    MultiTaskHead,
    RegressionHead,
    TextClassifier,
)
from bertplay.heads.text_head import TextHead
from bertplay.labelled_tables import UNNAMED
from bertplay.task import Task
from bertplay.text_rule import TextRule
from bertplay.transformers_head import HEADS, tensor_names, transformers_head_options

if TYPE_CHECKING:
    from bertplay.multi_task.classifier import MultiTaskClassifier
    from bertplay.multi_task.task import Kind, LabelColumn

COLUMN = "label"
"""The label column of tables to evaluate on, unless another one is named."""

_KINDS: Mapping[str, Kind] = {
    "single_label_classification": "single_label",
    "multi_label_classification": "multi_label",
    "regression": "regression",
}
_TEXT = TextRule("column", "text")
_WEIGHTING = "fixed"  # of the losses, which nothing is known about


def load_checkpoint(folder: Path) -> Classifier | MultiTaskClassifier:
    """Load a checkpoint with its own head, labels and problem type.

    Rows of tables have their text in the column `text` and their label in `label`; several numbers
    in columns of the labels' names.

    Args:
        folder: with config.json, safetensors and a tokenizer; `bertplay export` adds decisions.json
            to one of its own, where the model has decisions.

    Returns:
        A `Classifier` of one class a text; with any number of classes or one number a text a
        `MultiTaskClassifier` of one task, with several numbers of as many.

    Raises:
        InputError: it is of no known family, a file of it is missing or damaged, a tensor is
            missing, or config.json has another number of labels than the head.
    """
    config, values = read_config(folder), read_config_values(folder)
    tokenizer = load_tokenizer(folder)
    require_tokens_fit(tokenizer, config.vocab_size, folder)
    tensors = expand(read_all_tensors(folder))
    arrays = _head_arrays(tensors, config, folder)
    try:
        options = transformers_head_options(config.hidden_size, config.model_type, values)
        labels = _labels(values, arrays["output.weight"].shape[0])
    except InputError as error:
        raise InputError(f"{folder / 'config.json'}: {error}") from None
    options = {**options, "dropout": 0.0}
    # BERT's pooler is the head's hidden layer, and those of other families are not read.
    of_encoder = encoder_part(tensors, config.prefix)
    of_encoder = {n: a for n, a in of_encoder.items() if not n.startswith("pooler.")}
    encoder = filled_encoder(config, of_encoder, folder)
    max_length = _max_length(config, folder)
    if labels.kind == "single_label":
        head = ClassificationHeadV2(config.hidden_size, len(labels.names), loss="ce", **options)
        _fill(head, arrays, folder)
        model = TextClassifier(encoder, head)
        model.eval()
        task = Task("table", _TEXT, COLUMN, labels.names)
        decisions = read_decisions(folder, labels.names)
        return Classifier(model, tokenizer, task, options, max_length, decisions)

    from bertplay.multi_task.classifier import MultiTaskClassifier
    from bertplay.multi_task.model import MultiTaskModel, task_weights_for
    from bertplay.multi_task.task import MultiTask

    tasks = MultiTask("table", _TEXT, _columns(labels))
    weights = task_weights_for(_WEIGHTING, tasks, {column.name: 1.0 for column in tasks.columns})
    several = MultiTaskModel(encoder, _heads(tasks.columns, options, arrays, folder), weights)
    several.eval()
    return MultiTaskClassifier(several, tokenizer, tasks, options, max_length, _WEIGHTING)


def _columns(labels: _Labels) -> tuple[LabelColumn, ...]:
    """What is learned: the classes that apply, a number, or several by their names."""
    from bertplay.multi_task.task import LabelColumn

    if labels.kind == "multi_label":
        return (LabelColumn(COLUMN, labels.kind, labels.names),)
    names = labels.names if len(labels.names) > 1 else (COLUMN,)
    return tuple(LabelColumn(name, labels.kind) for name in names)


def _heads(
    columns: Sequence[LabelColumn],
    options: Mapping[str, Any],
    arrays: Mapping[str, mx.array],
    folder: Path,
) -> MultiTaskHead:
    """A head for each column; of several numbers, each has its own row of the last map."""
    size = arrays["output.weight"].shape[1]
    heads: dict[str, TextHead] = {}
    for number, column in enumerate(columns):
        own = dict(arrays)
        if column.kind == "multi_label":
            head: TextHead = MultiLabelHead(size, len(column.classes), **options)
        else:
            head = RegressionHead(size, **options)
            last = ("output.weight", "output.bias")
            own |= {name: arrays[name][number : number + 1] for name in last}
        _fill(head, own, folder)
        heads[column.name] = head
    try:
        return MultiTaskHead(heads)
    except ValueError as error:
        raise InputError(
            f"{folder / 'config.json'}: a label cannot be a task's ({error})"
        ) from None


@dataclass(frozen=True)
class _Labels:
    """What a head's outputs are.

    Attributes:
        kind: of the task.
        names: of the outputs, in their order.
    """

    kind: Kind
    names: tuple[str, ...]


def _labels(values: Mapping[str, Any], outputs: int) -> _Labels:
    """The labels that config.json names, and what kind of task they make."""
    names = _names(values, outputs)
    if len(names) != outputs:
        raise InputError(
            f"it names {len(names)} label{'' if len(names) == 1 else 's'}, and the head has "
            f"{outputs}: they belong to different models"
        )
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"id2label names {twice!r} twice: give every label a name of its own")
    # As transformers takes a model that does not say: a single output is a number.
    default = "regression" if outputs == 1 else "single_label_classification"
    problem = values.get("problem_type") or default
    if not isinstance(problem, str) or problem not in _KINDS:
        raise InputError(f"problem_type is {problem!r}: only {', '.join(_KINDS)} are known")
    kind = _KINDS[problem]
    if kind == "single_label" and outputs < 2:
        raise InputError(
            f"problem_type is {problem!r} with {outputs} label: at least two are needed"
        )
    return _Labels(kind, names)


def _names(values: Mapping[str, Any], outputs: int) -> tuple[str, ...]:
    named = values.get("id2label")
    if named is None:
        # transformers leaves them out where there are two without names.
        count = values.get("num_labels", outputs)
        if not isinstance(count, int):
            raise InputError(f"num_labels is {count!r}: it must be a whole number")
        return tuple(f"{UNNAMED}{number}" for number in range(count))
    try:
        by_number = {int(number): str(name) for number, name in named.items()}
    except (AttributeError, TypeError, ValueError):
        by_number = {}
    if sorted(by_number) != list(range(len(by_number))) or not by_number:
        raise InputError('id2label must number the labels from 0 on, as {"0": "no", "1": "yes"}')
    return tuple(by_number[number] for number in range(len(by_number)))


def _head_arrays(
    tensors: Mapping[str, mx.array], config: EncoderConfig, folder: Path
) -> dict[str, mx.array]:
    """The head's tensors by their names in a `TextHead`, float32; a bias that is missing is 0."""
    head = HEADS[config.model_type]
    found = {}
    for ours, theirs in tensor_names(head).items():
        weight, bias = tensors.get(f"{theirs}.weight"), tensors.get(f"{theirs}.bias")
        if weight is None or weight.ndim != (1 if ours == "norm" else 2):
            raise InputError(
                f"{folder} has no {theirs}.weight, which the head of {head.architecture} needs: "
                "fetch or copy the model again"
            )
        found[f"{ours}.weight"] = weight.astype(mx.float32)
        found[f"{ours}.bias"] = (
            mx.zeros(weight.shape[:1]) if bias is None else bias.astype(mx.float32)
        )
    return found


def _fill(head: TextHead, arrays: Mapping[str, mx.array], folder: Path) -> None:
    from bertplay.encoders.checkpoint import require_same_names
    from bertplay.model_folder import head_tensors

    require_same_names(arrays, head_tensors(head), folder)
    head.load_weights(list(arrays.items()), strict=False)


def _max_length(config: EncoderConfig, folder: Path) -> int:
    """The most tokens of a text that both encoder and tokenizer allow."""
    stated = tokenizer_settings(folder).get("model_max_length")
    # transformers writes 1e30 where nobody said how many.
    if isinstance(stated, int | float) and 2 <= stated < config.max_length:
        return int(stated)
    return config.max_length
