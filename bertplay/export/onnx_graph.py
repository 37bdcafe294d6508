"""An ONNX graph as it is built: nodes and weights, each value by a name of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class OnnxGraph:
    """Nodes in the order in which they are computed, and the numbers that they read.

    Values are known by their names, which methods give back: `y = graph.add("Tanh", x)`.
    """

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.initializers: dict[str, NDArray[Any]] = {}

    def add(
        self, operation: str, *inputs: str, output: str | None = None, **attributes: Any
    ) -> str:
        """Add a node with one output.

        Args:
            operation: of ONNX's default domain, such as "MatMul".
            *inputs: names of values.
            output: its name; made from the operation by default.
            **attributes: of the operation.

        Returns:
            The output's name.
        """
        from onnx import helper

        name = output or f"{operation.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, list(inputs), [name], name, **attributes))
        return name

    def add_split(self, x: str, parts: int, *, axis: int) -> tuple[str, ...]:
        """Add a node that cuts a value into equal parts.

        Args:
            x: name of the value.
            parts: how many.
            axis: that is cut.

        Returns:
            The names of the parts.
        """
        from onnx import helper

        name = f"split_{len(self.nodes)}"
        names = tuple(f"{name}_{part}" for part in range(parts))
        self.nodes.append(helper.make_node("Split", [x], list(names), name, axis=axis))
        return names

    def weight(self, name: str, values: NDArray[Any]) -> str:
        """Numbers of the model, by the name that they have there."""
        self.initializers[name] = values
        return name

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        """Numbers that belong to the computation; the same numbers are kept once."""
        array = np.asarray(values, dtype=dtype)
        name = f"constant_{array.dtype.name}_" + "_".join(map(str, array.ravel().tolist()))
        name += f"_rank{array.ndim}"
        return self.weight(name, array)

    @property
    def size(self) -> int:
        """Bytes of all numbers."""
        return sum(array.nbytes for array in self.initializers.values())
