"""From texts and a backbone to an encoder and token ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import mlx.core as mx

from bertplay.backbones import SCRATCH
from bertplay.data.batch_size import require_texts_fit
from bertplay.data.errors import InputError
from bertplay.data.token_rows import TokenRows
from bertplay.data.tokenizer import encode_texts
from bertplay.encoders import Encoder, encoder_from_scratch, load_encoder
from bertplay.encoders.families import has_own_head
from bertplay.encoders.loading import find_model
from bertplay.named_arrays import named_arrays
from bertplay.options import TrainOptions
from bertplay.recipes import Recipe, recipe_for
from bertplay.training.used_vocabulary import UsedVocabulary, used_vocabulary

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@dataclass(frozen=True, eq=False)
class EncodedSplits:
    """An encoder that holds only the used part of the vocabulary, and the texts in its numbers.

    Attributes:
        encoder: to train.
        tokenizer: of the whole vocabulary.
        max_length: longer texts were cut to so many tokens.
        train: texts to learn from.
        validation: texts to evaluate on.
        test: texts that only the final model is shown; empty where there are none.
        vocabulary: the used part and the whole.
        untrained: encoder tensors that are kept out of training: BERT's pooler.
        cut_texts: training texts that were longer than `max_length`.
        head_left_out: the backbone is a model of transformers with a head of its own.
    """

    encoder: Encoder
    tokenizer: Tokenizer
    max_length: int
    train: TokenRows
    validation: TokenRows
    test: TokenRows
    vocabulary: UsedVocabulary
    untrained: Mapping[str, mx.array]
    cut_texts: int
    head_left_out: bool

    @property
    def pad_id(self) -> int:
        """The padding token's number in the used vocabulary."""
        return int(self.vocabulary.token_ids.searchsorted(self.encoder.config.pad_token_id))

    def whole_tensors(self) -> dict[str, mx.array]:
        """The encoder's tensors that must be replaced or added where the model is saved."""
        words = self.vocabulary.restore(self.encoder.words.weight)
        return {f"{self.encoder.word_path}.weight": words, **self.untrained}


def encode_splits(
    options: TrainOptions,
    task: str,
    train: Sequence[str],
    validation: Sequence[str],
    test: Sequence[str],
) -> EncodedSplits:
    """Load or build the encoder, and tokenize the texts.

    Args:
        options: of the run.
        task: its name, which the recipe goes by.
        train: texts to learn from.
        validation: texts to evaluate on.
        test: texts that only the final model is shown.

    Raises:
        InputError: the backbone cannot be loaded, `max_length` is more than it can read, or
            `max_tokens` is less than a text has.
    """
    encoder, tokenizer = _encoder(options, task, train)
    max_length = max_length_of(options, task, encoder.config.max_length)
    train_ids, cut = encode_texts(tokenizer, train, max_length)
    validation_ids, _ = encode_texts(tokenizer, validation, max_length)
    test_ids, _ = encode_texts(tokenizer, test, max_length)
    for token_ids in (train_ids, validation_ids, test_ids):
        require_texts_fit([len(ids) for ids in token_ids], options.max_tokens)

    # The head pools token states itself; BERT's pooler would get no gradient.
    untrained = {}
    if "pooler" in encoder:
        pooler = encoder.pop("pooler")
        untrained = {f"pooler.{k}": v for k, v in named_arrays(pooler.parameters()).items()}
    words = encoder.words
    vocabulary = used_vocabulary(
        words.weight, train_ids, validation_ids, test_ids, pad_id=encoder.config.pad_token_id
    )
    words.weight = vocabulary.used_rows()
    return EncodedSplits(
        encoder,
        tokenizer,
        max_length,
        vocabulary.renumber(train_ids),
        vocabulary.renumber(validation_ids),
        vocabulary.renumber(test_ids),
        vocabulary,
        untrained,
        cut,
        options.backbone != SCRATCH and has_own_head(find_model(options.backbone)),
    )


def recipe_of(options: TrainOptions, task: str) -> Recipe:
    """The recommended settings of a task, by its name and what it is trained with."""
    built_in = options.data is None and task != "table"
    return recipe_for(task, backbone=options.backbone, built_in=built_in)


def max_length_of(options: TrainOptions, task: str, limit: int) -> int:
    """What the user asked for, or the task's recipe as far as the encoder can read.

    Args:
        options: of the run.
        task: its name, which the recipe goes by.
        limit: the most tokens that the encoder can read.

    Raises:
        InputError: the user asked for more.
    """
    if options.max_length is None:
        return min(recipe_of(options, task).max_length, limit)
    if options.max_length > limit:
        raise InputError(
            f"--max-length {options.max_length} is more than the {limit} tokens that "
            f"{options.backbone} can read"
        )
    return options.max_length


def _encoder(options: TrainOptions, task: str, texts: Sequence[str]) -> tuple[Encoder, Tokenizer]:
    if options.backbone == SCRATCH:
        positions = options.max_length or recipe_of(options, task).max_length
        return encoder_from_scratch(texts, max_length=positions, seed=options.seed)
    return load_encoder(options.backbone)
