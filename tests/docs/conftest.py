"""A folder with the files that the documentation's commands name, small."""

import csv
import gzip
from pathlib import Path

import mlx.core as mx
import pytest

from bertplay.atomic_files import write_json
from bertplay.data.emotions import read_emotions
from bertplay.encoders import encoder_from_scratch
from bertplay.named_arrays import named_arrays

REVIEWS = [
    ("great value, would buy it again", "good"),
    ("works as promised and looks fine", "good"),
    ("broke on the second day", "bad"),
] * 10


def write_table(path: Path, columns: list[str], rows: list[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])


def write_encoder(folder: Path) -> None:
    """A small random BERT in a folder such as Hugging Face's."""
    encoder, tokenizer = encoder_from_scratch([text for text, _ in REVIEWS], max_length=256, seed=0)
    folder.mkdir(parents=True)
    mx.save_safetensors(str(folder / "model.safetensors"), named_arrays(encoder.parameters()))
    write_json(folder / "config.json", encoder.config.as_dict())
    tokenizer.save(str(folder / "tokenizer.json"))


@pytest.fixture
def documented_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder of the test, with every file that a documented command reads."""
    for name in ("reviews.csv", "train.csv", "val.csv"):
        write_table(tmp_path / name, ["text", "label"], REVIEWS)
    costs = [("bad", 0, 5), ("good", 1, 0)]
    write_table(tmp_path / "costs.csv", ["true", "bad", "good"], costs)
    write_table(tmp_path / "new.csv", ["text"], [(text,) for text, _ in REVIEWS[:3]])
    tickets = [
        (f"order {n}", "late again" if n % 3 else "wrong size", ["low", "high"][n % 2], n // 4)
        for n in range(40)
    ]
    write_table(tmp_path / "tickets.csv", ["title", "body", "priority", "customer"], tickets)
    passengers = [
        (n, n % 2, 1 + n % 3, f"Name{n}, {'Mrs.' if n % 2 else 'Mr.'} A", "female", 20 + n, 7.25)
        for n in range(1, 31)
    ]
    columns = ["PassengerId", "Survived", "Pclass", "Name", "Sex", "Age", "Fare"]
    write_table(tmp_path / "kaggle_train.csv", columns, passengers)
    unlabelled = [(row[0], *row[2:]) for row in passengers]
    write_table(tmp_path / "kaggle_test.csv", [columns[0], *columns[2:]], unlabelled)
    chats = [
        (
            f"{text}, order {n}",
            ["calm", "cross", ""][n % 3],
            n / 90,
            ["price|delivery", "price", "|"][n % 3],
        )
        for n, (text, _) in enumerate(REVIEWS * 2)
    ]
    write_table(tmp_path / "chats.csv", ["message", "mood", "urgency", "topics"], chats)
    texts = [f"{text} on day {day}" for day in range(400) for text, _ in REVIEWS[:3]]
    (tmp_path / "texts.txt.gz").write_bytes(gzip.compress("\n".join(texts).encode()))
    write_encoder(tmp_path / "all-MiniLM-L6-v2")
    write_encoder(tmp_path / "sentence-transformers" / "all-MiniLM-L6-v2")
    # What `bertplay data copy emotion` writes, with every eighth row.
    monkeypatch.setattr("bertplay.table_copies.read_emotions", lambda: read_emotions()[::8])
    monkeypatch.chdir(tmp_path)
    return tmp_path
