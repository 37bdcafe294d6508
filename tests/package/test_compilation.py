"""Whether compiled functions run here is found out by running one."""

import json
import sys

import pytest

PROBE = (
    "import bertplay, mlx.core as mx, json;"
    "from bertplay.compilation import compilation_available;"
    "print(json.dumps(compilation_available()));"
)

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="only the Linux CPU backend runs g++"),
    pytest.mark.usefixtures("installed"),
]


@pytest.fixture
def variables(tmp_path):
    """A fresh folder for temporary files, where MLX keeps the functions that it compiled."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    return {"TMPDIR": temporary}


@pytest.fixture
def broken_compiler(tmp_path):
    """A folder whose g++ is there but fails whatever it is given to compile."""
    folder = tmp_path / "bin"
    folder.mkdir()
    compiler = folder / "g++"
    compiler.write_text('#!/bin/sh\n[ "$1" = --version ] || exit 1\n')
    compiler.chmod(0o755)
    return folder


def test_a_compiler_that_fails_is_noticed(run_python, variables, broken_compiler):
    done = run_python(PROBE, PATH=broken_compiler, **variables)

    assert json.loads(done.stdout) is False
    assert done.stderr == ""


def test_a_folder_for_temporary_files_that_is_missing_is_noticed(run_python, tmp_path):
    done = run_python(PROBE, TMPDIR=tmp_path / "nowhere")

    assert json.loads(done.stdout) is False


def test_the_answer_holds_for_other_functions(run_python, variables, tmp_path):
    """Without any g++, newer MLX does without fusion and older MLX raises."""
    code = PROBE + (
        "f = mx.compile(lambda x: mx.tanh(x) * x - 2);"
        "compilation_available() or mx.disable_compile();"
        "assert f(mx.zeros(3)).tolist() == [-2.0] * 3"
    )

    run_python(code, PATH=tmp_path, **variables)


def test_uncompiled_functions_still_run(run_python, variables, broken_compiler):
    code = PROBE + (
        "mx.disable_compile(); f = mx.compile(lambda x: mx.exp(x) * x + 1);"
        "assert f(mx.zeros(3)).tolist() == [1.0] * 3"
    )

    run_python(code, PATH=broken_compiler, **variables)
