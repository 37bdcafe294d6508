"""What is said of simulated scores whose true differences are known."""

import numpy as np
import pytest

from bertplay.comparison.conclusions import recommendation, sentences
from bertplay.comparison.figures import FIGURES, figures_of, prior_shifted
from bertplay.comparison.held_out import Predictions
from bertplay.comparison.paired import differences
from bertplay.prediction import softmax

SEEDS = 10
BASELINE = "TF-IDF"


def same_splits(seed=0, **methods):
    """Scores of methods on the same splits: each has a noise of its own and its true shifts."""
    rng = np.random.default_rng(seed)
    splits = 0.6 + 0.03 * rng.normal(size=SEEDS)
    return {
        name: {
            f.key: list(splits + shifts.get(f.key, 0.0) + 0.005 * rng.normal(size=SEEDS))
            for f in FIGURES
        }
        for name, shifts in methods.items()
    }


def advice(found, untrained=()):
    return recommendation(found, differences(found, "ce"), "ce", list(untrained), "survived")


def test_a_true_difference_is_found_with_its_size_and_no_other_is_claimed():
    found = differences(same_splits(ce={}, focal={"rare_recall": 0.03}), "ce")["focal"]
    recall = found["rare_recall"]
    assert recall.interval.low < 0.03 < recall.interval.high
    assert [key for key, difference in found.items() if difference.found] == ["rare_recall"]


def test_the_sentence_names_what_was_found_and_what_was_not_the_primary_figures_first():
    found = differences(same_splits(ce={}, focal={"rare_recall": 0.03, "ece": 0.05}), "ce")
    (sentence,) = sentences(found, "ce", "survived")
    assert sentence.startswith("focal against ce: raises recall of survived by ")
    primary, secondary = sentence.split("Secondary: ")
    assert primary.endswith("; no evidence of a difference in macro-F1. ")
    assert secondary.startswith("raises ECE by ")
    assert "no evidence of a difference in accuracy, F1 of survived" in secondary


def test_p_values_are_corrected_over_all_methods_and_the_figures_of_a_family():
    three = same_splits(ce={}, a={"macro_f1": 0.1, "accuracy": 0.1}, b={}, c={})
    of_a = differences(three, "ce")["a"]
    primary = sum(figure.primary for figure in FIGURES)
    assert primary == 2
    assert of_a["macro_f1"].adjusted_p == pytest.approx(3 * primary * of_a["macro_f1"].p)
    secondary = len(FIGURES) - primary
    assert of_a["accuracy"].adjusted_p == pytest.approx(3 * secondary * of_a["accuracy"].p)


def test_a_family_finds_what_one_of_all_figures_would_miss_with_five_seeds():
    """Four methods and eight figures make 32 tests, of which the eight primary ones matter."""
    gain = np.array([0.03, 0.06, 0.05, 0.08, 0.05])
    rng = np.random.default_rng(0)
    scores = {
        name: {f.key: list(0.6 + 0.02 * rng.normal(size=5)) for f in FIGURES} for name in "abcd"
    }
    scores["ce"] = {f.key: list(0.6 + 0.02 * rng.normal(size=5)) for f in FIGURES}
    scores["a"]["rare_recall"] = list(np.array(scores["ce"]["rare_recall"]) + gain)
    recall = differences(scores, "ce")["a"]["rare_recall"]
    assert recall.found
    assert 4 * len(FIGURES) * recall.p > 0.05


def test_nothing_is_claimed_whose_interval_holds_0_whatever_the_test_says():
    """All twenty differences are above 0 but one is huge, so that Student's interval is wide."""
    flat = {f.key: [0.5] * 20 for f in FIGURES}
    jump = {**flat, "rare_recall": [0.501] * 19 + [1.0]}
    found = differences({"ce": flat, "focal": jump}, "ce", "sign-flip")
    recall = found["focal"]["rare_recall"]
    assert recall.adjusted_p < 0.05
    assert recall.interval.low < 0
    assert not recall.found
    assert "raises" not in sentences(found, "ce", "survived")[0]


@pytest.mark.parametrize("seed", range(20))
def test_a_sentence_claims_a_direction_exactly_where_the_interval_and_p_do(seed):
    shifts = np.random.default_rng(seed).normal(scale=0.006, size=(2, len(FIGURES)))
    methods = {
        name: {f.key: shift for f, shift in zip(FIGURES, of_method, strict=True)}
        for name, of_method in zip("ab", shifts, strict=True)
    }
    found = differences(same_splits(seed, ce={}, **methods), "ce")
    for sentence, of_method in zip(sentences(found, "ce", "rare"), found.values(), strict=True):
        for figure in FIGURES:
            difference = of_method[figure.key]
            interval = difference.interval
            above, below = interval.low > 0, interval.high < 0
            significant = difference.adjusted_p < 0.05
            said = [
                f"{verb} {figure.title('rare')} by " in sentence for verb in ("raises", "lowers")
            ]
            assert said == [above and significant, below and significant]


def test_where_no_method_differs_a_claim_of_a_family_is_as_rare_as_the_level_says():
    claims = {True: 0, False: 0}
    for seed in range(100):
        found = differences(same_splits(seed, ce={}, a={}, b={}), "ce")
        for primary in claims:
            keys = [figure.key for figure in FIGURES if figure.primary is primary]
            claims[primary] += any(of[key].found for of in found.values() for key in keys)
    # Three standard errors above 5% of 100.
    assert max(claims.values()) <= 5 + 3 * np.sqrt(100 * 0.05 * 0.95)


def test_the_reference_is_recommended_where_nothing_is_better():
    text = advice(same_splits(ce={}, focal={"macro_f1": -0.02}))
    assert text.startswith("Use ce: nothing was found to have a better macro-F1.")
    assert "Nothing was found to raise the recall of survived" in text


def test_a_better_method_is_recommended_with_what_it_costs():
    text = advice(same_splits(ce={}, focal={"macro_f1": 0.03, "ece": 0.1}))
    assert text.startswith("Use focal: it raises macro-F1 by ")
    assert "but it raises ECE by " in text


def test_a_baseline_that_is_better_is_recommended():
    found = same_splits(ce={}, focal={}, **{BASELINE: {"macro_f1": 0.03}})
    assert advice(found, [BASELINE]).startswith(f"Use {BASELINE}: it raises macro-F1")


def test_a_baseline_as_good_on_average_is_recommended_where_nothing_is_better():
    found = same_splits(ce={}, **{BASELINE: {}})
    found[BASELINE] = found["ce"]
    assert advice(found, [BASELINE]).startswith(f"Use {BASELINE}, a baseline: ")


def test_a_baseline_with_a_higher_mean_is_recommended_before_a_method_that_was_found_better():
    found = same_splits(ce={}, focal={"macro_f1": 0.03})
    # So far apart from seed to seed that nothing can be found of it.
    found[BASELINE] = {f.key: [0.9, 0.5] * (SEEDS // 2) for f in FIGURES}
    text = advice(found, [BASELINE])
    assert text.startswith(f"Use {BASELINE}, a baseline: its macro-F1 is 0.700, that of focal ")


def test_of_several_better_methods_the_highest_mean_is_recommended_and_the_others_named():
    text = advice(same_splits(ce={}, a={"macro_f1": 0.03}, b={"macro_f1": 0.06}))
    assert text.startswith("Use b: it raises macro-F1 by ")
    assert "a was found to be better than ce as well" in text


def test_a_gain_of_the_rare_classes_is_named_beside_its_price():
    text = advice(same_splits(ce={}, focal={"rare_recall": 0.05, "accuracy": -0.03}))
    assert "If the recall of survived is what counts, focal raises recall of survived by " in text
    assert "but it lowers accuracy by " in text


def test_a_gain_of_the_rare_classes_without_a_price_is_named_beside_a_larger_one_with_one():
    text = advice(
        same_splits(ce={}, focal={"rare_recall": 0.06, "ece": 0.1}, weighted={"rare_recall": 0.04})
    )
    assert "what counts, focal raises recall of survived by " in text
    assert "; weighted raises it by " in text
    assert text.endswith("and nothing was found to become worse by it.")


def test_a_prior_shift_makes_rare_answers_more_frequent_as_the_logarithms_of_the_shares_say():
    rows = Predictions(np.log([[0.7, 0.3], [0.9, 0.1]]), np.array([0, 1]), ("died", "survived"))
    shifted = prior_shifted(rows, {"died": 60, "survived": 40})
    expected = np.array([[0.7 / 0.6, 0.3 / 0.4], [0.9 / 0.6, 0.1 / 0.4]])
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.exp(shifted.log_probabilities), expected)


def test_a_temperature_mends_an_overconfident_classifier():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(2000, 2))
    labels = np.array([rng.choice(2, p=shares) for shares in softmax(logits)])
    rows = Predictions(np.log(softmax(4 * logits)), labels, ("died", "survived"))
    figures = figures_of(rows, {"died": 3, "survived": 2})
    assert figures["tempered_ece"] < figures["ece"] / 2
    assert figures["tempered_log_loss"] < figures["log_loss"]
