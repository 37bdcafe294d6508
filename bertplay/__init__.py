"""Fine-tune BERT encoders on imbalanced text classes with MLX."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# In a checkout the sub-packages lie beside this folder, not inside it (pyproject.toml maps them).
# Python started in the root finds this folder first, installed or not: let it find them too.
_checkout = Path(__file__).resolve().parent.parent
if (_checkout / "pyproject.toml").is_file() and (_checkout / "losses" / "__init__.py").is_file():
    __path__.append(str(_checkout))

from bertplay.blas import prepare_blas  # noqa: E402

# Before the first import of mlx.core: its CPU backend keeps the BLAS it finds when it is loaded.
prepare_blas()

if TYPE_CHECKING:
    from bertplay.classifier import Classifier
    from bertplay.data.errors import InputError
    from bertplay.decisions.of_run import decide
    from bertplay.loading import load, load_adapter, load_multi_task
    from bertplay.lr_find_options import LrFindOptions
    from bertplay.multi_task.classifier import MultiTaskClassifier
    from bertplay.options import TrainOptions
    from bertplay.quantized_models import quantize
    from bertplay.training import lr_find, preflight, resume, train

_EXPORTS = {
    "Classifier": "bertplay.classifier",
    "InputError": "bertplay.data.errors",
    "LrFindOptions": "bertplay.lr_find_options",
    "MultiTaskClassifier": "bertplay.multi_task.classifier",
    "TrainOptions": "bertplay.options",
    "decide": "bertplay.decisions.of_run",
    "load": "bertplay.loading",
    "load_adapter": "bertplay.loading",
    "load_multi_task": "bertplay.loading",
    "lr_find": "bertplay.training",
    "preflight": "bertplay.training",
    "quantize": "bertplay.quantized_models",
    "resume": "bertplay.training",
    "train": "bertplay.training",
}

__all__ = [
    "Classifier",
    "InputError",
    "LrFindOptions",
    "MultiTaskClassifier",
    "TrainOptions",
    "__version__",
    "decide",
    "load",
    "load_adapter",
    "load_multi_task",
    "lr_find",
    "preflight",
    "quantize",
    "resume",
    "train",
]


def __getattr__(name: str) -> Any:
    """Import an exported name when it is first used (PEP 562), so that parts load alone."""
    if name in _EXPORTS:
        return getattr(import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module 'bertplay' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(_EXPORTS))
