"""Two processes on this machine, joined by MLX's ring over the loopback interface."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOM = Path(__file__).parent
TINY = ROOM.parent / "fixtures" / "tiny_bert"
BERTPLAY = ("-c", "from bertplay.cli import main; main()")
TIMEOUT = 100


@dataclass(frozen=True)
class Ended:
    """A process that has ended."""

    code: int
    out: str
    err: str


def started(
    arguments: Sequence[str],
    folder: Path,
    *,
    size: int = 2,
    own: dict[int, Sequence[str]] | None = None,
) -> list[subprocess.Popen[str]]:
    """Python with these arguments, `size` times; `own` adds arguments by rank."""
    hosts = folder / f"hosts-{len(list(folder.glob('hosts-*')))}.json"
    hosts.write_text(json.dumps([[f"127.0.0.1:{port}"] for port in free_ports(size)]))
    host_file = {"MLX_HOSTFILE": str(hosts)}
    return [
        subprocess.Popen(
            [sys.executable, *arguments, *(own or {}).get(rank, ())],
            env={**os.environ, **({} if size == 1 else {"MLX_RANK": str(rank), **host_file})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        for rank in range(size)
    ]


def ended(processes: Sequence[subprocess.Popen[str]]) -> list[Ended]:
    """Wait for all of them; none is left behind."""
    try:
        outputs = [process.communicate(timeout=TIMEOUT) for process in processes]
    finally:
        for process in processes:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.wait()
    return [
        Ended(process.returncode, *output)
        for process, output in zip(processes, outputs, strict=True)
    ]


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def without_dropout(folder: Path) -> Path:
    """Tiny BERT, without the dropout that no two numbers of processes draw alike."""
    copy = Path(shutil.copytree(TINY, folder / "tiny_bert"))
    config = json.loads((copy / "config.json").read_text())
    config |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (copy / "config.json").write_text(json.dumps(config))
    return copy


def training_arguments(folder: Path) -> list[str]:
    """Of `bertplay train`: two epochs of four steps with tiny BERT, into `folder/run`."""
    sentences = ["women first,survived", "men third,died", "a men ship,died", "a women,survived"]
    rows = [sentences[row % 4] for row in range(40)]
    table = folder / "table.csv"
    table.write_text("\n".join(["text,label", *rows]) + "\n")
    return [
        *("train", "--data", str(table), "--backbone", str(without_dropout(folder))),
        *("--dropout", "0", "--max-length", "16", "--batch-size", "8", "--epochs", "2"),
        *("--lr", "1e-3", "--metric", "log_loss", "--output", str(folder / "run")),
        "--no-report",
    ]
