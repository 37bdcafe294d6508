"""Decision rules: what they decide, how they are stored, and what an aim is written like."""

import numpy as np
import pytest
from drawn_rows import drawn, names

from bertplay.data.errors import InputError
from bertplay.decisions.aim import Aim, aim_of
from bertplay.decisions.asked import asked_of
from bertplay.decisions.deciding import decide, decision_facts
from bertplay.decisions.labelled_logits import labelled
from bertplay.decisions.rules import LeastCost, Likeliest, WeightedClasses, rule_from
from bertplay.prediction import softmax

RULES = (
    Likeliest("why"),
    WeightedClasses("macro_f1", (0.25, 0.75)),
    LeastCost(((0.0, 5.0), (1.0, 0.0))),
)


def test_the_least_cost_weighs_every_mistake_by_its_probability():
    shares = np.random.default_rng(0).dirichlet([1, 1, 1], size=50)
    costs = ((0, 1, 9), (2, 0, 1), (4, 3, 0))

    decided = LeastCost(costs).labels(shares)

    for row, label in zip(shares, decided, strict=True):
        expected = [sum(row[true] * costs[true][given] for true in range(3)) for given in range(3)]
        assert expected[label] == min(expected)


def test_where_a_missed_second_class_costs_nine_times_a_tenth_is_its_threshold():
    rule = LeastCost(((0.0, 1.0), (9.0, 0.0)))

    decided = rule.labels(np.array([[0.91, 0.09], [0.89, 0.11]]))

    assert decided.tolist() == [0, 1]


def test_equal_costs_of_mistakes_give_the_likeliest_class():
    shares = np.random.default_rng(1).dirichlet([1, 1, 1], size=50)

    decided = LeastCost(((0, 1, 1), (1, 0, 1), (1, 1, 0))).labels(shares)

    assert (decided == Likeliest().labels(shares)).all()


def test_with_two_classes_the_first_weight_is_the_threshold_of_the_second():
    rule = WeightedClasses("macro_f1", (0.3, 0.7))

    assert rule.labels(np.array([[0.71, 0.29], [0.69, 0.31]])).tolist() == [0, 1]


@pytest.mark.parametrize("rule", RULES)
def test_a_stored_rule_is_the_same(rule):
    assert rule_from(rule.as_dict(), 2) == rule


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"name": "macro_f1", "weights": [0.5]}, "2 are needed"),
        ({"name": "macro_f1", "weights": [0.0, 1.0]}, "above 0"),
        ({"name": "macro_f1", "weights": [float("inf"), 1.0]}, "infinity"),
        ({"name": "cost", "costs": [[0.0, 1.0]]}, "1 rows"),
        ({"name": "cost", "costs": [[0.0], [1.0, 0.0]]}, "2 are needed"),
        ({"name": "macro_f1"}, "weights"),
    ],
)
def test_what_no_rule_can_be_is_refused(values, word):
    with pytest.raises((ValueError, TypeError, KeyError), match=word):
        rule_from(values, 2)


def test_what_an_aim_is_written_like():
    assert aim_of("none") is None
    assert aim_of("macro_f1") == Aim("macro_f1")
    assert aim_of("recall@precision=0.9") == Aim("recall@precision", 0.9)
    assert aim_of("recall@precision=0.9:very:rare") == Aim("recall@precision", 0.9, "very:rare")
    assert aim_of("cost=a.csv") == Aim("cost", file="a.csv")
    for text in ("macro_f1", "balanced_accuracy", "recall@precision=0.9:rare"):
        assert aim_of(text).text == text


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("accuracy", "choose macro_f1"),
        ("cost=", "choose macro_f1"),
        ("recall@precision=", "above 0"),
        ("recall@precision=0", "above 0"),
        ("recall@precision=1.1", "at most 1"),
        ("recall@precision=nan", "above 0"),
    ],
)
def test_an_aim_that_there_is_not_is_one_sentence(text, word):
    with pytest.raises(InputError, match=word) as caught:
        aim_of(text)
    assert text in str(caught.value)


def spoiled(seed: int, rows: int):
    """Rows whose logits favour the last class, so that a rule has something to mend."""
    data = drawn(seed, rows=rows)
    return labelled(data.logits + np.array([0.0, 0.0, 2.5]), data.labels, data.classes)


@pytest.mark.parametrize("aim", ["macro_f1", "balanced_accuracy", "recall@precision=0.6:a"])
def test_the_cross_fitted_gain_is_about_that_of_other_rows(aim):
    rows, others = spoiled(0, 600), spoiled(1, 20_000)
    asked = asked_of("temperature", aim, rows.classes, rows.labels)

    facts = decision_facts(rows, asked, decide(rows, asked), others)["rule"]

    key = "recall" if aim.startswith("recall") else aim
    assert facts["in_sample"][key] > facts["before"][key] + 0.02
    assert facts["after"][key] > facts["before"][key] + 0.02
    assert facts["test"]["after"][key] > facts["test"]["before"][key] + 0.02
    assert facts["after"][key] == pytest.approx(facts["test"]["after"][key], abs=0.06)


def test_a_rule_that_is_fitted_to_noise_is_shown_to_gain_nothing():
    """In sample every rule gains; the labels here are independent of the logits."""
    rng = np.random.default_rng(3)
    rows = labelled(rng.normal(size=(60, 5)), rng.integers(0, 5, 60), names(5))
    asked = asked_of("none", "macro_f1", rows.classes, rows.labels)

    facts = decision_facts(rows, asked, decide(rows, asked))["rule"]

    assert facts["in_sample"]["macro_f1"] > facts["before"]["macro_f1"] + 0.05
    assert facts["after"]["macro_f1"] < facts["in_sample"]["macro_f1"] - 0.05


def test_costs_are_the_mean_of_a_row(tmp_path):
    (tmp_path / "costs.csv").write_text("true,a,b\na,0,1\nb,10,0\n")
    rows = drawn(4, rows=2000, classes=2)
    asked = asked_of("none", f"cost={tmp_path / 'costs.csv'}", rows.classes, rows.labels)

    facts = decision_facts(rows, asked, decide(rows, asked))["rule"]

    likeliest = softmax(rows.logits).argmax(axis=1)
    cost = np.where(rows.labels == likeliest, 0, np.where(rows.labels == 0, 1, 10)).mean()
    assert facts["before"]["cost"] == pytest.approx(cost)
    assert facts["after"]["cost"] < 0.7 * cost


def test_a_precision_out_of_reach_leaves_the_likeliest_class_and_says_so():
    logits = [[1.0, 0.0], [0.0, 1.0], [0.0, 2.0], [2.0, 0.0]] * 5
    rows = labelled(logits, [1, 0, 0, 0] * 5, names(2))
    asked = asked_of("none", "recall@precision=0.9:b", rows.classes, rows.labels)

    decisions = decide(rows, asked)

    assert isinstance(decisions.rule, Likeliest)
    assert "no threshold gives 'b' a precision of 0.9" in decisions.rule.reason


def test_the_rarest_class_is_meant_where_none_is_named():
    asked = asked_of("none", "recall@precision=0.5", names(4), np.array([0, 0, 1, 1, 2, 0]))

    assert asked.aim.of_class == "c"


@pytest.mark.parametrize(
    ("aim", "word"),
    [
        ("recall@precision=0.5:z", "'z' is no class"),
        ("recall@precision=0.5:d", "no validation row"),
    ],
)
def test_a_class_whose_recall_cannot_be_measured_is_refused(aim, word):
    with pytest.raises(InputError, match=word):
        asked_of("none", aim, names(4), np.array([0, 0, 1, 1, 2, 0]))


def test_a_rule_needs_two_classes_among_the_rows():
    with pytest.raises(InputError, match="all of them are 'b'"):
        asked_of(None, "macro_f1", names(2), np.array([1, 1]))
