"""`bertplay losses`: the list, and one loss explained."""

import shlex

import pytest

from bertplay.cli.loss_options import loss_arguments
from bertplay.losses import ALL_LOSSES, LOSSES, MULTI_LABEL_LOSSES, REGRESSION_LOSSES, get_loss

WIDTHS = pytest.mark.parametrize("width", [40, 80, 120])


@WIDTHS
def test_the_list_names_every_loss_and_option_with_its_default(bertplay, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))

    lines = bertplay("losses").stdout.splitlines()

    words = " ".join(" ".join(lines).split())
    for name, spec in ALL_LOSSES.items():
        assert any(line.split()[:1] == [name] for line in lines)
        assert " ".join(spec.description.split()) in words
        for option in spec.options:
            shown = "none" if option.default is None else option.default
            assert f"[default: {shown}]" in words
    assert max(map(len, lines)) <= width


def test_the_list_is_in_order_of_kind_under_a_heading_each(bertplay):
    first_words = [line.split()[0] for line in bertplay("losses").stdout.splitlines() if line]

    wanted = ["Single-label", *LOSSES, "Multi-label", *MULTI_LABEL_LOSSES]
    wanted += ["Regression", *REGRESSION_LOSSES]
    places = [first_words.index(word) for word in wanted]
    assert places == sorted(places)


@WIDTHS
@pytest.mark.parametrize("name", ALL_LOSSES)
def test_a_loss_is_explained_with_equation_options_and_an_example(
    bertplay, monkeypatch, name, width
):
    monkeypatch.setenv("COLUMNS", str(width))

    result = bertplay("losses", name)

    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    words = " ".join(result.stdout.split())
    assert lines[0].startswith(name)
    assert "`" in words
    for option in ALL_LOSSES[name].options:
        assert any(line.split()[:1] == [option.name] for line in lines)
    assert max(map(len, lines[:-1])) <= width


@pytest.mark.parametrize("name", LOSSES)
def test_the_example_of_a_loss_of_classes_is_a_command(bertplay, name):
    example = shlex.split(bertplay("losses", name).stdout.splitlines()[-1])

    assert example[:4] == ["bertplay", "train", "--loss", name]
    given = loss_arguments(tuple(example[5::2]), {})
    assert get_loss(name, class_counts=[7, 3], **given).name == name


@pytest.mark.parametrize("name", [*MULTI_LABEL_LOSSES, *REGRESSION_LOSSES])
def test_the_example_of_another_loss_learns_a_column_of_its_kind(bertplay, name):
    example = shlex.split(bertplay("losses", name).stdout.splitlines()[-1])

    assert example[:6] == ["bertplay", "train", "--data", "FILE", "--label", f"COL:{name}"]
    given = loss_arguments(tuple(text.removeprefix("COL.") for text in example[7::2]), {})
    assert get_loss(name, **given).name == name


def test_papers_are_named(bertplay):
    assert "Lin et al., Focal Loss for Dense Object Detection" in bertplay("losses", "focal").stdout


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [("focal_smoth", "focal_smooth"), ("asymetric", "asymmetric"), ("hubr", "huber")],
)
def test_an_unknown_loss_is_told_its_nearest_of_any_kind(bertplay, typed, nearest):
    result = bertplay("losses", typed)
    assert result.exit_code == 2
    assert f"no loss {typed!r}; did you mean {nearest!r}?" in result.stderr
