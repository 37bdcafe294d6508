"""`bertplay completion`, and what a shell then completes."""

import shutil
import subprocess

import click
import pytest
from click.shell_completion import ShellComplete

from bertplay.cli import main
from bertplay.cli.entry import COMMANDS
from bertplay.losses import LOSSES


def completed(*words: str) -> list[str]:
    """What the last word may become."""
    *before, typed = words
    items = ShellComplete(main, {}, "bertplay", "_BERTPLAY_COMPLETE").get_completions(before, typed)
    return [item.value if item.type == "plain" else item.type for item in items]


def every_command(group: click.Group = main, words: tuple[str, ...] = ()):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*words, name), command
        if isinstance(command, click.Group):
            yield from every_command(command, (*words, name))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_one_that_it_reads(bertplay, shell, tmp_path):
    result = bertplay("completion", shell)

    assert "_BERTPLAY_COMPLETE" in result.stdout
    if shutil.which(shell):
        script = tmp_path / "script"
        script.write_text(result.stdout)
        subprocess.run([shell, "-n", str(script)], check=True)


def test_an_unknown_shell_is_refused_with_the_known_ones(bertplay):
    result = bertplay("completion", "cmd")

    assert result.exit_code == 2
    assert "'bash', 'zsh', 'fish'" in result.stderr


def test_commands_are_completed():
    assert completed("lo") == ["losses"]
    assert completed("") == list(COMMANDS)


def test_options_are_completed():
    assert "--loss" in completed("train", "--los")


def test_losses_are_completed_by_name():
    assert completed("train", "--loss", "") == list(LOSSES)
    assert completed("train", "--loss", "focal_s") == ["focal_smooth", "focal_schedule"]


def test_the_choices_of_an_option_are_completed():
    assert completed("train", "--pooling", "m") == ["mean", "max"]


each_command = pytest.mark.parametrize(
    ("words", "command"),
    list(every_command()),
    ids=[" ".join(words) for words, _ in every_command()],
)


@each_command
def test_what_names_a_file_or_folder_is_completed_by_the_shell(words, command):
    for parameter in command.params:
        if parameter.metavar in ("FILE", "DIR") or parameter.name == "run":
            (item,) = parameter.shell_complete(click.Context(command), "")
            assert item.type in ("file", "dir"), parameter.name


@each_command
def test_the_help_of_every_command_has_examples_of_it(words, command):
    examples = [
        line.split("bertplay ", 1)[1].split()
        for line in (command.epilog or "").splitlines()
        if "bertplay " in line
    ]
    assert any(tuple(example[: len(words)]) == words for example in examples)
