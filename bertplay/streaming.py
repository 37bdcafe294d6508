"""Answers to texts that come one by one, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

Asked = TypeVar("Asked")
Given = TypeVar("Given")


def streamed(
    ask: Callable[[list[Asked]], list[Given]], asked: Iterable[Asked], window: int
) -> Iterator[Given]:
    """Answers in the order of what is asked, as they are asked for.

    Args:
        ask: answers a list.
        asked: of any number, such as a generator's.
        window: so many are held and answered at once.

    Raises:
        ValueError: window is below 1.
    """
    if window < 1:
        raise ValueError(f"window is {window}: it must be at least 1")
    return _windows(ask, iter(asked), window)


def _windows(
    ask: Callable[[list[Asked]], list[Given]], asked: Iterator[Asked], window: int
) -> Iterator[Given]:
    while held := list(islice(asked, window)):
        yield from ask(held)
