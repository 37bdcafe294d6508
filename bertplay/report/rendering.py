"""From the parts of a page to its HTML."""

from __future__ import annotations

from pathlib import Path

from bertplay.report.blocks import Page

_TEMPLATES = Path(__file__).parent / "templates"


def rendered(page: Page) -> str:
    """The page as one HTML document that loads nothing else; all texts are escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html").render(page=page)
