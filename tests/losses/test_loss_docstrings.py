"""Every public name of the losses is documented, and its example runs."""

import doctest
import inspect
import re

import mlx.core as mx
import pytest

import bertplay.losses as losses

PUBLIC = {name: getattr(losses, name) for name in losses.__all__ if not name.endswith("LOSSES")}
LOSS_FUNCTIONS = [spec.function.__name__ for spec in losses.LOSSES.values()]
ABOUT_SPECS = {"LossOption", "LossSpec"}
# What weighs the losses of several tasks takes scalars.
OF_SCALARS = {
    "FixedTaskWeights",
    "GradientTaskWeights",
    "UncertaintyTaskWeights",
    "bounded_weights",
    "validation_weights",
}


@pytest.mark.parametrize("name", PUBLIC)
def test_it_says_its_shapes_and_what_is_raised(name):
    text = inspect.getdoc(PUBLIC[name])

    assert name in OF_SCALARS or re.search(r"\[([NB], )?[CDE]\]", text), "shapes are missing"
    assert "ValueError" in text, "what is raised is missing"


@pytest.mark.parametrize("name", LOSS_FUNCTIONS)
def test_a_loss_says_its_equation_and_its_unit(name):
    text = inspect.getdoc(PUBLIC[name])

    assert re.search(r"`[^`]*(log p|weighted_cross_entropy \+|first \+|l_[ci] = )[^`]*`", text), (
        "no equation"
    )
    assert "in nats" in text or "from 0 to 1" in text


@pytest.mark.parametrize("name", [name for name in PUBLIC if name not in ABOUT_SPECS])
def test_its_arguments_are_all_documented(name):
    documented = re.findall(r"^ {4}(?:\*\*)?(\w+): ", inspect.getdoc(PUBLIC[name]), re.MULTILINE)

    assert set(inspect.signature(PUBLIC[name]).parameters) <= set(documented)


@pytest.mark.parametrize("name", PUBLIC)
def test_its_example_runs(name):
    tests = doctest.DocTestFinder(recurse=False).find(
        PUBLIC[name], name, globs={"mx": mx, **PUBLIC}
    )
    for test in tests:
        assert doctest.DocTestRunner().run(test).failed == 0


def test_most_have_an_example():
    with_example = [name for name in PUBLIC if ">>>" in inspect.getdoc(PUBLIC[name])]
    assert set(PUBLIC) - set(with_example) == {"resolve_class_weights", *ABOUT_SPECS}
