"""`bertplay data`: the data sets that come along, samples of them, and what is wrong with yours."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from bertplay.cli.data_copy import copy
from bertplay.cli.data_pull import pull
from bertplay.data.errors import InputError

if TYPE_CHECKING:
    from bertplay.tables import Table

_CONTEXT = {"help_option_names": ["-h", "--help"]}
_SHOWN_WIDTH = 200

_EXAMPLES = """\b
Examples:
  bertplay data
  bertplay data show emotion
  bertplay data check reviews.csv
  bertplay data copy emotion
  bertplay data pull dair-ai/emotion
"""
_SHOW_EXAMPLES = """\b
Examples:
  bertplay data show titanic --rows 10
  bertplay data show reviews.csv --text body --label stars
"""
_CHECK_EXAMPLES = """\b
Examples:
  bertplay data check reviews.csv
  bertplay data check ads.jsonl --template "{title}: {body}" --label clicked
"""


@click.group(
    invoke_without_command=True,
    context_settings=_CONTEXT,
    epilog=_EXAMPLES,
    short_help="Look at data.",
)
@click.pass_context
def data(ctx: click.Context) -> None:
    """List the data sets; show samples; check a table of your own; get others as files."""
    if ctx.invoked_subcommand is None:
        _print_list()


data.add_command(copy)
data.add_command(pull)


@data.command(epilog=_SHOW_EXAMPLES)
@click.argument("table", type=click.Path())
@click.option("--text", metavar="COL", help="Column that holds the text.")
@click.option("--template", metavar="TEXT", help='Sentence made from columns: "{title}: {body}".')
@click.option("--label", metavar="COL", help="Column that holds the class.")
@click.option("--rows", default=5, show_default=True, help="How many samples.")
@click.option("--seed", default=0, show_default=True, help="Which samples.")
def show(
    table: str, text: str | None, template: str | None, label: str | None, rows: int, seed: int
) -> None:
    """Show rows of TABLE, and the text that a model reads of each.

    TABLE is titanic, emotion, or a CSV, TSV, JSONL or Parquet file.
    """
    import random

    from rich.text import Text

    from bertplay.cli.printable import one_line
    from bertplay.cli.result_tables import result_console
    from bertplay.tables import open_table

    if rows < 1:
        raise InputError(f"--rows is {rows}: it must be at least 1")
    opened = open_table(table, text=text, template=template, label=label)
    console = result_console(sys.stdout)
    count = len(opened.rows.texts)
    for row in sorted(random.Random(seed).sample(range(count), min(rows, count))):  # noqa: S311
        place = f"{opened.rows.kind} {opened.rows.places[row]}"
        cells = opened.cells(row)
        console.print(Text(f"{place}: {one_line(opened.rows.labels[row]) or '(no label)'}", "bold"))
        console.print(f"  {one_line(opened.rows.texts[row], _SHOWN_WIDTH)}")
        if cells:
            console.print(Text(f"  {one_line(cells, _SHOWN_WIDTH)}", "dim"))


@data.command(epilog=_CHECK_EXAMPLES)
@click.argument("table", type=click.Path())
@click.option("--text", metavar="COL", help="Column that holds the text.")
@click.option("--template", metavar="TEXT", help='Sentence made from columns: "{title}: {body}".')
@click.option("--label", metavar="COL", help="Column that holds the class.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for scripts.")
@click.pass_context
def check(
    ctx: click.Context,
    table: str,
    text: str | None,
    template: str | None,
    label: str | None,
    as_json: bool,
) -> None:
    """Say what is wrong with TABLE before you train on it.

    Missing labels, rare classes, repeated or contradicting rows, answers that stand in the text,
    broken letters. Exit code 2 if training would refuse the table.
    """
    from dataclasses import asdict

    from bertplay.data.table_check import check_rows
    from bertplay.tables import open_table

    opened = open_table(table, text=text, template=template, label=label)
    findings = check_rows(opened.rows)
    if as_json:
        import json

        facts = {**opened.facts(), "findings": [asdict(finding) for finding in findings]}
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
    else:
        _print_facts(opened)
        for finding in findings:
            click.echo(f"{finding.severity} ({finding.code}): {finding.message}")
        if not findings:
            click.echo("Nothing found.")
    if any(finding.severity == "error" for finding in findings):
        ctx.exit(2)


def _print_list() -> None:
    from rich.table import Table as Lines

    from bertplay.cli.result_tables import result_console
    from bertplay.data.public_tables import PUBLIC_TABLES
    from bertplay.tables import BUILT_IN, open_table

    lines = Lines(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("name", "rows", "classes", "imbalance", "licence", "what"):
        lines.add_column(heading, justify="right" if heading in ("rows", "classes") else "left")
    for name, (what, licence) in BUILT_IN.items():
        facts = open_table(name).facts()
        ratio = f"{facts['imbalance_ratio']:.1f} : 1"
        lines.add_row(name, f"{facts['rows']:,}", str(len(facts["classes"])), ratio, licence, what)
    for name, table in PUBLIC_TABLES.items():
        lines.add_row(name, "", "", "", table.licence, table.what)
    result_console(sys.stdout).print(lines)
    click.echo("\nThose without figures are fetched by `bertplay data pull NAME`, the others are")
    click.echo("written as CSV files by `bertplay data copy NAME`.")
    click.echo("Train on one with `bertplay train --task NAME`, on your own with --data FILE.")


def _print_facts(opened: Table) -> None:
    from bertplay.cli.printable import one_line

    facts = opened.facts()
    classes = sorted(facts["classes"].items(), key=lambda item: -item[1])
    shown = ", ".join(f"{one_line(name, 24)} {count:,}" for name, count in classes[:12])
    more = f" and {len(classes) - 12} more" if len(classes) > 12 else ""
    words = facts["words"]
    click.echo(f"{one_line(opened.source)}: {facts['rows']:,} rows")
    click.echo(f"classes: {shown}{more}")
    if facts["imbalance_ratio"] is not None:
        click.echo(f"imbalance: {facts['imbalance_ratio']:.1f} : 1, largest to smallest class")
    click.echo(f"words in a text: {words['median']} in the middle, {words['longest']} at most")
