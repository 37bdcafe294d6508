"""report.html of real runs with tiny BERT: what is in it, and what a browser makes of it."""

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from browser import layouts

from bertplay import InputError, TrainOptions, train
from bertplay.loading import load_any
from bertplay.report import (
    Chosen,
    diagnosed_rows,
    held_out_rows,
    read_run_files,
    write_report,
    write_rows_page,
)

TINY = Path(__file__).parent.parent / "fixtures" / "tiny_bert"
ROWS = (
    ("the women of the first class", "survived", "0.9", "women|first"),
    ("a child & a <b>ship</b>", "survived", "0.8", "ship"),
    ("the men of the third class, " + "men " * 8, "died", "0.1", "men"),
    ("a man on the sea", "died", "0.2", "|"),
    ("unbelievably-long-" + "word" * 30, "unknown", "0.5", "ship"),
)
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Elements(HTMLParser):
    """Every element with its attributes, its ancestors and the text in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[dict] = []
        self._open: list[dict] = []
        self.feed(page)
        assert self._open == [], "an element is not closed"

    def handle_starttag(self, tag, attrs):
        within = [one["tag"] for one in self._open]
        self.found.append({"tag": tag, "attrs": dict(attrs), "within": within, "text": ""})
        if tag not in VOID:
            self._open.append(self.found[-1])

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag):
        assert self._open.pop()["tag"] == tag

    def handle_data(self, data):
        for one in self._open:
            one["text"] += data

    def named(self, *tags: str) -> list[dict]:
        return [one for one in self.found if one["tag"] in tags]


def options(folder: Path, **changes) -> TrainOptions:
    data = folder / "passengers.csv"
    lines = [",".join(f'"{cell}"' for cell in ROWS[row % 5]) for row in range(60)]
    data.write_text("\n".join(["text,label,worth,words", *lines]) + "\n")
    values = {"backbone": str(TINY), "max_length": 12, "batch_size": 8, "epochs": 2, "lr": 1e-3}
    return TrainOptions(**values | {"data": str(data), "output": str(folder / "run")} | changes)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """The run directory of three classes."""
    folder = tmp_path_factory.mktemp("single")
    train(options(folder, label="label", loss="adaptive"))
    return folder / "run"


@pytest.fixture(scope="module")
def run_of_tasks(tmp_path_factory) -> Path:
    """The run directory of a class, a number, and any number of classes."""
    folder = tmp_path_factory.mktemp("tasks")
    tasks = {"label": {"loss": "focal"}, "worth": {"loss": "mse"}, "words": {"loss": "bce"}}
    train(options(folder, tasks=tasks))
    return folder / "run"


@pytest.fixture(scope="module", params=["run", "run_of_tasks"])
def page(request) -> str:
    """The page of either."""
    folder = request.getfixturevalue(request.param)
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def elements(page) -> Elements:
    return Elements(page)


def titles(run: Path) -> list[str]:
    found = Elements((run / "report.html").read_text(encoding="utf-8"))
    return [one["text"] for one in found.named("h2", "h3")]


def test_nothing_is_wider_than_a_phone_or_a_desktop_and_nothing_is_loaded(page, tmp_path):
    for layout in layouts(page, (390, 1280), tmp_path):
        assert layout.scroll <= layout.inner
        assert layout.too_wide == []
        assert layout.requests == []


def test_a_page_that_is_too_wide_or_loads_something_is_noticed(tmp_path):
    wide = '<body><p class="wide" style="width:600px">wide</p><img src="http://127.0.0.1:1/a.png">'

    phone, desktop = layouts(wide, (390, 1280), tmp_path)

    assert phone.scroll > phone.inner
    assert phone.too_wide == ["P.wide"]
    assert desktop.too_wide == []
    assert desktop.requests == ["http://127.0.0.1:1/a.png"]


def test_the_page_names_no_address_that_a_browser_would_load(elements, page):
    for one in elements.found:
        for name in ("src", "href", "xlink:href", "srcset", "action", "data"):
            address = one["attrs"].get(name, "#")
            assert address.startswith(("#", "data:")), one
    assert "@import" not in page
    assert page.count("url(") == page.count("url(#")
    assert elements.named("script") == []


def test_headings_are_in_order_under_a_single_one(elements):
    levels = [int(one["tag"][1]) for one in elements.named("h1", "h2", "h3", "h4")]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_figure_says_what_it_shows_to_who_cannot_see_it(elements):
    texts = {one["attrs"].get("id"): one["text"] for one in elements.named("title", "desc")}
    figures = elements.named("svg")

    assert len(figures) >= 5
    for figure in figures:
        assert figure["attrs"]["role"] == "img"
        title, description = figure["attrs"]["aria-labelledby"].split()
        assert texts[title]
        assert texts[description]


def test_every_table_has_a_caption_and_heads_for_its_columns_and_rows(elements):
    captions = elements.named("caption")

    assert len(captions) == len(elements.named("table")) >= 3
    assert all(one["attrs"].get("scope") for one in elements.named("th"))
    rows = [one for one in elements.named("tr") if "tbody" in one["within"]]
    heads = [one for one in elements.named("th") if one["attrs"]["scope"] == "row"]
    assert len(rows) == len(heads)


def test_names_of_elements_are_unique(elements):
    names = [one["attrs"]["id"] for one in elements.found if "id" in one["attrs"]]

    assert len(names) == len(set(names))


def test_the_page_is_small(page):
    assert len(page.encode()) < 3_000_000


def test_texts_stand_in_the_page_as_they_are(run):
    found = Elements((run / "report.html").read_text(encoding="utf-8"))
    texts = [one["text"] for one in found.named("blockquote")]

    assert texts
    assert set(texts) <= {text.strip() for text, *_ in ROWS}
    assert found.named("b") == []


def test_the_parts_of_a_run_are_in_their_order(run):
    expected = ["How it learned", "Each class", "What predictions rest on", "Settings and cost"]

    assert [title for title in titles(run) if title in expected] == expected


def test_the_headline_is_that_of_the_summary(run):
    summary = json.loads((run / "summary.json").read_text())
    found = Elements((run / "report.html").read_text(encoding="utf-8"))
    tiles = [one["text"] for one in found.named("div") if one["attrs"].get("class") == "tile"]

    assert tiles[0].startswith(f"Accuracy{summary['validation']['accuracy']:.3f}")
    assert f"{summary['baseline']['majority_accuracy']:.3f}" in tiles[0]


def test_what_a_schedule_has_reached_is_drawn(run):
    found = Elements((run / "report.html").read_text(encoding="utf-8"))

    assert "What the schedule of the loss reached" in [one["text"] for one in found.named("title")]


def test_every_task_has_a_part_of_its_own(run_of_tasks):
    found = titles(run_of_tasks)

    assert [title for title in found if title.startswith("Task ")] == [
        "Task label",
        "Task worth",
        "Task words",
    ]
    assert found.count("What predictions rest on") == 1


def test_tasks_of_every_kind_show_their_predictions(run_of_tasks):
    found = titles(run_of_tasks)

    of_words = found[found.index("Task words") :]
    assert "How well it tells classes apart" in of_words
    assert "How far its probabilities can be trusted" in of_words
    of_worth = found[found.index("Task worth") : found.index("Task words")]
    assert {"How far it is off", "Rows it gets most wrong"} <= set(of_worth)


def test_what_each_task_has_of_the_loss_is_drawn(run_of_tasks):
    found = Elements((run_of_tasks / "report.html").read_text(encoding="utf-8"))
    drawn = {
        one["text"]: found.found[place + 1]["text"]
        for place, one in enumerate(found.found)
        if one["tag"] == "title"
    }

    told = drawn["Share of each task in the training loss by epoch"]
    ends = [float(share) for share in re.findall(r"to (\S+) in epoch 2,", told)]
    assert len(ends) == 3
    assert sum(ends) == pytest.approx(1, abs=0.002)


def test_the_page_says_what_to_do_next(run, run_of_tasks):
    for folder in (run, run_of_tasks):
        assert "What to do next" in titles(folder)


def test_other_rows_of_several_tasks_have_a_page_that_fits_a_phone(run_of_tasks, tmp_path):
    files = read_run_files(run_of_tasks)
    rows = held_out_rows(files, "validation", ["words"])
    found = diagnosed_rows(files, rows, which="other rows", source="other.csv")

    page = write_rows_page(found, Chosen(), tmp_path / "other.html", load_any(run_of_tasks))

    text = page.read_text(encoding="utf-8")
    assert [name for name in ("label", "worth", "words") if f"Task {name}" in text] == [*rows]
    for layout in layouts(text, (390, 1280), tmp_path):
        assert (layout.scroll <= layout.inner, layout.too_wide, layout.requests) == (True, [], [])
    assert {sentence.partition(":")[0] for sentence in found.findings} == {*rows}


def test_chosen_rows_are_explained_in_place_of_others(run, tmp_path):
    files = read_run_files(run)
    columns = held_out_rows(files, "validation")
    chosen = [columns[""].ids[3], columns[""].ids[1]]

    page = write_report(
        run, columns, chosen=Chosen(explain=tuple(chosen)), output=tmp_path / "chosen.html"
    )

    found = Elements(page.read_text(encoding="utf-8"))
    coloured = [one["text"].split(":")[0] for one in found.named("h3") if ":" in one["text"]]
    assert coloured == [f"Row {name}" for name in chosen]


def test_the_rows_of_a_finished_run_are_those_it_was_validated_on(run, run_of_tasks):
    for folder, columns in ((run, {""}), (run_of_tasks, {"label", "worth", "words"})):
        files = read_run_files(folder)
        rows = held_out_rows(files, "validation")
        assert rows.keys() == columns
        of_column = rows[min(columns)]
        figures = files.summary["validation"]
        figures = figures.get("tasks", {"": figures})[min(columns)]
        accuracy = (of_column.predicted == of_column.labels).mean()
        assert accuracy == pytest.approx(figures["accuracy"])
        assert set(of_column.texts) <= {text for text, *_ in ROWS}


def test_a_run_that_is_not_finished_has_none(run, tmp_path):
    (tmp_path / "config.yaml").write_bytes((run / "config.yaml").read_bytes())

    with pytest.raises(InputError, match=r"not a finished run, it has no summary\.json"):
        write_report(tmp_path, {})
