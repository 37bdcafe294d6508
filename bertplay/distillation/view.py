"""What a distillation tells whoever watches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DistillPlan:
    """What is about to happen.

    Attributes:
        teacher: as the user named it.
        texts: to learn from.
        tokens: in them.
        teacher_parameters: numbers in the teacher.
        parameters: numbers in the student.
        layers: of the student.
        hidden: size of its states.
        vocabulary: its word pieces.
        steps: in all.
        first_step: 0, or where a killed run is resumed.
    """

    teacher: str
    texts: int
    tokens: int
    teacher_parameters: int
    parameters: int
    layers: int
    hidden: int
    vocabulary: int
    steps: int
    first_step: int


class SilentDistillView:
    """Shows nothing; the command line's views override what they show."""

    def planned(self, plan: DistillPlan) -> None:
        """Everything is read, and learning is about to start."""

    def stepped(self, step: int, figures: dict[str, float]) -> None:
        """Every few steps: the parts of the loss."""

    def compared(self, step: int, similarity: float) -> None:
        """Student and teacher were compared on held-out texts."""

    def finished(self, summary: dict[str, Any]) -> None:
        """Everything is written."""
