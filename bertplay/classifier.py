"""A trained classifier: saved to a folder, loaded from a run, and asked about new texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from bertplay.atomic_files import write_folder, write_json
from bertplay.data.errors import InputError
from bertplay.data.tokenizer import encode_texts, load_tokenizer
from bertplay.encoders.bert import BertEncoder
from bertplay.encoders.checkpoint import WEIGHTS_FILE, read_safetensors, require_same_names
from bertplay.encoders.config import read_config
from bertplay.heads import ClassificationHeadV2, TextClassifier
from bertplay.named_arrays import named_arrays
from bertplay.prediction import BatchedPredictor, padded_lengths_for, softmax
from bertplay.task import Task

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_ENCODER, _HEAD = "bert.", "head."
_LOSS = "loss."


@dataclass(frozen=True, eq=False)
class Classifier:
    """An encoder with a head, and all that turns texts into its input.

    Attributes:
        model: token ids to logits.
        tokenizer: texts to token ids.
        task: how a table's rows become texts, and the class names.
        head_options: `pooling` and `dropout` of the head.
        max_length: longer texts are cut to so many tokens.
    """

    model: TextClassifier
    tokenizer: Tokenizer
    task: Task
    head_options: Mapping[str, Any]
    max_length: int

    @property
    def encoder(self) -> BertEncoder:
        """The encoder within the model."""
        assert isinstance(self.model.encoder, BertEncoder)
        return self.model.encoder

    @property
    def classes(self) -> tuple[str, ...]:
        """The C class names, in the order of the probabilities."""
        return self.task.classes

    def predict_proba(
        self,
        texts: Sequence[str],
        *,
        batch_size: int = 32,
        on_batch: Callable[[int], None] = lambda rows: None,
    ) -> NDArray[np.float64]:
        """Class probabilities of texts.

        Args:
            texts: N texts; an empty one is allowed.
            batch_size: rows computed at once.
            on_batch: is told the number of rows of each finished batch.

        Returns:
            `[N, C]`, each row sums to 1, in the order of the texts.
        """
        if not texts:
            return np.zeros((0, len(self.classes)))
        token_ids, _ = encode_texts(self.tokenizer, texts, self.max_length)
        predictor = BatchedPredictor(
            self.model,
            padded_lengths_for(token_ids),
            min(batch_size, len(texts)),
            self.encoder.config.pad_token_id,
        )
        return softmax(predictor.logits(token_ids, on_batch))

    def predict(self, texts: Sequence[str]) -> list[str]:
        """The likeliest class of each text."""
        return [self.classes[best] for best in self.predict_proba(texts).argmax(axis=1)]


def save(
    classifier: Classifier, folder: Path, replaced: Mapping[str, mx.array] | None = None
) -> None:
    """Write config.json, model.safetensors and tokenizer.json, the folder as a whole at once.

    The encoder's tensors have Hugging Face's names with the prefix `bert.`, so that
    `bertplay.encoders.load_encoder` and transformers' `AutoModel` read them too.

    Args:
        classifier: what to save.
        folder: replaced if it exists.
        replaced: encoder tensors by name that differ from those the model holds, such as the
            whole vocabulary while a part of it is trained.
    """
    encoder = named_arrays(classifier.encoder.parameters()) | dict(replaced or {})
    tensors = {_ENCODER + name: value for name, value in encoder.items()}
    tensors |= _head_tensors(classifier.model.head)
    config = classifier.encoder.config.as_dict() | {
        "bertplay": {
            "task": classifier.task.to_dict(),
            "head": dict(classifier.head_options),
            "max_length": classifier.max_length,
        }
    }

    def write(target: Path) -> None:
        mx.save_safetensors(str(target / WEIGHTS_FILE), tensors, {"format": "mlx"})
        write_json(target / "config.json", config)
        classifier.tokenizer.save(str(target / "tokenizer.json"))

    write_folder(folder, write)


def load(run: str | PathLike[str]) -> Classifier:
    """Load the classifier of a run directory, or of its `model` folder.

    Raises:
        InputError: it is no run, it has no model yet, or a file of it is damaged.
    """
    given = Path(run).expanduser()
    folder = given / "model" if (given / "model").is_dir() else given
    if not (folder / "config.json").is_file():
        raise InputError(
            f"{run} is no run with a trained model: give the folder that `bertplay train` wrote"
        )
    config = read_config(folder)
    stored = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("bertplay")
    if stored is None:
        raise InputError(
            f"{run} holds an encoder without a head: train it first with "
            f"`bertplay train --backbone {run}`"
        )
    tensors = read_safetensors(folder / WEIGHTS_FILE)
    try:
        task, head_options = Task.from_dict(stored["task"]), dict(stored["head"])
        max_length = int(stored["max_length"])
        # The loss is for training only; its options are in the run's config.yaml.
        head = ClassificationHeadV2(
            config.hidden_size, len(task.classes), loss="ce", **head_options
        )
    except InputError as error:
        raise InputError(f"{folder / 'config.json'}: {error}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{folder / 'config.json'} does not say how to use the model ({error}): train it again"
        ) from None
    encoder = BertEncoder(config, pooler=f"{_ENCODER}pooler.dense.weight" in tensors)
    model = TextClassifier(encoder, head)
    expected = {
        _ENCODER + name: value for name, value in named_arrays(encoder.parameters()).items()
    } | _head_tensors(head)
    require_same_names(tensors, expected, folder)
    encoder.load_weights(
        [(n.removeprefix(_ENCODER), t) for n, t in tensors.items() if n.startswith(_ENCODER)]
    )
    head.load_weights(
        [(n.removeprefix(_HEAD), t) for n, t in tensors.items() if n.startswith(_HEAD)],
        strict=False,
    )
    model.eval()
    mx.eval(model.parameters())
    return Classifier(model, load_tokenizer(folder), task, head_options, max_length)


def _head_tensors(head: ClassificationHeadV2) -> dict[str, mx.array]:
    return {
        _HEAD + name: value
        for name, value in named_arrays(head.parameters()).items()
        if not name.startswith(_LOSS)
    }
