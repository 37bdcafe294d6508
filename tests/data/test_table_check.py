"""What a check of a table finds, and what it says about it."""

import pytest

from bertplay.data.table_check import Finding, Rows, check_rows

VERBS = ("found", "left", "kept", "sold", "lent", "broke")
NOUNS = ("a spoon", "the boat", "two maps", "my coat", "his drum")


def clean(count: int = 30) -> list[tuple[str, str]]:
    """Rows in which there is nothing to find."""
    return [
        (f"{VERBS[n % 6]} {NOUNS[n % 5]} on day {n}", ("calm", "angry")[n % 2])
        for n in range(count)
    ]


def findings(pairs: list[tuple[str, str]]) -> list[Finding]:
    texts, labels = zip(*pairs, strict=True)
    return check_rows(Rows(texts, labels, range(2, len(texts) + 2), "line"))


def only(pairs: list[tuple[str, str]]) -> Finding:
    (finding,) = findings(pairs)
    return finding


def test_a_clean_table_has_no_findings():
    assert findings(clean()) == []


def test_missing_labels_are_an_error_and_their_lines_are_named():
    found = only([*clean(), ("no opinion", ""), ("none either", "")])
    assert (found.code, found.severity) == ("missing_labels", "error")
    assert found.message.startswith("No label in 2 rows (lines 32 and 33)")


def test_a_single_class_is_an_error():
    found = only([(text, "calm") for text, _ in clean()])
    assert (found.code, found.severity) == ("one_class", "error")


def test_a_class_with_a_single_row_is_an_error_and_rare_as_well():
    found = findings([*clean(), ("once only", "rare")])
    assert [(f.code, f.severity) for f in found] == [
        ("single_row", "error"),
        ("few_rows", "warning"),
    ]
    assert "rare" in found[0].message


@pytest.mark.parametrize(("rows", "codes"), [(9, ["few_rows"]), (10, [])])
def test_a_class_of_fewer_than_ten_rows_is_rare(rows, codes):
    extra = [(f"number {n}", "rare") for n in range(rows)]
    assert [f.code for f in findings([*clean(), *extra])] == codes


def test_texts_that_are_all_empty_are_an_error_and_a_few_are_a_warning():
    everywhere = findings([("", label) for _, label in clean()])
    assert [(f.code, f.severity) for f in everywhere] == [("empty_texts", "error")]
    found = only([*clean(), (" ", "calm")])
    assert (found.code, found.severity) == ("empty_texts", "warning")
    assert "1 row (line 32)" in found.message


def test_a_column_of_numbers_is_not_taken_for_classes():
    codes = [f.code for f in findings([(text, str(n)) for n, (text, _) in enumerate(clean())])]
    assert "no_classes" in codes


def test_spellings_of_one_class_are_put_side_by_side():
    extra = [(f"number {n}", "Calm ") for n in range(10)]
    found = only([*clean(), *extra])
    assert found.code == "names_alike"
    assert "'calm' and 'Calm '" in found.message


def test_repeated_texts_are_counted_whatever_their_case_and_spacing():
    found = only([*clean(), ("FOUND  a spoon on day 0", "calm")])
    assert found.code == "repeated_texts"
    assert "1 row (for example lines 2 and 32)" in found.message


def test_the_same_text_with_two_labels_is_a_contradiction():
    found = findings([*clean(), ("found a spoon on day 0", "angry")])
    assert [f.code for f in found] == ["contradicting_labels", "repeated_texts"]


def test_a_class_name_that_stands_in_its_texts_gives_the_answer_away():
    marked = [(f"{text} ({label})", label) for text, label in clean()]
    found = only(marked)
    assert found.code == "answer_in_text"
    assert "calm (100% of its texts, 0% of the others)" in found.message


def test_a_word_that_stands_in_all_texts_gives_nothing_away():
    assert findings([(f"calm {text}", label) for text, label in clean()]) == []


def test_numbers_as_class_names_give_nothing_away():
    rows = [(f"{text} {n % 2}", str(n % 2)) for n, (text, _) in enumerate(clean())]
    assert findings(rows) == []


@pytest.mark.parametrize("text", ["cafÃ© at noon", "donâ€™t go", "a \ufffd b"])
def test_letters_of_a_wrong_encoding_are_found(text):
    assert only([*clean(), (text, "calm")]).code == "broken_encoding"


@pytest.mark.parametrize("text", ["a <b>bold</b> move", "salt &amp; pepper", "it&#39;s"])
def test_html_is_found(text):
    assert only([*clean(), (text, "calm")]).code == "markup"


@pytest.mark.parametrize(
    "text", ["3 < 4 and 5 > 2", "AT&T; fine", "i <3 you", "café, naïve, Ça va"]
)
def test_signs_and_accents_are_no_markup_and_no_broken_letters(text):
    assert findings([*clean(), (text, "calm")]) == []


def test_errors_come_first():
    found = findings([*clean(), ("a <b>", "calm"), ("x", "")])
    assert [f.severity for f in found] == ["error", "warning"]
