"""How much memory the steps of a run take, and what to do where that is too much."""

from __future__ import annotations

from dataclasses import dataclass

SAFE_PART = 0.8
"""Of the memory; the rest is for the process itself, for others and for what is not measured."""


@dataclass(frozen=True)
class StepMemory:
    """What the largest batch of a run takes.

    Attributes:
        rows: computed at once.
        length: of the longest texts, padded, in tokens.
        accumulate: batches per step.
        needed: bytes for the arrays of a step of it, and for the weights that a run keeps.
        usable: bytes that arrays can have at most.
        measured_rows: of the largest batch that was tried; where it is `rows`, nothing is
            estimated.
        resident: bytes of them that do not depend on the rows.
        smallest: bytes that a step needs however few rows it has.
    """

    rows: int
    length: int
    accumulate: int
    needed: int
    usable: int
    measured_rows: int
    resident: int
    smallest: int

    @property
    def fits(self) -> bool:
        """Whether it leaves a fifth of the memory free."""
        return self.needed <= SAFE_PART * self.usable

    def suggestion(self) -> tuple[int, int] | None:
        """Rows of a batch, and batches per step, that fit and make the same steps.

        None where even a single row does not fit.
        """
        of_row = (self.needed - self.resident) / self.rows
        for parts in range(1, self.rows + 1):
            rows = self.rows // parts
            if self.rows % parts == 0 and (
                max(self.smallest, self.resident + rows * of_row) <= SAFE_PART * self.usable
            ):
                return rows, self.accumulate * parts
        return None


def memory_warning(memory: StepMemory, max_tokens: int | None) -> str | None:
    """What to do where a batch takes too much memory; None where it does not.

    Args:
        memory: of a run.
        max_tokens: of its batches, where these and not the rows are limited.
    """
    if memory.fits:
        return None
    needed, usable = bytes_text(memory.needed), bytes_text(memory.usable)
    batch = f"a batch of {memory.rows} x {memory.length} tokens"
    needs = f"{batch} needs about {needed} of the {usable} there are"
    suggestion = memory.suggestion()
    if suggestion is None:
        return f"{needs}, and a single row does not fit: a lower --max-length or a smaller backbone"
    rows, batches = suggestion
    if max_tokens is None:
        return f"{needs}: --batch-size {rows} --accumulate {batches} makes the same steps in less"
    tokens = max_tokens * rows // memory.rows
    return f"{needs}: --max-tokens {tokens} --accumulate {batches} makes nearly the same steps"


def bytes_text(size: int) -> str:
    """A size in the largest unit that it has at least one of: `25 MB`, `1.2 GB`."""
    if size >= 10**9:
        return f"{size / 10**9:.1f} GB"
    if size >= 10**6:
        return f"{size / 10**6:.0f} MB"
    return f"{max(round(size / 1000), 1)} kB"
