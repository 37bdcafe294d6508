"""How figures of a comparison are written."""

import pytest

from bertplay.comparison import html_page
from bertplay.comparison.concluded import concluded
from bertplay.comparison.design import design_of, families
from bertplay.comparison.figures import FIGURES
from bertplay.comparison.page import shown_difference

BY_KEY = {figure.key: figure for figure in FIGURES}


def facts_of(*methods):
    """A comparison of three seeds; each method is a little better than the one before."""
    scores = {
        name: {
            f.key: [0.5 + 0.01 * place + 0.001 * seed**place for seed in range(3)] for f in FIGURES
        }
        for place, name in enumerate(methods)
    }
    facts = {
        "task": "titanic",
        "source": "a table",
        "backbone": "mini",
        "train_rows": 100,
        "evaluated_rows": 20,
        "rare": "survived",
        "seeds": 3,
        "methods": {name: {"seconds": 1.0, "scores": scores[name]} for name in methods},
    }
    return concluded(facts, methods[0], "paired-t")


def test_the_page_draws_the_primary_figures_first_and_all_methods_but_majority(monkeypatch):
    drawn = []
    draw = html_page.forest_plot

    def watched(figure, methods, *rest):
        drawn.append((figure.key, list(methods)))
        return draw(figure, methods, *rest)

    monkeypatch.setattr(html_page, "forest_plot", watched)
    page = html_page.html(facts_of("ce", "focal", "majority"))
    keys = [key for key, _ in drawn]
    assert keys == ["macro_f1", "rare_recall", "accuracy", "tempered_log_loss"]
    assert all(methods == ["focal"] for _, methods in drawn)
    assert "majority here alone" in page


@pytest.mark.parametrize(
    ("p", "shown"), [(1.0, "p 1.000"), (0.0494, "p 0.049"), (0.0009, "p < .001"), (0.0, "p < .001")]
)
def test_a_difference_is_told_in_points_with_its_interval_and_p(p, shown):
    values = {"mean": 0.0213, "low": 0.003, "high": 0.0391, "p": p / 10, "adjusted_p": p}
    assert shown_difference(BY_KEY["macro_f1"], values) == ("+2.1", f"[+0.3, +3.9], {shown}")


def test_a_difference_of_log_loss_is_told_in_nats():
    values = {"mean": -0.0213, "low": -0.03, "high": -0.0121, "p": 0.2, "adjusted_p": 1.0}
    found = shown_difference(BY_KEY["log_loss"], values)
    assert found == ("-0.021", "[-0.030, -0.012], p 1.000")


def test_the_words_tell_how_a_comparison_was_made():
    facts = {"task": "titanic", "methods": {"ce": {}, "focal": {}}, "test": "corrected-t"}
    of_seeds = design_of({**facts, "test": "paired-t", "seeds": 10})
    assert of_seeds.title == "titanic: 2 methods, 10 seeds"
    assert of_seeds.pairs == "Paired by seed, with the paired-t test"
    of_folds = design_of({**facts, "folds": 10, "repeats": 1})
    assert of_folds.title == "titanic: 2 methods, 10 folds, 1 repeat"
    assert of_folds.pairs == "Paired by fold, with the corrected-t test"
    of_runs = design_of({**facts, "evaluated_rows": 1262})
    assert of_runs.title == "titanic: 2 runs, 1,262 rows"
    assert "McNemar's exact test" in of_runs.pairs


def test_the_families_of_the_correction_are_named():
    assert families("survived") == (
        "macro-F1 and recall of survived are the primary figures, all others secondary ones"
    )
