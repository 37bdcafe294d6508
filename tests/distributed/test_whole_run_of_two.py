"""`bertplay train` in two processes: one run directory, one voice, and how it goes on with one."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from launching import BERTPLAY, ended, free_ports, started, training_arguments

from bertplay.cli.entry import WRONG_INPUT
from bertplay.data.batch_size import BatchSize
from bertplay.data.errors import InputError
from bertplay.distributed.agreement import require_divisible
from bertplay.distributed.process_group import ALONE, ProcessGroup

pytestmark = pytest.mark.slow


def epochs(folder):
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """A run of two processes, as `mlx.launch` starts them, what it printed, and its arguments."""
    folder = tmp_path_factory.mktemp("together")
    arguments = training_arguments(folder)
    launcher = Path(sys.executable).with_name("mlx.launch")
    found = str(launcher) if launcher.is_file() else shutil.which("mlx.launch")
    assert found is not None
    program = folder / "program.py"
    program.write_text("from bertplay.cli import main\nmain()\n")
    command = [found, "-n", "2", "--backend", "ring", "--starting-port", str(free_ports(1)[0])]
    launched = subprocess.run(
        [*command, "--", sys.executable, str(program), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    return folder / "run", launched.stdout, arguments


def unfinished(run, copy):
    """The run as it was after its first epoch."""
    shutil.copytree(run, copy)
    (copy / "summary.json").unlink()
    shutil.rmtree(sorted((copy / "checkpoints").glob("step-*"))[-1])
    return copy


def test_one_process_speaks_and_writes(together):
    run, printed, _ = together
    assert printed.count("epoch 2/2") == 1
    assert printed.count("written to") == 1
    assert {path.name for path in run.iterdir()} == {
        *("config.yaml", "metrics.jsonl", "summary.json", "predictions.csv", "logits.safetensors"),
        *("checkpoints", "model"),
    }


def test_the_run_is_that_of_one_process_also_when_one_goes_on_with_it(together, tmp_path):
    run, _, arguments = together
    alone, half = tmp_path / "alone", unfinished(run, tmp_path / "half")
    bertplay = [sys.executable, *BERTPLAY]
    subprocess.run([*bertplay, *arguments, "--output", alone], check=True, capture_output=True)
    resumed = subprocess.run(
        [*bertplay, "train", "--resume", half], check=True, capture_output=True, text=True
    )
    assert "processes 2, now 1" in resumed.stdout
    for other in (run, half):
        for one, two in zip(epochs(alone), epochs(other), strict=True):
            assert two["train_loss"] == pytest.approx(one["train_loss"], rel=1e-4)
            expected, figures = one["validation"], two["validation"]
            assert figures["log_loss"] == pytest.approx(expected["log_loss"], rel=1e-4)
            assert figures["confusion_matrix"] == expected["confusion_matrix"]


def test_two_go_on_bit_by_bit_with_a_state_that_one_of_them_reads(together, tmp_path):
    """The other one may be on a machine without the run directory."""
    run, half = together[0], unfinished(together[0], tmp_path / "half")
    own = {0: [str(half)], 1: [str(tmp_path / "elsewhere")]}
    for process in ended(started([*BERTPLAY, "train", "--resume"], tmp_path, own=own)):
        assert process.code == 0, process.err
    assert not (tmp_path / "elsewhere").exists()
    for name in ("model/model.safetensors", "predictions.csv"):
        assert (half / name).read_bytes() == (run / name).read_bytes()


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({0: ["--data", "nowhere.csv"], 1: ["--data", "nowhere.csv"]}, "nowhere.csv"),
        ({1: ["--data", "nowhere.csv"]}, "process 2 of 2: nowhere.csv"),
        ({1: ["--lr", "0.5"]}, "process 2 of 2 differs from the first in lr"),
    ],
    ids=["in both", "in the second", "another option"],
)
def test_wrong_input_ends_both_and_is_told_once(arguments, tmp_path, own, said):
    first, second = ended(started([*BERTPLAY, *arguments], tmp_path, own=own))
    assert (first.code, second.code) == (WRONG_INPUT, WRONG_INPUT)
    assert said in first.err
    assert first.err.startswith("Error: ")
    assert (second.out, second.err) == ("", "")
    assert not (tmp_path / "run" / "config.yaml").exists()


@pytest.mark.parametrize(
    ("batch_size", "accumulate", "size", "fitting"),
    [(8, 1, 3, 9), (9, 1, 2, 10), (5, 3, 2, 8), (1, 2, 4, 2)],
)
def test_a_batch_size_that_can_be_divided_is_named(batch_size, accumulate, size, fitting):
    group = ProcessGroup(0, size)
    with pytest.raises(InputError, match=f"give --batch-size {fitting},"):
        require_divisible(group, BatchSize(batch_size, None, accumulate))
    require_divisible(group, BatchSize(fitting, None, accumulate))
    require_divisible(ALONE, BatchSize(batch_size, None, accumulate))
    with pytest.raises(InputError, match="max_tokens"):
        require_divisible(group, BatchSize(batch_size, 512, accumulate))
