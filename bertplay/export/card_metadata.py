"""The head of a model card, which the Hugging Face Hub reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bertplay.export.hub_names import hub_id

if TYPE_CHECKING:
    from bertplay.export.card import CardFacts

_LIBRARIES = {"hf": "transformers", "onnx": "onnx", "peft": "peft"}
_TASK = "text-classification"
_METRICS = {
    "accuracy": ("accuracy", "Accuracy"),
    "macro_f1": ("f1", "Macro-F1"),
    "balanced_accuracy": ("balanced_accuracy", "Balanced accuracy"),
    "ece": ("ece", "Expected calibration error (15 bins)"),
    "log_loss": ("log_loss", "Log loss (nats)"),
}
"""Figures of summary.json: the Hub's name of the metric, and ours."""

# The tables that come with bertplay, or that it fetches, are English.
_LANGUAGES = {"titanic": "en", "emotion": "en"}


def metadata_yaml(facts: CardFacts, summary: Mapping[str, Any] | None) -> str:
    """YAML with licence, library, language, tags and figures, as far as they are known.

    Args:
        facts: of the export.
        summary: of the run; None where it is not known.
    """
    from huggingface_hub import EvalResult, ModelCardData

    known: dict[str, Any] = {}
    if summary is not None:
        from bertplay.export.card import data_name

        source = data_name(summary)
        known = {
            "language": _LANGUAGES.get(summary["task"]),
            "base_model": hub_id(summary["backbone"]),
            "metrics": ["accuracy", "f1"],
            "eval_results": [
                EvalResult(
                    task_type=_TASK,
                    dataset_type=summary["task"],
                    dataset_name=source,
                    dataset_split=split,
                    metric_type=kind,
                    metric_name=label,
                    metric_value=round(summary[split][figure], 4),
                )
                for split in ("validation", "test")
                if split in summary
                for figure, (kind, label) in _METRICS.items()
            ],
        }
    data = ModelCardData(
        model_name=facts.name,
        license=facts.license_id,
        library_name=_LIBRARIES[facts.format],
        pipeline_tag=_TASK,
        tags=["bertplay", "mlx", _TASK],
        **known,
    )
    text: str = data.to_yaml()
    return text
