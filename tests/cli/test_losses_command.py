"""`bertplay losses`: the list, and one loss explained."""

import shlex

import pytest

from bertplay.cli.loss_options import loss_arguments
from bertplay.losses import LOSSES, get_loss

WIDTHS = pytest.mark.parametrize("width", [40, 80, 120])


@WIDTHS
def test_the_list_names_every_loss_and_option_with_its_default(bertplay, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))

    lines = bertplay("losses").stdout.splitlines()

    words = " ".join(" ".join(lines).split())
    for name, spec in LOSSES.items():
        assert any(line.split()[:1] == [name] for line in lines)
        assert " ".join(spec.description.split()) in words
        for option in spec.options:
            shown = "none" if option.default is None else option.default
            assert f"[default: {shown}]" in words
    assert max(map(len, lines)) <= width


@WIDTHS
@pytest.mark.parametrize("name", LOSSES)
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
    for option in LOSSES[name].options:
        assert any(line.split()[:1] == [option.name] for line in lines)
    assert max(map(len, lines[:-1])) <= width
    example = shlex.split(lines[-1])
    assert example[:4] == ["bertplay", "train", "--loss", name]
    given = loss_arguments(tuple(example[5::2]), {})
    assert get_loss(name, class_counts=[7, 3], **given).name == name


def test_papers_are_named(bertplay):
    assert "Lin et al., Focal Loss for Dense Object Detection" in bertplay("losses", "focal").stdout


def test_an_unknown_loss_is_told_its_nearest(bertplay):
    result = bertplay("losses", "focal_smoth")
    assert result.exit_code == 2
    assert "no loss 'focal_smoth'; did you mean 'focal_smooth'?" in result.stderr
