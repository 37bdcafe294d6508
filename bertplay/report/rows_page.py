"""The page of rows that a model has predicted: a table of predictions, or other rows of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bertplay.diagnostics.numbers import NumberDiagnosis
from bertplay.report.blocks import Block, Page, Prose, Section, Tiles
from bertplay.report.checks import checks_section
from bertplay.report.diagnosed import AnyDiagnosis
from bertplay.report.figures_of_column import confusion_table, per_class_table, tiles_of
from bertplay.report.findings import findings
from bertplay.report.wording import sentence


@dataclass(frozen=True)
class DiagnosedRows:
    """Rows of a table with all that was found.

    Attributes:
        title: of the page.
        subtitle: what rows they are.
        columns: label column to its figures; of a single one its name is "".
        baselines: label column to the figures of an answer without reading.
        checks: those of the predictions, as `CheckResult.as_dict` gives them.
        which: what the rows are called, such as "test rows".
        steps: what to do next.
        footer: how the page was made.
    """

    title: str
    subtitle: str
    columns: Mapping[str, AnyDiagnosis]
    baselines: Mapping[str, Mapping[str, Any]]
    checks: Sequence[Mapping[str, Any]]
    which: str
    steps: Sequence[str]
    footer: str

    @property
    def findings(self) -> list[str]:
        """What the model does, in sentences; those of several columns begin with their names."""
        return [
            f"{name}: {said}" if name else said
            for name, found in self.columns.items()
            for said in findings(found.metrics.as_dict(), self.baselines[name], self.which)
        ]


def rows_page(of: DiagnosedRows, sections: Mapping[str, tuple[Section, ...]]) -> Page:
    """The page; drawn within `drawing_style`.

    Args:
        of: what was found.
        sections: label column to what its predictions show.
    """
    steps = Section("next", "What to do next", tuple(Prose(sentence(step)) for step in of.steps))
    before = steps, *(checks_section({"checks": list(of.checks)}) if of.checks else ())
    if "" not in of.columns:
        parts = [
            _task(of, name, f"task-{number}", sections[name])
            for number, name in enumerate(of.columns, 1)
        ]
        return Page(of.title, of.subtitle, (), (), (*before, *parts), of.footer)
    figures = of.columns[""].metrics.as_dict()
    classes = Section("classes", "Each class", _tables(of.columns[""]))
    return Page(
        title=of.title,
        subtitle=of.subtitle,
        lead=tuple(of.findings),
        tiles=tiles_of(figures, of.baselines[""]),
        sections=(*before, classes, *sections[""]),
        footer=of.footer,
    )


def _task(of: DiagnosedRows, name: str, anchor: str, sections: tuple[Section, ...]) -> Section:
    found, baseline = of.columns[name], of.baselines[name]
    figures = found.metrics.as_dict()
    said = Prose(" ".join(findings(figures, baseline, of.which)))
    inner = sections
    if not isinstance(found, NumberDiagnosis):
        inner = (Section(f"{anchor}-classes", "Each class", _tables(found)), *sections)
    return Section(anchor, f"Task {name}", (said, Tiles(tiles_of(figures, baseline))), inner)


def _tables(found: AnyDiagnosis) -> tuple[Block, ...]:
    figures = found.metrics.as_dict()
    tables: list[Block] = [per_class_table(figures)]
    if "confusion_matrix" in figures:
        tables.append(confusion_table(figures["confusion_matrix"], list(figures["per_class"])))
    return tuple(tables)
