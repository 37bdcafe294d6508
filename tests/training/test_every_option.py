"""No option of a training does nothing: each one changes the trained weights, or has a test that
shows what else it changes."""

from dataclasses import fields, replace
from pathlib import Path

import pytest
from quick_runs import quick_options
from test_whole_run import tensors_of

from bertplay import TrainOptions
from bertplay.training import train

LORA = {"adapter": "lora"}

# What each is changed to, and what else must be set for it to count.
CHANGES = {
    "template": ({"template": "the {text}"}, {}),
    "validation_fraction": ({"validation_fraction": 0.4}, {}),
    "loss": ({"loss": "ce"}, {}),
    "loss_args": ({"loss_args": {"gamma": 5.0}}, {}),
    "head": ({"head": "transformers", "pooling": "cls"}, {"pooling": "cls"}),
    "pooling": ({"pooling": "max"}, {}),
    "dropout": ({"dropout": 0.5}, {}),
    "dropout_samples": ({"dropout_samples": 3}, {}),
    "max_length": ({"max_length": 4}, {}),
    "epochs": ({"epochs": 3}, {}),
    "batch_size": ({"batch_size": 4}, {}),
    "max_tokens": ({"max_tokens": 24}, {}),
    "accumulate": ({"accumulate": 2}, {}),
    "precision": ({"precision": "bfloat16"}, {}),
    "sampling": ({"sampling": "balanced"}, {}),
    "lr": ({"lr": 2e-3}, {}),
    "head_lr": ({"head_lr": 2e-3}, {}),
    "layer_decay": ({"layer_decay": 0.5}, {}),
    "optimizer": ({"optimizer": "lion"}, {}),
    "optimizer_args": ({"optimizer_args": {"beta1": 0.5}}, {}),
    "schedule": ({"schedule": "cosine"}, {}),
    "schedule_args": ({"schedule_args": {"min_lr": 1e-4}}, {}),
    "warmup": ({"warmup": 0.5}, {}),
    "weight_decay": ({"weight_decay": 0.5}, {}),
    "clip_norm": ({"clip_norm": 0.01}, {}),
    "r_drop": ({"r_drop": 1.0}, {}),
    "average_weights": ({"average_weights": 0.5}, {}),
    "ema": ({"ema": 0.9}, {}),
    "seed": ({"seed": 1}, {}),
    "freeze": ({"freeze": "1"}, {}),
    "unfreeze": ({"unfreeze": "2:full"}, {}),
    "adapter": (LORA, {}),
    "adapter_rank": ({"adapter_rank": 2}, LORA),
    "adapter_alpha": ({"adapter_alpha": 99.0}, LORA),
    "adapter_dropout": ({"adapter_dropout": 0.5}, LORA),
    "adapter_targets": ({"adapter_targets": "key"}, LORA),
    "quantize": ({"quantize": 4}, LORA),
}
# Where it is shown what the others change.
ELSEWHERE = {
    "task": "cli/test_train_options.py",
    "data": "tasks/test_training_data.py",
    "validation": "tasks/test_training_data.py",
    "text": "tasks/test_training_data.py",
    "label": "tasks/test_training_data.py",
    "group": "tasks/test_training_data.py",
    "teacher": "training/test_teacher.py",
    "teacher_weight": "training/test_training_step.py",
    "temperature": "training/test_training_step.py",
    "backbone": "training/test_preparation.py",
    "cache_frozen": "training/test_cached_run.py",
    "gradient_checkpointing": "training/test_precision_and_recomputation.py",
    "metric": "training/test_fit.py",
    "keep": "training/test_fit.py",
    "patience": "training/test_fit.py",
    "checkpoint_every": "training/test_resuming_the_loop.py",
    "keep_checkpoints": "training/test_unfreezing.py",
    "calibration": "decisions/test_decisions_of_a_run.py",
    "optimise": "decisions/test_rule_of_a_run.py",
    "target_accuracy": "decisions/test_abstaining_run.py",
    "coverage": "decisions/test_abstaining_run.py",
    "tasks": "multi_task/test_train_tasks.py",
    "multi_task": "multi_task/test_train_tasks.py",
    "task_weighting": "multi_task/test_train_tasks.py",
    "output": "training/test_whole_run.py",
    "overwrite": "training/test_whole_run.py",
    "report": "training/test_whole_run.py",
    "check_thresholds": "checks/test_check_thresholds.py",
    "track": "tracking/test_track_option.py",
}
TESTS = Path(__file__).parent.parent


def test_every_option_is_accounted_for():
    assert {field.name for field in fields(TrainOptions)} == CHANGES.keys() | ELSEWHERE.keys()
    assert not CHANGES.keys() & ELSEWHERE.keys()


@pytest.mark.parametrize(("option", "file"), ELSEWHERE.items())
def test_the_test_named_is_about_the_option(option, file):
    assert option in (TESTS / file).read_text()


@pytest.fixture(scope="session")
def trained(table, tmp_path_factory):
    """The tensors that a quick run with some changes leaves; each run is made once."""
    folder, done = tmp_path_factory.mktemp("runs"), {}

    def tensors(changes):
        key = repr(changes)
        if key not in done:
            output = folder / str(len(done))
            train(replace(quick_options(table, output), keep="last", **changes))
            done[key] = {name: bytes(array) for name, array in tensors_of(output / "model").items()}
        return done[key]

    return tensors


@pytest.mark.parametrize("option", CHANGES)
def test_it_changes_the_weights(option, trained):
    changed, needed = CHANGES[option]
    assert trained({**needed, **changed}) != trained(needed)
