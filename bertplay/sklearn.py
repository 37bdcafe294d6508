"""`BertClassifier`: training and prediction as scikit-learn has them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import fields
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from bertplay.data.dataset import LabelledTexts
from bertplay.data.errors import InputError
from bertplay.data.splits import stratified_split
from bertplay.decisions.decided import Decided
from bertplay.options import TrainOptions
from bertplay.stored_estimator import load_weights, store_weights
from bertplay.task import Task
from bertplay.text_column import texts_of
from bertplay.text_rule import TextRule
from bertplay.training.view import EpochRecord, SilentView
from bertplay.training_data import TrainingData

if TYPE_CHECKING:
    OnEpoch = Callable[[EpochRecord[Any]], None]

_SOURCE = "X"


class BertClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A BERT encoder fine-tuned as a scikit-learn classifier.

    Texts are a list, a NumPy array, a column of pandas or polars, or a table of one of them with a
    `template`. `fit` holds out `validation_fraction` of the rows, which choose the best epoch.

    Args:
        template: sentence made from the columns of a table, such as "{title}: {body}".
        random_state: the seed of `bertplay train`, a `RandomState`, or None for another at each
            `fit`.
        verbose: 1 prints a line after each epoch.
        on_epoch: called after each epoch with its `bertplay.training.EpochRecord`.
        model_dir: where pickling writes the weights; by default `bertplay/estimators` in the
            user's cache.
        loss, backbone, ...: the options of `bertplay train` by their names and with their
            defaults; see `bertplay.TrainOptions`. Where that has an empty mapping, this has None.

    Attributes:
        classes_: `[C]` labels as they stand in y, sorted; the order of the probabilities.
        classifier_: the fitted `bertplay.Classifier`.
        summary_: figures of the training, as in summary.json.
    """

    def __init__(
        self,
        *,
        backbone: str = "mini",
        loss: str = "focal_smooth",
        loss_args: Mapping[str, Any] | None = None,
        template: str | None = None,
        validation_fraction: float = 0.2,
        teacher: str | None = None,
        teacher_weight: float | None = None,
        temperature: float | None = None,
        head: str = "bertplay",
        pooling: str | None = None,
        dropout: float = 0.1,
        dropout_samples: int = 1,
        max_length: int | None = None,
        freeze: str = "none",
        unfreeze: str | None = None,
        cache_frozen: bool = True,
        adapter: str = "none",
        adapter_rank: int | None = None,
        adapter_alpha: float | None = None,
        adapter_dropout: float | None = None,
        adapter_targets: str | None = None,
        quantize: int = 0,
        epochs: int | None = None,
        batch_size: int = 32,
        max_tokens: int | None = None,
        accumulate: int = 1,
        gradient_checkpointing: bool = False,
        precision: str = "float32",
        sampling: str = "natural",
        lr: float | None = None,
        head_lr: float | None = None,
        layer_decay: float = 1.0,
        schedule: str = "linear",
        schedule_args: Mapping[str, Any] | None = None,
        warmup: float = 0.1,
        optimizer: str = "adamw",
        optimizer_args: Mapping[str, Any] | None = None,
        weight_decay: float = 0.01,
        clip_norm: float = 1.0,
        r_drop: float = 0.0,
        average_weights: float | None = None,
        ema: float = 0.0,
        metric: str = "macro_f1",
        keep: str = "best",
        patience: int | None = None,
        calibration: str | None = None,
        optimise: str | None = None,
        target_accuracy: float = 0.0,
        coverage: float = 0.0,
        check_thresholds: Mapping[str, Any] | None = None,
        random_state: int | np.random.RandomState | None = 0,
        verbose: int = 0,
        on_epoch: OnEpoch | None = None,
        model_dir: str | PathLike[str] | None = None,
    ) -> None:
        given = locals()
        for name in self._get_param_names():
            setattr(self, name, given[name])

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> BertClassifier:  # noqa: N803
        """Train on texts.

        Args:
            X: N texts.
            y: `[N]` labels: strings, numbers or bools.
            sample_weight: `[N]`, at least 0. A batch's loss is the mean weighted by them, so only
                their ratios matter; a row of 0 is left out altogether. Figures of the held-out
                rows, and class weights made from counts, count all rows alike.

        Raises:
            InputError: texts, labels, weights or options are wrong; it is a `ValueError`.
            TrainingFailedError: a loss or gradient was not finite.
        """
        from bertplay.loading import load
        from bertplay.training import TrainingInterruptedError, train

        seed = self._seed()
        table, classes = self._table(X, y, sample_weight, seed)
        with tempfile.TemporaryDirectory(prefix="bertplay-fit-") as folder:
            options = self._options(seed, Path(folder, "run"))
            view = _EpochView(self.verbose, self.on_epoch)
            try:
                summary = train(options, view, table=table)
            except TrainingInterruptedError:
                # Its message names a checkpoint, which is gone with the folder.
                raise KeyboardInterrupt from None
            classifier = load(Path(folder, "run"))
        self.classes_, self.summary_, self.classifier_ = classes, summary, classifier
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """`[N, C]` class probabilities of N texts, in the order of `classes_`.

        Raises:
            NotFittedError: `fit` comes first.
            InputError: a value is no text.
        """
        return self._decided(X).probabilities

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """`[N]` the class of each text: the likeliest, or what `optimise` decides.

        Raises:
            NotFittedError: `fit` comes first.
            InputError: a value is no text.
        """
        decided = self._decided(X).labels
        labels: NDArray[Any] = self.classes_[decided]
        return labels

    def _decided(self, X: Any) -> Decided:  # noqa: N803
        check_is_fitted(self, "classifier_")
        texts = texts_of(X, self.template)
        return self.classifier_.decide(texts, batch_size=self.batch_size)

    def _seed(self) -> int:
        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _options(self, seed: int, output: Path) -> TrainOptions:
        own = set(self._get_param_names()) & {field.name for field in fields(TrainOptions)}
        values = {name: getattr(self, name) for name in own - {"template"}}
        for name in ("loss_args", "schedule_args", "optimizer_args", "check_thresholds"):
            values[name] = values[name] or {}
        return TrainOptions(**values, seed=seed, output=str(output), report=False)

    def _table(
        self,
        X: Any,  # noqa: N803
        y: Any,
        sample_weight: Any,
        seed: int,
    ) -> tuple[TrainingData, NDArray[Any]]:
        """The rows with their split, and the classes as they stand in y."""
        if y is None:
            raise InputError("BertClassifier requires y to be passed, but the target y is None")
        texts = texts_of(X, self.template)
        y = column_or_1d(y, warn=True)
        check_consistent_length(texts, y)
        if not texts:
            raise InputError("X has no texts (0 samples): there is nothing to train on")
        check_classification_targets(y)
        rows, weights = np.arange(len(texts)), None
        if sample_weight is not None:
            weights = _weights(sample_weight, len(texts))
            rows = np.flatnonzero(weights)
        classes, labels = np.unique(y[rows], return_inverse=True)
        if len(classes) < 2:
            raise InputError(
                f"y has one class only, {classes[0]}: a classifier needs at least two classes"
            )
        names = tuple(str(name) for name in classes)
        all_labels = np.zeros(len(texts), dtype=np.int32)
        all_labels[rows] = labels
        numbers = tuple(str(row) for row in range(1, len(texts) + 1))
        data = LabelledTexts(
            numbers, tuple(texts), all_labels, names, _SOURCE, "", weights=weights
        ).select(rows)
        train, validation = stratified_split(labels, self.validation_fraction, seed, classes=names)
        rule = TextRule("column", "text")
        if self.template is not None:
            rule = TextRule("template", self.template)
        task = Task("table", rule, "label", names)
        return TrainingData(data.select(train), data.select(validation), task), classes

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """The state without weights, which are written to `model_dir`."""
        state = dict(super().__getstate__())
        if (classifier := state.pop("classifier_", None)) is not None:
            state["_weights"] = str(store_weights(classifier, self.model_dir))
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Read the weights from where `__getstate__` wrote them."""
        state = dict(state)
        folder = state.pop("_weights", None)
        super().__setstate__(state)
        if folder is not None:
            self.classifier_ = load_weights(folder)


def _weights(values: Any, rows: int) -> NDArray[np.float32]:
    """Weights of rows, of which some are above 0."""
    weights = np.asarray(values, dtype=np.float32)
    if weights.shape != (rows,):
        raise InputError(f"sample_weight has the shape {weights.shape}: ({rows},) was expected")
    wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if len(wrong):
        raise InputError(
            f"sample_weight, row {wrong[0] + 1}: a number of at least 0 was expected, "
            f"not {weights[wrong[0]]}"
        )
    if not weights.any():
        raise InputError("sample_weight is zero for every row: no row is left to train on")
    return weights


class _EpochView(SilentView):
    """Tells of each epoch what an estimator's parameters ask for."""

    def __init__(self, verbose: int, on_epoch: OnEpoch | None) -> None:
        self._verbose, self._on_epoch = verbose, on_epoch

    def evaluated(self, record: EpochRecord[Any]) -> None:
        """Print a line, and call the callback."""
        if self._verbose:
            figures = record.validation
            print(  # noqa: T201 - what verbose is for
                f"epoch {record.epoch}: loss {record.train_loss:.4f}, validation accuracy "
                f"{figures.accuracy:.3f}, macro-F1 {figures.macro_f1:.3f}, {record.seconds:.1f} s"
            )
        if self._on_epoch is not None:
            self._on_epoch(record)
