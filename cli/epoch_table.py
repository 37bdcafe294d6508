"""The table that grows by one row an epoch, laid out for the width of the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from bertplay.cli.plain_view import epoch_line, recalls_text, schedule_text
from bertplay.cli.printable import figure, one_line, scientific
from bertplay.training.view import EpochRecord

LEGEND = (
    "bal balanced accuracy, F1 macro-F1, conf mean confidence, entr entropy, "
    "ECE expected calibration error, * best so far"
)
_MOST_RECALLS, _NAME_WIDTH, _LOW_RECALL = 8, 12, 0.5


@dataclass(frozen=True)
class _Column:
    heading: str
    width: int
    text: Callable[[EpochRecord[Any]], str]


_TRAINING = (
    _Column("loss", 6, lambda r: figure(r.train_loss, 4)),
    _Column("lr", 6, lambda r: scientific(r.learning_rate)),
    _Column("grad", 5, lambda r: figure(r.gradient_norm, 2)),
)
_VALIDATION = (
    _Column("acc", 5, lambda r: figure(r.validation.accuracy)),
    _Column("bal", 5, lambda r: figure(r.validation.balanced_accuracy)),
    _Column("F1", 5, lambda r: figure(r.validation.macro_f1)),
    _Column("conf", 5, lambda r: figure(r.validation.mean_confidence)),
    _Column("entr", 5, lambda r: figure(r.validation.entropy)),
    _Column("ECE", 5, lambda r: figure(r.validation.ece)),
)
_EPOCH_WIDTH = 5
_BETWEEN_GROUPS = 2


class EpochTable:
    """Rows and heading of the table, for a fixed width.

    The recall of each class has a column where all fit, else a line of its own under the row; a
    terminal too narrow for any table gets sentences. What a loss's schedule has reached stands
    under the row.

    Args:
        classes: C class names.
        width: columns of the terminal.
        epochs: the number of epochs, for sentences.
    """

    def __init__(self, classes: Sequence[str], width: int, epochs: int) -> None:
        self._classes, self._epochs = classes, epochs
        self._recalls = (
            [(name, max(len(one_line(name, _NAME_WIDTH)), 5)) for name in classes]
            if len(classes) <= _MOST_RECALLS
            else []
        )
        gaps = [gap for gap in (2, 1) if self._figures_width(gap) <= width]
        with_recalls = [gap for gap in gaps if self._whole_width(gap) <= width]
        self._sentences = not gaps
        self._gap = (with_recalls or gaps or [1])[0]
        self._inline = bool(with_recalls and self._recalls)

    def heading(self) -> list[Text]:
        """The lines above the first row."""
        if self._sentences:
            return []
        gap = " " * self._gap
        groups = [("training", _TRAINING), ("validation", _VALIDATION)]
        over, under = " " * _EPOCH_WIDTH, "epoch"
        for title, columns in groups:
            names = gap.join(f"{column.heading:>{column.width}}" for column in columns)
            over += " " * _BETWEEN_GROUPS + _centred(title, len(names))
            under += " " * _BETWEEN_GROUPS + names
        if self._inline:
            names = gap.join(f"{one_line(n, _NAME_WIDTH):>{w}}" for n, w in self._recalls)
            over += " " * _BETWEEN_GROUPS + _centred("recall", len(names))
            under += " " * _BETWEEN_GROUPS + names
        return [Text(over, "dim"), Text(under, "bold")]

    def row(self, record: EpochRecord[Any]) -> list[RenderableType]:
        """The lines of one epoch."""
        if self._sentences:
            return [Text(epoch_line(record, self._epochs), "bold" if record.is_best else "")]
        mark = "*" if record.is_best else " "
        line = Text(f"{record.epoch:>{_EPOCH_WIDTH - 1}}{mark}")
        for columns in (_TRAINING, _VALIDATION):
            cells = (f"{column.text(record):>{column.width}}" for column in columns)
            line.append(" " * _BETWEEN_GROUPS + (" " * self._gap).join(cells))
        if self._inline:
            line.append_text(self._recall_cells(record))
        if record.is_best:
            line.stylize("bold")
        more = [] if self._inline else [recalls_text(record, 2)]
        if record.schedule:
            more.append(schedule_text(record))
        indent = _EPOCH_WIDTH + _BETWEEN_GROUPS
        return [line, *(Padding(Text(text, "dim"), (0, 0, 0, indent)) for text in more)]

    def _recall_cells(self, record: EpochRecord[Any]) -> Text:
        cells = Text(" " * _BETWEEN_GROUPS)
        for place, (name, width) in enumerate(self._recalls):
            recall = record.validation.per_class[name]["recall"]
            low = recall is not None and recall < _LOW_RECALL
            gap = " " * self._gap if place else ""
            cells.append(f"{gap}{figure(recall):>{width}}", "red" if low else "")
        return cells

    def _figures_width(self, gap: int) -> int:
        groups = (_TRAINING, _VALIDATION)
        return _EPOCH_WIDTH + sum(
            _BETWEEN_GROUPS + sum(c.width for c in group) + gap * (len(group) - 1)
            for group in groups
        )

    def _whole_width(self, gap: int) -> int:
        recalls = sum(width for _, width in self._recalls) + gap * (len(self._recalls) - 1)
        return self._figures_width(gap) + _BETWEEN_GROUPS + recalls


def _centred(title: str, width: int) -> str:
    return f" {title} ".center(width, "-")[:width]
