"""A corpus: unlabelled texts, one a line, plain or packed with gzip."""

from __future__ import annotations

import gzip
import zlib
from os import PathLike

from bertplay.data.errors import InputError
from bertplay.data.source_file import read_source

LONGEST_LINE = 100_000
"""More characters than this are no text of one line, but a file without line breaks."""


def read_corpus(path: str | PathLike[str]) -> list[str]:
    """The lines of a text file that hold something, without spaces around them.

    Args:
        path: a UTF-8 file; packed with gzip if its name ends in .gz.

    Raises:
        InputError: the file is missing, empty, damaged, not UTF-8, or has a line too long to be a
            text.
    """
    content = read_source(path)
    if str(path).endswith(".gz"):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(
                f"{path} is damaged or not packed with gzip ({error}): fetch it again"
            ) from None
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path} is not UTF-8: byte 0x{content[error.start]:02x} in line {line} is another "
            f"encoding; save the file as UTF-8"
        ) from None
    for number, text in enumerate(lines, start=1):
        if len(text) > LONGEST_LINE:
            raise InputError(
                f"{path}, line {number} has {len(text):,} characters: a corpus has one text a "
                f"line; break the file into lines first"
            )
    texts = [text.strip() for text in lines if text.strip()]
    if not texts:
        raise InputError(f"{path} holds no text: a corpus has one text a line")
    return texts
