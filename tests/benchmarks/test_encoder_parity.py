"""The parity of encoders: a row for every family, near to what transformers computed once."""

import re
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def test_every_family_is_near(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from encoder_parity import FIXTURES, table

    _, _, *rows = table(again=False).splitlines()

    assert len(rows) == len(list(FIXTURES.iterdir())) == 6
    for row in rows:
        figures = [float(figure) for figure in re.findall(r"\d\.\de-\d\d", row)]
        assert len(figures) == 4
        assert 0 < max(figures) <= 5e-5
