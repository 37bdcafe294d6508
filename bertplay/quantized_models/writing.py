"""Write a trained model with its weights in 8 or 4 bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import mlx.core as mx

from bertplay.adapters.adding import adapter_arrays
from bertplay.adapters.merging import merged_arrays
from bertplay.classifier import Classifier, head_and_facts
from bertplay.data.errors import InputError
from bertplay.encoders.encoder import Encoder
from bertplay.encoders.families import build_encoder
from bertplay.encoders.quantization import Quantization, require_bits, require_group_size
from bertplay.encoders.quantizing import fitting, quantize_encoder, quantized_bits
from bertplay.loading import load_any
from bertplay.model_destination import require_model_destination
from bertplay.model_folder import write_quantized_model
from bertplay.multi_task.classifier import MultiTaskClassifier, heads_and_facts
from bertplay.named_arrays import named_arrays
from bertplay.quantized_models.changed_figures import (
    ChangedFigures,
    Rows,
    changed_figures,
    decided_rows,
    rows_of_run,
)


@dataclass(frozen=True)
class QuantizedModel:
    """What `quantize` wrote.

    Attributes:
        folder: of the quantized model.
        quantization: of its encoder.
        bytes_before: of the model's weights in full precision.
        bytes_after: of the weights that were written.
        figures: label column to what was changed on the run's validation rows; the column of a run
            with a single one is "". Empty where the rows are not there.
        remark: why `figures` is empty; None where it is not.
    """

    folder: Path
    quantization: Quantization
    bytes_before: int
    bytes_after: int
    figures: Mapping[str, ChangedFigures]
    remark: str | None

    def as_dict(self) -> dict[str, Any]:
        """Ready for `json.dumps`."""
        return {
            "folder": str(self.folder),
            **self.quantization.as_dict(),
            "bytes_before": self.bytes_before,
            "bytes_after": self.bytes_after,
            "figures": {name: figures.as_dict() for name, figures in self.figures.items()},
            **({} if self.remark is None else {"remark": self.remark}),
        }


def quantize(
    run: str | PathLike[str],
    output: str | PathLike[str] | None = None,
    *,
    bits: int = 8,
    group_size: int | None = None,
    overwrite: bool = False,
) -> QuantizedModel:
    """Write the model of a run with its encoder's weights in few bits, the folder at once.

    The weights of the layers' linear maps and the word embeddings are quantized, in groups that
    have a scale and an offset in common. An adapter is merged first. The result is a model like
    that of a run: `bertplay.load` reads it.

    Args:
        run: a run directory, or its `model` or `adapter` folder.
        output: the folder to write; beside the run by default, as `reviews-8bit` beside `reviews`.
        bits: of a weight, 8 or 4.
        group_size: 32, 64 or 128; None for 64, or 32 where the encoder's sizes need it.
        overwrite: replace the model in `output`.

    Raises:
        InputError: bits or group_size is another number or does not fit the encoder, the model is
            quantized already, the run has no model, or the folder may not be written.
    """
    require_bits(bits)
    if group_size is not None:
        require_group_size(group_size)
    source = Path(run).expanduser()
    folder = _beside(source, bits) if output is None else Path(output).expanduser()
    require_model_destination(folder, overwrite=overwrite)

    model = load_any(source)
    plain = _plain_encoder(model.encoder, source)
    quantization = fitting(plain, bits, group_size)
    rows, remark = _rows_or_remark(source)
    before = decided_rows(model, rows)
    model.model.encoder = plain
    bytes_before = _bytes(model)
    quantize_encoder(plain, quantization)
    figures = changed_figures(rows, before, decided_rows(model, rows))
    heads, facts = _heads_and_facts(model)
    decisions = model.decisions if isinstance(model, Classifier) else None
    write_quantized_model(folder, plain, model.tokenizer, heads, facts, quantization, decisions)
    return QuantizedModel(folder, quantization, bytes_before, _bytes(model), figures, remark)


def _beside(source: Path, bits: int) -> Path:
    named = source if source.name not in ("", "..") else source.resolve()
    return named.with_name(f"{named.name}-{bits}bit")


def _plain_encoder(encoder: Encoder, source: Path) -> Encoder:
    """The encoder, with its adapters merged if it has any."""
    if not adapter_arrays(encoder):
        if bits := quantized_bits(encoder):
            raise InputError(
                f"{source} is in {bits} bits already: quantize the run that it was made of"
            )
        return encoder
    arrays = merged_arrays(encoder)
    plain = build_encoder(encoder.config, arrays)
    plain.load_weights(list(arrays.items()))
    plain.eval()
    return plain


def _rows_or_remark(source: Path) -> tuple[Rows, str | None]:
    """The validation rows, or why there are none to compare figures on."""
    try:
        rows = rows_of_run(source)
    except InputError as error:
        return {}, f"no figures before and after: {error}"
    if not rows:
        return {}, f"no figures before and after: {source} has no column with one class a row"
    return rows, None


def _heads_and_facts(
    model: Classifier | MultiTaskClassifier,
) -> tuple[dict[str, mx.array], dict[str, Any]]:
    return head_and_facts(model) if isinstance(model, Classifier) else heads_and_facts(model)


def _bytes(model: Classifier | MultiTaskClassifier) -> int:
    """Of all weights as they are stored."""
    of_encoder = named_arrays(model.encoder.parameters())
    return sum(a.nbytes for a in (*of_encoder.values(), *_heads_and_facts(model)[0].values()))
