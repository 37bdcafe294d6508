"""Put an exported adapter on its backbone with PEFT, and compare what it computes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bertplay.export.check import Check, checked, installed, named_with_version, not_checked
from bertplay.export.check_in_transformers import require_same_ids, silenced
from bertplay.export.reference import Reference

_PROGRAMS = ("peft", "transformers", "torch")


def check_in_peft(folder: Path, backbone: Path, expected: Reference) -> Check:
    """Compare the states of the adapted backbone, by the logits that the head makes of them.

    Args:
        folder: from `write_peft_folder`.
        backbone: where it lies here.
        expected: of the model.

    Raises:
        ExportFailedError: token ids or logits are not those of the model.
    """
    if not installed(*_PROGRAMS):
        return not_checked("peft with transformers and torch", "logits")
    import torch
    from peft import PeftModel
    from transformers import AutoModel, AutoTokenizer

    with silenced():
        batch: Any = AutoTokenizer.from_pretrained(folder)(
            list(expected.texts), padding=True, truncation=True, return_tensors="pt"
        )
        require_same_ids(batch["input_ids"].numpy(), expected)
        plain: Any = AutoModel.from_pretrained(backbone)
        model: Any = PeftModel.from_pretrained(plain, folder).eval()
        with torch.no_grad():
            states = model(**batch).last_hidden_state.numpy()
    kept = expected.attention_mask.astype(bool)
    program = named_with_version(*_PROGRAMS)
    checked(program, "states", states[kept], expected.states[kept])
    return checked(program, "logits", expected.logits_of(states), expected.logits)
