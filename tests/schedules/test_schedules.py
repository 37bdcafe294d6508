"""What every schedule has in common, and what each one's options do."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bertplay import InputError
from bertplay.schedules import schedule_for
from bertplay.schedules.arguments import SCHEDULE_ARGUMENTS

PEAK, EPOCHS, STEPS = 3e-4, 6, 60
SCHEDULES = tuple(SCHEDULE_ARGUMENTS)


def schedule_of(name, *, steps=STEPS, epochs=EPOCHS, warmup=0.2, **arguments):
    return schedule_for(
        name, PEAK, total_steps=steps, epochs=epochs, warmup=warmup, arguments=arguments
    )


def rates(name, *, steps=STEPS, scores=None, **options):
    """Of every step; a score is heard after each epoch of ten steps."""
    schedule, found = schedule_of(name, steps=steps, **options), []
    for step in range(steps):
        found.append(schedule.rate(step))
        if scores is not None and (step + 1) % 10 == 0:
            schedule.after_epoch(scores[step // 10])
    return found


@pytest.mark.parametrize("decay", ["linear", "cosine"])
@pytest.mark.parametrize("warmup", [0, 0.1, 0.37])
@pytest.mark.parametrize("steps", [1, 23])
def test_linear_and_cosine_fall_to_0_just_after_the_last_step(decay, warmup, steps):
    rising, wanted = math.ceil(warmup * steps), []
    for step in range(steps):
        done = (step - rising) / max(steps - rising, 1)
        falling = 1 - done if decay == "linear" else (1 + math.cos(math.pi * done)) / 2
        wanted.append(PEAK * ((step + 1) / rising if step < rising else falling))
    assert rates(decay, steps=steps, epochs=1, warmup=warmup) == pytest.approx(wanted)


@pytest.mark.parametrize("name", [name for name in SCHEDULES if name != "one_cycle"])
def test_the_warm_up_is_a_straight_line_to_the_peak(name):
    options = {"step_size": 3} if name == "step" else {}
    found = rates(name, **options)
    rising = math.ceil(0.2 * STEPS)
    wanted = [PEAK * (step + 1) / rising for step in range(rising)]
    assert found[:rising] == pytest.approx(wanted)


@given(
    name=st.sampled_from(SCHEDULES),
    steps=st.integers(1, 200),
    epochs=st.integers(1, 20),
    warmup=st.floats(0, 0.99),
)
def test_rates_are_positive_and_never_above_the_peak(name, steps, epochs, warmup):
    found = rates(name, steps=steps, epochs=epochs, warmup=warmup)
    assert all(0 < rate <= PEAK * (1 + 1e-12) for rate in found)


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_peak_is_reached(name):
    options = {"step_size": 3} if name == "step" else {}
    assert max(rates(name, **options)) == pytest.approx(PEAK)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_run_of_one_step_trains_at_the_peak(name):
    assert rates(name, steps=1, epochs=1) == pytest.approx([PEAK])


@pytest.mark.parametrize(
    ("name", "given", "changed"),
    [
        ("linear", {}, {"min_lr": 1e-5}),
        ("cosine", {}, {"min_lr": 1e-5}),
        ("step", {}, {"step_size": 2}),
        ("step", {}, {"milestones": [3.0]}),
        ("step", {}, {"gamma": 0.5}),
        ("cosine_restarts", {}, {"T_0": 2.0}),
        ("cosine_restarts", {}, {"T_mult": 2.0}),
        ("cosine_restarts", {}, {"min_lr": 1e-5}),
        ("one_cycle", {}, {"pct_start": 0.5}),
        ("one_cycle", {}, {"anneal": "linear"}),
        ("one_cycle", {}, {"div_factor": 10.0}),
        ("one_cycle", {}, {"final_div_factor": 10.0}),
        ("plateau", {}, {"factor": 0.2}),
        ("plateau", {}, {"patience": 0}),
        ("plateau", {}, {"threshold": 0.1}),
        ("plateau", {}, {"min_lr": 2e-4}),
    ],
)
def test_every_option_changes_the_rates(name, given, changed):
    scores = [0.5, 0.52, 0.52, 0.52, 0.52, 0.52]
    usual = rates(name, scores=scores, **given)
    other = rates(name, scores=scores, **given, **changed)
    assert max(abs(one - two) for one, two in zip(usual, other, strict=True)) > 1e-6


def test_every_option_is_in_the_test_above():
    (mark,) = test_every_option_changes_the_rates.pytestmark
    tested = {(name, option) for name, _, changed in mark.args[1] for option in changed}
    assert tested == {(name, option) for name, of in SCHEDULE_ARGUMENTS.items() for option in of}


@pytest.mark.parametrize("name", [name for name in SCHEDULES if name != "one_cycle"])
def test_the_warm_up_changes_the_rates(name):
    assert rates(name, warmup=0.0) != rates(name, warmup=0.2)


def test_one_cycle_rises_for_the_warm_up_unless_told_otherwise():
    found = rates("one_cycle", warmup=0.3)
    assert found.index(max(found)) == 0.3 * STEPS - 1
    assert found == rates("one_cycle", warmup=0.1, pct_start=0.3)


def test_the_step_schedule_drops_at_epochs_of_the_training():
    """Ten steps each, warm-up or not."""
    for warmup in (0.0, 0.1):
        found = rates("step", warmup=warmup, milestones=[2, 4.5], gamma=0.5)
        assert found[19] == pytest.approx(PEAK)
        assert found[20] == pytest.approx(PEAK / 2)
        assert found[44] == pytest.approx(PEAK / 2)
        assert found[45] == pytest.approx(PEAK / 4)


def test_a_drop_within_the_warm_up_comes_when_it_is_due():
    found = rates("step", warmup=0.5, milestones=[1], gamma=0.5)
    assert found[9:11] == pytest.approx([PEAK * 10 / 30, PEAK * 11 / 30 / 2])


@pytest.mark.parametrize("name", ["step", "cosine_restarts"])
def test_thirds_of_an_epoch_end_where_the_epoch_does(name):
    """Of 10 steps each, whose thirds are no numbers of float64."""
    option = "step_size" if name == "step" else "T_0"
    found = rates(name, warmup=0.0, **{option: 1 / 3})
    if name == "step":
        assert found[50] == pytest.approx(PEAK * 0.1**15)
    else:
        assert found[10::10] == pytest.approx([PEAK] * 5)


def test_one_milestone_needs_no_list():
    assert rates("step", milestones=3) == rates("step", milestones=[3.0])


def test_restarts_come_after_t_0_epochs_of_falling():
    found = rates("cosine_restarts", warmup=0.1, T_0=1, T_mult=2)
    jumps = [step for step in range(1, STEPS) if found[step] > found[step - 1] and step > 6]
    assert jumps == [16, 36]
    assert [found[step] for step in jumps] == pytest.approx([PEAK, PEAK])


def test_a_plateau_goes_by_what_is_better():
    """The third epoch without a better score is one too many for a patience of two."""
    scores = [0.5, 0.5, 0.4, 0.5, 0.5, 0.5]
    found = rates("plateau", warmup=0.0, scores=scores, patience=2, factor=0.1)
    assert found[30:40] == pytest.approx([PEAK] * 10)
    assert found[40:] == pytest.approx([PEAK / 10] * 20)


def test_a_plateau_hears_better_scores_below_zero():
    scores = [-0.5, -0.49, -0.48, -0.47, -0.46, -0.45]
    assert set(rates("plateau", warmup=0.0, scores=scores, patience=0)) == {PEAK}


def test_a_score_that_is_no_number_is_no_better_one():
    scores = [0.5, *[math.nan] * 5]
    found = rates("plateau", warmup=0.0, scores=scores, patience=1, factor=0.5)
    assert found[-1] == pytest.approx(PEAK / 4)


@pytest.mark.parametrize("epochs_before", range(6))
def test_a_plateau_goes_on_from_its_state(epochs_before):
    scores = [0.5, 0.4, 0.4, 0.6, 0.5, 0.5]
    whole, first, second = (schedule_of("plateau", patience=0) for _ in range(3))
    for score in scores[:epochs_before]:
        first.after_epoch(score)
    second.load_state(json.loads(json.dumps(first.state(), allow_nan=False)))
    for score in scores[epochs_before:]:
        second.after_epoch(score)
    for score in scores:
        whole.after_epoch(score)

    assert second.state() == whole.state()
    assert second.rate(59) == whole.rate(59) < PEAK


@pytest.mark.parametrize("name", [name for name in SCHEDULES if name != "plateau"])
def test_no_other_schedule_has_a_state_or_hears_scores(name):
    schedule = schedule_of(name)
    before = schedule.rate(40)
    for _ in range(5):
        schedule.after_epoch(0.0)
    assert schedule.state() == {}
    schedule.load_state({})
    assert schedule.rate(40) == before


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("constant", {"gamma": 0.5}, "constant has no option 'gamma', it has none"),
        ("cosine_restarts", {"t_0": 2}, "it has T_0, T_mult, min_lr; did you mean 'T_0'"),
        ("step", {"step_size": 0}, "step_size is 0: it must be a number above 0"),
        (
            "step",
            {"step_size": 1, "milestones": [1]},
            "step_size and milestones exclude each other",
        ),
        ("step", {"milestones": [2, 1]}, "milestones is .2, 1.: it must be increasing"),
        ("step", {"milestones": ["x"]}, "milestones is 'x': it must be a number"),
        ("step", {"gamma": 1.0}, "gamma is 1.0: it must be at least 0 and below 1"),
        ("one_cycle", {"anneal": "cosine"}, "anneal is 'cosine': it must be one of cos, linear"),
        ("one_cycle", {"div_factor": 0.5}, "div_factor is 0.5: it must be a number that is at"),
        ("plateau", {"patience": 1.5}, "patience is 1.5: it must be a whole number"),
        ("plateau", {"patience": -1}, "patience is -1: it must be at least 0"),
        ("linear", {"min_lr": 0.1}, "min_lr is 0.1: it must be at most the peak"),
        ("linear", {"min_lr": math.nan}, "min_lr is nan: it must be a number that is at least 0"),
    ],
)
def test_an_argument_that_does_not_fit_is_named(name, arguments, message):
    with pytest.raises(InputError, match=f"^schedule_args: .*{message}"):
        schedule_of(name, **arguments)


@pytest.mark.parametrize("options", [{"steps": 0}, {"epochs": 0}, {"warmup": 1.0}])
def test_a_training_without_steps_has_no_schedule(options):
    with pytest.raises(ValueError, match="must be at least"):
        schedule_of("linear", **options)
