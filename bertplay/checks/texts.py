"""Checks of texts and labels before anything is trained: BP102 to BP104."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bertplay.checks.result import CheckResult, fired, not_applicable, passed
from bertplay.checks.thresholds import Thresholds
from bertplay.data.wording import listed

_WORD = r"(?u)\b\w+\b"


def duplicate_texts(
    train: Sequence[str], held_out: Sequence[str], thresholds: Thresholds
) -> CheckResult:
    """BP102: held-out rows whose text, without regard to case and spaces, is trained on as well.

    Args:
        train: texts that are trained on.
        held_out: those of the validation and test rows.
        thresholds: `duplicate_share` of the held-out rows may be such.
    """
    if not held_out:
        return not_applicable("BP102", "no rows are held out")
    known = {_plain(text) for text in train}
    repeated = sum(_plain(text) in known for text in held_out)
    share = repeated / len(held_out)
    if share <= thresholds.duplicate_share:
        return passed("BP102")
    return fired(
        "BP102",
        f"{repeated:,} of {len(held_out):,} held-out rows ({share:.0%}) have a text that is "
        "trained on as well, so figures flatter: remove repeated rows, or keep them together "
        "with --group.",
    )


def label_leakage(
    texts: Sequence[str],
    labels: NDArray[np.integer],
    classes: Sequence[str],
    thresholds: Thresholds,
) -> CheckResult:
    """BP103: a word, or two in a row, that tells a class by itself.

    For each of them and each class, the rows that hold it are taken as the answer, and the F1 of
    that is compared with `leak_f1`. Classes with fewer than `few_rows` rows, or all but so few, are
    left out, as chance finds a word for them.

    Args:
        texts: N training texts.
        labels: `[N]` class numbers.
        classes: the C names.
        thresholds: from where on it fires.
    """
    counts = np.bincount(labels, minlength=len(classes))
    judged = [
        number
        for number, count in enumerate(counts)
        if thresholds.few_rows <= count <= len(texts) - thresholds.few_rows
    ]
    if not judged:
        return not_applicable("BP103", "no class has enough rows to tell a word from chance")
    from sklearn.feature_extraction.text import CountVectorizer

    vectorizer = CountVectorizer(binary=True, ngram_range=(1, 2), token_pattern=_WORD)
    try:
        holds = vectorizer.fit_transform(texts)
    except ValueError:  # what scikit-learn raises where no text has a word
        return not_applicable("BP103", "the texts have no words")
    of_class = np.eye(len(classes), dtype=np.int64)[labels]
    both = np.asarray(holds.T @ of_class)
    f1 = 2 * both / (both.sum(axis=1, keepdims=True) + counts)
    f1 = f1[:, judged]
    word, place = np.unravel_index(int(f1.argmax()), f1.shape)
    if f1[word, place] < thresholds.leak_f1:
        return passed("BP103")
    number = judged[int(place)]
    found, name = str(vectorizer.get_feature_names_out()[word]), classes[number]
    inside, outside = int(both[word, number]), int(both[word].sum() - both[word, number])
    return fired(
        "BP103",
        f"{found!r} gives {name!r} away: it stands in {inside:,} of {counts[number]:,} training "
        f"texts of that class and in {outside:,} of {len(texts) - counts[number]:,} others. If it "
        "was written when the answer was known, take it out of the text or the template.",
        about=f"{found}: {name}",
    )


def few_rows(class_counts: Mapping[str, int], thresholds: Thresholds) -> CheckResult:
    """BP104: classes with fewer than `few_rows` training rows."""
    few = [
        f"{name} ({count})" for name, count in class_counts.items() if count < thresholds.few_rows
    ]
    if not few:
        return passed("BP104")
    return fired(
        "BP104",
        f"Classes with fewer than {thresholds.few_rows:g} training rows: {listed(few)}. Expect "
        "little of them: collect more rows, or merge them into other classes.",
        about=", ".join(few),
    )


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
