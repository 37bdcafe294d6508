"""Explanations of a trained model's predictions, word by word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mlx.core as mx
import numpy as np

from bertplay.attribution.path_integral import integrated_gradients
from bertplay.attribution.words import Pieces, Word, pieces_of
from bertplay.data.wording import listed

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from bertplay.classifier import Classifier
    from bertplay.multi_task.classifier import MultiTaskClassifier

# What tokenizers of this field call the token of a hidden word.
_MASKS = ("[MASK]", "<mask>")


@dataclass(frozen=True)
class Explanation:
    """How the words of a text move a model's score of it, away from the text with no words.

    The score is the log odds of the target class, `log p / (1 - p)`, in nats; of a regression, the
    number. A word's part is positive where it speaks for the target.

    Attributes:
        text: the text.
        target: the class that is explained; empty for a regression.
        words: the words that the model has read, in order; those beyond its length are left out.
        start: the score of the text whose words are all replaced by the baseline.
        end: the score of the text.
        error: the sum of the words' parts less `end - start`.
        complete: whether that is within the tolerance of `integrated_gradients`.
        baseline: the token that replaces each piece of a word.
    """

    text: str
    target: str
    words: tuple[Word, ...]
    start: float
    end: float
    error: float
    complete: bool
    baseline: str


def explain(
    classifier: Classifier | MultiTaskClassifier,
    texts: Sequence[str],
    targets: Sequence[str] | None = None,
    *,
    task: str | None = None,
) -> list[Explanation]:
    """The part of each word in the score of a class, by integrated gradients.

    The path leads, in the space of the embeddings, from the text whose word pieces are all the mask
    token to the text itself; the tokens in front of and behind the words are the same in both, so
    that nothing is their part. The mask is what a pretrained encoder has learned to read as a word
    that is not known, while the padding token, the usual alternative, is one that it never reads.
    It is used where a tokenizer has no mask.

    The score is the log odds of the class rather than its logit, because adding a number to all
    logits changes no probability, and should change no explanation. With two classes it is the
    difference of their logits.

    Args:
        classifier: a trained model.
        texts: N texts.
        targets: N class names; by default, of each text the class that is predicted.
        task: of a model of several tasks, which one.

    Raises:
        ValueError: it is one text and not a list, a target is no class of the model, their number
            is not that of the texts, or the task is missing or unknown.
    """
    if isinstance(texts, str):
        # Its letters would be taken for texts.
        raise ValueError("texts is a single text: give a list of texts")
    output = _output(classifier, task)
    if targets is not None and len(targets) != len(texts):
        raise ValueError(f"there are {len(targets)} targets for {len(texts)} texts")
    unknown = [target for target in targets or () if target not in output.classes]
    if unknown:
        raise ValueError(f"target {unknown[0]!r} is not a class: {listed(output.classes)}")
    token, token_id = _baseline(classifier.tokenizer, classifier.encoder.config.pad_token_id)
    was_training = classifier.model.training
    classifier.model.eval()
    try:
        return [
            _explained(
                classifier, output, text, None if targets is None else targets[row], token, token_id
            )
            for row, text in enumerate(texts)
        ]
    finally:
        classifier.model.train(was_training)


@dataclass(frozen=True)
class _Output:
    """One head of a model: `[P, L, H]` token states to `[P, C]`, and what the columns mean."""

    head: Callable[[mx.array], mx.array]
    kind: str
    classes: tuple[str, ...]
    unit: float = 1.0

    def score(self, outputs: mx.array, target: int) -> mx.array:
        """`[P]` log odds of a class, or numbers of a regression."""
        if self.kind == "regression":
            return outputs[:, 0] * self.unit
        if self.kind == "multi_label":
            return outputs[:, target]
        others = mx.arange(outputs.shape[1]) != target
        return outputs[:, target] - mx.logsumexp(mx.where(others, outputs, -mx.inf), axis=1)


def _output(classifier: Classifier | MultiTaskClassifier, task: str | None) -> _Output:
    from bertplay.classifier import Classifier

    head: Any = classifier.model.head
    if isinstance(classifier, Classifier):
        if task is not None:
            raise ValueError(f"task is {task!r}, but the model has a single one: leave it out")
        return _Output(lambda states: head(states, None), "single_label", classifier.classes)
    columns = {column.name: column for column in classifier.task.columns}
    if task not in columns:
        raise ValueError(f"task is {task!r}: the model has {listed(tuple(columns))}")
    column = columns[task]
    return _Output(
        lambda states: head.heads[task](states, None), column.kind, column.classes, column.scale
    )


def _explained(
    classifier: Classifier | MultiTaskClassifier,
    output: _Output,
    text: str,
    target: str | None,
    token: str,
    token_id: int,
) -> Explanation:
    encoder: Any = classifier.encoder
    pieces = pieces_of(classifier.tokenizer, text, classifier.max_length)

    def outputs(states: mx.array) -> mx.array:
        return output.head(encoder.above(states, None, 0))

    ids = mx.array([pieces.ids, _without_words(pieces, token_id)])
    states, baseline = encoder.below(ids, None, 0)
    if target is None:
        number = int(np.array(outputs(states[None]))[0].argmax())
        target = output.classes[number] if output.classes else ""
    else:
        number = output.classes.index(target)
    found = integrated_gradients(
        lambda inputs: output.score(outputs(inputs), number), states, baseline
    )
    return Explanation(
        text,
        target,
        pieces.merged(found.parts),
        found.start,
        found.end,
        found.error,
        found.complete,
        token,
    )


def _without_words(pieces: Pieces, token_id: int) -> list[int]:
    return [
        number if word is None else token_id
        for number, word in zip(pieces.ids, pieces.words, strict=True)
    ]


def _baseline(tokenizer: Tokenizer, pad_id: int) -> tuple[str, int]:
    """The token that stands for a word that is not known: its name and number."""
    for name in _MASKS:
        number = tokenizer.token_to_id(name)
        if number is not None:
            return name, number
    return tokenizer.id_to_token(pad_id) or "padding", pad_id
