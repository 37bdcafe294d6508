"""A second CPU stream, for work that does not lie on the way from one layer to the next.

MLX's CPU backend runs the operations of a stream one after the other, each on one core, all but its
matrix products. Updates of different parameters, dropout's masks and the sums that are a bias's
gradient wait for nobody, so that another core can do them meanwhile. What is computed stays the
same to the bit: no sum is divided.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext

import mlx.core as mx

from bertplay.device import on_gpu

_of_thread = threading.local()


class Streams:
    """Which stream each parameter's own arithmetic runs on.

    Parameters of one shape are on one stream: MLX's compiler shares a constant between arrays of
    equal shape, and where that crosses streams it no longer fuses the operations that use it.

    Args:
        parameters: by path.
    """

    def __init__(self, parameters: Mapping[str, mx.array]) -> None:
        streams = _both()
        sizes: dict[tuple[int, ...], int] = {}
        for leaf in parameters.values():
            sizes[leaf.shape] = sizes.get(leaf.shape, 0) + leaf.size
        loads = [0] * len(streams)
        of_shape: dict[tuple[int, ...], mx.Stream] = {}
        for shape in sorted(sizes, key=lambda shape: -sizes[shape]) if streams else ():
            lightest = loads.index(min(loads))
            loads[lightest] += sizes[shape]
            of_shape[shape] = streams[lightest]
        self._of_path = {path: of_shape[leaf.shape] for path, leaf in parameters.items() if streams}

    def of(self, path: str) -> AbstractContextManager[object]:
        """The stream of a parameter, to be entered; the current one where there is no other."""
        stream = self._of_path.get(path)
        return nullcontext() if stream is None else mx.stream(stream)


def beside() -> AbstractContextManager[object]:
    """The second stream, to be entered; the current one where there is no other."""
    streams = _both()
    return mx.stream(streams[1]) if streams else nullcontext()


def _both() -> tuple[mx.Stream, ...]:
    """The default stream and the second one; none on a GPU, and where there is one core."""
    if on_gpu() or (os.cpu_count() or 1) < 2:
        return ()
    # Streams are never freed, and belong to the thread that made them.
    if not hasattr(_of_thread, "second"):
        _of_thread.second = mx.new_stream(mx.cpu)
    return mx.default_stream(mx.cpu), _of_thread.second
