"""A process that dies ends the run of the others, with a sentence on how to go on.

MLX raises `RuntimeError` where a connection breaks, but only some of its backends notice that, and
`mlx.launch` ends the others by SIGTERM, possibly while they wait inside MLX, where Python handles
no signals. So a thread waits for the signal.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from bertplay.distributed.process_group import ProcessGroup

_OF_A_BACKEND = re.compile(r"\[(ring|mpi|nccl|jaccl)\]")


class ProcessLostError(RuntimeError):
    """Another process of the same run has ended; one sentence for the user, exit code 1."""


def is_lost_process(error: RuntimeError) -> bool:
    """Whether it is MLX's error for a connection that broke."""
    return _OF_A_BACKEND.match(str(error)) is not None


def lost(error: RuntimeError, then: str) -> ProcessLostError:
    """The error for the user; `then` says how to go on."""
    return ProcessLostError(f"another process of this run has ended ({error}); {then}")


@contextmanager
def ends_with_the_others(group: ProcessGroup, how_to_go_on: str) -> Iterator[None]:
    """Raise `ProcessLostError` where another process ends; on SIGTERM say so and exit with 1.

    Args:
        group: the processes; nothing is done for one that is alone.
        how_to_go_on: a sentence for the user.
    """
    if group.size == 1:
        yield
        return
    told = (
        "Error: this process was told to end, as happens when another one of the run has ended; "
        f"{how_to_go_on}\n"
    )
    with _said_on_termination(told):
        try:
            yield
        except RuntimeError as error:
            if not is_lost_process(error):
                raise
            failure = lost(error, how_to_go_on)
        else:
            return
    # The launcher may end this process too, but there is something to be said first.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise failure


@contextmanager
def _said_on_termination(sentence: str) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    def wait() -> None:
        # A byte for each signal, by its number; none once the pipe is closed.
        while received := os.read(reading, 1):
            if received[0] == signal.SIGTERM:
                os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, sentence.encode())
                os._exit(1)

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    earlier = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    # Python's own handler only makes the system write to the pipe.
    handler = signal.signal(signal.SIGTERM, lambda number, frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)
        signal.set_wakeup_fd(earlier)
        os.close(writing)
        waiting.join()
        os.close(reading)
