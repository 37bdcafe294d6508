"""The comparison of bertplay's CPU layers with MLX's own."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TINY = ROOT / "tests" / "fixtures" / "tiny_bert"


@pytest.mark.slow
def test_every_layer_is_compared_with_mlx_s_own(tmp_path):
    script = ROOT / "benchmarks" / "cpu_layers.py"
    options = ["--backbone", TINY, "--batch-size", "2", "--length", "8", "--rounds", "1"]

    done = subprocess.run(
        [sys.executable, script, *options], capture_output=True, text=True, cwd=tmp_path
    )

    assert done.returncode == 0, done.stderr
    rows = [line.split(" | ") for line in done.stdout.splitlines()[2:]]
    assert [row[0].strip("| ") for row in rows] == [
        "bertplay's layers",
        *(f"MLX's {name}" for name in ("Dropout", "LayerNorm", "Linear", "gelu", "softmax")),
        "MLX's, all of them",
    ]
    assert rows[0][1] == "1.00"


def test_an_exchanged_layer_is_put_back(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    from cpu_layers import MLX_LAYERS, MODULES, exchanged

    def held():
        return [(m, n, getattr(m, n)) for m in MODULES for n in MLX_LAYERS if hasattr(m, n)]

    own = held()
    assert {name for _, name, _ in own} == set(MLX_LAYERS)
    with exchanged(MLX_LAYERS):
        assert all(layer is MLX_LAYERS[name] for _, name, layer in held())
    assert held() == own
