"""Public tables: fetched, checked against their hashes, and turned into CSV that can be trained on.

The files here are small and of the same formats; a server of the test gives them.
"""

import csv
import gzip
import hashlib
import json
import threading
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bertplay.data.errors import InputError
from bertplay.data.public_tables import PUBLIC_TABLES, Part, rows_of
from bertplay.data.table import read_table
from bertplay.data.titanic import passenger_sentences
from bertplay.public_download import DownloadError, pull

EMOTION, GO_EMOTIONS, PASSENGERS = (
    PUBLIC_TABLES[name] for name in ("dair-ai/emotion", "go_emotions", "openml/titanic")
)
TWEETS = [("i feel strange; very", "surprise"), ("i feel “fine”, thanks", "joy")]
TWEETS_FILE = gzip.compress(
    b'{"text":"i feel strange; very","label":5}\n'
    + json.dumps({"text": "i feel “fine”, thanks", "label": 1}).encode()
)
TWEETS_SHA256 = hashlib.sha256(
    "i feel strange; very;surprise\ni feel “fine”, thanks;joy\n".encode()
).hexdigest()
COMMENTS_FILE = b'That\'s "it"!\t27\teeb\nBoth of them\t0,15\teec\nThanks  \t15\teed\n'
PASSENGERS_FILE = b"""\
"pclass","survived","name","sex","age","sibsp","parch","ticket","fare","cabin","embarked","boat"
1,1,"Allen, Miss. Elisabeth Walton","female",29,0,0,"24160",211.3375,"B5","S","2"
3,0,"Zimmerman, Mr. Leo","male",?,0,0,"315082",7.875,?,"S",?
"""


def part_of(content: bytes, sha256: str | None = None, url: str = "http://there/file") -> Part:
    return Part("train", url, sha256 or hashlib.sha256(content).hexdigest())


@pytest.fixture
def server(tmp_path):
    """The address of a folder that is served, and the folder."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(folder))

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}", folder
        serving.shutdown()


def served(server, table, content, sha256=None):
    """The table with one part, whose file the server has."""
    address, folder = server
    (folder / "file").write_bytes(content)
    return replace(table, parts=(part_of(content, sha256, f"{address}/file"),))


def rows_in(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))


def test_tweets_get_the_names_of_their_labels():
    rows = rows_of(EMOTION, part_of(b"", TWEETS_SHA256), TWEETS_FILE)
    assert rows == [("text", "label"), *TWEETS]


def test_tweets_are_known_by_their_rows_however_they_are_packed():
    packed_again = gzip.compress(gzip.decompress(TWEETS_FILE), compresslevel=1, mtime=7)
    assert packed_again != TWEETS_FILE
    part = part_of(b"", TWEETS_SHA256)
    assert rows_of(EMOTION, part, packed_again) == rows_of(EMOTION, part, TWEETS_FILE)


def test_comments_with_one_label_are_kept():
    rows = rows_of(GO_EMOTIONS, part_of(COMMENTS_FILE), COMMENTS_FILE)
    assert rows == [("text", "label"), ('That\'s "it"!', "neutral"), ("Thanks", "gratitude")]


def test_passengers_become_sentences_without_what_is_not_known(server, tmp_path):
    (file,) = pull(served(server, PASSENGERS, PASSENGERS_FILE), tmp_path / "there")
    table = read_table(file)
    texts = passenger_sentences(table)
    assert texts[0].startswith("Miss Allen, a 29-year-old woman in first class")
    assert texts[1].startswith("Mr. Zimmerman, a man in third class")
    assert list(table["survived"]) == ["1", "0"]


def test_a_pulled_table_is_csv_that_reads_back(server, tmp_path):
    (file,) = pull(served(server, EMOTION, TWEETS_FILE, TWEETS_SHA256), tmp_path / "new" / "there")
    assert file == tmp_path / "new" / "there" / "train.csv"
    assert rows_in(file) == [["text", "label"], *map(list, TWEETS)]


def test_progress_is_told_in_bytes(server, tmp_path):
    seen = []
    pull(
        served(server, GO_EMOTIONS, COMMENTS_FILE),
        tmp_path / "there",
        on_bytes=lambda part, here, total: seen.append((part.name, here, total)),
    )
    size = len(COMMENTS_FILE)
    assert seen == [("train", 0, size), ("train", size, size)]


def test_what_is_there_is_not_fetched_again(server, tmp_path):
    table = served(server, GO_EMOTIONS, COMMENTS_FILE)
    pull(table, tmp_path / "there")
    (server[1] / "file").unlink()
    (file,) = pull(table, tmp_path / "there")
    assert len(rows_in(file)) == 3


@pytest.mark.parametrize(
    ("table", "content", "reason"),
    [
        (GO_EMOTIONS, COMMENTS_FILE.replace(b"27", b"26"), "its sha256 is"),
        (EMOTION, gzip.compress(b'{"text":"i feel fine","label":5}\n'), "its sha256 is"),
        (EMOTION, b"<html>Sign in</html>", "cannot be read"),
        (EMOTION, TWEETS_FILE[:-12], "cannot be read"),
        (EMOTION, gzip.compress(b'{"text":"fine","label":6}\n'), "cannot be read"),
        (GO_EMOTIONS, b"<html>Sign in</html>", "cannot be read"),
    ],
    # Packed bytes hold the time of packing, so they cannot name a test.
    ids=[
        "another comment",
        "another tweet",
        "page for tweets",
        "cut short",
        "unknown label",
        "page for comments",
    ],
)
def test_another_file_than_the_known_one_is_refused_and_not_kept(
    server, tmp_path, table, content, reason
):
    changed = served(server, table, content, TWEETS_SHA256)
    with pytest.raises(InputError, match=reason):
        pull(changed, tmp_path / "there")
    assert not list(tmp_path.glob("there/*"))


def test_a_file_that_is_gone_is_named_with_the_servers_answer(server, tmp_path):
    table = replace(GO_EMOTIONS, parts=(part_of(b"", url=f"{server[0]}/gone"),))
    with pytest.raises(DownloadError, match="/gone answers 404"):
        pull(table, tmp_path / "there")


def test_without_a_connection_the_message_says_what_works_without_one(tmp_path):
    table = replace(GO_EMOTIONS, parts=(part_of(b"", url="http://127.0.0.1:9/file"),))
    with pytest.raises(DownloadError, match="needs the internet; the built-in tables"):
        pull(table, tmp_path / "there")


@pytest.mark.parametrize("name", PUBLIC_TABLES)
def test_every_part_has_an_address_and_a_hash_of_its_own(name):
    parts = PUBLIC_TABLES[name].parts
    assert all(part.url.startswith("https://") and len(part.sha256) == 64 for part in parts)
    assert len({part.sha256 for part in parts}) == len({part.url for part in parts}) == len(parts)


@pytest.mark.parametrize(("file", "place"), [("train", 0), ("val", 1)])
def test_the_real_tweets_have_the_known_hash(shared, file, place):
    rows = rows_in(shared / "data" / "emotion" / f"{file}.csv")[1:]
    names = ["sadness", "joy", "love", "anger", "fear", "surprise"]
    lines = [json.dumps({"text": text, "label": names.index(label)}) for text, label in rows]
    content = gzip.compress("\n".join(lines).encode())
    assert rows_of(EMOTION, EMOTION.parts[place], content) == [
        ("text", "label"),
        *map(tuple, rows),
    ]
