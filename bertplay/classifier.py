"""A trained classifier of one label column: saved, restored, and asked about new texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from bertplay.adapters.folder import AdapterOrigin, write_adapter
from bertplay.answers import Answer, answers, text_of
from bertplay.data.errors import InputError
from bertplay.data.tokenizer import encode_texts
from bertplay.decisions.decided import Decided, undecided
from bertplay.decisions.decisions import Decisions, read_decisions
from bertplay.encoders.encoder import Encoder
from bertplay.heads import ClassificationHeadV2, TextClassifier
from bertplay.model_folder import StoredModel, head_tensors, write_model
from bertplay.prediction import BatchedPredictor, Logits, padded_lengths_for
from bertplay.streaming import streamed
from bertplay.task import Task

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@dataclass(frozen=True, eq=False)
class Classifier:
    """An encoder with a head, and all that turns texts into its input.

    Attributes:
        model: token ids to logits.
        tokenizer: texts to token ids.
        task: how a table's rows become texts, and the class names.
        head_options: `pooling` and `dropout` of the head.
        max_length: longer texts are cut to so many tokens.
        decisions: what was fitted on validation rows to make decisions of the logits; None where
            they are those of the network alone.
    """

    model: TextClassifier
    tokenizer: Tokenizer
    task: Task
    head_options: Mapping[str, Any]
    max_length: int
    decisions: Decisions | None = None

    def reading(self, column: str | None) -> Classifier:
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

    @property
    def classes(self) -> tuple[str, ...]:
        """The C class names, in the order of the probabilities."""
        return self.task.classes

    def predict_proba(
        self,
        texts: Sequence[str],
        *,
        raw: bool = False,
        batch_size: int = 32,
        on_batch: Callable[[int], None] = lambda rows: None,
        on_cut: Callable[[int], None] = lambda texts: None,
    ) -> NDArray[np.float64]:
        """Class probabilities of texts.

        Args:
            texts: N texts; an empty one is allowed.
            raw: leave out the model's calibration: the probabilities are the network's own.
            batch_size: rows computed at once.
            on_batch: is told the number of rows of each finished batch.
            on_cut: is told how many texts were longer than `max_length`, where there are any.

        Returns:
            `[N, C]`, each row sums to 1, in the order of the texts.
        """
        return self.decide(
            texts, raw=raw, batch_size=batch_size, on_batch=on_batch, on_cut=on_cut
        ).probabilities

    def decide(
        self,
        texts: Sequence[str],
        *,
        raw: bool = False,
        batch_size: int = 32,
        on_batch: Callable[[int], None] = lambda rows: None,
        on_cut: Callable[[int], None] = lambda texts: None,
    ) -> Decided:
        """What the model's decisions make of texts; the arguments are those of `predict_proba`."""
        logits = self.logits(texts, batch_size=batch_size, on_batch=on_batch, on_cut=on_cut)
        if raw or self.decisions is None:
            return undecided(logits)
        return self.decisions.decided(logits)

    def logits(
        self,
        texts: Sequence[str],
        *,
        batch_size: int = 32,
        on_batch: Callable[[int], None] = lambda rows: None,
        on_cut: Callable[[int], None] = lambda texts: None,
    ) -> Logits:
        """`[N, C]` what the network says of texts; the arguments are those of `predict_proba`."""
        if not texts:
            return np.zeros((0, len(self.classes)), dtype=np.float32)
        token_ids, cut = encode_texts(self.tokenizer, texts, self.max_length)
        if cut:
            on_cut(cut)
        predictor = BatchedPredictor(
            self.model,
            padded_lengths_for(token_ids),
            min(batch_size, len(texts)),
            self.encoder.config.pad_token_id,
        )
        return predictor.logits(token_ids, on_batch)

    def predict(self, texts: Sequence[str], *, raw: bool = False) -> list[str]:
        """The class of each text: the likeliest, or that of the model's decision rule.

        Args:
            texts: N texts.
            raw: the likeliest class by the network's own probabilities.
        """
        return [self.classes[label] for label in self.decide(texts, raw=raw).labels]

    @overload
    def __call__(self, texts: str | Mapping[str, Any]) -> Answer: ...  # type: ignore[overload-overlap]  # a str is a Sequence

    @overload
    def __call__(self, texts: Sequence[str | Mapping[str, Any]]) -> list[Answer]: ...

    def __call__(
        self, texts: str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]]
    ) -> Answer | list[Answer]:
        """The class of a text with all probabilities, or a list of them for a list.

        A text may also be a table's row, as a mapping of columns to cells, that the task makes a
        text of.

        Raises:
            InputError: a row lacks a column, or something is neither a text nor a row.
        """
        if isinstance(texts, str | Mapping):
            return self([texts])[0]
        asked = [text_of(text, self.task.text_rule) for text in texts]
        return answers(self.classes, self.decide(asked))

    def stream(
        self, texts: Iterable[str | Mapping[str, Any]], *, window: int = 1024
    ) -> Iterator[Answer]:
        """Answers to texts that come one by one, in their order, as they are asked for.

        Args:
            texts: of any number, such as a generator's; or rows, as of a call.
            window: so many texts are held and predicted at once; they are sorted by length, so a
                larger window pads less.

        Raises:
            ValueError: window is below 1.
        """
        return streamed(self, texts, window)


def save(
    classifier: Classifier, folder: Path, replaced: Mapping[str, mx.array] | None = None
) -> None:
    """Write config.json, model.safetensors and tokenizer.json, the folder as a whole at once.

    Where the classifier has decisions, decisions.json as well.

    Args:
        classifier: what to save.
        folder: replaced if it exists.
        replaced: encoder tensors by name that differ from those the model holds, such as the
            whole vocabulary while a part of it is trained.
    """
    encoder, tokenizer = classifier.encoder, classifier.tokenizer
    write_model(
        folder,
        encoder,
        tokenizer,
        *head_and_facts(classifier),
        replaced,
        classifier.decisions,
    )


def save_adapter(classifier: Classifier, folder: Path, origin: AdapterOrigin) -> None:
    """Write the adapter of the encoder, with the head: all that is not the backbone's.

    Args:
        classifier: whose encoder has the adapter.
        folder: replaced if it exists.
        origin: of the adapter.
    """
    write_adapter(
        folder, origin, classifier.encoder, *head_and_facts(classifier), classifier.decisions
    )


def head_and_facts(classifier: Classifier) -> tuple[dict[str, mx.array], dict[str, Any]]:
    """The head's tensors, and how to use the model: what is stored besides the encoder."""
    facts = {
        "task": classifier.task.to_dict(),
        "head": dict(classifier.head_options),
        "max_length": classifier.max_length,
    }
    return head_tensors(classifier.model.head), facts


def restore(stored: StoredModel) -> Classifier:
    """The classifier that `save` or `save_adapter` wrote.

    Raises:
        InputError: a file of it is damaged.
    """
    facts = stored.facts
    try:
        task, head_options = Task.from_dict(facts["task"]), dict(facts["head"])
        max_length = int(facts["max_length"])
        # The loss is for training only; its options are in the run's config.yaml.
        head = ClassificationHeadV2(
            stored.config.hidden_size, len(task.classes), loss="ce", **head_options
        )
    except InputError as error:
        raise InputError(f"{stored.description}: {error}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise stored.incomplete(error) from None
    model = TextClassifier(stored.encoder(), head)
    stored.fill(model.encoder, {"": head})
    model.eval()
    mx.eval(model.parameters())
    decisions = read_decisions(stored.folder, task.classes)
    return Classifier(model, stored.tokenizer(), task, head_options, max_length, decisions)
