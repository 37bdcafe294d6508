"""The command line: `bertplay train`, `evaluate`, `predict` and `info`."""

from bertplay.cli.entry import main

__all__ = ["main"]
