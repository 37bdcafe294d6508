"""Fetch a public table into CSV files, checked against its published hashes."""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import partial
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from bertplay import __version__
from bertplay.atomic_files import write_atomically
from bertplay.data.public_tables import Part, PublicTable, Rows, rows_of

_TIMEOUT = 30  # seconds without an answer
_CHUNK = 1 << 16
_LARGEST = 64 << 20  # bytes; the largest known file has 3.5 MB


class DownloadError(OSError):
    """A file could not be fetched; the message says what to do."""


OnBytes = Callable[[Part, int, int | None], None]


def pull(table: PublicTable, folder: Path, *, on_bytes: OnBytes = lambda *_: None) -> list[Path]:
    """Fetch the files of a table that are not in the folder yet.

    Args:
        table: from `bertplay.data.public_tables.PUBLIC_TABLES`.
        folder: is created where it does not exist.
        on_bytes: is told the part, how many bytes of it are here, and of how many if that is known.

    Returns:
        One CSV file for each part, in their order.

    Raises:
        DownloadError: a file cannot be reached.
        InputError: a file is not what was published.
    """
    files = []
    for part in table.parts:
        file = folder / f"{part.name}.csv"
        if not file.exists():
            rows = rows_of(table, part, _fetched(part, on_bytes))
            write_atomically(file, partial(_write_csv, rows))
        files.append(file)
    return files


def _fetched(part: Part, on_bytes: OnBytes) -> bytes:
    content = bytearray()
    request = Request(part.url, headers={"User-Agent": f"bertplay/{__version__}"})  # noqa: S310
    try:
        with urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310
            length = answer.headers.get("Content-Length")
            total = int(length) if length else None
            on_bytes(part, 0, total)
            while chunk := answer.read(_CHUNK):
                content += chunk
                on_bytes(part, len(content), total)
                if len(content) > _LARGEST:
                    raise DownloadError(f"{part.url} gives far more than the table has: stopped")
    except DownloadError:
        raise
    except HTTPError as error:
        raise DownloadError(
            f"{part.url} answers {error.code} {error.reason}: try again later, or fetch the table "
            "by hand and give it with --data"
        ) from None
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise DownloadError(
            f"{part.url} cannot be reached ({reason}): pulling a table needs the internet; the "
            "built-in tables, titanic and emotion, need none"
        ) from None
    if total is not None and len(content) < total:
        raise DownloadError(f"{part.url} broke off after {len(content):,} bytes: try again")
    return bytes(content)


def _write_csv(rows: Rows, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
