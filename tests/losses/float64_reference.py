"""The losses in float64 NumPy, written from their papers and from nothing of bertplay's.

Cross-entropy and its class weights: PyTorch's documentation of CrossEntropyLoss. Label smoothing:
Szegedy et al. 2016. Focal loss: Lin et al. 2017. The losses with a schedule: their definition in
the docs. The others name their paper's equation.
"""

import numpy as np


def log_softmax(logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def probability_of_the_others(logits):
    """1 - p_c as the sum of the others' p, which does not cancel where p_c is near 1."""
    others = ~np.eye(logits.shape[1], dtype=bool)
    return np.exp(log_softmax(logits)) @ others.T.astype(np.float64)


def accurate_log_softmax(logits):
    """Log p_c as log1p(-(1 - p_c)) where p_c is near 1, so that it keeps its relative accuracy."""
    rest = probability_of_the_others(logits)
    return np.where(rest < 0.5, np.log1p(-np.minimum(rest, 0.5)), log_softmax(logits))


def distribution(targets, classes):
    return np.eye(classes)[targets] if targets.ndim == 1 else np.asarray(targets, np.float64)


def reduce(losses, sizes, sample_weights, reduction):
    weights = np.ones(len(losses)) if sample_weights is None else sample_weights
    if reduction == "none":
        return weights * losses
    total = (weights * losses).sum()
    return total if reduction == "sum" else total / (weights * sizes).sum()


def cross_entropy(logits, targets, *, sample_weights=None, reduction="mean"):
    return weighted_cross_entropy(
        logits,
        targets,
        class_weights=np.ones(logits.shape[1]),
        sample_weights=sample_weights,
        reduction=reduction,
    )


def weighted_cross_entropy(
    logits, targets, *, class_weights, sample_weights=None, reduction="mean"
):
    w = np.asarray(class_weights, np.float64)
    q = distribution(targets, logits.shape[1])
    losses = -(w * q * accurate_log_softmax(logits)).sum(axis=1)
    sizes = w[targets] if targets.ndim == 1 else np.ones(len(q))
    return reduce(losses, sizes, sample_weights, reduction)


def label_smoothing(logits, targets, *, smoothing, sample_weights=None, reduction="mean"):
    classes = logits.shape[1]
    q = (1 - smoothing) * distribution(targets, classes) + smoothing / classes
    return cross_entropy(logits, q, sample_weights=sample_weights, reduction=reduction)


def focal(logits, targets, *, gamma, alpha=None, sample_weights=None, reduction="mean"):
    return focal_smooth(
        logits,
        targets,
        gamma=gamma,
        alpha=alpha,
        smoothing=0.0,
        sample_weights=sample_weights,
        reduction=reduction,
    )


def focal_smooth(
    logits, targets, *, gamma, smoothing, alpha=None, sample_weights=None, reduction="mean"
):
    classes = logits.shape[1]
    a = np.ones(classes) if alpha is None else np.asarray(alpha, np.float64)
    q = (1 - smoothing) * distribution(targets, classes) + smoothing / classes
    modulation = probability_of_the_others(logits) ** gamma
    losses = -(q * a * modulation * accurate_log_softmax(logits)).sum(axis=1)
    return reduce(losses, np.ones(len(q)), sample_weights, reduction)


def share(progress, start, end, ramp):
    """How much of a change is done."""
    if ramp == "step":
        return float(progress >= start)
    t = min(max((progress - start) / (end - start), 0.0), 1.0)
    return t if ramp == "linear" else (1 - np.cos(np.pi * t)) / 2


def adaptive(
    logits,
    targets,
    *,
    gamma,
    alpha,
    class_weights,
    start,
    end,
    ramp,
    progress,
    sample_weights=None,
    reduction="mean",
):
    s = share(progress, start, end, ramp)
    rows = {"sample_weights": sample_weights, "reduction": reduction}
    weighted = weighted_cross_entropy(logits, targets, class_weights=class_weights, **rows)
    return (1 - s) * weighted + s * focal(logits, targets, gamma=gamma, alpha=alpha, **rows)


def curriculum(
    logits,
    targets,
    *,
    first,
    second,
    start,
    end,
    ramp,
    progress,
    sample_weights=None,
    reduction="mean",
    **of_parts,
):
    rows = {"sample_weights": sample_weights, "reduction": reduction}
    values = []
    for place, name in (("first", first), ("second", second)):
        options = {k.split(".")[1]: v for k, v in of_parts.items() if k.split(".")[0] == place}
        values.append(REFERENCES[name](logits, targets, **options, **rows))
    s = share(progress, start, end, ramp)
    return (1 - s) * values[0] + s * values[1]


def focal_schedule(
    logits, targets, *, gamma_start, gamma_end, start, end, ramp, progress, **options
):
    gamma = gamma_start + share(progress, start, end, ramp) * (gamma_end - gamma_start)
    return focal(logits, targets, gamma=gamma, **options)


def logit_adjusted(logits, targets, *, prior, tau, **rows):
    return cross_entropy(logits + tau * np.log(prior), targets, **rows)


def balanced_softmax(logits, targets, *, prior, sample_weights=None, reduction="mean"):
    """Ren et al. 2020, equation 3: the softmax itself, weighted by the classes' numbers of rows."""
    q = distribution(targets, logits.shape[1])
    accurate = accurate_log_softmax(logits + np.log(prior))
    return reduce(-(q * accurate).sum(axis=1), np.ones(len(q)), sample_weights, reduction)


def ldam(logits, targets, *, prior, max_margin, scale, class_weights, **rows):
    """Cao et al. 2019, equations 11 and 13, with the margins' factor from its largest margin."""
    q = distribution(targets, logits.shape[1])
    fourth_roots = np.asarray(prior, np.float64) ** -0.25
    margins = max_margin * fourth_roots / fourth_roots.max()
    return weighted_cross_entropy(
        scale * (logits - q * margins), targets, class_weights=class_weights, **rows
    )


def poly1(logits, targets, *, epsilon, sample_weights=None, reduction="mean"):
    """Leng et al. 2022, equation 5."""
    q = distribution(targets, logits.shape[1])
    losses = -accurate_log_softmax(logits) + epsilon * probability_of_the_others(logits)
    return reduce((q * losses).sum(axis=1), np.ones(len(q)), sample_weights, reduction)


def generalised_cross_entropy(logits, targets, *, exponent, sample_weights=None, reduction="mean"):
    """Zhang and Sabuncu 2018, equation 6."""
    q = distribution(targets, logits.shape[1])
    losses = -np.expm1(exponent * accurate_log_softmax(logits)) / exponent
    return reduce((q * losses).sum(axis=1), np.ones(len(q)), sample_weights, reduction)


REFERENCES = {
    "ce": cross_entropy,
    "weighted_ce": weighted_cross_entropy,
    "label_smoothing": label_smoothing,
    "focal": focal,
    "focal_smooth": focal_smooth,
    "adaptive": adaptive,
    "curriculum": curriculum,
    "focal_schedule": focal_schedule,
    "logit_adjusted": logit_adjusted,
    "balanced_softmax": balanced_softmax,
    "ldam": ldam,
    "poly1": poly1,
    "gce": generalised_cross_entropy,
}


def finite_differences(function, logits, step=1e-5):
    """The gradient of a scalar function of logits by central differences."""
    gradient = np.zeros_like(logits)
    for index in np.ndindex(logits.shape):
        moved = np.zeros_like(logits)
        moved[index] = step
        gradient[index] = (function(logits + moved) - function(logits - moved)) / (2 * step)
    return gradient
