"""Reviews whose words tell their label in nine of ten, and runs on them that take a second."""

from pathlib import Path

from bertplay import TrainOptions

TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"
# Words that the tiny encoder knows.
GOOD = ("the women first class", "a women first ship")
BAD = ("the men third class", "a men third ship")


def write_reviews(path: Path, more: list[tuple[str, str]] | None = None) -> Path:
    """A table of 100 rows, 60 of them good, one in ten of which says the contrary."""
    rows = []
    for number in range(100):
        good = number % 5 < 3
        texts = GOOD if good != (number % 10 == 7) else BAD
        rows.append((texts[number % 2], "good" if good else "bad"))
    lines = [f"{text},{label}" for text, label in [*rows, *(more or [])]]
    path.write_text("\n".join(["text,label", *lines]) + "\n")
    return path


def quick_options(table: Path, output: Path) -> TrainOptions:
    """Three epochs with tiny BERT."""
    return TrainOptions(
        data=str(table),
        backbone=str(TINY),
        max_length=16,
        epochs=3,
        lr=3e-3,
        output=str(output),
        report=False,
    )
