"""The largest differences between an encoder here and in transformers, by family.

Random weights far from first values; batches with padding, whose longest rows have 32, 64 and as
many tokens as the encoder reads. Compared are the hidden states, and the logits of the head that
each checkpoint comes with. Without torch and transformers, what they computed once is read.

    python benchmarks/encoder_parity.py
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import bertplay  # first, so that MLX finds a fast BLAS
from bertplay.export.check import named_with_version
from bertplay.export.check_in_transformers import silenced

# isort: split
import mlx.core as mx
import numpy as np

FIXTURES = Path(__file__).parent.parent / "tests" / "fixtures" / "encoders"
LENGTHS = (32, 64, 72)

Arrays = dict[str, Any]


def recorded(folder: Path, length: int) -> Arrays:
    """What transformers computed of the batch whose longest row has so many tokens."""
    arrays = mx.load(str(folder / "expected.safetensors"))
    prefix = f"{length}."
    return {n.removeprefix(prefix): np.array(a) for n, a in arrays.items() if n.startswith(prefix)}


def live(folder: Path, batch: Arrays) -> Arrays:
    """What transformers computes now of such a batch."""
    import torch
    from transformers import AutoModelForSequenceClassification

    with silenced():
        model = AutoModelForSequenceClassification.from_pretrained(
            folder, dtype=torch.float32, attn_implementation="eager"
        ).eval()
    ids, mask = (torch.from_numpy(batch[name]) for name in ("input_ids", "attention_mask"))
    with torch.no_grad():
        states = model.base_model(ids.long(), mask).last_hidden_state
        logits = model(ids.long(), mask).logits
    return {"last_hidden_state": states.numpy(), "logits": logits.numpy()}


def differences(folder: Path, length: int, *, again: bool) -> tuple[float, float]:
    """Of the states of a batch's tokens, and of its logits."""
    batch = recorded(folder, length)
    wanted = live(folder, batch) if again else batch
    model = bertplay.load(folder).model
    ids, mask = mx.array(batch["input_ids"]), mx.array(batch["attention_mask"])
    states = np.array(model.encoder(ids, mask).last_hidden_state)
    of_states = np.abs(states - wanted["last_hidden_state"])[batch["attention_mask"] == 1]
    of_logits = np.abs(np.array(model(ids, mask)) - wanted["logits"])
    return float(of_states.max()), float(of_logits.max())


def table(*, again: bool) -> str:
    """The differences in Markdown, a row for each family."""
    longest = " | ".join(f"states, {length} tokens" for length in LENGTHS)
    lines = [f"| `model_type` | {longest} | logits |", "|---" * (len(LENGTHS) + 2) + "|"]
    for folder in sorted(FIXTURES.iterdir()):
        model_type = json.loads((folder / "config.json").read_text())["model_type"]
        found = [differences(folder, length, again=again) for length in LENGTHS]
        figures = [*(states for states, _ in found), max(logits for _, logits in found)]
        lines.append(f"| `{model_type}` | {' | '.join(f'{f:.1e}' for f in figures)} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    again = all(importlib.util.find_spec(name) is not None for name in ("torch", "transformers"))
    print(named_with_version("transformers", "torch") if again else "transformers, as recorded")
    print(table(again=again))


if __name__ == "__main__":
    main()
