"""The model card, README.md: what the model is for, how good it is, and how to use it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bertplay import __version__
from bertplay.backbones import MINI, SCRATCH
from bertplay.classifier import Classifier
from bertplay.decisions.decisions import Decisions
from bertplay.encoders.families import FAMILIES
from bertplay.export.card_metadata import metadata_yaml
from bertplay.export.check import Check
from bertplay.export.head_settings import HeadSettings
from bertplay.export.hub_names import hub_id
from bertplay.export.tokenizer_files import special_tokens

_TEMPLATES = Path(__file__).with_name("templates")
_USAGE_TEXTS = {
    "titanic": ("Miss Allison, a 2-year-old girl in first class.",),
    "emotion": ("I can't wait to see you all again!", "Why does this always happen to me?"),
}
_OTHER_TEXTS = ("It broke on the second day.", "Works as promised and looks fine.")


@dataclass(frozen=True)
class CardFacts:
    """What a card says that neither the model nor its run knows.

    Attributes:
        name: of the model.
        location: what its code loads: the folder as it was named, or a Hub id.
        on_hub: it is a Hub id.
        format: of the export.
        license_id: by the Hub's list; None where it was not given.
        settings: of the head.
        checks: comparisons with the model.
        backbone: the Hub's id of what an adapter is put on; None where it lies in the folder.
        decisions: of the model, before its calibration went into the weights; None for none.
    """

    name: str
    location: str
    on_hub: bool
    format: str
    license_id: str | None
    settings: HeadSettings
    checks: tuple[Check, ...]
    backbone: str | None = None
    decisions: Decisions | None = None


def model_card(facts: CardFacts, classifier: Classifier, summary: Mapping[str, Any] | None) -> str:
    """README.md with the Hub's metadata on top.

    Args:
        facts: of this export.
        classifier: what was exported.
        summary: of the run; None for a model that lies alone, whose figures are not known.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # No HTML is written: what Markdown would take for markup is escaped by `cell`.
    environment = Environment(  # noqa: S701
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"cell": _cell, "python": _python_string}
    page = environment.get_template("card.md.jinja").render(
        facts=facts,
        settings=facts.settings,
        classifier=classifier,
        whole=facts.settings.is_transformers_head(classifier.encoder.config),
        special=special_tokens(classifier.tokenizer, classifier.encoder.config.pad_token_id),
        pooler_unset=(
            FAMILIES[classifier.encoder.config.model_type].pooler
            and "pooler" not in classifier.encoder
        ),
        texts=list(_USAGE_TEXTS.get(classifier.task.name, _OTHER_TEXTS)),
        backbone=None if summary is None else _backbone(summary["backbone"]),
        summary=summary,
        source=None if summary is None else data_name(summary),
        **_best_figures(summary),
        version=__version__,
    )
    return f"---\n{metadata_yaml(facts, summary)}\n---\n\n{page}"


def data_name(summary: Mapping[str, Any]) -> str:
    """The table that a run learned from, without the folders it lay in."""
    return Path(summary["data"]["source"]).name


def _backbone(named: str) -> str | None:
    """What a card calls the encoder; the folder of somebody's machine means nothing to others."""
    return {MINI: f"{MINI} of bertplay", SCRATCH: None}.get(named, hub_id(named))


def _best_figures(summary: Mapping[str, Any] | None) -> dict[str, Any]:
    """The figures that say most: of the test rows where there are any, else of the validation."""
    if summary is None:
        return {}
    split = "test" if "test" in summary else "validation"
    per_class = summary[split]["per_class"]
    weakest = min(per_class, key=lambda name: per_class[name]["f1"])
    return {"best_split": split, "best": summary[split], "weakest": weakest}


def _cell(text: str) -> str:
    """A name as it may stand in a table of Markdown."""
    return " ".join(str(text).split()).replace("\\", "\\\\").replace("|", "\\|")


def _python_string(text: str) -> str:
    """A text as a literal of Python."""
    return json.dumps(text, ensure_ascii=False)
