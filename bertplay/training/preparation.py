"""From options and data to a model and token ids: all that training needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import mlx.core as mx

from bertplay.adapters.folder import AdapterOrigin
from bertplay.classifier import Classifier, head_and_facts, save, save_adapter
from bertplay.data.errors import InputError
from bertplay.encoders import EncoderConfig
from bertplay.heads import ClassificationHeadV2, TextClassifier
from bertplay.losses import ALL_LOSSES, LOSSES, ConfiguredLoss, get_loss
from bertplay.losses.registry import require_options
from bertplay.options import TrainOptions
from bertplay.training.encoded_splits import EncodedSplits, encode_splits, recipe_of
from bertplay.training.encoded_texts import EncodedTexts
from bertplay.training.trained_part import all_numbers, choose_trained_part, trainable_numbers
from bertplay.training_data import TrainingData
from bertplay.transformers_head import (
    HEADS,
    POOLINGS,
    start_from_pooler,
    transformers_head_options,
)

# Losses whose alpha comes from the training labels unless the user says otherwise.
_LOSSES_WITH_ALPHA = ("focal", "focal_smooth", "adaptive", "focal_schedule")
# From this ratio of the largest to the smallest class on; docs/losses.md has the reason.
_CLEARLY_IMBALANCED = 2.0


@dataclass(frozen=True, eq=False)
class Prepared:
    """A classifier whose encoder holds only the used part of the vocabulary, and its texts.

    Attributes:
        classifier: the model to train.
        train: rows to learn from, in the used vocabulary's numbers.
        validation: rows to evaluate on, likewise.
        test: rows that only the final model is shown, likewise; None where there are none.
        loss: the head's.
        encoded: the encoder and the token ids.
        adapter: what the encoder's adapter belongs to; None without one.
    """

    classifier: Classifier
    train: EncodedTexts
    validation: EncodedTexts
    test: EncodedTexts | None
    loss: ConfiguredLoss
    encoded: EncodedSplits
    adapter: AdapterOrigin | None

    @property
    def parameters(self) -> tuple[int, int]:
        """How many numbers are trained, and how many the whole model has."""
        model, (head, _) = self.classifier.model, head_and_facts(self.classifier)
        whole = self.encoded.whole_tensors()
        return trainable_numbers(model), all_numbers(self.classifier.encoder, head, whole)

    def save(self, folder: Path) -> None:
        """Write the classifier with the whole vocabulary; an adapter is merged."""
        save(self.classifier, folder, self.encoded.whole_tensors())

    def save_adapter(self, folder: Path) -> None:
        """Write the adapter and the head alone; without an adapter, nothing."""
        if self.adapter is not None:
            save_adapter(self.classifier, folder, self.adapter)


def with_recipe(options: TrainOptions, task: str) -> TrainOptions:
    """The options with the task's recommended settings where the user gave none.

    All but `max_length`, which depends on the encoder as well.
    """
    recipe = asdict(recipe_of(options, task))
    del recipe["max_length"]
    return replace(
        options, **{name: value for name, value in recipe.items() if getattr(options, name) is None}
    )


def resolve_loss(options: TrainOptions, data: TrainingData) -> ConfiguredLoss:
    """The loss, with class weights from the training labels where they are asked for.

    Raises:
        InputError: there is no such loss, it is not for classes, or an option of it is unknown or
            out of range.
    """
    if options.loss in ALL_LOSSES and options.loss not in LOSSES:
        purpose = {
            "multi_label": "rows with any number of classes",
            "regression": "regression, which learns numbers",
        }[ALL_LOSSES[options.loss].kind]
        raise InputError(
            f"--loss {options.loss} is for {purpose}, and column {data.task.label_column!r} holds "
            f"one class a row: choose from {', '.join(LOSSES)}, or learn the column as such a task "
            f"with --label {data.task.label_column}:{options.loss}"
        )
    arguments = with_default_alpha(
        options.loss, options.loss_args, data.class_counts, sampling=options.sampling
    )
    try:
        # First, as get_loss has arguments of its own, which are no options of a loss.
        require_options(options.loss, arguments)
        return get_loss(options.loss, class_counts=data.class_counts, **arguments)
    except ValueError as error:
        raise InputError(str(error)) from None


def head_options_of(options: TrainOptions, encoder: EncoderConfig) -> dict[str, Any]:
    """What a head is made with, and stored with.

    Args:
        options: with the recipe's settings filled in.
        encoder: what it reads.

    Raises:
        InputError: transformers' head of such an encoder cannot be made, or does not pool so.
    """
    shape: dict[str, Any] = {"pooling": options.pooling}
    if options.head == "transformers":
        key = HEADS[encoder.model_type].pooling_key
        if key is None and options.pooling != POOLINGS[0]:
            raise InputError(
                f"pooling is {options.pooling!r}, and head transformers of {encoder.model_type} "
                f"reads the first token's state alone: leave pooling out, or give {POOLINGS[0]}"
            )
        said = {} if key is None else {key: options.pooling}
        shape = transformers_head_options(
            encoder.hidden_size, encoder.model_type, encoder.as_dict() | said
        )
    return {**shape, "dropout": options.dropout, "dropout_samples": options.dropout_samples}


def with_default_alpha(
    loss: str, arguments: Mapping[str, Any], class_counts: Sequence[int], *, sampling: str
) -> dict[str, Any]:
    """A loss's arguments with balanced weights where the classes are clearly imbalanced.

    Only for losses that have an alpha which the user left open, and only where all rows are shown
    alike, as sampling by classes corrects for them already.
    """
    if loss not in _LOSSES_WITH_ALPHA:
        return dict(arguments)
    ratio = max(class_counts) / max(min(class_counts), 1)
    balanced = sampling == "natural" and ratio >= _CLEARLY_IMBALANCED
    return {"alpha": "balanced" if balanced else None, **arguments}


def prepare(options: TrainOptions, data: TrainingData, loss: ConfiguredLoss) -> Prepared:
    """Load or build the encoder, put a new head on it, and tokenize the texts.

    Args:
        options: with the recipe's settings filled in.
        data: the tables.
        loss: from `resolve_loss`.

    Raises:
        InputError: the backbone cannot be loaded, `max_length` is more than it can read, it has
            fewer layers than are to be frozen, or it cannot be quantized.
    """
    test = data.test.texts if data.test else ()
    encoded = encode_splits(options, data.task.name, data.train.texts, data.validation.texts, test)
    head_options = head_options_of(options, encoded.encoder.config)
    mx.random.seed(options.seed)  # draws the first weights of the head, then of an adapter
    head = ClassificationHeadV2(
        encoded.encoder.config.hidden_size, len(data.classes), loss=loss, **head_options
    )
    if options.head == "transformers" and encoded.encoder.config.model_type == "bert":
        start_from_pooler(head, encoded.untrained)
    adapter = choose_trained_part(encoded.encoder, options)
    classifier = Classifier(
        TextClassifier(encoded.encoder, head),
        encoded.tokenizer,
        data.task,
        head_options,
        encoded.max_length,
    )
    return Prepared(
        classifier,
        EncodedTexts(data.train, encoded.train),
        EncodedTexts(data.validation, encoded.validation),
        EncodedTexts(data.test, encoded.test) if data.test else None,
        loss,
        encoded,
        adapter,
    )
