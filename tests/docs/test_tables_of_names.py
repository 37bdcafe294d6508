"""What is added has its row where the docs list it, and its place in the tests' tables."""

from pathlib import Path

import pytest

from bertplay.encoders.families import FAMILIES
from bertplay.losses import ALL_LOSSES, LOSSES
from bertplay.transformers_head import HEADS

ROOT = Path(__file__).resolve().parent.parent.parent
TINY_ENCODERS = ROOT / "tests" / "fixtures" / "encoders"


def rows_of_tables(page: str) -> str:
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if line.startswith("|"))


@pytest.mark.parametrize("name", ALL_LOSSES)
def test_every_loss_has_a_row_in_the_table_of_losses(name):
    assert f"`{name}`" in rows_of_tables("docs/losses.md")


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_of_one_class_a_row_is_in_the_readme(name):
    assert f"`{name}`" in rows_of_tables("README.md")


@pytest.mark.parametrize("model_type", FAMILIES)
def test_every_family_has_a_row_in_the_table_of_encoders_and_a_head_of_transformers(model_type):
    assert f"`{model_type}`" in rows_of_tables("docs/encoders.md")
    assert model_type in HEADS


@pytest.mark.parametrize("model_type", [name for name in FAMILIES if name != "bert"])
def test_every_family_has_a_tiny_model_that_its_tests_run_over(model_type):
    assert (TINY_ENCODERS / model_type.replace("-", "_") / "expected.safetensors").exists()
