"""`distill`: from options to a smaller encoder in a folder."""

from __future__ import annotations

import hashlib
import math
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from bertplay.atomic_files import write_folder, write_json
from bertplay.compilation import compilation_available
from bertplay.data.batches import Batch, pad_batch, plan_batches
from bertplay.data.corpus import read_corpus
from bertplay.data.emotions import read_emotions
from bertplay.data.errors import InputError
from bertplay.data.token_rows import TokenIds, token_counts
from bertplay.data.tokenizer import encode_texts
from bertplay.data.vocabulary import prune_vocabulary
from bertplay.distill_options import DistillOptions
from bertplay.distillation.learning import Figures, Learning
from bertplay.distillation.masking import mask_words
from bertplay.distillation.objective import Weights
from bertplay.distillation.state import FOLDER, Position, load_state, save_state
from bertplay.distillation.student import Learner, student_config, student_from
from bertplay.distillation.view import DistillPlan, SilentDistillView
from bertplay.encoders import Encoder, load_encoder
from bertplay.encoders.checkpoint import WEIGHTS_FILE
from bertplay.encoders.compact import compact
from bertplay.environment import environment
from bertplay.freed_memory import keep_freed_memory
from bertplay.named_arrays import named_arrays
from bertplay.optimizers.parameter_groups import optimizer_for
from bertplay.prediction import padded_lengths_for
from bertplay.schedules import schedule_for
from bertplay.training.failures import TrainingFailedError, TrainingInterruptedError
from bertplay.training.interruption import interruption
from bertplay.training.step import TraceGuard

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SUMMARY = "distillation.json"
LOGGING_INTERVAL = 20  # steps between two looks at the device's figures
EMOTION = "emotion"

_MASKS = ("[MASK]", "<mask>")
_MODEL_FILES = ("config.json", WEIGHTS_FILE, "tokenizer.json", SUMMARY)


def distill(options: DistillOptions, view: SilentDistillView | None = None) -> dict[str, Any]:
    """Teach a smaller encoder what a bigger one makes of texts, and write it.

    A run that was killed goes on where its last state was written, if it is started with the same
    options.

    Args:
        options: teacher, texts, sizes and how to learn.
        view: is told what happens; by default nobody is.

    Returns:
        The summary, as in distillation.json.

    Raises:
        InputError: the input or the options are wrong; nothing was written.
        TrainingFailedError: a loss was not finite; the last state stays.
        TrainingInterruptedError: Ctrl-C; the state was written first.
    """
    view = view or SilentDistillView()
    out = Path(options.out).expanduser()
    _require_free(out, overwrite=options.overwrite)
    texts, corpora = _read_texts(options.corpus)
    if len(texts) <= options.held_out:
        raise InputError(
            f"the corpus has {len(texts):,} texts, of which {options.held_out:,} are held out: "
            f"take a larger corpus or a smaller --held-out"
        )
    keep_freed_memory()
    if not compilation_available():
        mx.disable_compile()
    teacher, tokenizer = load_encoder(options.teacher)
    if options.masked_weight and _mask_id(tokenizer) is None:
        raise InputError(
            f"{options.teacher} has no token {_MASKS[0]} to mask words with: give --masked-weight 0"
        )
    tokenizer, pieces = prune_vocabulary(tokenizer, texts, options.vocab)
    config = student_config(
        teacher.config,
        layers=options.layers,
        hidden=options.hidden,
        heads=options.heads,
        pieces=pieces,
    )
    if options.max_length > config.max_length:
        raise InputError(
            f"--max-length {options.max_length} is more than the {config.max_length} "
            f"tokens that {options.teacher} can read"
        )
    mx.random.seed(options.seed)  # draws the maps and the masked word head
    student = student_from(teacher, config, pieces, seed=options.seed)
    learner = Learner(student, teacher.config.hidden_size)
    rows = _divided(tokenizer, texts, options)
    if options.overwrite:
        _clear(out)
    return _Distillation(
        options, out, learner, teacher, tokenizer, pieces, rows, corpora, view
    ).run()


@dataclass(frozen=True, eq=False)
class _Rows:
    """Texts as token ids: to learn from, and held out."""

    train: TokenIds
    held_out: TokenIds

    @property
    def lengths(self) -> NDArray[np.int64]:
        return token_counts(self.train)


class _Distillation:
    """One run: its position, its state on disk, and its end."""

    def __init__(
        self,
        options: DistillOptions,
        out: Path,
        learner: Learner,
        teacher: Encoder,
        tokenizer: Tokenizer,
        pieces: NDArray[np.int32],
        rows: _Rows,
        corpora: dict[str, str],
        view: SilentDistillView,
    ) -> None:
        self._options, self._out, self._learner, self._view = options, out, learner, view
        self._tokenizer, self._rows, self._corpora = tokenizer, rows, corpora
        self._teacher_parameters = _count(teacher)
        self._padded = padded_lengths_for(rows.train)
        self._mask_id = _mask_id(tokenizer) or 0
        self._steps = options.epochs * math.ceil(len(rows.train) / options.batch_size)
        self._schedule = schedule_for(
            "linear",
            options.lr,
            total_steps=self._steps,
            epochs=options.epochs,
            warmup=options.warmup,
        )
        self._optimizer = optimizer_for(learner, lr=options.lr, weight_decay=options.weight_decay)
        self._optimizer.init(learner.trainable_parameters())
        self._facts = _deciding(options, corpora)
        # Before the step is compiled, which keeps the arrays that it saw.
        self._position = load_state(out, learner, self._optimizer, self._facts)
        self._started = time.perf_counter()
        self._learning = Learning(
            learner,
            teacher,
            pieces,
            self._optimizer,
            weights=Weights(options.hidden_weight, options.sentence_weight, options.masked_weight),
            guard=TraceGuard(planned=len(self._padded)),
        )

    def run(self) -> dict[str, Any]:
        """Learn, and write the student."""
        config = self._learner.encoder.config
        self._view.planned(
            DistillPlan(
                teacher=self._options.teacher,
                texts=len(self._rows.train),
                tokens=int(self._rows.lengths.sum()),
                teacher_parameters=self._teacher_parameters,
                parameters=_count(self._learner.encoder),
                layers=config.num_hidden_layers,
                hidden=config.hidden_size,
                vocabulary=config.vocab_size,
                steps=self._steps,
                first_step=self._position.step,
            )
        )
        if self._position.step == 0:
            self._compare(0)
        with interruption() as asked:
            waiting: list[Figures] = []
            for step, batch in self._batches():
                waiting.append(self._learn(step, batch))
                done = step + 1
                if len(waiting) == LOGGING_INTERVAL or done == self._steps or asked.requested:
                    self._look_at(waiting, done)
                    waiting = []
                if done % self._per_epoch == 0:
                    self._compare(done)
                if asked.requested:
                    self._save(done)
                    raise TrainingInterruptedError(
                        f"stopped at step {done} of {self._steps}; the same command goes on from "
                        f"there"
                    )
                if done % self._options.checkpoint_steps == 0 or done % self._per_epoch == 0:
                    self._save(done)
        return self._finish()

    @property
    def _per_epoch(self) -> int:
        return self._steps // self._options.epochs

    def _batches(self) -> Iterator[tuple[int, Batch]]:
        """The steps that are left, numbered from 0, and their texts."""
        first = self._position.step
        for epoch in range(first // self._per_epoch, self._options.epochs):
            rng = np.random.default_rng((self._options.seed, epoch))
            batches = plan_batches(
                self._rows.lengths, self._padded, self._options.batch_size, rng=rng
            )
            for place, batch in enumerate(batches):
                step = epoch * self._per_epoch + place
                if step >= first:
                    yield step, batch

    def _learn(self, step: int, batch: Batch) -> Figures:
        options = self._options
        ids, mask, row_weights = pad_batch(self._rows.train, batch, options.batch_size)
        # Drawn by step, masks and dropout are the same after a resume.
        masked = mask_words(
            ids,
            mask.sum(axis=1),
            fraction=options.masked_fraction if options.masked_weight else 0.0,
            mask_id=self._mask_id,
            rng=np.random.default_rng((options.seed, step, 1)),
        )
        mx.random.seed((options.seed << 32) + step)
        used = ids if not options.masked_weight else masked.input_ids
        arrays = (used, ids, mask, row_weights, masked.places, masked.labels, masked.weights)
        rate = mx.array(self._schedule.rate(step), dtype=mx.float32)
        return self._learning.step(*map(mx.array, arrays), rate)

    def _look_at(self, waiting: Sequence[Figures], done: int) -> None:
        figures = {
            name: float(np.mean([np.array(getattr(one, name)) for one in waiting]))
            for name in ("hidden", "sentence", "masked")
        }
        if not all(map(math.isfinite, figures.values())):
            raise TrainingFailedError(
                f"the loss is not finite at step {done} ({figures}); a lower --lr often helps; the "
                f"last state stays in {self._out / FOLDER}"
            )
        self._view.stepped(done, figures)

    def _compare(self, step: int) -> None:
        rows = self._rows.held_out
        similarity = self._learning.similarity(
            rows, padded_lengths_for(rows), self._options.batch_size
        )
        entry = {"step": float(step), "similarity": similarity}
        self._position = Position(
            self._position.step, self._position.seconds, (*self._position.history, entry)
        )
        self._view.compared(step, similarity)

    def _save(self, done: int) -> None:
        seconds = self._position.seconds + time.perf_counter() - self._started
        self._started = time.perf_counter()
        self._position = Position(done, seconds, self._position.history)
        save_state(self._out, self._learner, self._optimizer, self._position, self._facts)

    def _finish(self) -> dict[str, Any]:
        encoder = self._learner.encoder
        summary = {
            "teacher": self._options.teacher,
            "options": self._facts,
            "corpora": self._corpora,
            "texts": len(self._rows.train),
            "tokens": int(self._rows.lengths.sum()),
            "parameters": _count(encoder),
            "teacher_parameters": self._teacher_parameters,
            "steps": self._steps,
            "seconds": self._position.seconds,
            "history": list(self._position.history),
            "similarity": self._position.history[-1]["similarity"],
            "output": str(self._out),
            "environment": environment(),
        }
        tensors = _stored(named_arrays(encoder.parameters()), self._options.precision)

        def write(folder: Path) -> None:
            mx.save_safetensors(str(folder / WEIGHTS_FILE), tensors, {"format": "mlx"})
            write_json(folder / "config.json", encoder.config.as_dict())
            self._tokenizer.save(str(folder / "tokenizer.json"))
            write_json(folder / SUMMARY, summary)

        write_folder(self._out, write)
        self._view.finished(summary)
        return summary


def _mask_id(tokenizer: Tokenizer) -> int | None:
    """The token that stands for a masked word, by BERT's or RoBERTa's name; None without one."""
    return next((found for name in _MASKS if (found := tokenizer.token_to_id(name))), None)


def _stored(tensors: dict[str, mx.array], precision: str) -> dict[str, mx.array]:
    if precision == "int8":
        return compact(tensors)
    kind = mx.float16 if precision == "float16" else mx.float32
    return {name: tensor.astype(kind) for name, tensor in tensors.items()}


def _read_texts(corpora: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The distinct texts of all corpora, in order, and the fingerprint of each corpus."""
    texts: dict[str, None] = {}
    prints = {}
    for corpus in corpora:
        own = _emotion_texts() if corpus == EMOTION else read_corpus(corpus)
        name = corpus if corpus == EMOTION else Path(corpus).name
        prints[name] = hashlib.sha256("\n".join(own).encode()).hexdigest()
        texts.update(dict.fromkeys(own))
    return list(texts), prints


def _emotion_texts() -> list[str]:
    """The built-in table's texts without its test part, which is to stay unseen."""
    frame = read_emotions()
    return [str(text) for text in frame["text"][frame["split"] != "test"]]


def _divided(tokenizer: Tokenizer, texts: Sequence[str], options: DistillOptions) -> _Rows:
    order = np.random.default_rng((options.seed, 2)).permutation(len(texts))
    token_ids, _ = encode_texts(tokenizer, texts, options.max_length)
    held_out, train = order[: options.held_out], order[options.held_out :]
    return _Rows([token_ids[row] for row in sorted(train)], [token_ids[row] for row in held_out])


def _deciding(options: DistillOptions, corpora: dict[str, str]) -> dict[str, Any]:
    """What decides the result, for comparison when a run is resumed."""
    values = asdict(options)
    for name in ("out", "overwrite", "checkpoint_steps", "corpus"):
        del values[name]
    values["teacher"] = Path(options.teacher).name
    return {**values, "corpora": corpora}


def _require_free(out: Path, *, overwrite: bool) -> None:
    """Check that a distillation may be written here; nothing is changed yet."""
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out} is a file: name a folder")
    if not out.exists():
        return
    foreign = [path.name for path in out.iterdir() if path.name not in (FOLDER, *_MODEL_FILES)]
    if foreign:
        raise InputError(f"--out {out} holds other files ({foreign[0]}): name another folder")
    if (out / SUMMARY).exists() and not overwrite:
        raise InputError(
            f"--out {out} already holds a distilled encoder: name another folder, or replace it "
            f"with --overwrite"
        )


def _clear(out: Path) -> None:
    shutil.rmtree(out / FOLDER, ignore_errors=True)
    for name in _MODEL_FILES:
        (out / name).unlink(missing_ok=True)


def _count(encoder: Encoder) -> int:
    return sum(leaf.size for leaf in named_arrays(encoder.parameters()).values())
