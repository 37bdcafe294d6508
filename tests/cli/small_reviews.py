"""A table of film reviews that trains in a second, for tests of the command line."""

from pathlib import Path

# Every text has the same number of words, so that training compiles few shapes.
GOOD = ("a fine warm film", "a warm fine story", "fine story warm film")
BAD = ("a dull cold film", "a cold dull story", "dull story cold film")
TRAIN_QUICKLY = ("--epochs", "1", "--max-length", "8", "--backbone", "scratch", "--no-report")


def reviews() -> list[tuple[str, str]]:
    """24 rows: 16 good ones, 8 bad ones."""
    return [(GOOD[i % 3], "good") for i in range(16)] + [(BAD[i % 3], "bad") for i in range(8)]


def write_rows(path: Path, rows: list[tuple[str, str]], heading: str = "text,label") -> Path:
    """A CSV of texts and labels."""
    path.write_text("\n".join([heading, *(",".join(row) for row in rows)]) + "\n")
    return path
