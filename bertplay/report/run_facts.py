"""What a run was made of: settings, data, versions, time and memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bertplay.report.blocks import Facts, Section, Table
from bertplay.report.wording import duration, loss_text, megabytes, percent, value_text

Summary = Mapping[str, Any]
"""The contents of summary.json."""

# Of config.yaml: what is no option, and what stands in the other lists.
_SAID_ELSEWHERE = ("recorded", "tasks", "loss", "loss_args", "seed", "output")


def settings_section(summary: Summary, config: Mapping[str, Any]) -> Section:
    """All that is needed to judge a run, or to repeat it.

    Args:
        summary: of the run.
        config: the contents of its config.yaml.
    """
    return Section(
        "settings",
        "Settings and cost",
        sections=(
            Section("data", "Data", (Facts(_data(summary["data"])), *_classes(summary))),
            Section("training", "Training", (Facts(_training(summary)), *_tasks(summary))),
            Section("cost", "Time and memory", (Facts(_cost(summary)),)),
            Section("options", "Every option", (Facts(_options(config)),)),
            Section("versions", "Versions", (Facts(_versions(summary["environment"])),)),
        ),
    )


def _data(data: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    rows = [
        f"{data[f'{part}_rows']:,} {purpose}"
        for part, purpose in (("train", "to train on"), ("validation", "to validate on"))
    ]
    if data["test_rows"]:
        rows.append(f"{data['test_rows']:,} to test on")
    rule = data["text_rule"]
    texts = {
        "column": f"column {rule['value']}",
        "template": rule["value"],
        "titanic": "a sentence for each passenger",
    }
    return (
        ("source", str(data["source"])),
        ("validation rows from", str(data["validation_source"])),
        ("rows", ", ".join(rows)),
        ("text", texts[rule["kind"]]),
        ("SHA-256", str(data["sha256"])),
    )


def _classes(summary: Summary) -> tuple[Table, ...]:
    """The training rows of each class; nothing with several tasks, which have a table each."""
    counts = summary["data"].get("class_counts")
    return () if counts is None else (class_table(counts),)


def class_table(counts: Mapping[str, int]) -> Table:
    """How many training rows each class has."""
    total = sum(counts.values())
    rows = tuple((name, f"{count:,}", percent(count / total)) for name, count in counts.items())
    return Table("Training rows of each class", ("class", "rows", "share"), rows)


def _training(summary: Summary) -> tuple[tuple[str, str], ...]:
    parameters = summary["parameters"]
    loss = [("loss", loss_text(summary["loss"]))] if "loss" in summary else []
    weighting = [("task weights", summary["task_weighting"])] if "tasks" in summary else []
    return (
        *loss,
        *weighting,
        ("encoder", str(summary["backbone"])),
        ("trained numbers", f"{parameters['trainable']:,} of {parameters['total']:,}"),
        ("epochs", f"{summary['epochs_run']}, the best was {summary['best_epoch']}"),
        ("seed", str(summary["seed"])),
        ("padding", f"{percent(summary['padding_fraction'])} of the tokens"),
        ("texts cut", f"{summary['cut_texts']:,}"),
    )


def _tasks(summary: Summary) -> tuple[Table, ...]:
    if "tasks" not in summary:
        return ()
    rows = tuple(
        (
            name,
            of["kind"].replace("_", " "),
            loss_text({"name": of["loss"]["name"], "arguments": _plain(of["loss"]["arguments"])}),
            of["metric"],
            f"{of['weight']:.3g}",
            f"{of['labelled_rows']:,}",
        )
        for name, of in summary["tasks"].items()
    )
    headings = ("task", "kind", "loss", "judged by", "weight", "labelled rows")
    return (Table("What is learned", headings, rows, words=frozenset({0, 1, 2, 3})),)


def _plain(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Options that fit a cell: a list of numbers, one a class, is left to config.yaml."""
    return {name: of for name, of in arguments.items() if not isinstance(of, list)}


def _cost(summary: Summary) -> tuple[tuple[str, str], ...]:
    memory = summary["memory"]
    return (
        ("training", duration(summary["train_seconds"])),
        ("whole run", duration(summary["total_seconds"])),
        ("rows a second", f"{summary['rows_per_second']:.0f}"),
        ("memory for arrays", f"at most {megabytes(memory['peak_active_bytes'])}"),
        ("memory of the process", f"at most {megabytes(memory['process_peak_bytes'])}"),
        ("compiled shapes", str(summary["compiled_shapes"])),
    )


def _options(config: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.replace("_", " "), value_text(value))
        for name, value in config.items()
        if name not in _SAID_ELSEWHERE
    )


def _versions(environment: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    packages = environment["packages"]
    return (
        ("bertplay", environment["bertplay"]),
        ("Python", environment["python"]),
        *((name, str(version)) for name, version in packages.items()),
        ("device", f"{environment['device_name']} ({environment['backend']})"),
        ("system", environment["platform"]),
        ("BLAS", environment["blas"]["name"]),
    )
