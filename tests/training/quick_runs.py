"""The options of runs with tiny BERT that take a second."""

from pathlib import Path

from bertplay import TrainOptions

TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"


def quick_options(table: Path, output: Path) -> TrainOptions:
    """Two epochs on a table of texts and labels."""
    return TrainOptions(
        data=str(table),
        backbone=str(TINY),
        max_length=16,
        batch_size=8,
        epochs=2,
        lr=1e-3,
        metric="log_loss",
        output=str(output),
        report=False,
    )
