"""What is wrong with a table of texts and labels, before anything is trained on it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bertplay.data.wording import listed, named_places

FEW_ROWS = 10
"""A class with fewer rows than this can hardly be learned, and its figures are noise."""

MANY_CLASSES = 0.5
"""From this many classes a row on, the column is no class but a number or an identifier."""

GIVEN_AWAY = 0.3
"""The share of a class's texts with its name in them from which the name is a giveaway."""

_BROKEN_ENCODING = re.compile("Ã[\x80-\xbf©¨¤¶¼]|â€|\ufffd")
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|&[a-z]+;|&#\d+;")


@dataclass(frozen=True)
class Finding:
    """Something in a table that stands in the way of a good model.

    Attributes:
        code: a short name, such as "missing_labels".
        severity: "error" where training refuses the table, else "warning".
        message: what, where, and what to do, in one or two sentences.
    """

    code: str
    severity: str
    message: str


@dataclass(frozen=True, eq=False)
class Rows:
    """N rows as they are checked.

    Attributes:
        texts: what a model would read.
        labels: class names; "" where there is none.
        places: what to call each row, such as the line of the file.
        kind: of the places: "line" or "row".
    """

    texts: Sequence[str]
    labels: Sequence[str]
    places: Sequence[object]
    kind: str

    def named(self, rows: Sequence[int]) -> str:
        """Rows in words: "lines 4, 9 and 12"."""
        return named_places([self.places[row] for row in rows], self.kind)

    def by_class(self) -> dict[str, list[int]]:
        """Row numbers of each class, without the rows that have none."""
        rows: dict[str, list[int]] = defaultdict(list)
        for row, label in enumerate(self.labels):
            if label:
                rows[label].append(row)
        return dict(rows)


Check = Callable[[Rows], Iterator[Finding]]


def check_rows(rows: Rows) -> list[Finding]:
    """Everything found, errors first."""
    found = [finding for check in _CHECKS for finding in check(rows)]
    return sorted(found, key=lambda finding: finding.severity != "error")


def _missing_labels(rows: Rows) -> Iterator[Finding]:
    missing = [row for row, label in enumerate(rows.labels) if not label]
    if missing:
        yield Finding(
            "missing_labels",
            "error",
            f"No label in {_count(missing)} ({rows.named(missing)}): fill them in or remove the "
            f"rows.",
        )


def _too_few_classes(rows: Rows) -> Iterator[Finding]:
    classes = rows.by_class()
    if len(classes) == 1:
        yield Finding(
            "one_class",
            "error",
            f"Every row has the class {next(iter(classes))!r}: a classifier needs at least two.",
        )
    single = [name for name, own in classes.items() if len(own) == 1]
    if single and len(classes) > 1:
        yield Finding(
            "single_row",
            "error",
            f"Classes with a single row: {listed(single)}. One row cannot be both trained on and "
            f"checked: add rows, merge the class into another, or remove it.",
        )


def _no_classes_but_numbers(rows: Rows) -> Iterator[Finding]:
    classes = rows.by_class()
    if len(classes) > 2 and len(classes) > MANY_CLASSES * len(rows.texts):
        yield Finding(
            "no_classes",
            "warning",
            f"{len(classes)} classes in {len(rows.texts)} rows: this column looks like a number or "
            f"an identifier. Is another column meant?",
        )


def _few_rows(rows: Rows) -> Iterator[Finding]:
    few = [f"{name} ({len(own)})" for name, own in rows.by_class().items() if len(own) < FEW_ROWS]
    if few and len(few) < len(rows.by_class()):
        yield Finding(
            "few_rows",
            "warning",
            f"Classes with fewer than {FEW_ROWS} rows: {listed(few)}. Expect little of them, and "
            f"read their figures with care.",
        )


def _names_alike(rows: Rows) -> Iterator[Finding]:
    spellings: dict[str, list[str]] = defaultdict(list)
    for name in rows.by_class():
        spellings[re.sub(r"[\W_]+", " ", name.casefold()).strip()].append(name)
    alike = [" and ".join(map(repr, names)) for names in spellings.values() if len(names) > 1]
    if alike:
        yield Finding(
            "names_alike",
            "warning",
            f"Class names that differ only in how they are written: {listed(alike)}. Write them "
            f"the same way if they are one class.",
        )


def _empty_texts(rows: Rows) -> Iterator[Finding]:
    empty = [row for row, text in enumerate(rows.texts) if not text.strip()]
    if len(empty) == len(rows.texts):
        yield Finding(
            "empty_texts", "error", "Every text is empty: name another column with --text."
        )
    elif empty:
        yield Finding(
            "empty_texts",
            "warning",
            f"No text in {_count(empty)} ({rows.named(empty)}): a model can learn nothing there.",
        )


def _repeated_texts(rows: Rows) -> Iterator[Finding]:
    same: dict[str, list[int]] = defaultdict(list)
    for row, text in enumerate(rows.texts):
        if text.strip():
            same[" ".join(text.casefold().split())].append(row)
    groups = [own for own in same.values() if len(own) > 1]
    contradicting = [own for own in groups if len({rows.labels[row] for row in own}) > 1]
    if contradicting:
        yield Finding(
            "contradicting_labels",
            "warning",
            f"Different labels for the same text, {_count(contradicting, 'text')} (for example "
            f"{rows.named(contradicting[0])}): decide which is right.",
        )
    repeated = sum(len(own) - 1 for own in groups)
    if repeated:
        yield Finding(
            "repeated_texts",
            "warning",
            f"The text of another row in {_count(range(repeated))} (for example "
            f"{rows.named(groups[0])}): where one is trained on and one is held out, the figures "
            f"flatter. Remove them, or keep them together with --group.",
        )


def _answers_given_away(rows: Rows) -> Iterator[Finding]:
    given = []
    words = [frozenset(re.findall(r"\w+", text.casefold())) for text in rows.texts]
    for name, own in rows.by_class().items():
        parts = re.findall(r"\w+", name.casefold())
        if not parts or all(part.isdigit() for part in parts):
            continue
        holding = {row for row, found in enumerate(words) if found.issuperset(parts)}
        inside = len(holding.intersection(own)) / len(own)
        others = len(rows.texts) - len(own)
        outside = len(holding.difference(own)) / others if others else 0.0
        if len(own) >= FEW_ROWS and inside >= GIVEN_AWAY and inside > 5 * outside:
            given.append(f"{name} ({inside:.0%} of its texts, {outside:.0%} of the others)")
    if given:
        yield Finding(
            "answer_in_text",
            "warning",
            f"Class names that stand in the texts: {listed(given)}. If they were put there "
            f"together with the label, the model will read them off: take them out.",
        )


def _pattern(code: str, pattern: re.Pattern[str], what: str, cure: str) -> Check:
    def check(rows: Rows) -> Iterator[Finding]:
        found = [row for row, text in enumerate(rows.texts) if pattern.search(text)]
        if found:
            where = f"{_count(found)} ({rows.named(found)})"
            yield Finding(code, "warning", f"{what} in {where}: {cure}")

    return check


_CHECKS: tuple[Check, ...] = (
    _missing_labels,
    _too_few_classes,
    _empty_texts,
    _no_classes_but_numbers,
    _few_rows,
    _names_alike,
    _repeated_texts,
    _answers_given_away,
    _pattern(
        "broken_encoding",
        _BROKEN_ENCODING,
        "Letters broken by a wrong encoding",
        "export the table again as UTF-8.",
    ),
    _pattern("markup", _MARKUP, "HTML", "take it out, unless new texts will have it too."),
)


def _count(things: Sequence[object], name: str = "row") -> str:
    return f"1 {name}" if len(things) == 1 else f"{len(things):,} {name}s"
