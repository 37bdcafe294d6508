"""Composite losses for four kinds of models, each a tree that may be changed or copied."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import mlx.core as mx
import numpy as np

from bertplay.losses.argument_checks import require, require_known
from bertplay.losses.class_counts import ClassCounts, checked_counts
from bertplay.losses.class_weights import effective_weights
from bertplay.losses.composite import CompositeLoss
from bertplay.losses.cross_entropy import cross_entropy
from bertplay.losses.load_balancing import load_balancing_loss
from bertplay.losses.loss_term import LossTerm
from bertplay.losses.probabilities import Fits, consistency_loss, probability_cross_entropy
from bertplay.losses.ranking import listnet_loss, pairwise_margin_loss
from bertplay.losses.registry import get_loss
from bertplay.losses.regression import mean_squared_error
from bertplay.losses.similarity import (
    info_nce_loss,
    region_contrast_loss,
    supervised_contrastive_loss,
)
from bertplay.losses.specification import LossFunction

_RANKINGS: dict[str, LossFunction] = {
    "pairwise_margin": pairwise_margin_loss,
    "listnet": listnet_loss,
}
_MATCH_TASKS = ("action_class", "severity", "offence")


def search_loss(*, ranking: str = "pairwise_margin", temperature: float = 0.1) -> CompositeLoss:
    """For a model of search results: what kind a page is, its rank, its likeness, its quality.

    | component | weight | loss | outputs | targets |
    |---|---|---|---|---|
    | classification | 1.0 | `cross_entropy` | classification `[N, C]` | classification `[N]` |
    | ranking | 0.5 | `pairwise_margin_loss` | ranking `[B, D]` | ranking `[B, D]` |
    | similarity | 0.3 | `supervised_contrastive_loss` | embeddings `[N, E]` | similarity `[N]` |
    | content_quality | 0.2 | `mean_squared_error` | content_quality `[N, 1]` | the same |

    Rows of ranking are lists of results; rows of equal similarity label are alike.

    Example:
        >>> search_loss().weights()
        {'classification': 1.0, 'ranking': 0.5, 'similarity': 0.3, 'content_quality': 0.2}

    Args:
        ranking: "pairwise_margin" or "listnet".
        temperature: of the similarity, greater than 0.

    Raises:
        ValueError: ranking is none of the two. When called: as `CompositeLoss`.
    """
    require_known("ranking is", ranking, _RANKINGS)
    return CompositeLoss(
        "search",
        (
            _task("classification", cross_entropy),
            _task("ranking", _RANKINGS[ranking], 0.5),
            LossTerm(
                "similarity",
                supervised_contrastive_loss,
                outputs=("embeddings",),
                targets=("similarity",),
                weight=0.3,
                options={"temperature": temperature},
            ),
            _task("content_quality", mean_squared_error, 0.2),
        ),
    )


def emotion_engine_loss(
    *,
    gamma: float = 2.0,
    emotion_counts: ClassCounts | None = None,
    partly_labelled: Collection[str] = (),
) -> CompositeLoss:
    """For a model that reads the emotion of a text, and its safety, style and intent.

    | component | weight | loss | outputs and targets |
    |---|---|---|---|
    | emotions | 1.5 | `focal_loss` | logits `[N, C]`, labels `[N]` |
    | vad | 1.0 | `mean_squared_error` | valence, arousal, dominance: `[N, 3]` both |
    | safety | 1.2 | `cross_entropy` | logits `[N, C]`, labels `[N]` |
    | style | 0.8 | `cross_entropy` | logits `[N, C]`, labels `[N]` |
    | intent | 0.8 | `cross_entropy` | logits `[N, C]`, labels `[N]` |

    Outputs and targets have the components' names; C is each task's own.

    Example:
        >>> emotion_engine_loss(emotion_counts=[200, 30]).weights()
        {'emotions': 1.5, 'vad': 1.0, 'safety': 1.2, 'style': 0.8, 'intent': 0.8}

    Args:
        gamma: focusing exponent of the focal loss, at least 0.
        emotion_counts: `[C]`, training rows of each emotion, for balanced class weights; None
            weights all alike.
        partly_labelled: components of which not every row has a label; their row weights `[N]`, 0
            for a row without, are a target with their name and "_weights".

    Raises:
        ValueError: gamma is negative, emotion_counts are no counts, or partly_labelled has
            another name. When called: as `CompositeLoss`.
    """
    alpha = None if emotion_counts is None else "balanced"
    emotions = get_loss("focal", gamma=gamma, alpha=alpha, class_counts=emotion_counts)
    _check_tasks(partly_labelled, ("emotions", "vad", "safety", "style", "intent"))
    return CompositeLoss(
        "emotion_engine",
        (
            _task("emotions", emotions, 1.5, partly_labelled),
            _task("vad", mean_squared_error, 1.0, partly_labelled),
            _task("safety", cross_entropy, 1.2, partly_labelled),
            _task("style", cross_entropy, 0.8, partly_labelled),
            _task("intent", cross_entropy, 0.8, partly_labelled),
        ),
    )


def keyboard_loss(*, temperature: float = 0.07, layout_fits: Fits | None = None) -> CompositeLoss:
    """For a keyboard that sees the screen: an encoder of image and text, and a decoder.

    | component | weight | loss | outputs | targets |
    |---|---|---|---|---|
    | encoder | 0.3 | | | |
    | encoder/alignment | 1.0 | `info_nce_loss` | global_feat, text_feat `[B, D]` | |
    | encoder/region | 0.2 | `region_contrast_loss` | roi_feats `[B, R, D]`, text_feat | |
    | decoder | 1.0 | | | |
    | decoder/text | 1.0 | `cross_entropy` | logits `[B, V]` | token `[B]` |
    | decoder/routing | 0.5 | `probability_cross_entropy` | task_probs `[B, T]` | task `[B]` |
    | decoder/layout | 0.4 | `probability_cross_entropy` | layout_probs `[B, C]` | layout `[B]` |
    | decoder/consistency | 0.3 | `consistency_loss` | layout_probs | language `[B]` |
    | decoder/load_balance | 0.01 | `load_balancing_loss` | expert_probs `[B, E]` | |

    The model it is meant for has D = 256, R = 4 regions, T = 3 tasks (correction, completion,
    suggestion), C = 5 layouts and E = 5 experts; other sizes work as well. What ends in _probs are
    probabilities: see `probability_cross_entropy` for how near 0 they may be.

    Example:
        >>> keyboard_loss().weights()["encoder/region"]
        0.2

    Args:
        temperature: of alignment and region, greater than 0.
        layout_fits: `[K, C]`, 1 where a layout fits a language, else 0; None where a language's
            label is that of its one layout.

    Raises:
        ValueError: when called: as `CompositeLoss`.
    """
    matching = {"temperature": temperature}
    return CompositeLoss(
        "keyboard",
        (
            CompositeLoss(
                "encoder",
                (
                    LossTerm(
                        "alignment",
                        info_nce_loss,
                        outputs=("global_feat", "text_feat"),
                        options=matching,
                    ),
                    LossTerm(
                        "region",
                        region_contrast_loss,
                        outputs=("roi_feats", "text_feat"),
                        weight=0.2,
                        options=matching,
                    ),
                ),
                weight=0.3,
            ),
            CompositeLoss(
                "decoder",
                (
                    LossTerm("text", cross_entropy, outputs=("logits",), targets=("token",)),
                    LossTerm(
                        "routing",
                        probability_cross_entropy,
                        outputs=("task_probs",),
                        targets=("task",),
                        weight=0.5,
                    ),
                    LossTerm(
                        "layout",
                        probability_cross_entropy,
                        outputs=("layout_probs",),
                        targets=("layout",),
                        weight=0.4,
                    ),
                    LossTerm(
                        "consistency",
                        consistency_loss,
                        outputs=("layout_probs",),
                        targets=("language",),
                        weight=0.3,
                        options={"fits": layout_fits},
                    ),
                    LossTerm(
                        "load_balance",
                        load_balancing_loss,
                        outputs=("expert_probs",),
                        weight=0.01,
                    ),
                ),
            ),
        ),
    )


def match_events_loss(
    class_counts: Mapping[str, ClassCounts],
    *,
    gamma: float = 2.0,
    beta: float = 0.999,
    partly_labelled: Collection[str] = (),
) -> CompositeLoss:
    """For a model of events in a match: the action, how severe it is, whether it is an offence.

    | component | weight | loss | outputs and targets |
    |---|---|---|---|
    | action_class | 1.0 | `weighted_cross_entropy` | logits `[N, C]`, labels `[N]` |
    | severity | 1.0 | `focal_loss` | logits `[N, C]`, labels `[N]` |
    | offence | 1.0 | `weighted_cross_entropy` | logits `[N, C]`, labels `[N]` |

    Outputs and targets have the components' names. Classes are weighted by `effective_weights`:
    with 100,000 rows against 100 the rare class weighs 11 times as much, not 1000 times. Those of
    severity are scaled so that they are 1 on average over the training rows, or the focal loss,
    which does not divide by them, would be far smaller than the other two. The tasks' weights may
    follow how well each is doing: `update_weights` between two epochs.

    Example:
        >>> counts = {"action_class": [900, 90, 9], "severity": [5000, 5], "offence": [300, 700]}
        >>> match_events_loss(counts).weights()
        {'action_class': 1.0, 'severity': 1.0, 'offence': 1.0}

    Args:
        class_counts: for each of the three, the training rows of each class, `[C]`.
        gamma: focusing exponent of the focal loss, at least 0.
        beta: of `effective_weights`, in [0, 1).
        partly_labelled: components of which not every row has a label; their row weights `[N]`, 0
            for a row without, are a target with their name and "_weights".

    Raises:
        ValueError: class_counts lacks a task or has another, they are no counts, gamma or beta is
            outside its range, or partly_labelled has another name. When called: as
            `CompositeLoss`.

    Reference:
        Cui et al., Class-Balanced Loss Based on Effective Number of Samples, CVPR 2019.
    """
    require(
        set(class_counts) == set(_MATCH_TASKS),
        f"class_counts has {', '.join(class_counts) or 'nothing'}: expected counts for "
        f"{', '.join(_MATCH_TASKS)}",
    )
    weights = {task: effective_weights(class_counts[task], beta=beta) for task in _MATCH_TASKS}
    # The focal loss divides by the rows, not by their weights: at 1000 to 1 it would hardly count.
    rows = mx.array(checked_counts(class_counts["severity"]).astype(np.float32))
    weights["severity"] *= mx.sum(rows) / mx.sum(rows * weights["severity"])
    losses = {
        "action_class": get_loss("weighted_ce", class_weights=weights["action_class"]),
        "severity": get_loss("focal", gamma=gamma, alpha=weights["severity"]),
        "offence": get_loss("weighted_ce", class_weights=weights["offence"]),
    }
    _check_tasks(partly_labelled, _MATCH_TASKS)
    terms = [_task(task, loss, 1.0, partly_labelled) for task, loss in losses.items()]
    return CompositeLoss("match_events", terms)


def _task(
    name: str,
    loss: LossFunction,
    weight: float = 1.0,
    partly_labelled: Collection[str] = (),
) -> LossTerm:
    """A term whose output and target have its name."""
    return LossTerm(
        name,
        loss,
        outputs=(name,),
        targets=(name,),
        weight=weight,
        sample_weights=f"{name}_weights" if name in partly_labelled else None,
    )


def _check_tasks(partly_labelled: Collection[str], tasks: tuple[str, ...]) -> None:
    for task in partly_labelled:
        require_known("partly_labelled has", task, tasks)
