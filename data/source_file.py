"""The bytes of an input file: there, not empty, UTF-8, and their fingerprint."""

from __future__ import annotations

import codecs
import hashlib
from os import PathLike
from pathlib import Path

from bertplay.data.errors import InputError

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_source(path: str | PathLike[str]) -> bytes:
    """The bytes of a file.

    Raises:
        InputError: the file is missing, a folder, unreadable or empty.
    """
    source = Path(path)
    if source.is_dir():
        raise InputError(f"{path} is a folder: name the file inside it")
    if not source.exists():
        raise InputError(f"{path} does not exist: check the name and the folder you are in")
    try:
        content = source.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    if not content or content.isspace():
        raise InputError(f"{path} is empty: a table needs a header and rows")
    return content


def read_utf8(path: str | PathLike[str]) -> str:
    """The text of a UTF-8 file, without a byte order mark.

    Raises:
        InputError: as `read_source`; or the bytes are not UTF-8 text.
    """
    content = read_source(path)
    if content.startswith(_UTF16_MARKS):
        raise InputError(f"{path} is UTF-16, not UTF-8: save it again as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path} is not UTF-8: byte 0x{content[error.start]:02x} in line {line} is "
            f"another encoding; save the file as UTF-8"
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InputError(
            f"{path} is not a text file: line {line} has a zero byte; save it as UTF-8"
        )
    return text


def file_sha256(path: str | PathLike[str]) -> str:
    """The SHA-256 of a file's bytes, as 64 hexadecimal digits.

    Raises:
        InputError: the file is missing, a folder, unreadable or empty.
    """
    return hashlib.sha256(read_source(path)).hexdigest()
