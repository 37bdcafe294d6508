"""Find out whether compiled functions run here.

On the Linux CPU backend, `mx.compile` fuses operations into C++ that it compiles with `g++` when
the function is first run, in the folder for temporary files. Where there is no `g++`, newer MLX
runs the function without fusion and older MLX raises; where `g++` fails or the folder cannot be
written, every MLX raises.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import mlx.core as mx

COMPILATION_WARNING: Final = (
    "MLX cannot compile functions here, so training runs uncompiled and slower; "
    "install g++ and make sure that the folder for temporary files can be written."
)


@cache
def compilation_available() -> bool:
    """Whether a compiled function runs on the default device, found out by running a small one.

    Where it is False, call `mx.disable_compile()` before the first compiled function is used. The
    first call on a machine takes about half a second, as `g++` runs; MLX keeps the result.
    """

    def fusable(x: mx.array) -> mx.array:
        return mx.exp(x) * x + 1.0

    try:
        mx.eval(mx.compile(fusable)(mx.ones(2)))
    except RuntimeError:
        return False
    return True
