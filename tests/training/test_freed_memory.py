"""Freed memory stays with the process, so that the next step need not fetch it again."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
import numpy as np
from bertplay.freed_memory import keep_freed_memory

def faults(rounds=20):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(rounds):
        np.ones(4_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

usual = faults()
done = keep_freed_memory()
faults(1)
print(done, usual, faults())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc is Linux's")
def test_large_blocks_are_fetched_from_the_system_once():
    output = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    ).stdout
    done, usual, kept = output.split()
    if done == "False":
        pytest.skip("this Linux has another C library")
    assert int(kept) * 10 < int(usual)
