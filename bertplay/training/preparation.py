"""From options and data to a model and token ids: all that training needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import mlx.core as mx

from bertplay.backbones import SCRATCH
from bertplay.classifier import Classifier
from bertplay.data.errors import InputError
from bertplay.data.tokenizer import encode_texts
from bertplay.encoders import BertEncoder, encoder_from_scratch, load_encoder
from bertplay.heads import ClassificationHeadV2, TextClassifier
from bertplay.losses import ConfiguredLoss, get_loss
from bertplay.losses.registry import require_options
from bertplay.named_arrays import named_arrays
from bertplay.options import TrainOptions
from bertplay.recipes import Recipe, recipe_for
from bertplay.training.encoded_texts import EncodedTexts
from bertplay.training.used_vocabulary import UsedVocabulary, used_vocabulary
from bertplay.training_data import TrainingData

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_WORDS = "embeddings.word_embeddings.weight"

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
        vocabulary: the used part and the whole.
        untrained: encoder tensors that are kept out of training: BERT's pooler.
        cut_texts: training texts that were longer than `max_length`.
    """

    classifier: Classifier
    train: EncodedTexts
    validation: EncodedTexts
    test: EncodedTexts | None
    loss: ConfiguredLoss
    vocabulary: UsedVocabulary
    untrained: Mapping[str, mx.array]
    cut_texts: int

    @property
    def pad_id(self) -> int:
        """The padding token's number in the used vocabulary."""
        pad = self.classifier.encoder.config.pad_token_id
        return int(self.vocabulary.token_ids.searchsorted(pad))

    def whole_tensors(self) -> dict[str, mx.array]:
        """The encoder's tensors that `bertplay.classifier.save` must replace or add."""
        trained = self.classifier.encoder.embeddings.word_embeddings.weight
        return {_WORDS: self.vocabulary.restore(trained), **self.untrained}


def with_recipe(options: TrainOptions, task: str) -> TrainOptions:
    """The options with the task's recommended settings where the user gave none.

    All but `max_length`, which depends on the encoder as well.
    """
    recipe = asdict(_recipe(options, task))
    del recipe["max_length"]
    return replace(
        options, **{name: value for name, value in recipe.items() if getattr(options, name) is None}
    )


def _max_length(options: TrainOptions, task: str, limit: int) -> int:
    """What the user asked for, or the task's recipe as far as the encoder can read."""
    if options.max_length is None:
        return min(_recipe(options, task).max_length, limit)
    if options.max_length > limit:
        raise InputError(
            f"--max-length {options.max_length} is more than the {limit} tokens that "
            f"{options.backbone} can read"
        )
    return options.max_length


def _recipe(options: TrainOptions, task: str) -> Recipe:
    return recipe_for(task, backbone=options.backbone, built_in=options.data is None)


def resolve_loss(options: TrainOptions, data: TrainingData) -> ConfiguredLoss:
    """The loss, with class weights from the training labels where they are asked for.

    Raises:
        InputError: there is no such loss, or an option of it is unknown or out of range.
    """
    arguments = dict(options.loss_args)
    if options.loss in _LOSSES_WITH_ALPHA:
        # Sampling that shows rare classes more often corrects for them already.
        natural = options.sampling == "natural"
        arguments.setdefault("alpha", _default_alpha(data.class_counts) if natural else None)
    try:
        # First, as get_loss has arguments of its own, which are no options of a loss.
        require_options(options.loss, arguments)
        return get_loss(options.loss, class_counts=data.class_counts, **arguments)
    except ValueError as error:
        raise InputError(str(error)) from None


def _default_alpha(class_counts: Sequence[int]) -> str | None:
    """Balanced weights where classes are clearly imbalanced, else none."""
    ratio = max(class_counts) / max(min(class_counts), 1)
    return "balanced" if ratio >= _CLEARLY_IMBALANCED else None


def prepare(options: TrainOptions, data: TrainingData, loss: ConfiguredLoss) -> Prepared:
    """Load or build the encoder, put a new head on it, and tokenize the texts.

    Args:
        options: with the recipe's settings filled in.
        data: the tables.
        loss: from `resolve_loss`.

    Raises:
        InputError: the backbone cannot be loaded, or `max_length` is more than it can read.
    """
    encoder, tokenizer = _encoder(options, data)
    max_length = _max_length(options, data.task.name, encoder.config.max_position_embeddings)
    train_ids, cut = encode_texts(tokenizer, data.train.texts, max_length)
    validation_ids, _ = encode_texts(tokenizer, data.validation.texts, max_length)
    test_ids, _ = encode_texts(tokenizer, data.test.texts if data.test else (), max_length)

    # The head pools token states itself; BERT's pooler would get no gradient.
    untrained = {}
    if "pooler" in encoder:
        pooler = encoder.pop("pooler")
        untrained = {f"pooler.{k}": v for k, v in named_arrays(pooler.parameters()).items()}
    words = encoder.embeddings.word_embeddings
    vocabulary = used_vocabulary(
        words.weight, train_ids, validation_ids, test_ids, pad_id=encoder.config.pad_token_id
    )
    words.weight = vocabulary.used_rows()

    head_options: dict[str, Any] = {"pooling": options.pooling, "dropout": options.dropout}
    mx.random.seed(options.seed)  # draws the head's first weights
    head = ClassificationHeadV2(
        encoder.config.hidden_size, len(data.classes), loss=loss, **head_options
    )
    classifier = Classifier(
        TextClassifier(encoder, head), tokenizer, data.task, head_options, max_length
    )
    return Prepared(
        classifier,
        EncodedTexts(data.train, vocabulary.renumber(train_ids)),
        EncodedTexts(data.validation, vocabulary.renumber(validation_ids)),
        EncodedTexts(data.test, vocabulary.renumber(test_ids)) if data.test else None,
        loss,
        vocabulary,
        untrained,
        cut,
    )


def _encoder(options: TrainOptions, data: TrainingData) -> tuple[BertEncoder, Tokenizer]:
    if options.backbone == SCRATCH:
        positions = options.max_length or _recipe(options, data.task.name).max_length
        return encoder_from_scratch(data.train.texts, max_length=positions, seed=options.seed)
    return load_encoder(options.backbone)
