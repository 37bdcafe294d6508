"""`TitanicClassifierV2`: did this passenger survive? A BERT with a two-class head."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bertplay.heads.classification import ClassificationHeadV2
from bertplay.heads.text_classifier import TextClassifier


class TitanicClassifierV2(TextClassifier):
    """A `TextClassifier` of two classes, died = 0 and survived = 1, with the losses of bertplay.

    About alpha, the weight of class 1 (class 0 gets 1 - alpha): an often quoted recipe says "61%
    survived" and takes alpha = 0.39. That has the classes swapped. 500 of the 1,309 passengers
    survived, 38.2% (38.4% of the 891 in Kaggle's train.csv), so survivors are the rare class,
    and 0.39 would weaken it further. Balanced weights are `alpha=0.618` or, counted from your own
    training labels, `alpha="balanced", class_counts=[809, 500]`. `alpha=None` weights nothing;
    0.39 still works for whoever passes it.

    Example:
        >>> model = TitanicClassifierV2(
        ...     bert_model=encoder,
        ...     loss_type="focal_smooth",
        ...     loss_kwargs={"alpha": 0.618, "gamma": 2.0, "smoothing": 0.1},
        ... )  # doctest: +SKIP
        >>> logits = model(input_ids, attention_mask)  # doctest: +SKIP
        >>> loss = model.head.compute_loss(logits, labels)  # doctest: +SKIP

    Args:
        bert_model: an encoder as `TextClassifier` takes it, whose `config.hidden_size` is H.
        loss_type: the name of a loss, see `bertplay.losses.get_loss`.
        loss_kwargs: the options of that loss.
        **head_options: everything else that `ClassificationHeadV2` takes, such as `pooling`.

    Raises:
        ValueError: `bert_model` has no `config.hidden_size`, or an option of the head or the loss
            is wrong.
    """

    def __init__(
        self,
        bert_model: Any,
        loss_type: str = "focal_smooth",
        loss_kwargs: Mapping[str, Any] | None = None,
        **head_options: Any,
    ):
        hidden_size = getattr(getattr(bert_model, "config", None), "hidden_size", None)
        if hidden_size is None:
            raise ValueError(
                "bert_model has no config.hidden_size: pass an encoder with its configuration, "
                "or build TextClassifier(encoder, ClassificationHeadV2(hidden_size, 2))"
            )
        head = ClassificationHeadV2(
            hidden_size, 2, loss=loss_type, loss_kwargs=loss_kwargs, **head_options
        )
        super().__init__(bert_model, head)
