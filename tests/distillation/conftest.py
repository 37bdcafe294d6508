"""A tiny teacher and a corpus that it can read."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_teacher import TINY

from bertplay.distillation import DistillOptions

WORDS = ("the", "a", "women", "men", "child", "first", "third", "class", "ship", "sea", "sank")


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 different texts of 4 or 6 words."""
    path = tmp_path_factory.mktemp("corpus") / "texts.txt"
    texts = [
        " ".join(
            WORDS[(7 * n + 3 * place * (1 + n // 11)) % 11] for place in range(4 + 2 * (n % 2))
        )
        for n in range(200)
    ]
    path.write_text("\n".join(list(dict.fromkeys(texts))[:60]) + "\n")
    return path


@pytest.fixture
def options(corpus: Path, tmp_path: Path) -> Callable[..., DistillOptions]:
    """Two epochs of five steps, into a new folder; keyword arguments change an option."""
    quick = DistillOptions(
        teacher=str(TINY),
        corpus=(str(corpus),),
        out=str(tmp_path / "student"),
        layers=1,
        vocab=24,
        epochs=2,
        batch_size=8,
        lr=1e-3,
        max_length=16,
        held_out=20,
        checkpoint_steps=3,
    )
    return lambda **changes: replace(quick, **changes)
