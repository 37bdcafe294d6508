"""Which names mean something on the Hugging Face Hub."""

from __future__ import annotations

from pathlib import Path


def hub_id(backbone: str) -> str | None:
    """The Hub's id of a backbone; None for those of bertplay, and for folders of this machine.

    Args:
        backbone: as a run names it.
    """
    is_id = backbone.count("/") == 1 and not backbone.startswith((".", "/", "~"))
    return backbone if is_id and not Path(backbone).is_dir() else None
