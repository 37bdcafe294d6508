"""What a head does with a batch: figures computed on the device."""

from __future__ import annotations

import mlx.core as mx


def classification_diagnostics(
    logits: mx.array,
    labels: mx.array,
    gamma: mx.array | float = 0.0,
    sample_weights: mx.array | None = None,
) -> dict[str, mx.array]:
    """Figures of one batch as arrays, without a sync to the host; usable inside `mx.compile`.

    With p = softmax(logits), t a row's true class (the likeliest one where labels are
    probabilities) and w its weight, every mean is `sum w x / sum w`:

    - `p_t_mean`, `p_t_min`, `p_t_max`: the probability of the true class (of the rows with w > 0).
    - `confidence`: mean of `max_c p_c`.
    - `entropy`: mean of `-sum_c p_c log p_c`, in nats.
    - `accuracy`: share of the rows whose likeliest class is t.
    - `count_per_class` `[C]`: sum of the weights of each class's rows; 0 says that the class is
      missing from the batch, and then the next two are 0 as well.
    - `accuracy_per_class` `[C]`: the same as `accuracy` among the class's rows (its recall).
    - `focal_modulation_per_class` `[C]`: mean of `(1 - p_t)^gamma`, the factor by which the focal
      loss (Lin et al. 2017) scales the cross-entropy of the class's rows; 1 where gamma = 0. Of
      the adaptive loss it concerns the focal part.

    Args:
        logits: `[N, C]`.
        labels: `[N]` integers, or `[N, C]` probabilities.
        gamma: the focal exponent; 0 for losses without one.
        sample_weights: `[N]`, not negative; None weights all rows alike.

    Returns:
        float32 arrays, scalars where no shape is named.
    """
    rows = logits.shape[0]
    weights = mx.ones((rows,)) if sample_weights is None else sample_weights.astype(mx.float32)
    # Rows that do not count may hold anything, and 0 times NaN is NaN.
    log_p = _log_softmax(mx.where(weights[:, None] > 0, logits, mx.zeros_like(logits)))
    p = mx.exp(log_p)
    classes = logits.shape[-1]
    true = labels if labels.ndim == 1 else mx.argmax(labels, axis=-1)
    one_hot = (true[:, None] == mx.arange(classes)).astype(mx.float32)
    total = _at_least_one_row(mx.sum(weights))
    counts = mx.sum(weights[:, None] * one_hot, axis=0)

    p_t = mx.sum(p * one_hot, axis=-1)
    correct = (mx.argmax(logits, axis=-1) == true).astype(mx.float32)
    modulation = mx.power(mx.maximum(1.0 - p_t, 0.0), gamma)

    def mean(values: mx.array) -> mx.array:
        return mx.sum(weights * values) / total

    def mean_per_class(values: mx.array) -> mx.array:
        sums = mx.sum((weights * values)[:, None] * one_hot, axis=0)
        return sums / _at_least_one_row(counts)

    return {
        "p_t_mean": mean(p_t),
        "p_t_min": mx.min(mx.where(weights > 0, p_t, 1.0)),
        "p_t_max": mx.max(mx.where(weights > 0, p_t, 0.0)),
        "confidence": mean(mx.max(p, axis=-1)),
        "entropy": mean(-mx.sum(p * log_p, axis=-1)),
        "accuracy": mean(correct),
        "count_per_class": counts,
        "accuracy_per_class": mean_per_class(correct),
        "focal_modulation_per_class": mean_per_class(modulation),
    }


def multi_label_diagnostics(
    logits: mx.array, targets: mx.array, sample_weights: mx.array | None = None
) -> dict[str, mx.array]:
    """Figures of one batch as arrays, without a sync to the host; usable inside `mx.compile`.

    A class is predicted where `p = sigmoid(logit)` is above 1/2, and true where its target is. With
    w a row's weight, for each class:

    - `positive_share`: `sum_true w / sum w`.
    - `predicted_share`: `sum_predicted w / sum w`; far below positive_share where the model has not
      found the class yet.
    - `precision`: `sum_both w / sum_predicted w`; 0 where the class is never predicted.
    - `recall`: `sum_both w / sum_true w`; 0 where the class is never true.

    Args:
        logits: `[N, C]`.
        targets: `[N, C]`, from 0 to 1.
        sample_weights: `[N]`, not negative; None weights all rows alike.

    Returns:
        float32 arrays `[C]`.
    """
    weights = _row_weights(logits, sample_weights)
    # A comparison with NaN, which rows that do not count may hold, is False.
    predicted, true = logits > 0, targets > 0.5

    def weight_of(rows: mx.array) -> mx.array:
        return mx.sum(weights * rows, axis=0)

    total = _at_least_one_row(mx.sum(weights))
    both, of_predicted, of_true = map(weight_of, (predicted & true, predicted, true))
    return {
        "positive_share": of_true / total,
        "predicted_share": of_predicted / total,
        "precision": both / _at_least_one_row(of_predicted),
        "recall": both / _at_least_one_row(of_true),
    }


def regression_diagnostics(
    outputs: mx.array, targets: mx.array, sample_weights: mx.array | None = None
) -> dict[str, mx.array]:
    """Figures of one batch as arrays, without a sync to the host; usable inside `mx.compile`.

    With w a row's weight, for each of the D numbers x and its target y, in the targets' unit:

    - `mean_absolute_error`: `sum w |x - y| / sum w`.
    - `mean_error`: `sum w (x - y) / sum w`; above 0 where predictions are too high on average.

    Args:
        outputs: x, `[N, D]`.
        targets: y, `[N, D]`.
        sample_weights: `[N]`, not negative; None weights all rows alike.

    Returns:
        float32 arrays `[D]`.
    """
    weights = _row_weights(outputs, sample_weights)
    errors = outputs.astype(mx.float32) - targets.astype(mx.float32)
    errors = mx.where(weights > 0, errors, 0.0)
    total = _at_least_one_row(mx.sum(weights))
    return {
        "mean_absolute_error": mx.sum(weights * mx.abs(errors), axis=0) / total,
        "mean_error": mx.sum(weights * errors, axis=0) / total,
    }


def _row_weights(rows: mx.array, sample_weights: mx.array | None) -> mx.array:
    """The weights as a column `[N, 1]`."""
    if sample_weights is None:
        return mx.ones((rows.shape[0], 1))
    return sample_weights.astype(mx.float32)[:, None]


def _log_softmax(logits: mx.array) -> mx.array:
    logits = logits.astype(mx.float32)
    return logits - mx.logsumexp(logits, axis=-1, keepdims=True)


def _at_least_one_row(weight: mx.array) -> mx.array:
    """A divisor: 1 where there is no row, so that an empty mean is 0 and not NaN."""
    return mx.where(weight > 0, weight, 1.0)
