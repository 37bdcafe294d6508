"""`bertplay train`: options in, a run directory out, and a picture of what is learned."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bertplay.cli.completed_values import completion_of
from bertplay.cli.config_file import read_config
from bertplay.cli.key_values import key_values
from bertplay.cli.loss_options import loss_arguments
from bertplay.cli.option_fields import GroupedCommand, GroupedOption, options_from
from bertplay.cli.several_tasks import TypedTasks, with_tasks
from bertplay.data.errors import InputError
from bertplay.distributed.launch import launched, launched_rank
from bertplay.options import RECORDED, TrainOptions, from_mapping, option_choices
from bertplay.recipes import Recipe

if TYPE_CHECKING:
    from bertplay.training import SilentView

_Function = TypeVar("_Function", bound=Callable[..., Any])

_DECIDED_BY_RECIPE = tuple(field.name for field in fields(Recipe))
_METAVARS = {
    "task": "NAME",
    "data": "FILE",
    "validation": "FILE",
    "text": "COL",
    "label": "COL[:LOSS]",
    "loss": "NAME",
    "group": "COL",
    "teacher": "DIR",
    "backbone": "NAME",
    "pooling": "NAME",
    "sampling": "NAME",
    "optimizer": "NAME",
    "schedule": "NAME",
    "metric": "NAME",
    "calibration": "NAME",
    "optimise": "WHAT",
    "task_weighting": "NAME",
    "freeze": "NAME|N",
    "adapter": "NAME",
    "adapter_targets": "NAMES",
    "keep": "NAME",
    "precision": "NAME",
    "output": "DIR",
}

_LISTS = ("track", "check_thresholds")

_DEFAULTS = {
    name: str(TrainOptions.__dataclass_fields__[name].default)
    for name in ("loss", "optimizer", "schedule")
}

_EXAMPLES = """\b
Examples:
  bertplay train --loss focal_smooth
  bertplay train --data train.csv --epochs 5 --output runs/kaggle
  bertplay train --task emotion --data train.csv --validation val.csv
  bertplay train --data reviews.csv --text body --label stars --loss weighted_ce
  bertplay train --data ads.jsonl --template "{title}: {body}" --label clicked
  bertplay train --data chats.csv --label emotion:focal --label urgency:mse
  bertplay train --task emotion --multi-task --task-weighting uncertainty
  bertplay train --data reviews.csv --adapter lora --adapter-targets all-linear --lr 1e-3
  bertplay train --config runs/kaggle/config.yaml --seed 1 --output runs/again
  bertplay train --resume runs/kaggle
"""


def _loss_option(flag: str, text: str, **settings: Any) -> Callable[[_Function], _Function]:
    settings = {"metavar": "VALUE", "cls": GroupedOption, "group": "Loss", **settings}
    return click.option(flag, help=text, **settings)


def _training_option(flag: str, text: str) -> Callable[[_Function], _Function]:
    return click.option(
        flag, help=text, multiple=True, metavar="KEY=VALUE", cls=GroupedOption, group="Training"
    )


def _task_option(flag: str, text: str) -> Callable[[_Function], _Function]:
    return click.option(
        flag,
        help=text,
        multiple=True,
        metavar="TASK=VALUE",
        cls=GroupedOption,
        group="Several tasks",
    )


def run_options(
    *, leave_out: Sequence[str] = (), leave_out_flags: Sequence[str] = ()
) -> Callable[[_Function], _Function]:
    """A decorator that adds the options of a run, from which `options_given` makes `TrainOptions`.

    Args:
        leave_out: fields of `TrainOptions` that the command has no option for.
        leave_out_flags: other options that it does not have.
    """
    loss_option = "Any option of the loss; may be given several times."
    lists = {"multiple": True, "metavar": "KEY=VALUE"}
    others = {
        "--gamma": _loss_option("--gamma", "Focusing exponent of the focal losses."),
        "--alpha": _loss_option(
            "--alpha", "Class weights of the focal losses: balanced, none, 0.39, or 1.0,2.5."
        ),
        "--smoothing": _loss_option("--smoothing", "Label smoothing, at least 0 and below 1."),
        "--class-weights": _loss_option(
            "--class-weights", "Class weights of cross-entropy: balanced, effective, none, 1,2."
        ),
        "--loss-arg": _loss_option("--loss-arg", loss_option, **lists),
        "--optimizer-arg": _training_option(
            "--optimizer-arg", "Any option of the optimizer; may be given several times."
        ),
        "--schedule-arg": _training_option(
            "--schedule-arg", "Any option of the schedule; may be given several times."
        ),
        "--task-kind": _task_option(
            "--task-kind",
            "single_label, multi_label or regression; default: by the loss and the column.",
        ),
        "--task-weight": _task_option("--task-weight", "What a task's loss counts; default: 1."),
        "--weight-cap": _task_option(
            "--weight-cap", "Largest class weight counted from a task's labels; default: 100."
        ),
        "--task-metric": _task_option(
            "--task-metric", "Validation figure that stands for a task's quality."
        ),
        "--score-weight": _task_option(
            "--score-weight", "What that figure counts in choosing the best epoch; default: 1."
        ),
        "--check-threshold": click.option(
            "--check-threshold",
            multiple=True,
            metavar="NAME=X",
            cls=GroupedOption,
            group="Output",
            help="From where on a check fires, such as loss_rise=1; docs/checks.md lists all. May "
            "be given several times.",
        ),
        "--track": click.option(
            "--track",
            multiple=True,
            metavar="NAME",
            cls=GroupedOption,
            group="Output",
            shell_complete=completion_of("track", option_choices("track")),
            help="Send the figures to a tracker as well; may be given several times.  "
            f"[one of {', '.join(option_choices('track'))}]",
        ),
        "--config": click.option(
            "--config",
            metavar="FILE",
            type=click.Path(),
            help="YAML file with these options; what the command line says wins over it. "
            "With another --loss, --optimizer or --schedule, the file's options of it are left "
            "out.",
        ),
    }
    fields_of_run = options_from(
        TrainOptions,
        leave_out=(
            "loss_args",
            "optimizer_args",
            "schedule_args",
            "tasks",
            *_LISTS,
            *leave_out,
        ),
        multiple=("label", "loss"),
        by_recipe=_DECIDED_BY_RECIPE,
        metavars=_METAVARS,
    )

    def add(function: _Function) -> _Function:
        for flag, decorate in reversed(others.items()):
            if flag not in leave_out_flags:
                function = decorate(function)
        return fields_of_run(function)

    return add


def options_given(
    ctx: click.Context, config: str | None, values: dict[str, Any]
) -> tuple[TrainOptions, dict[str, Any] | None]:
    """The options of a run, from the command line and a YAML file.

    Args:
        ctx: of the command.
        config: the file; None for none.
        values: by the names of `run_options`, as they were typed; changed.

    Returns:
        The options, and what the file's run noted beside them; None without a file.

    Raises:
        InputError: the options are wrong.
    """
    of_loss = ("gamma", "alpha", "smoothing", "class_weights")
    arguments = loss_arguments(values.pop("loss_arg"), {name: values.pop(name) for name in of_loss})
    settings = {
        key: (flag, values.pop(flag[2:].replace("-", "_"), ()))
        for key, flag in (
            ("kind", "--task-kind"),
            ("weight", "--task-weight"),
            ("weight_cap", "--weight-cap"),
            ("metric", "--task-metric"),
            ("score_weight", "--score-weight"),
        )
    }
    examples = {"optimizer": "beta2=0.98", "schedule": "min_lr=1e-6"}
    of_chosen = {
        f"{name}_args": key_values(f"--{name}-arg", values.pop(f"{name}_arg", ()), example=example)
        for name, example in examples.items()
    }
    thresholds = key_values(
        "--check-threshold", values.pop("check_threshold", ()), example="loss_rise=1"
    )
    label, loss = values.pop("label"), values.pop("loss")
    from_file = {} if config is None else read_config(config, ctx.command.params)
    given = {name: value for name, value in values.items() if value not in (None, ())} | of_chosen
    if thresholds:
        given["check_thresholds"] = {**from_file.get("check_thresholds", {}), **thresholds}
    ground = {**from_file, **given}
    typed = with_tasks(TypedTasks(label, loss, settings), ground, arguments)
    if values.get("metric") is not None and ("tasks" in typed or ground.get("multi_task")):
        raise InputError(
            "--metric is for a single label column: with several tasks, choose with --task-metric "
            "TASK=NAME what stands for each one's quality"
        )
    options = from_mapping(
        _merged(from_file, {**given, **typed}), config if config is not None else "command line"
    )
    return options, from_file.get(RECORDED)


@click.command(cls=GroupedCommand, epilog=_EXAMPLES)
@run_options()
@click.option(
    "--resume",
    metavar="RUN",
    help="Go on with an interrupted or killed run, from its last checkpoint, with its own options; "
    "it ends as if it had never stopped.",
)
@click.option("--json", "as_json", is_flag=True, help="Print summary.json; progress on stderr.")
@click.pass_context
def train(ctx: click.Context, /, **values: Any) -> None:
    """Train a classifier, or several at once, and write a run directory.

    Without --data, the model learns who survived the sinking of the Titanic, from the 1,309
    passengers that come with bertplay.
    """
    if not launched():
        _train(ctx, **values)
        return
    # Imported only here, as it takes MLX along.
    from bertplay.distributed.agreement import together

    together(_train)(ctx, **values)


def _train(
    ctx: click.Context,
    /,
    config: str | None,
    resume: str | None,
    as_json: bool,
    **values: Any,
) -> None:
    if resume is not None:
        _refuse_more_than_resume(ctx, resume)

        from bertplay.training import resume as resume_run

        with _view(as_json) as view:
            _print_if(as_json, resume_run(resume, view))
        return
    options, recorded = options_given(ctx, config, values)

    from bertplay.training import train as train_classifier
    from bertplay.training.run_start import Origin

    with _view(as_json) as view:
        summary = train_classifier(options, view, origin=Origin(recorded=recorded))
    _print_if(as_json, summary)


def _refuse_more_than_resume(ctx: click.Context, run: str) -> None:
    """Raise `InputError` where more is asked for than to go on with a run."""
    for parameter in ctx.command.params:
        name = str(parameter.name)
        given = ctx.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE
        if given and name not in ("resume", "as_json"):
            raise InputError(
                f"--resume goes on with the options of {run}: leave out {parameter.opts[0]}, or "
                f"start a new run with --config {run}/config.yaml"
            )


def _print_if(as_json: bool, summary: dict[str, Any]) -> None:
    if as_json and launched_rank() == 0:
        import json

        click.echo(json.dumps(summary, indent=2, ensure_ascii=False))


def _merged(from_file: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """The file's options with those of the command line over them."""
    merged = {**from_file, **given}
    if merged.get("tasks") and "label" in given:
        del merged["tasks"]
    elif merged.get("tasks"):
        merged.pop("label", None)
    for name, default in _DEFAULTS.items():
        arguments = f"{name}_args"
        same = merged.get(name, default) == from_file.get(name, default)
        of_file = from_file.get(arguments, {}) if same else {}
        merged[arguments] = {**of_file, **given[arguments]}
    return merged


def _view(as_json: bool) -> AbstractContextManager[SilentView]:
    stream = sys.stderr if as_json else sys.stdout
    from bertplay.cli.result_tables import quiet_console

    console = quiet_console(file=stream)
    # Asked of the stream, as a variable such as FORCE_COLOR makes rich take a file for a terminal.
    if stream.isatty() and not console.is_dumb_terminal:
        from bertplay.cli.terminal_view import TerminalView

        return TerminalView(console)
    from bertplay.cli.plain_view import PlainView

    return nullcontext(PlainView(stream))
