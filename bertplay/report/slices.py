"""Groups of rows, the worst first."""

from __future__ import annotations

from collections.abc import Sequence

from bertplay.diagnostics.slices import FEWEST_ROWS, SliceFigures
from bertplay.report.blocks import Prose, Section, Table
from bertplay.report.wording import figure

CLEAR_P = 0.05
"""Below this p, adjusted for all groups, a difference is hardly chance."""

MOST_SHOWN = 20
_LEAST_P = 0.001


def slices_section(
    slices: tuple[SliceFigures, ...], columns: Sequence[str], anchor: str
) -> tuple[Section, ...]:
    """Accuracy of groups of rows, the worst first; nothing where there is but one group.

    Args:
        slices: the groups.
        columns: of the table that the rows were grouped by.
        anchor: of the section.
    """
    grouped = {of.column for of in slices}
    without = [name for name in columns if name not in grouped]
    said = f" No group by {', '.join(without)} has {FEWEST_ROWS} rows." if without else ""
    if not slices:
        return (Section(anchor, "Groups of rows", (Prose(said.strip()),)),) if said else ()
    return (
        Section(
            anchor,
            "Groups of rows",
            (
                Prose(
                    f"Groups of at least {FEWEST_ROWS} rows, where the model is wrong most often "
                    f"first. {_verdict(slices)}{said}"
                ),
                Table(
                    "Accuracy of each group, its difference from that of all rows, and the p of "
                    "Fisher's exact test, adjusted by Holm for all groups",
                    ("grouped by", "value", "accuracy", "difference", "wrong", "rows", "p"),
                    tuple(map(_line, slices[:MOST_SHOWN])),
                    words=frozenset({0, 1}),
                ),
            ),
        ),
    )


def clearly_worse(slices: tuple[SliceFigures, ...]) -> list[SliceFigures]:
    """Groups that are wrong more often than others, beyond what chance does among so many."""
    return [of for of in slices if of.difference < 0 and of.adjusted_p < CLEAR_P]


def _verdict(slices: tuple[SliceFigures, ...]) -> str:
    worse = clearly_worse(slices)
    if not worse:
        return (
            f"Among {len(slices)} groups some are bad by chance, and none is worse beyond that: no "
            f"p is below {CLEAR_P} where the accuracy is low."
        )
    named = ", ".join(f"{of.column} {of.value}" for of in worse[:3])
    more = f" and {len(worse) - 3} more" if len(worse) > 3 else ""
    return f"Worse than chance among {len(slices)} groups explains: {named}{more}."


def _line(of: SliceFigures) -> tuple[str, ...]:
    return (
        of.column,
        of.value,
        figure(of.accuracy),
        f"{of.difference:+.3f}",
        f"{of.wrong:,}",
        f"{of.rows:,}",
        p_text(of.adjusted_p),
    )


def p_text(p: float) -> str:
    """A p; one below a thousandth is said to be that."""
    return f"below {_LEAST_P}" if p < _LEAST_P else figure(p)
