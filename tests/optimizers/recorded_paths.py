"""What PyTorch did in 200 steps, from tests/fixtures/optimizer_paths.safetensors."""

import json
from pathlib import Path

from safetensors import safe_open

with safe_open(
    Path(__file__).parent.parent / "fixtures" / "optimizer_paths.safetensors", "np"
) as _file:
    ARRAYS = {name: _file.get_tensor(name) for name in _file.keys()}  # noqa: SIM118
    CASES = json.loads(_file.metadata()["optimizers"])

STEPS = len(ARRAYS["rates"])
NAMES = ("matrix", "wide", "vector")
