"""A few rows with two label columns, and what training prepares of them."""

from dataclasses import dataclass
from pathlib import Path

from bertplay.multi_task.data import load_multi_task_data
from bertplay.multi_task.preparation import PreparedTasks, all_task_options, prepare_tasks
from bertplay.training.preparation import Prepared, prepare, resolve_loss, with_recipe
from bertplay.training_data import load_training_data

ROWS = (
    ("the women first class", "survived", "0.9"),
    ("a women first ship", "survived", "0.8"),
    ("the men third class", "died", "0.1"),
    ("a men third ship", "died", "0.2"),
)
TASKS = {"label": {"loss": "ce"}, "score": {"loss": "mse"}}


@dataclass(frozen=True)
class Saved:
    """What was prepared, with weights of its own, and the run it was saved in."""

    prepared: Prepared | PreparedTasks
    folder: Path


def prepared_from(options) -> Prepared:
    data = load_training_data(options)
    options = with_recipe(options, data.task.name)
    return prepare(options, data, resolve_loss(options, data))


def prepared_tasks(options) -> PreparedTasks:
    data = load_multi_task_data(options, all_task_options(options))
    return prepare_tasks(with_recipe(options, data.task.name), data)
