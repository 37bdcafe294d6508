"""Every check has a page, and docs/checks.md lists every check and every threshold."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from bertplay.checks.catalogue import CHECKS
from bertplay.checks.thresholds import Thresholds

DOCS = Path(__file__).parent.parent.parent / "docs"
SECTIONS = ("What it means", "Cause", "Cure", "How it is computed", "When it does not apply")


def test_there_is_a_page_for_each_check_and_no_other():
    assert {page.stem for page in (DOCS / "checks").iterdir()} == CHECKS.keys()


@pytest.mark.parametrize("code", CHECKS)
def test_a_page_has_the_checks_name_and_every_section(code):
    check = CHECKS[code]
    text = (DOCS.parent / check.page).read_text()

    assert text.startswith(f"# {code}: {check.name}\n")
    assert f"Severity: {check.severity}." in text
    assert tuple(re.findall(r"^## (.*)$", text, re.MULTILINE)) == SECTIONS
    thresholds = {field.name for field in fields(Thresholds) if field.metadata["code"] == code}
    assert all(f"`{name}`" in text for name in thresholds)


@pytest.mark.parametrize("code", CHECKS)
def test_the_table_links_each_check(code):
    check = CHECKS[code]
    row = f"| [{code}](checks/{code}.md) | {check.name} | {check.severity} |"
    assert row in (DOCS / "checks.md").read_text()


@pytest.mark.parametrize("field", fields(Thresholds), ids=lambda field: field.name)
def test_the_table_has_each_threshold_with_its_default(field):
    meaning = f"{field.metadata['code']} | {field.metadata['help']}"
    row = f"| `{field.name}` | {field.default:g} | {meaning} |"
    assert row in (DOCS / "checks.md").read_text()
