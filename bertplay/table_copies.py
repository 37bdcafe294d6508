"""The built-in tables as CSV files."""

from __future__ import annotations

from pathlib import Path

from bertplay.atomic_files import write_folder
from bertplay.data.emotions import SPLITS, read_emotions
from bertplay.data.errors import InputError
from bertplay.data.titanic import read_passengers
from bertplay.data.wording import listed
from bertplay.tables import BUILT_IN


def copy_built_in(name: str, folder: Path) -> list[Path]:
    """Write a built-in table into a new folder, one CSV file for each of its parts.

    Args:
        name: of the table.
        folder: must not exist.

    Returns:
        The files; the first is there to be trained on.

    Raises:
        InputError: no built-in table has the name, or the folder exists.
    """
    if name not in BUILT_IN:
        raise InputError(f"no built-in table {name!r}: there are {listed(list(BUILT_IN))}")
    if folder.exists():
        raise InputError(f"{folder} exists already: name another folder with --output")
    if name == "titanic":
        parts = {"passengers": read_passengers()}
    else:
        table = read_emotions()
        parts = {part: table[table["split"] == part].drop(columns="split") for part in SPLITS}

    def write(place: Path) -> None:
        for part, frame in parts.items():
            frame.to_csv(place / f"{part}.csv", index=False, lineterminator="\n")

    write_folder(folder, write)
    return [folder / f"{part}.csv" for part in parts]
