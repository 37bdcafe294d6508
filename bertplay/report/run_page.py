"""The page of a run: its parts in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bertplay.report.blocks import (
    Block,
    Figures,
    Page,
    Prose,
    Section,
    Table,
    Tiles,
)
from bertplay.report.checks import checks_section
from bertplay.report.curves import task_shares, training_curves, validation_curves
from bertplay.report.decisions import decisions_section
from bertplay.report.diagnosed import AnyDiagnosis
from bertplay.report.figures_of_column import confusion_table, per_class_table, tiles_of
from bertplay.report.findings import findings
from bertplay.report.next_steps import next_steps
from bertplay.report.run_facts import class_table, settings_section
from bertplay.report.run_files import RunFiles
from bertplay.report.svg import Drawing
from bertplay.report.wording import figure, sentence

_MOST_NAMED = 3


def run_page(
    run: RunFiles,
    columns: Mapping[str, tuple[Section, ...]],
    found: Mapping[str, AnyDiagnosis],
) -> Page:
    """The page of a run with one label column, or of several tasks.

    Args:
        run: its files.
        columns: label column to what its predictions show; the column of a run with a single one
            is "".
        found: label column to its figures on the validation rows.
    """
    summary = run.summary
    steps = tuple(Prose(sentence(step)) for step in next_steps(found, str(run.folder)))
    parts = _parts_of_tasks(run, columns) if "tasks" in summary else _parts(run, columns[""])
    return Page(
        title=run_title(summary),
        subtitle=_subtitle(run),
        lead=() if "tasks" in summary else tuple(run_findings(run)),
        tiles=() if "tasks" in summary else tiles_of(summary["validation"], summary["baseline"]),
        sections=(
            Section("next", "What to do next", steps),
            *parts,
            settings_section(summary, run.config),
        ),
        footer=f"Written by bertplay {summary['environment']['bertplay']} from {run.folder}.",
    )


def run_findings(run: RunFiles) -> list[str]:
    """What the model of a run does, in sentences; those of several tasks begin with its name."""
    summary = run.summary
    if "tasks" not in summary:
        return list(findings(summary["validation"], summary["baseline"]))
    return [
        f"{name}: {said}"
        for name, figures in summary["validation"]["tasks"].items()
        for said in findings(figures, summary["baseline"].get(name, {}))
    ]


def _parts(run: RunFiles, of_predictions: tuple[Section, ...]) -> tuple[Section, ...]:
    summary = run.summary
    tests: tuple[Section, ...] = ()
    if "test" in summary:
        tiles = Tiles(tiles_of(summary["test"], summary["test_baseline"]))
        tests = (Section("test", "Test rows", (tiles, *_tables(summary["test"]))),)
    return (
        *_curves(
            "curves",
            run,
            lambda epochs, best: [
                *training_curves(run.records, best),
                *validation_curves(
                    [record["validation"] for record in run.records],
                    epochs,
                    best,
                    name="validation",
                ),
            ],
        ),
        *checks_section(summary),
        Section("classes", "Each class", _tables(summary["validation"])),
        *of_predictions,
        *decisions_section(summary),
        *tests,
    )


def _parts_of_tasks(
    run: RunFiles, columns: Mapping[str, tuple[Section, ...]]
) -> tuple[Section, ...]:
    curves = _curves(
        "curves",
        run,
        lambda _, best: [*training_curves(run.records, best), task_shares(run.records, best)],
    )
    tasks = [
        _part_of_task(run, name, f"task-{number}", columns.get(name, ()))
        for number, name in enumerate(run.summary["validation"]["tasks"], 1)
    ]
    return (_overview(run.summary), *curves, *checks_section(run.summary), *tasks)


def _part_of_task(
    run: RunFiles, name: str, anchor: str, of_predictions: tuple[Section, ...]
) -> Section:
    summary = run.summary
    figures, facts = summary["validation"]["tasks"][name], summary["tasks"][name]
    counts = facts.get("class_counts")
    sections = list(
        _curves(
            f"{anchor}-curves",
            run,
            lambda epochs, best: validation_curves(
                [record["validation"]["tasks"][name] for record in run.records],
                epochs,
                best,
                name=anchor,
                train_loss=[record["train_figures"][name] for record in run.records],
            ),
        )
    )
    if "per_class" in figures:
        sections.append(Section(f"{anchor}-classes", "Each class", _tables(figures)))
    sections += of_predictions
    if counts:
        rows = Section(f"{anchor}-rows", "Training rows", (class_table(counts),))
        sections.append(rows)
    baseline = summary["baseline"].get(name, {})
    said = Prose(" ".join(findings(figures, baseline)))
    tiles = Tiles(tiles_of(figures, baseline))
    return Section(anchor, f"Task {name}", (said, tiles), tuple(sections))


def _curves(
    anchor: str, run: RunFiles, draw: Callable[[list[int], int], list[Drawing]]
) -> tuple[Section, ...]:
    """A section of curves over the epochs; nothing for a single epoch, which makes no curve."""
    if len(run.records) < 2:
        return ()
    epochs = [int(record["epoch"]) for record in run.records]
    drawings = draw(epochs, int(run.summary["best_epoch"]))
    return (Section(anchor, "How it learned", (Figures(tuple(drawings)),)),)


def _overview(summary: Mapping[str, Any]) -> Section:
    """Every task's chosen figure beside that of an answer without reading."""
    rows = []
    for name, figures in summary["validation"]["tasks"].items():
        facts, baseline = summary["tasks"][name], summary["baseline"].get(name, {})
        other = {**baseline, "accuracy": baseline.get("majority_accuracy")}
        metric = facts["metric"]
        rows.append(
            (
                name,
                facts["kind"].replace("_", " "),
                metric.replace("_", " "),
                figure(figures[metric]),
                figure(other.get(metric)),
            )
        )
    caption = "Each task's figure on the validation rows, and that of an answer without reading"
    headings = ("task", "kind", "judged by", "model", "without reading")
    table = Table(caption, headings, tuple(rows), words=frozenset({0, 1, 2}))
    return Section("tasks", "What it learned", (table,))


def _tables(figures: Mapping[str, Any]) -> tuple[Block, ...]:
    tables: list[Block] = [per_class_table(figures)]
    if "confusion_matrix" in figures:
        tables.append(confusion_table(figures["confusion_matrix"], list(figures["per_class"])))
    return tuple(tables)


def run_title(summary: Mapping[str, Any]) -> str:
    """What was learned, in a few words."""
    name = str(summary["task"]).capitalize()
    if name == "Table":
        name = Path(str(summary["data"]["source"])).name
    if "tasks" in summary:
        return f"{name}: {len(summary['tasks'])} tasks"
    classes = summary["data"]["classes"]
    if len(classes) > _MOST_NAMED:
        return f"{name}: {len(classes)} classes"
    return f"{name}: {' or '.join(classes)}"


def _subtitle(run: RunFiles) -> str:
    summary = run.summary
    loss = [summary["loss"]["name"]] if "loss" in summary else []
    return " · ".join(
        [
            *loss,
            f"encoder {summary['backbone']}",
            f"{summary['data']['validation_rows']:,} validation rows",
            f"epoch {summary['best_epoch']} of {summary['epochs_run']}",
        ]
    )
