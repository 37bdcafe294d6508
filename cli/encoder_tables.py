"""The encoders that there are, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from rich.table import Table

from bertplay.cli.printable import one_line
from bertplay.cli.result_tables import result_console
from bertplay.encoders.known import KnownEncoder
from bertplay.encoders.on_disk import FoundEncoder


def print_encoders(
    known: Sequence[KnownEncoder], found: Sequence[FoundEncoder], stream: TextIO
) -> None:
    """Those on this machine, then those that can be downloaded by their names."""
    console = result_console(stream)
    console.print("On this machine, for --backbone:")
    console.print(_found(found))
    for encoder in found:
        if encoder.problem:
            console.print(f"{one_line(encoder.name)} cannot be used: {one_line(encoder.problem)}")
    console.print("\nKnown, and downloaded once when --backbone names them, with published sizes:")
    console.print(_known(known))


def _found(encoders: Sequence[FoundEncoder]) -> Table:
    table = _table("family")
    for encoder in encoders:
        parameters = "-" if encoder.parameters is None else f"{encoder.parameters / 1e6:.1f} M"
        table.add_row(
            one_line(encoder.name),
            parameters,
            str(encoder.hidden_size),
            str(encoder.layers),
            encoder.family,
        )
    return table


def _known(encoders: Sequence[KnownEncoder]) -> Table:
    table = _table("published in")
    for encoder in encoders:
        table.add_row(
            encoder.name,
            f"{encoder.parameters:g} M",
            str(encoder.hidden_size),
            str(encoder.layers),
            encoder.source,
        )
    return table


def _table(last: str) -> Table:
    table = Table(box=None, pad_edge=False)
    # A name that is broken over lines cannot be copied.
    table.add_column("name", no_wrap=True)
    for heading in ("parameters", "hidden", "layers"):
        table.add_column(heading, justify="right")
    table.add_column(last, overflow="fold")
    return table
