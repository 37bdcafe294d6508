"""`bertplay decide`: the calibration and the decision rule of a finished run, fitted anew."""

from __future__ import annotations

import click

from bertplay.cli.completed_values import completion_of
from bertplay.decisions.names import CALIBRATIONS

_EXAMPLES = """\b
Examples:
  bertplay decide runs/titanic-focal_smooth --optimise macro_f1
  bertplay decide runs/titanic-focal_smooth --optimise recall@precision=0.8:survived
  bertplay decide runs/table-ce --calibration vector --optimise cost=costs.csv
  bertplay decide runs/table-ce --target-accuracy 0.95 --coverage 0.9
  bertplay decide runs/table-ce --calibration none --optimise none
"""


@click.command(epilog=_EXAMPLES, short_help="Fit a run's decisions anew.")
@click.argument("run", type=click.Path())
@click.option(
    "--calibration",
    metavar="NAME",
    shell_complete=completion_of("calibration", CALIBRATIONS),
    help=f"What makes probabilities of logits.  [one of {', '.join(CALIBRATIONS)}]",
)
@click.option(
    "--optimise",
    metavar="WHAT",
    help="What the decision rule is to be best at: macro_f1, balanced_accuracy, "
    "recall@precision=0.9 (of the rarest class, or recall@precision=0.9:CLASS), cost=FILE, or none "
    "for the likeliest class.",
)
@click.option(
    "--target-accuracy",
    type=float,
    metavar="X",
    help="Share of the answers that is to be right; 0 answers every row.",
)
@click.option(
    "--coverage",
    type=float,
    metavar="X",
    help="Share of each class's rows whose prediction set is to hold the class; 0 for no sets.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for scripts.")
def decide(
    run: str,
    calibration: str | None,
    optimise: str | None,
    target_accuracy: float | None,
    coverage: float | None,
    as_json: bool,
) -> None:
    """Fit anew how the logits of RUN's model become decisions; nothing is trained.

    RUN is the folder that `bertplay train` wrote. It is fitted on what the model said of the
    validation rows, and kept in model/decisions.json. What is not given stays as it was.
    """
    from bertplay.decisions.of_run import decide as decide_run

    facts = decide_run(
        run,
        calibration=calibration,
        optimise=optimise,
        target_accuracy=target_accuracy,
        coverage=coverage,
    )
    if as_json:
        import json

        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    import sys

    from bertplay.cli.decisions_table import print_decisions
    from bertplay.cli.result_tables import result_console

    print_decisions(result_console(sys.stdout), facts)
    click.echo(f"\nKept with the model of {run}; `bertplay diagnose {run}` writes its report anew")
