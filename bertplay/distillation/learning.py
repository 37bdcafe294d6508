"""The compiled step of a distillation, and the comparison of student and teacher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from numpy.typing import NDArray

from bertplay.data.batches import pad_batch, plan_batches
from bertplay.data.token_rows import TokenIds, token_counts
from bertplay.distillation.objective import (
    Weights,
    hidden_error,
    masked_word_loss,
    sentence_similarity,
)
from bertplay.distillation.student import Learner, teacher_layers
from bertplay.encoders import Encoder
from bertplay.optimizers.clipping import clip_by_global_norm
from bertplay.optimizers.grouped import GroupedOptimizer
from bertplay.training.step import TraceGuard

CLIP_NORM = 1.0


@dataclass(frozen=True)
class Figures:
    """The parts of one step's loss, scalars on the device."""

    hidden: mx.array
    sentence: mx.array
    masked: mx.array


class Learning:
    """Student and teacher side by side.

    Args:
        learner: the student; all its parameters are trained.
        teacher: is only read.
        pieces: `[V]` the teacher's number of each word piece of the student.
        optimizer: initialised, and loaded if a run is resumed.
        weights: of the parts of the loss.
        guard: counts the traces.
    """

    def __init__(
        self,
        learner: Learner,
        teacher: Encoder,
        pieces: NDArray[np.int32],
        optimizer: GroupedOptimizer,
        *,
        weights: Weights,
        guard: TraceGuard,
    ) -> None:
        self._learner, self._teacher = learner, teacher
        self._pieces = mx.array(pieces)
        self._compared = teacher_layers(
            learner.encoder.config.num_hidden_layers, teacher.config.num_hidden_layers
        )
        teacher.freeze()
        teacher.eval()
        self.state: list[object] = [learner.state, optimizer.state, mx.random.state]
        self._guard = guard
        loss_and_gradients = nn.value_and_grad(learner, self._loss)

        def step(
            input_ids: mx.array,
            clean_ids: mx.array,
            attention_mask: mx.array,
            row_weights: mx.array,
            places: mx.array,
            labels: mx.array,
            place_weights: mx.array,
            learning_rate: mx.array,
        ) -> tuple[mx.array, mx.array, mx.array]:
            guard.count(input_ids.shape)
            # Rows that fill a batch up have no tokens that count.
            counted = attention_mask & (row_weights[:, None] > 0)
            wanted = self._teacher_states(clean_ids, attention_mask)
            (_, hidden, sentence, masked), gradients = loss_and_gradients(
                wanted, input_ids, attention_mask, counted, places, labels, place_weights, weights
            )
            gradients, _ = clip_by_global_norm(gradients, CLIP_NORM)
            optimizer.update(learner, gradients, learning_rate)
            return hidden, sentence, masked

        self._step = mx.compile(step, inputs=[*self.state, teacher.state], outputs=self.state)
        self._embeddings = mx.compile(self._both_sides, inputs=[learner.state, teacher.state])

    def step(self, *batch: mx.array) -> Figures:
        """One step; the arguments are those of the compiled function."""
        self._learner.train()
        figures = Figures(*self._step(*batch))
        mx.async_eval(figures.hidden, figures.sentence, figures.masked, self.state)
        return figures

    def similarity(self, token_ids: TokenIds, lengths: Sequence[int], batch_size: int) -> float:
        """The mean cosine between the sentence embeddings of student and teacher.

        Args:
            token_ids: texts in the student's pieces.
            lengths: padded lengths.
            batch_size: texts computed at once.
        """
        self._learner.eval()
        total = 0.0
        for batch in plan_batches(token_counts(token_ids), lengths, batch_size):
            ids, mask, row_weights = pad_batch(token_ids, batch, batch_size)
            cosines = self._embeddings(mx.array(ids), mx.array(mask))
            total += float(np.array(cosines) @ row_weights)
        return total / len(token_ids)

    def _teacher_states(self, ids: mx.array, attention_mask: mx.array) -> list[mx.array]:
        states = self._teacher.hidden_states(self._pieces[ids], attention_mask)
        return [mx.stop_gradient(states[layer]) for layer in self._compared]

    def _both_sides(self, ids: mx.array, attention_mask: mx.array) -> mx.array:
        wanted = self._teacher_states(ids, attention_mask)[-1]
        states = self._learner.encoder.hidden_states(ids, attention_mask)[1:]
        return sentence_similarity(self._learner.compared(states)[-1], wanted, attention_mask)

    def _loss(
        self,
        wanted: list[mx.array],
        input_ids: mx.array,
        attention_mask: mx.array,
        counted: mx.array,
        places: mx.array,
        labels: mx.array,
        place_weights: mx.array,
        weights: Weights,
    ) -> tuple[mx.array, mx.array, mx.array, mx.array]:
        encoder = self._learner.encoder
        states = encoder.hidden_states(input_ids, attention_mask)[1:]
        own = self._learner.compared(states)
        hidden = hidden_error(own, wanted, counted)
        cosines = sentence_similarity(own[-1], wanted[-1], attention_mask)
        rows = mx.any(counted, axis=1).astype(mx.float32)
        sentence = 1 - mx.sum(cosines * rows) / mx.sum(rows)
        masked = mx.array(0.0)
        if weights.masked:
            flat = states[-1].reshape(-1, states[-1].shape[-1])[places]
            logits = self._learner.masked_words(flat, encoder.words.weight)
            masked = masked_word_loss(logits, labels, place_weights)
        total = weights.hidden * hidden + weights.sentence * sentence + weights.masked * masked
        return total, hidden, sentence, masked
