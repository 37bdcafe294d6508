"""The model card: what the Hub reads of it, its figures, and its code, run as it stands."""

import re

import numpy as np
import pytest
from huggingface_hub import ModelCard
from run_summaries import summary
from tiny_classifiers import HEADS, TRANSFORMERS, tiny_classifier

from bertplay import load
from bertplay.atomic_files import write_json
from bertplay.export.card import CardFacts, model_card
from bertplay.export.check import Check
from bertplay.export.head_settings import head_settings
from bertplay.export.writing import ExportSettings, export_run


def card(of_run: dict | None, **facts) -> str:
    classifier = tiny_classifier(TRANSFORMERS)
    values = {
        "name": "tickets",
        "location": "someone/tickets",
        "on_hub": True,
        "format": "hf",
        "license_id": "mit",
        "settings": head_settings(classifier.model.head),
        "checks": (Check("transformers 4.50.0", "logits", 12, 1.23e-7),),
    }
    return model_card(CardFacts(**{**values, **facts}), classifier, of_run)


def test_the_hub_reads_licence_library_task_and_backbone():
    data = ModelCard(card(summary())).data

    assert (data.license, data.library_name) == ("mit", "transformers")
    assert data.pipeline_tag == "text-classification"
    assert data.base_model == "someone/an-encoder"
    assert "bertplay" in data.tags
    assert data.language is None


def test_the_hub_reads_the_figures_of_summary_json():
    results = ModelCard(card(summary())).data.eval_results

    figures = {(r.dataset_name, r.dataset_split, r.metric_type): r.metric_value for r in results}
    assert figures[("tickets.csv", "validation", "accuracy")] == 0.75
    assert figures[("tickets.csv", "validation", "f1")] == 0.58
    assert figures[("tickets.csv", "validation", "ece")] == 0.0712


def test_english_is_said_of_the_built_in_tables_only():
    assert ModelCard(card(summary(task="emotion"))).data.language == "en"


def test_a_licence_that_was_not_given_is_not_invented():
    assert ModelCard(card(summary(), license_id=None)).data.license is None


@pytest.mark.parametrize("backbone", ["mini", "scratch", "/home/someone/encoder", "../encoder"])
def test_a_backbone_that_the_hub_lacks_is_not_named_there(backbone):
    assert ModelCard(card(summary(backbone=backbone))).data.base_model is None


def test_no_folder_of_the_machine_is_told():
    assert "private" not in card(summary(backbone="/home/someone/private/encoder"))


@pytest.mark.parametrize(
    ("backbone", "named"),
    [("mini", "mini of bertplay"), ("someone/an-encoder", "someone/an-encoder")],
)
def test_the_encoder_is_named_where_others_can_have_it(backbone, named):
    assert f"Trained on the encoder {named}.\n" in card(summary(backbone=backbone))


def test_each_class_has_its_row_even_with_a_bar_in_its_name():
    page = card(summary())

    assert "| second \\| class | 0.700 | 0.600 | 0.646 | 15 |" in page
    assert "| third | 34 |" in page


def test_limits_are_those_that_were_measured():
    page = card(summary())

    assert "The weakest class is third: F1 0.333, of whose 4 rows 25% were found." in page
    assert "39 validation rows also chose the epoch" in page
    assert "The model is surer than it is right." in page


def test_test_rows_come_before_validation_rows_where_the_weakest_class_is_sought():
    test = {**summary()["validation"], "per_class": dict(summary()["validation"]["per_class"])}
    test["per_class"]["first class"] = {"precision": 0, "recall": 0, "f1": 0.0, "support": 9}
    run = summary(test=test, test_baseline={"majority_accuracy": 0.4})
    run["data"]["test_rows"] = 33

    page = card(run)

    assert "The weakest class is first class: F1 0.000, of whose 9 rows 0% were found." in page
    assert "33 to test on" in page


def test_a_model_without_its_run_says_that_its_figures_are_not_known():
    page = card(None)

    assert "Not known: the model was exported without the run it came from." in page
    assert ModelCard(page).data.eval_results is None


def test_parity_is_said_as_measured_or_not_measured():
    assert "logits of 12 sample texts differ by at most 1.2e-07 from those of transformers" in card(
        summary()
    )
    missing = Check("transformers with torch", "logits", 0, None)
    assert "logits were not compared, as transformers with torch is not installed here" in card(
        summary(), checks=(missing,)
    )


def code_of(page: str) -> str:
    (code,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return code


@pytest.mark.parametrize("name", HEADS)
def test_its_code_gives_the_models_probabilities(name, runs, tmp_path, monkeypatch, capsys):
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    export_run(runs[name], "model", ExportSettings())
    names: dict = {"__name__": "example"}

    exec(code_of((tmp_path / "model" / "README.md").read_text()), names)

    expected = load(runs[name]).predict_proba(names["texts"])
    np.testing.assert_allclose(names["logits"].softmax(-1).numpy(), expected, atol=1e-4)
    lines = capsys.readouterr().out.splitlines()
    best = load(runs[name]).predict(names["texts"])
    assert [line.split(" ", 1)[1] for line in lines] == [
        f"{label}: {text}" for label, text in zip(best, names["texts"], strict=True)
    ]


def test_the_figures_of_a_run_are_found_from_its_model_folder(run, tmp_path):
    whole = tmp_path / "run"
    (whole / "model").mkdir(parents=True)
    for file in (run / "model").iterdir():
        (whole / "model" / file.name).write_bytes(file.read_bytes())
    write_json(whole / "summary.json", summary())

    export_run(whole / "model", tmp_path / "out", ExportSettings(name="tickets"))

    page = (tmp_path / "out" / "README.md").read_text()
    assert "# tickets\n" in page
    assert "1,234 rows to learn from" in page
