"""`compare_backbones`: encoders on the same splits, with their sizes, speed and memory."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bertplay.backbones import SCRATCH
from bertplay.comparison.baselines import evaluated_rows
from bertplay.comparison.comparing import Folds, Seeds, compare_methods
from bertplay.comparison.concluded import Facts
from bertplay.comparison.progress import SilentTrainings
from bertplay.comparison.trainings import Method
from bertplay.data.errors import InputError
from bertplay.data.tokenizer import encode_texts
from bertplay.encoders import load_encoder
from bertplay.encoders.families import read_config
from bertplay.encoders.loading import find_model
from bertplay.heads import ClassificationHeadV2, TextClassifier
from bertplay.named_arrays import named_arrays
from bertplay.options import TrainOptions
from bertplay.prediction import BatchedPredictor, padded_lengths_for
from bertplay.training.encoded_splits import max_length_of
from bertplay.training_data import load_training_data

_MOST_TIMED = 512
_PASSES = 3


@dataclass(frozen=True)
class MeasuredEncoder:
    """What an encoder is, and how fast it reads the evaluated texts.

    Attributes:
        backbone: as the user named it.
        family: its model_type.
        parameters: numbers of the whole encoder, embeddings among them.
        hidden_size: H, the size of a token's state.
        layers: how many.
        predicted_per_second: texts read by the compiled encoder, the fastest of three passes.
    """

    backbone: str
    family: str
    parameters: int
    hidden_size: int
    layers: int
    predicted_per_second: float


def compare_backbones(
    options: TrainOptions,
    backbones: Sequence[str],
    *,
    times: Seeds | Folds,
    test: str,
    jobs: int,
    cache: Path,
    view: SilentTrainings,
) -> Facts:
    """Train a classifier on every encoder and every split, and compare them with the first.

    Args:
        options: of all trainings, but for the encoder and the seed; the recipe is that of each
            encoder where an option leaves it open.
        backbones: folders, repos, which are downloaded once, or `mini`.
        times: how often each is trained.
        test: of `bertplay.comparison.paired.TESTS`.
        jobs: trainings at once.
        cache: the folder of the trainings' results.
        view: is told of each training.

    Returns:
        As of `compare_methods`, and under `encoders` a `MeasuredEncoder` of each title.

    Raises:
        InputError: the input or the options are wrong, or an encoder cannot be read; nothing was
            trained.
        TrainingFailedError: a training failed.
        TrainingInterruptedError: Ctrl-C; what was finished is kept.
    """
    titles = _titles(backbones)
    for backbone in backbones:
        if backbone == SCRATCH:
            raise InputError(
                "scratch is made of the training texts and is no encoder to be had: name others"
            )
        read_config(find_model(backbone))
    facts = compare_methods(
        options,
        [Method(title, {"backbone": of}) for title, of in zip(titles, backbones, strict=True)],
        times=times,
        reference=titles[0],
        test=test,
        jobs=jobs,
        cache=cache,
        view=view,
    )
    table = load_training_data(options)
    texts = evaluated_rows(table).texts[:_MOST_TIMED]
    measured = {
        title: asdict(_measured(backbone, options, table.task.name, texts))
        for title, backbone in zip(titles, backbones, strict=True)
    }
    return {**facts, "encoders": measured}


def _titles(backbones: Sequence[str]) -> list[str]:
    """The last part of each name where these differ."""
    names = [backbone.rstrip("/") for backbone in backbones]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{twice} is named twice: name each encoder once")
    short = [Path(name).name for name in names]
    return [
        last if short.count(last) == 1 else name for last, name in zip(short, names, strict=True)
    ]


def _measured(
    backbone: str, options: TrainOptions, task: str, texts: Sequence[str]
) -> MeasuredEncoder:
    encoder, tokenizer = load_encoder(backbone)
    config = encoder.config
    max_length = max_length_of(replace(options, backbone=backbone), task, config.max_length)
    token_ids, _ = encode_texts(tokenizer, texts, max_length)
    model = TextClassifier(encoder, ClassificationHeadV2(config.hidden_size, 2, pooling="mean"))
    predictor = BatchedPredictor(
        model,
        padded_lengths_for(token_ids),
        min(options.batch_size, len(texts)),
        config.pad_token_id,
    )
    predictor.logits(token_ids)  # compiles
    fastest = float("inf")
    for _ in range(_PASSES):
        started = time.perf_counter()
        predictor.logits(token_ids)
        fastest = min(fastest, time.perf_counter() - started)
    return MeasuredEncoder(
        backbone,
        config.model_type,
        sum(array.size for array in named_arrays(encoder.parameters()).values()),
        config.hidden_size,
        config.num_hidden_layers,
        len(texts) / fastest,
    )
