"""From the parts of a page to its HTML."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bertplay.report.blocks import Page

if TYPE_CHECKING:
    from markupsafe import Markup

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
    environment.filters["with_code"] = _with_code
    return environment.get_template("page.html").render(page=page)


def _with_code(text: str) -> Markup:
    """A paragraph whose parts between backticks are commands; all of it is escaped."""
    from markupsafe import Markup, escape

    parts = text.split("`")
    if len(parts) % 2 == 0:  # one is left over, so they are not pairs
        return escape(text)
    code = Markup("<code>{}</code>")
    return Markup("").join(
        code.format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )
