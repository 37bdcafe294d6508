"""Use all cores of a CPU for one batch: its rows are shared out over several streams.

MLX computes a CPU stream on one thread, so only the matrix products, inside the BLAS, would use
more than one core. Two streams with half of the rows each keep two cores busy throughout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import mlx.core as mx

from bertplay.blas import blas_threads
from bertplay.environment import usable_cpus

MOST_STREAMS = 4

Forward = Callable[[mx.array, mx.array], mx.array]


@contextmanager
def cpu_streams() -> Iterator[tuple[mx.Stream, ...]]:
    """The streams to share batches out over; none where one stream is best.

    That is on a GPU, on a single core, and where the number of the BLAS's threads cannot be set:
    while the block runs, each stream has its share of the cores for its matrix products.
    """
    cpus = usable_cpus()
    count = min(cpus, MOST_STREAMS)
    if mx.default_device().type.name != "cpu" or count < 2:
        yield ()
        return
    with blas_threads(cpus // count) as limited:
        yield _streams(count) if limited else ()


def forward_on(streams: Sequence[mx.Stream], forward: Forward) -> Forward:
    """A function of a batch that gives each stream a part of the rows.

    Args:
        streams: from `cpu_streams`; with none, `forward` is returned as it is.
        forward: from `[B, L]` ids and `[B, L]` mask to `[B, C]`; rows must not depend on each
            other. Its gradients are computed on the same streams.
    """
    if not streams:
        return forward

    def shared_out(input_ids: mx.array, attention_mask: mx.array) -> mx.array:
        rows = input_ids.shape[0]
        parts = []
        for place, stream in enumerate(streams):
            own = slice(place * rows // len(streams), (place + 1) * rows // len(streams))
            if own.start < own.stop:
                with mx.stream(stream):
                    parts.append(forward(input_ids[own], attention_mask[own]))
        return mx.concatenate(parts)

    return shared_out


@cache
def _streams(count: int) -> tuple[mx.Stream, ...]:
    return tuple(mx.new_stream(mx.Device(mx.cpu)) for _ in range(count))
