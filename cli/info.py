"""`bertplay info`: what this machine offers, for bug reports and for reading speeds."""

from __future__ import annotations

import json

import click

_EXAMPLES = """\b
Examples:
  bertplay info
  bertplay info --json > info.json
"""


@click.command(epilog=_EXAMPLES, short_help="Show device, versions and speed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for scripts.")
def info(as_json: bool) -> None:
    """Show device, versions, the BLAS in use and a measured matmul speed."""
    from bertplay.environment import environment, matmul_gflops

    facts = environment() | {"matmul_gflops": round(matmul_gflops(), 1)}
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return

    from rich.console import Console
    from rich.table import Table

    blas = facts["blas"]
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(overflow="fold")
    for name, value in {
        "bertplay": facts["bertplay"],
        "Python": facts["python"],
        "platform": facts["platform"],
        "device": f"{facts['device']} ({facts['device_name']})",
        "MLX backend": facts["backend"],
        "CPUs": str(facts["cpus"]),
        "BLAS": f"{blas['name']} (from {blas['source']})",
        "BLAS file": blas["path"] or "-",
        "fused kernels": "yes" if facts["fusion"] else "no: install g++ for faster training",
        "matmul": f"{facts['matmul_gflops']} GFLOP/s (float32, 1024 x 1024)",
        **facts["packages"],
    }.items():
        table.add_row(name, value)
    Console(highlight=False).print(table)
