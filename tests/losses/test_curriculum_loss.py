"""A curriculum: any loss turns into any other, by progress that lives in the tree."""

from itertools import pairwise

import mlx.core as mx
import numpy as np
import pytest
from loss_cases import COUNTS, ROW_LOSSES, SCHEDULED, batch
from mlx.utils import tree_flatten

from bertplay.losses import (
    AdaptiveLoss,
    CurriculumLoss,
    balanced_weights,
    cross_entropy,
    curriculum_loss,
    dice_loss,
    get_loss,
    weighted_cross_entropy,
)

PARTS = [name for name in ROW_LOSSES if name not in SCHEDULED]
PAIRS = list(pairwise([*PARTS, *PARTS[:1]]))
WEIGHTS = balanced_weights(COUNTS)


def example():
    logits, labels, _, _ = batch()
    return mx.array(logits), mx.array(labels)


def at(loss, progress):
    loss.set_progress(progress)
    return loss


def deferred(**options):
    return get_loss("curriculum", class_counts=COUNTS, ramp="step", start=0.8, **options)


@pytest.mark.parametrize(("first", "second"), PAIRS)
@pytest.mark.parametrize("ramp", ["linear", "cosine", "step"])
def test_it_is_exactly_one_loss_at_each_end(first, second, ramp):
    loss = get_loss(
        "curriculum",
        class_counts=COUNTS,
        first=first,
        second=second,
        start=0.25,
        end=0.75,
        ramp=ramp,
    )
    for name, progress in ((first, 0.2), (second, 0.75)):
        expected = get_loss(name, class_counts=COUNTS)(*example())
        assert at(loss, progress)(*example()).item() == expected.item()


def test_in_between_it_is_the_mix_of_both():
    loss = at(get_loss("curriculum", class_counts=COUNTS, end=0.5), 0.125)
    one, other = (
        cross_entropy(*example()),
        weighted_cross_entropy(*example(), class_weights=WEIGHTS),
    )
    assert loss(*example()).item() == pytest.approx(0.75 * one.item() + 0.25 * other.item())


def test_deferred_re_weighting_is_cross_entropy_first_and_weighted_from_the_start_of_the_change():
    """Cao et al. 2019: class weights set in for the last part of the training only."""
    loss = deferred()
    plain = cross_entropy(*example()).item()
    weighted = weighted_cross_entropy(*example(), class_weights=WEIGHTS).item()
    found = [at(loss, progress)(*example()).item() for progress in (0.0, 0.799, 0.8, 1.0)]
    assert found == [plain, plain, weighted, weighted]


def test_a_step_needs_no_end():
    assert (
        at(get_loss("curriculum", class_counts=COUNTS, ramp="step", start=1.0), 1).mix.item() == 1
    )
    with_end = deferred(end=0.1)
    assert [at(with_end, progress).mix.item() for progress in (0.5, 0.8)] == [0, 1]


@pytest.mark.parametrize("ramp", ["linear", "cosine", "step"])
@pytest.mark.parametrize("progress", [0.0, 0.3, 0.5, 1.0])
def test_the_adaptive_loss_is_the_curriculum_from_weighted_ce_to_focal(ramp, progress):
    schedule = {"start": 0.2, "end": 0.7, "ramp": ramp}
    adaptive = AdaptiveLoss(class_counts=COUNTS, gamma=1.5, alpha=[3, 1, 0.5], **schedule)
    curriculum = CurriculumLoss(
        get_loss("weighted_ce", class_counts=COUNTS),
        get_loss("focal", gamma=1.5, alpha=[3, 1, 0.5]),
        **schedule,
    )
    found, expected = (at(loss, progress)(*example()).item() for loss in (curriculum, adaptive))
    assert found == expected


def test_options_of_the_two_losses_are_named_after_their_places():
    loss = get_loss(
        "curriculum", first="focal", second="focal", **{"first.gamma": 0, "second.gamma": 2.5}
    )
    assert [part.options()["gamma"] for part in loss.parts] == [0, 2.5]
    assert loss.options() == {
        "first": "focal",
        "second": "focal",
        "start": 0.0,
        "end": 1.0,
        "ramp": "linear",
        "first.gamma": 0.0,
        "first.alpha": None,
        "second.gamma": 2.5,
        "second.alpha": None,
    }


def test_class_counts_reach_both_losses():
    loss = get_loss("curriculum", class_counts=COUNTS, first="ldam", second="weighted_ce")
    options = loss.options()
    np.testing.assert_allclose(options["first.prior"], np.array(COUNTS) / sum(COUNTS), rtol=1e-6)
    np.testing.assert_allclose(options["second.class_weights"], WEIGHTS, rtol=1e-6)


def test_the_losses_are_one_by_name_and_by_hand():
    by_hand = CurriculumLoss(get_loss("ce"), get_loss("gce", exponent=0.5), start=0.1, end=0.3)
    by_name = get_loss("curriculum", second="gce", start=0.1, end=0.3, **{"second.exponent": 0.5})
    assert by_hand.options() == by_name.options()
    assert at(by_hand, 0.2)(*example()).item() == at(by_name, 0.2)(*example()).item()


def test_it_moves_inside_one_compiled_step_without_a_new_trace():
    loss, traces = get_loss("curriculum", class_counts=COUNTS), []

    def step(logits, labels, progress):
        traces.append(True)
        loss.set_progress(progress)
        return loss(logits, labels)

    compiled = mx.compile(step, inputs=loss.state, outputs=loss.state)
    points = [0.0, 0.25, 1.0]
    found = [compiled(*example(), mx.array(point)).item() for point in points]

    first = cross_entropy(*example()).item()
    last = weighted_cross_entropy(*example(), class_weights=WEIGHTS).item()
    assert found == pytest.approx([(1 - s) * first + s * last for s in points], rel=1e-5)
    assert len(traces) == 1


def test_options_of_the_two_losses_can_be_updated_all_or_none():
    loss = get_loss("curriculum", second="focal")
    loss.update(start=0.5, **{"second.gamma": 3.0})
    assert (loss.options()["start"], loss.options()["second.gamma"]) == (0.5, 3.0)

    before = loss.options()
    for wrong in (
        {"second.gamma": 1.0, "first.gamma": 1.0},
        {"start": 0.25, "second.gamma": -1.0},
        {"second.gamma": 1.0, "start": 1.0},
        {"second.gamma": 1.0, "second": "ce"},
    ):
        with pytest.raises(
            ValueError, match=r"first: |second: |start is 1|second is 'focal' and fix"
        ):
            loss.update(**wrong)
        assert loss.options() == before


def test_progress_and_both_losses_options_are_saved_with_the_module(tmp_path):
    saved, loaded = (get_loss("curriculum", second="focal", **{"second.gamma": g}) for g in (3, 1))
    saved.set_progress(0.75)
    file = str(tmp_path / "loss.safetensors")

    saved.save_weights(file)
    loaded.load_weights(file)

    assert loaded.progress.item() == 0.75
    assert loaded.options() == saved.options()
    assert {name for name, _ in tree_flatten(loaded.parameters())} >= {"parts.1.gamma", "progress"}


def test_a_loss_of_the_batch_mixes_with_one_of_rows_where_both_are_reduced():
    loss = at(get_loss("curriculum", second="dice"), 0.5)
    expected = (cross_entropy(*example()).item() + dice_loss(*example()).item()) / 2
    assert loss(*example()).item() == pytest.approx(expected, rel=1e-6)
    with pytest.raises(
        ValueError, match="reduction is 'none', but only one of ce and dice is a lo"
    ):
        loss(*example(), reduction="none")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"first": "focla"},
            r"^first is 'focla'; did you mean focal\? \(choose from ce, weighted_ce",
        ),
        ({"second": None}, r"^second is None .*choose from ce"),
        (
            {"first": "curriculum"},
            r"^first is 'curriculum', which has a schedule of its own: choose",
        ),
        ({"second": "adaptive"}, r"^second is 'adaptive', which has a schedule of its own: choose"),
        ({"first.gamma": 1}, r"^first: loss 'ce' has no option 'gamma' \(there are none\)$"),
        ({"second.gamma": 1}, r"^second: loss 'weighted_ce' has no option 'gamma' .*class_weights"),
        ({"first.class_counts": [1]}, r"^first: loss 'ce' has no option 'class_counts'"),
        ({"second": "focal", "gamma": 1}, r"no option 'gamma' \(.*second\.gamma"),
        (
            {"third.gamma": 1},
            r"^loss 'curriculum' has no option 'third.gamma'.*first, second, start",
        ),
        ({"second": "focal", "second.gamma": -1}, "^second: gamma is -1: expected a number of at"),
        ({"start": 0.5, "end": 0.5}, "^start is 0.5 and end is 0.5: start must be below end$"),
        ({"start": 0.5, "end": 0.5 + 1e-12}, "start must be below end"),
        ({"ramp": "stp"}, r"^ramp is 'stp'; did you mean step\?"),
        ({"start": 1.5, "ramp": "step"}, "^start is 1.5: expected a number from 0 to 1"),
    ],
)
def test_what_cannot_be_a_curriculum_is_refused_in_one_sentence(options, message):
    with pytest.raises(ValueError, match=message) as caught:
        get_loss("curriculum", class_counts=COUNTS, **options)
    assert "\n" not in str(caught.value)


def test_by_hand_only_losses_without_a_schedule_are_taken():
    with pytest.raises(ValueError, match="second is 'curriculum', which has a schedule of its own"):
        CurriculumLoss(get_loss("ce"), CurriculumLoss(get_loss("ce"), get_loss("focal")))
    with pytest.raises(ValueError, match="first is 'ce': expected a loss made by get_loss"):
        CurriculumLoss("ce", get_loss("focal"))


def test_the_function_refuses_a_share_outside_its_range():
    with pytest.raises(ValueError, match="mix is 2: expected a number from 0 to 1"):
        curriculum_loss(*example(), first=cross_entropy, second=cross_entropy, mix=2.0)
