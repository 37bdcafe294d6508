"""Pages of 150 classes, and of classes with unusual names."""

import re

import numpy as np
import pytest
from browser import layouts

from bertplay.report import Chosen, PredictedRows, diagnosed_predictions, write_rows_page
from bertplay.report.svg import shortened


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    """Of 3,000 rows whose classes have long names."""
    random = np.random.default_rng(0)
    classes = [f"a class with a rather long name, number {number}" for number in range(150)]
    labels = random.integers(0, 150, 3000)
    p = random.random((3000, 150)) ** 8
    p[np.arange(3000), labels] += random.random(3000)
    names = [str(row) for row in range(3000)]
    texts = [f"{'word ' * int(random.integers(1, 200))}{row}" for row in names]
    folder = tmp_path_factory.mktemp("many")
    rows = PredictedRows(names, texts, labels, p / p.sum(axis=1, keepdims=True), classes)
    write_rows_page(diagnosed_predictions(rows, folder / "p.csv"), Chosen(), folder / "p.html")
    return (folder / "p.html").read_text(encoding="utf-8")


def test_it_is_small(page):
    assert len(page.encode()) < 1_000_000


def test_it_fits_a_phone(page, tmp_path):
    for layout in layouts(page, (390, 1280), tmp_path):
        assert layout.scroll <= layout.inner
        assert layout.too_wide == []


def test_it_has_the_largest_confusions_in_place_of_the_matrix(page):
    assert "The largest confusions" in page
    assert 'class="matrix"' not in page


def test_names_of_all_kinds_stand_in_figures_and_tables_as_they_are(tmp_path):
    """Warnings, such as matplotlib's for letters it has no picture of, are errors here."""
    names = ["喜び", "$5 & $10", "<b>_^{x}"]
    labels = np.arange(30) % 3
    p = np.full((30, 3), 0.2) + 0.4 * (labels[:, None] == np.arange(3))
    rows = PredictedRows([*map(str, range(30))], ["a text"] * 30, labels, p, names)

    write_rows_page(diagnosed_predictions(rows, tmp_path / "p.csv"), Chosen(), tmp_path / "p.html")

    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    drawn = re.findall(r"<text[^>]*>(.*?)</text>", page)
    assert {"喜び 1.000", "$5 &amp; $10 1.000", "&lt;b&gt;_^{x} 1.000"} <= set(drawn)
    assert "<b>" not in page


def test_long_names_are_cut_to_the_same_width_in_every_script():
    assert shortened("a name of many letters") == "a name of many …"
    assert shortened("とても長い名前の感情") == "とても長い名前…"
    assert shortened("short") == "short"
