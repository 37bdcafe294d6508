"""A trained model with several heads: saved, restored, and asked about new texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from bertplay.adapters.folder import AdapterOrigin, write_adapter
from bertplay.answers import text_of
from bertplay.data.errors import InputError
from bertplay.data.tokenizer import encode_texts
from bertplay.encoders.encoder import Encoder
from bertplay.heads import ClassificationHeadV2, MultiLabelHead, MultiTaskHead, RegressionHead
from bertplay.heads.text_head import TextHead
from bertplay.model_folder import StoredModel, head_tensors, write_model
from bertplay.multi_task.answers import TaskAnswers, answer, task_answer
from bertplay.multi_task.model import MultiTaskModel, task_weights_for
from bertplay.multi_task.task import LabelColumn, MultiTask
from bertplay.named_arrays import named_arrays
from bertplay.prediction import BatchedPredictor, padded_lengths_for, softmax
from bertplay.streaming import streamed

if TYPE_CHECKING:
    from tokenizers import Tokenizer

HIDDEN_DIMS = (128,)
"""The hidden layer of each task's head."""

_WEIGHTS = "task_weights."


@dataclass(frozen=True, eq=False)
class MultiTaskClassifier:
    """An encoder with several heads, and all that turns texts into its input.

    Attributes:
        model: token ids to each task's outputs.
        tokenizer: texts to token ids.
        task: how a table's rows become texts, and what is learned.
        head_options: `pooling` and `dropout` of the heads.
        max_length: longer texts are cut to so many tokens.
        task_weighting: how the tasks' losses are weighed, see `task_weights_for`.
    """

    model: MultiTaskModel
    tokenizer: Tokenizer
    task: MultiTask
    head_options: Mapping[str, Any]
    max_length: int
    task_weighting: str

    def reading(self, column: str | None) -> MultiTaskClassifier:
        """The same model for tables whose texts stand in another column; None changes nothing.

        Raises:
            InputError: it does not make texts of a single column.
        """
        return replace(self, task=replace(self.task, text_rule=self.task.text_rule.reading(column)))

    @property
    def encoder(self) -> Encoder:
        """The encoder within the model."""
        assert isinstance(self.model.encoder, Encoder)
        return self.model.encoder

    def predict_outputs(
        self,
        texts: Sequence[str],
        *,
        batch_size: int = 32,
        on_batch: Callable[[int], None] = lambda rows: None,
        on_cut: Callable[[int], None] = lambda texts: None,
    ) -> dict[str, NDArray[np.float64]]:
        """What each task's head says about N texts, in their order.

        Args:
            texts: N texts.
            batch_size: rows a batch.
            on_batch: is told the number of rows of each finished batch.
            on_cut: is told how many texts were longer than `max_length`, where there are any.

        Returns:
            Task to `[N, C]` probabilities (of a single-label task they sum to 1, of a multi-label
            task each class has its own), or to `[N]` numbers of a regression.
        """
        if not texts:
            shapes = {c.name: (0, len(c.classes)) if c.classes else (0,) for c in self.task.columns}
            return {name: np.zeros(shape) for name, shape in shapes.items()}
        token_ids, cut = encode_texts(self.tokenizer, texts, self.max_length)
        if cut:
            on_cut(cut)
        predictor = BatchedPredictor(
            self.model,
            padded_lengths_for(token_ids),
            min(batch_size, len(texts)),
            self.encoder.config.pad_token_id,
        )
        outputs = predictor.outputs(token_ids, on_batch)
        return {c.name: probabilities(outputs[c.name], c) for c in self.task.columns}

    def predict(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """Each text's answers: task to a class, a list of classes, or a number."""
        outputs = self.predict_outputs(texts)
        return [
            {c.name: answer(outputs[c.name][row], c) for c in self.task.columns}
            for row in range(len(texts))
        ]

    @overload
    def __call__(self, texts: str | Mapping[str, Any]) -> TaskAnswers: ...  # type: ignore[overload-overlap]  # a str is a Sequence

    @overload
    def __call__(self, texts: Sequence[str | Mapping[str, Any]]) -> list[TaskAnswers]: ...

    def __call__(
        self, texts: str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]]
    ) -> TaskAnswers | list[TaskAnswers]:
        """Each task's answer to a text with all probabilities, or a list of them for a list.

        A text may also be a table's row, as a mapping of columns to cells, that the task makes a
        text of.

        Returns:
            Task to a `bertplay.answers.Answer` where a text has one class, to a
            `bertplay.multi_task.answers.SetAnswer` where it has any number, or to a number.

        Raises:
            InputError: a row lacks a column, or something is neither a text nor a row.
        """
        if isinstance(texts, str | Mapping):
            return self([texts])[0]
        asked = [text_of(text, self.task.text_rule) for text in texts]
        outputs = self.predict_outputs(asked)
        return [
            {c.name: task_answer(outputs[c.name][row], c) for c in self.task.columns}
            for row in range(len(asked))
        ]

    def stream(
        self, texts: Iterable[str | Mapping[str, Any]], *, window: int = 1024
    ) -> Iterator[TaskAnswers]:
        """Answers to texts that come one by one, in their order, as they are asked for.

        Args:
            texts: of any number, such as a generator's; or rows, as of a call.
            window: so many texts are held and predicted at once; they are sorted by length, so a
                larger window pads less.

        Raises:
            ValueError: window is below 1.
        """
        return streamed(self, texts, window)


def probabilities(outputs: NDArray[np.float32], column: LabelColumn) -> NDArray[np.float64]:
    """A head's outputs as `[N, C]` probabilities, or as `[N]` numbers of a regression."""
    if column.kind == "single_label":
        return softmax(outputs)
    if column.kind == "multi_label":
        # In two halves, as the exponential of a large number would overflow.
        small = np.exp(-np.abs(outputs.astype(np.float64)))
        shares: NDArray[np.float64] = np.where(outputs >= 0, 1.0, small) / (1.0 + small)
        return shares
    return column.mean + column.scale * outputs[:, 0].astype(np.float64)


def task_head(
    hidden_size: int, column: LabelColumn, loss: Any, head_options: Mapping[str, Any]
) -> TextHead:
    """A new head for a task."""
    options: dict[str, Any] = {"loss": loss, "hidden_dims": HIDDEN_DIMS, **head_options}
    if column.kind == "single_label":
        return ClassificationHeadV2(hidden_size, len(column.classes), **options)
    if column.kind == "multi_label":
        return MultiLabelHead(hidden_size, len(column.classes), **options)
    return RegressionHead(hidden_size, **options)


def save_multi_task(
    classifier: MultiTaskClassifier, folder: Path, replaced: Mapping[str, mx.array] | None = None
) -> None:
    """Write config.json, model.safetensors and tokenizer.json, the folder as a whole at once.

    Args:
        classifier: what to save, with the task weights that it has learned.
        folder: replaced if it exists.
        replaced: encoder tensors by name that differ from those the model holds.
    """
    encoder, tokenizer = classifier.encoder, classifier.tokenizer
    write_model(folder, encoder, tokenizer, *heads_and_facts(classifier), replaced)


def save_multi_task_adapter(
    classifier: MultiTaskClassifier, folder: Path, origin: AdapterOrigin
) -> None:
    """Write the adapter of the encoder, with the heads: all that is not the backbone's.

    Args:
        classifier: whose encoder has the adapter.
        folder: replaced if it exists.
        origin: of the adapter.
    """
    write_adapter(folder, origin, classifier.encoder, *heads_and_facts(classifier))


def heads_and_facts(
    classifier: MultiTaskClassifier,
) -> tuple[dict[str, mx.array], dict[str, Any]]:
    """Tensors of heads and task weights, and how to use the model: all but the encoder."""
    weights = named_arrays(classifier.model.task_weights.parameters())
    tensors = head_tensors(classifier.model.head)
    facts = {
        "tasks": classifier.task.to_dict(),
        "head": dict(classifier.head_options),
        "max_length": classifier.max_length,
        "task_weighting": classifier.task_weighting,
    }
    return tensors | {_WEIGHTS + name: value for name, value in weights.items()}, facts


def restore_multi_task(stored: StoredModel) -> MultiTaskClassifier:
    """The model that was saved, with its task weights as they were at last.

    Raises:
        InputError: a file of it is damaged.
    """
    facts = stored.facts
    try:
        task, head_options = MultiTask.from_dict(facts["tasks"]), dict(facts["head"])
        max_length = int(facts["max_length"])
        losses = {"single_label": "ce", "multi_label": "bce", "regression": "mse"}
        head = MultiTaskHead(
            {
                c.name: task_head(stored.config.hidden_size, c, losses[c.kind], head_options)
                for c in task.columns
            }
        )
        weighting = str(facts["task_weighting"])
        weights = task_weights_for(weighting, task, dict.fromkeys(head.heads, 1.0))
    except InputError as error:
        raise InputError(f"{stored.description}: {error}") from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise stored.incomplete(error) from None
    model = MultiTaskModel(stored.encoder(), head, weights)
    stored.fill(model.encoder, {"": head, _WEIGHTS: weights})
    model.eval()
    mx.eval(model.parameters())
    tokenizer = stored.tokenizer()
    return MultiTaskClassifier(model, tokenizer, task, head_options, max_length, weighting)
