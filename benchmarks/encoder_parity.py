"""The largest difference between an encoder's hidden states here and in transformers, by family.

Random weights far from first values; batches with padding, whose longest rows have 32, 64 and as
many tokens as the encoder reads. Without torch and transformers, what they computed once is read.

    python benchmarks/encoder_parity.py
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import mlx.core as mx
import numpy as np

from bertplay.encoders import load_encoder

FIXTURES = Path(__file__).parent.parent / "tests" / "fixtures" / "encoders"


def recorded(folder: Path, length: int) -> dict[str, np.ndarray]:
    """What transformers computed of the batch whose longest row has so many tokens."""
    arrays = mx.load(str(folder / "expected.safetensors"))
    prefix = f"{length}."
    return {n.removeprefix(prefix): np.array(a) for n, a in arrays.items() if n.startswith(prefix)}


def live(folder: Path, batch: dict[str, np.ndarray]) -> np.ndarray:
    """What transformers computes now."""
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    with torch.no_grad():
        states = model(
            torch.from_numpy(batch["input_ids"]).long(), torch.from_numpy(batch["attention_mask"])
        ).last_hidden_state
    return states.numpy()


def largest_difference(folder: Path, length: int, *, again: bool) -> float:
    """Over the tokens of a batch."""
    batch = recorded(folder, length)
    wanted = live(folder, batch) if again else batch["last_hidden_state"]
    encoder, _ = load_encoder(folder)
    ids, mask = mx.array(batch["input_ids"]), mx.array(batch["attention_mask"])
    got = np.array(encoder(ids, mask).last_hidden_state)
    return float(np.abs(got - wanted)[batch["attention_mask"] == 1].max())


def main() -> None:
    """Print a table."""
    again = importlib.util.find_spec("transformers") is not None
    print("transformers", "now" if again else "as recorded")
    for folder in sorted(FIXTURES.iterdir()):
        model_type = json.loads((folder / "config.json").read_text())["model_type"]
        found = [f"{largest_difference(folder, n, again=again):.1e}" for n in (32, 64, 72)]
        print(f"{model_type:12}", *found)


if __name__ == "__main__":
    main()
