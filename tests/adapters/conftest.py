"""A small table with two label columns, and options of tiny BERT on it."""

from pathlib import Path

import mlx.core as mx
import pytest
from small_runs import ROWS, Saved, prepared_from, prepared_tasks
from tiny_classifier import TINY

from bertplay import TrainOptions
from bertplay.adapters.adding import adapter_arrays
from bertplay.named_arrays import named_arrays


@pytest.fixture(scope="session")
def table(tmp_path_factory) -> Path:
    """20 rows."""
    path = tmp_path_factory.mktemp("table") / "passengers.csv"
    lines = [",".join(ROWS[row % 4]) for row in range(20)]
    path.write_text("\n".join(["text,label,score", *lines]) + "\n")
    return path


@pytest.fixture(scope="session")
def options_for(table):
    """Options of a quick run with an adapter, with changes."""

    def options(**changes) -> TrainOptions:
        values = {
            "data": str(table),
            "backbone": str(TINY),
            "max_length": 16,
            "batch_size": 8,
            "epochs": 2,
            "lr": 1e-2,
            "adapter": "lora",
            "report": False,
        }
        values |= {} if "tasks" in changes else {"label": "label"}
        return TrainOptions(**{**values, **changes})

    return options


@pytest.fixture(scope="session")
def saved_run(options_for, tmp_path_factory):
    """A run as it is left by training: `model` and `adapter`, with weights that are not the first.

    Of one label column, or of two tasks.
    """

    def run(**changes) -> Saved:
        options = options_for(**changes)
        prepared = prepared_tasks(options) if options.tasks else prepared_from(options)
        encoder = prepared.classifier.encoder
        trained = {
            **adapter_arrays(encoder),
            **named_arrays(prepared.classifier.model.head.trainable_parameters()),
        }
        keys = mx.random.split(mx.random.key(1), len(trained))
        changed = {
            name: array + 0.1 * mx.random.normal(array.shape, key=keys[place])
            for place, (name, array) in enumerate(trained.items())
        }
        encoder.load_weights([(n, changed[n]) for n in adapter_arrays(encoder)], strict=False)
        head = prepared.classifier.model.head
        of_head = [(n, changed[n]) for n in named_arrays(head.trainable_parameters())]
        head.load_weights(of_head, strict=False)
        folder = tmp_path_factory.mktemp("runs") / "run"
        prepared.save(folder / "model")
        prepared.save_adapter(folder / "adapter")
        return Saved(prepared, folder)

    return run


@pytest.fixture(scope="session")
def saved(saved_run) -> Saved:
    """A run with a LoRA adapter, which the tests only look at."""
    return saved_run()
