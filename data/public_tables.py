"""Public tables that can be fetched: where they lie, what they hash to, and how they are read.

The hashes were published with the tables' first loaders, of Hugging Face's `datasets` and of
TensorFlow Datasets, so that a file that was changed since is refused.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bertplay.data.errors import InputError

Rows = Sequence[Sequence[str]]

_EMOTIONS = ("sadness", "joy", "love", "anger", "fear", "surprise")
_GO_EMOTIONS = (
    *("admiration", "amusement", "anger", "annoyance", "approval", "caring", "confusion"),
    *("curiosity", "desire", "disappointment", "disapproval", "disgust", "embarrassment"),
    *("excitement", "fear", "gratitude", "grief", "joy", "love", "nervousness", "optimism"),
    *("pride", "realization", "relief", "remorse", "sadness", "surprise", "neutral"),
)


@dataclass(frozen=True)
class Part:
    """One file of a table.

    Attributes:
        name: of the CSV file that is made of it, without the ending.
        url: where it lies.
        sha256: of what `PublicTable.read` says is to be hashed.
    """

    name: str
    url: str
    sha256: str


@dataclass(frozen=True)
class PublicTable:
    """A table that others publish.

    Attributes:
        what: it holds.
        licence: of the table.
        parts: its files.
        read: a file's bytes to the bytes that are hashed, and to its rows, the heading first.
        task: of `bertplay train`.
    """

    what: str
    licence: str
    parts: tuple[Part, ...]
    read: Callable[[bytes], tuple[bytes, Rows]]
    task: str


def _read_emotion(content: bytes) -> tuple[bytes, Rows]:
    """JSON lines packed with gzip; hashed as lines of "text;label", as they were first published.

    Gzip and JSON have many forms of the same rows, "text;label" has one.
    """
    records = [json.loads(line) for line in gzip.decompress(content).splitlines()]
    rows = [(str(record["text"]), _EMOTIONS[record["label"]]) for record in records]
    hashed = "".join(f"{text};{label}\n" for text, label in rows).encode()
    return hashed, [("text", "label"), *rows]


def _read_go_emotions(content: bytes) -> tuple[bytes, Rows]:
    """Tab-separated text, label numbers and id; only texts with one label are kept."""
    rows = [line.split("\t") for line in content.decode().split("\n") if line]
    single = [(text.strip(), numbers) for text, numbers, _ in rows if "," not in numbers]
    return content, [("text", "label"), *((text, _GO_EMOTIONS[int(n)]) for text, n in single)]


def _read_passengers(content: bytes) -> tuple[bytes, Rows]:
    """CSV in which a question mark is a value that is not known."""
    rows = csv.reader(io.StringIO(content.decode(), newline=""))
    return content, [["" if cell == "?" else cell for cell in row] for row in rows]


_HUGGING_FACE = "https://huggingface.co/datasets/dair-ai/emotion/resolve"
_REVISION = "0f2013aff0f120885b4892bddfe59faafa13a310"
_GOOGLE = "https://raw.githubusercontent.com/google-research/google-research/master/goemotions/data"


def _parts(pattern: str, **hashes: str) -> tuple[Part, ...]:
    """A part for each name and its hash; the pattern's {} is the name."""
    return tuple(
        Part("validation" if name == "dev" else name, pattern.format(name), sha256)
        for name, sha256 in hashes.items()
    )


PUBLIC_TABLES: Mapping[str, PublicTable] = MappingProxyType(
    {
        "dair-ai/emotion": PublicTable(
            "English tweets, 6 emotions (Saravia et al. 2018)",
            "research and education",
            _parts(
                f"{_HUGGING_FACE}/{_REVISION}/data/{{}}.jsonl.gz",
                train="3ab03d945a6cb783d818ccd06dafd52d2ed8b4f62f0f85a09d7d11870865b190",
                validation="34faaa31962fe63cdf5dbf6c132ef8ab166c640254ab991af78f3aea375e79ef",
                test="60f531690d20127339e7f054edc299a82c627b5ec0dd5d552d53d544e0cfcc17",
            ),
            _read_emotion,
            "emotion",
        ),
        "go_emotions": PublicTable(
            "Reddit comments with one of 28 emotions (Demszky et al. 2020)",
            "Apache 2.0",
            _parts(
                f"{_GOOGLE}/{{}}.tsv",
                train="1c254a142be5c00e80d819b9ae1bbd36d94b2eeb8f4b1271846508d57e57d9c5",
                dev="575489c079c9de1097062a01738f998590d6b7ead66dd1c9fd1d2ba01fd8bc62",
                test="0587b2dd8b27b97352adbfc3fb083d46005c8946657fdc2b1ca8b1cc7f1f8be4",
            ),
            _read_go_emotions,
            "emotion",
        ),
        "openml/titanic": PublicTable(
            "1,309 passengers with fare, port, cabin and relatives (OpenML 40945)",
            "facts",
            _parts(
                "https://www.openml.org/data/get_csv/16826755/phpMYEkMl",
                passengers="c617db2c7470716250f6f001be51304c76bcc8815527ab8bae734bdca0735737",
            ),
            _read_passengers,
            "titanic",
        ),
    }
)
"""The tables by the names that `bertplay data pull` takes."""


def rows_of(table: PublicTable, part: Part, content: bytes) -> Rows:
    """The rows of a fetched file, the heading first.

    Raises:
        InputError: the content is not what was published.
    """
    try:
        hashed, rows = table.read(content)
    except (OSError, EOFError, ValueError, KeyError, IndexError, TypeError, zlib.error) as error:
        raise _changed(part, f"it cannot be read ({error})") from None
    found = hashlib.sha256(hashed).hexdigest()
    if found != part.sha256:
        raise _changed(part, f"its sha256 is {found}, {part.sha256} was expected")
    return rows


def _changed(part: Part, reason: str) -> InputError:
    return InputError(
        f"{part.url} did not give the file that bertplay knows: {reason}; nothing was kept"
    )
