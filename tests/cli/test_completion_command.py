"""`bertplay completion`, and what a shell then completes."""

import re
import shlex
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
    assert any(tuple(example[: len(words)]) == words for example in examples_of(command))


@each_command
def test_the_examples_in_the_help_are_commands_that_there_are(words, command):
    for example in examples_of(command):
        group, arguments = main, example
        while isinstance(group, click.Group) and arguments:
            name, *arguments = arguments
            found = group.get_command(click.Context(group), name)
            assert found is not None, example
            group = found
        # An option that there is not, a value of the wrong type or a word too many raises here.
        group.make_context(" ".join(example), list(arguments))


def examples_of(command: click.Command) -> list[list[str]]:
    """The arguments of each command line in its help."""
    lines = (command.epilog or "").splitlines()
    after = [line.split("bertplay ", 1)[1] for line in lines if "bertplay " in line]
    # What a shell would do with the output is not the command's own.
    return [shlex.split(re.split(r' [|>] |\)"| # ', line)[0]) for line in after]
