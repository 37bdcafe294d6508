"""A whole classifier as one ONNX file: token ids in, logits and probabilities out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from bertplay import __version__
from bertplay.adapters.merging import merged_arrays
from bertplay.classifier import Classifier
from bertplay.data.errors import InputError
from bertplay.export.head_settings import head_settings
from bertplay.export.onnx_encoder import encoder_states
from bertplay.export.onnx_graph import OnnxGraph
from bertplay.export.onnx_head import head_logits
from bertplay.model_folder import head_tensors

ONNX_FILE = "model.onnx"
OPSET = 17
"""The oldest operator set with LayerNormalization, so that old runtimes read the file too."""

_IR_VERSION = 8  # of the ONNX release that brought that operator set
_MOST_BYTES = 2**31 - 2**20  # a protobuf message cannot be larger than 2 GiB


def write_onnx(path: Path, classifier: Classifier) -> None:
    """Write a classifier with all its weights.

    Inputs are `input_ids` and `attention_mask`, int64 `[batch, length]`; outputs are `logits` and
    `probabilities`, float32 `[batch, classes]`. The file's metadata has the classes.

    Args:
        path: of the file.
        classifier: what to write; adapters are merged, quantized weights in full precision.

    Raises:
        InputError: the package onnx is missing, or the model is too large for one file.
    """
    try:
        from onnx import TensorProto, helper, numpy_helper
    except ImportError as error:
        raise InputError(
            "format onnx needs the package onnx; install it with: pip install 'bertplay[onnx]'"
        ) from error

    graph = OnnxGraph()
    _add_classifier(graph, classifier)
    if graph.size > _MOST_BYTES:
        raise InputError(
            f"the model has {graph.size / 2**30:.1f} GiB of weights, and one ONNX file holds less "
            "than 2 GiB: use --format hf"
        )

    def declared(name: str, kind: int, *axes: str | int) -> Any:
        return helper.make_tensor_value_info(name, kind, list(axes))

    classes = len(classifier.classes)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "classifier",
            [
                declared(name, TensorProto.INT64, "batch", "length")
                for name in ("input_ids", "attention_mask")
            ],
            [
                declared(name, TensorProto.FLOAT, "batch", classes)
                for name in ("logits", "probabilities")
            ],
            [numpy_helper.from_array(array, name) for name, array in graph.initializers.items()],
        ),
        producer_name="bertplay",
        producer_version=__version__,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=_IR_VERSION,
    )
    helper.set_model_props(
        model,
        {
            "classes": json.dumps(list(classifier.classes), ensure_ascii=False),
            "max_length": str(classifier.max_length),
            "pad_token_id": str(classifier.encoder.config.pad_token_id),
        },
    )
    path.write_bytes(model.SerializeToString())


def _add_classifier(graph: OnnxGraph, classifier: Classifier) -> None:
    encoder, head = classifier.encoder, classifier.model.head
    kept = graph.add("Cast", "attention_mask", to=9)  # to bool
    states = encoder_states(
        graph, encoder.config, _numpy(merged_arrays(encoder)), "input_ids", kept
    )
    logits = head_logits(graph, head_settings(head), _numpy(head_tensors(head)), states, kept)
    graph.add("Identity", logits, output="logits")
    graph.add("Softmax", "logits", output="probabilities", axis=-1)


def _numpy(arrays: dict[str, mx.array]) -> dict[str, NDArray[np.float32]]:
    return {name: np.array(array.astype(mx.float32)) for name, array in arrays.items()}
