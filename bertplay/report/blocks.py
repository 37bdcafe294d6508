"""What a page is made of; templates/blocks.html has the markup of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from bertplay.report.svg import Drawing


@dataclass(frozen=True)
class Prose:
    """A paragraph."""

    text: str
    kind: str = "prose"


@dataclass(frozen=True)
class Tile:
    """A headline figure.

    Attributes:
        name: of the figure.
        value: ready to be read.
        note: what it is to be compared with.
    """

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Tiles:
    """Headline figures, side by side."""

    tiles: tuple[Tile, ...]
    kind: str = "tiles"


@dataclass(frozen=True)
class Figures:
    """Drawings, two in a row where there is room."""

    drawings: tuple[Drawing, ...]
    kind: str = "figures"


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: what it says.
        note: said smaller, under it.
        shade: 0 to 1, how strongly its ground is coloured; None leaves it plain.
        bad: coloured as what is wrong, not as what is right.
        quiet: of no weight, such as a count of 0.
    """

    text: str
    note: str = ""
    shade: float | None = None
    bad: bool = False
    quiet: bool = False


@dataclass(frozen=True)
class Table:
    """A table whose first column names its rows.

    Attributes:
        caption: what it shows.
        headings: of all columns.
        rows: texts and cells, as many as headings.
        words: columns that hold words, by their places, which stand on the left.
        corner: over the headings of the columns, what they are together; empty for nothing.
    """

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str | Cell, ...], ...]
    words: frozenset[int] = frozenset({0})
    corner: str = ""
    kind: str = "table"


@dataclass(frozen=True)
class Span:
    """A stretch of a text.

    Attributes:
        text: as it stands.
        strength: from -1, speaks against, to 1, speaks for; None for what is no word.
        part: of the word in the score, ready to be read.
    """

    text: str
    strength: float | None = None
    part: str = ""


@dataclass(frozen=True)
class Quote:
    """A row's text, with what is to be said about it.

    Attributes:
        heading: which row.
        facts: name and value.
        spans: the text.
        note: said under it.
    """

    heading: str
    facts: tuple[tuple[str, str], ...]
    spans: tuple[Span, ...]
    note: str = ""


@dataclass(frozen=True)
class Quotes:
    """Texts of rows.

    Attributes:
        quotes: of each row one.
        coloured: whether words are coloured by their parts, which a legend then explains.
    """

    quotes: tuple[Quote, ...]
    coloured: bool = False
    kind: str = "quotes"


@dataclass(frozen=True)
class Notice:
    """A check that fired.

    Attributes:
        severity: "info", "warning" or "error".
        name: of the check, with its code.
        message: cause and cure.
    """

    severity: str
    name: str
    message: str


@dataclass(frozen=True)
class Notices:
    """Checks that fired."""

    notices: tuple[Notice, ...]
    kind: str = "notices"


@dataclass(frozen=True)
class Facts:
    """Names and values."""

    facts: tuple[tuple[str, str], ...]
    kind: str = "facts"


Block: TypeAlias = Prose | Tiles | Figures | Table | Quotes | Notices | Facts


@dataclass(frozen=True)
class Section:
    """A part of the page under a heading.

    Attributes:
        anchor: of its address; unique in the page.
        title: its heading.
        blocks: its contents, in order.
        sections: parts of it, behind its contents.
    """

    anchor: str
    title: str
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True)
class Page:
    """The whole page.

    Attributes:
        title: its one heading of the first order.
        subtitle: what it is about, in a line.
        lead: sentences that say what the model does.
        tiles: headline figures.
        sections: in order.
        footer: how it was made.
    """

    title: str
    subtitle: str
    lead: tuple[str, ...]
    tiles: tuple[Tile, ...]
    sections: tuple[Section, ...]
    footer: str
