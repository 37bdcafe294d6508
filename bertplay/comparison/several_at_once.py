"""Trainings one after another, or in several processes at once."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

THREAD_COUNTS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")

Task = TypeVar("Task")
Result = TypeVar("Result")


def finished(
    function: Callable[[Task], Result], tasks: Sequence[Task], jobs: int
) -> Iterator[tuple[Task, Result]]:
    """Tasks with what the function makes of them, as they come: here, or of several processes."""
    if jobs == 1:
        for task in tasks:
            yield task, function(task)
        return
    # Threads do not survive a fork, so the processes start afresh.
    context = multiprocessing.get_context("spawn")
    with one_thread_each(), ProcessPoolExecutor(jobs, mp_context=context) as pool:
        waiting = iter(tasks)
        running: dict[Future[Result], Task] = {}
        while True:
            # No more than can run at once, or those in the queue would outlive Ctrl-C.
            for task in islice(waiting, jobs - len(running)):
                running[pool.submit(function, task)] = task
            if not running:
                return
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(done), done.result()


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Processes started in this block use one thread each, as they share the cores."""
    before = {name: os.environ.get(name) for name in THREAD_COUNTS}
    os.environ.update(dict.fromkeys(THREAD_COUNTS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
