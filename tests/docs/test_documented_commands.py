"""Every command and every Python example in the README and in docs works as it stands."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from bertplay.cli import main

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

# What makes the environment is run by the continuous checks; benchmarks have tests of their own.
ENVIRONMENT = ("python3 -m venv", "pip ", "pre-commit ", "python -m pytest", "bash .ci/run")
BENCHMARK = "python benchmarks/"


def blocks(page: Path, language: str) -> list[str]:
    pattern = rf"^```{language}\n(.*?)^```"
    return re.findall(pattern, page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def command_lines(page: Path) -> list[str]:
    joined = "\n".join(blocks(page, "sh")).replace("\\\n", " ")
    return [line.strip() for line in joined.splitlines() if line.strip()]


def bertplay_commands(page: Path) -> list[list[str]]:
    """The arguments of each bertplay command, also of one behind `... && `."""
    last = [line.split(" && ")[-1] for line in command_lines(page)]
    return [shlex.split(line)[1:] for line in last if line.startswith("bertplay ")]


def quickened(arguments: list[str]) -> list[str]:
    """One epoch, without its report, is enough to see that a command works, or a few steps."""
    if arguments[0] == "lr-find":
        return [*arguments, "--steps", "5"]
    added = []
    if arguments[0] in ("train", "distill") and not {"--epochs", "--resume"} & set(arguments):
        added += ["--epochs", "1"]
    if arguments[0] == "train" and "--resume" not in arguments:
        added.append("--no-report")
    return [*arguments, *added]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_line_of_every_sh_block_is_a_command_that_is_run_somewhere(page):
    for line in command_lines(page):
        for part in line.split(" && "):
            known = ("bertplay ", BENCHMARK, ". .venv/bin/activate", *ENVIRONMENT)
            assert part.startswith(known), part


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page in PAGES if bertplay_commands(page)], ids=lambda page: page.name
)
def test_the_commands_of_a_page_work_one_after_the_other(page, documented_files):
    for arguments in bertplay_commands(page):
        result = CliRunner().invoke(main, quickened(arguments))
        assert result.exit_code == 0, f"bertplay {shlex.join(arguments)}\n{result.output}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "place"),
    [(page, place) for page in PAGES for place in range(len(blocks(page, "python")))],
    ids=lambda value: value.name if isinstance(value, Path) else str(value),
)
def test_a_python_example_runs(page, place, documented_files, capsys):
    source = blocks(page, "python")[place]
    exec(compile(source, f"{page.name}, example {place + 1}", "exec"), {"__name__": "example"})
    assert ("print" not in source) or capsys.readouterr().out


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_other_pages_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
