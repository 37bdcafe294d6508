"""Classification checkpoints of transformers load with their own head, labels and problem type."""

import json
import shutil
from contextlib import suppress
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_encoders import FAMILIES, FOLDER, LENGTHS, expected, largest_difference

import bertplay
from bertplay.classifier import save
from bertplay.cli import main
from bertplay.data.errors import InputError
from bertplay.loading import load_any
from bertplay.multi_task.classifier import save_multi_task

TINY_BERT = FOLDER.parent / "tiny_bert"
WITH_HEAD = FOLDER.parent / "tiny_bert_classifier"
LABELS = ("calm", "cross", "glad")
TEXTS = ("the women and a child", "a man in third class was not saved", "ship")


@pytest.fixture
def copied(tmp_path):
    """Copies a family's checkpoint, with other values in its JSON files and other tensors."""

    def copy(family: str = "roberta", tensors=None, **values) -> Path:
        folder = tmp_path / "model"
        shutil.copytree(FOLDER / family, folder)
        change(folder / "config.json", values)
        if tensors is not None:
            held = mx.load(str(folder / "model.safetensors"))
            # Written to a new file, as the old one is read only when it is needed.
            mx.save_safetensors(str(folder / "new.safetensors"), tensors(held))
            (folder / "new.safetensors").replace(folder / "model.safetensors")
        return folder

    return copy


def change(path: Path, values: dict) -> None:
    """Set the keys of a JSON file, or take out those that are None."""
    known = json.loads(path.read_text()) | values
    path.write_text(json.dumps({key: value for key, value in known.items() if value is not None}))


def with_outputs(rows: int):
    """RoBERTa's tensors with so many outputs."""

    def resized(tensors):
        kept = {n: a for n, a in tensors.items() if not n.startswith("classifier.out_proj")}
        last = {"weight": mx.sin(mx.arange(32 * rows)).reshape(rows, 32), "bias": mx.ones(rows)}
        return kept | {f"classifier.out_proj.{name}": array for name, array in last.items()}

    return resized


def refusal(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        bertplay.load(folder)
    return str(caught.value)


def bert_checkpoint(folder: Path) -> Path:
    """tiny_bert with the head that transformers was given when its logits were recorded."""
    shutil.copytree(TINY_BERT, folder)
    last = mx.load(str(WITH_HEAD / "expected.safetensors"))
    encoder = mx.load(str(TINY_BERT / "model.safetensors"))
    tensors = {f"bert.{name}": tensor for name, tensor in encoder.items()}
    tensors |= {n: a for n, a in last.items() if n.startswith("classifier.")}
    (folder / "model.safetensors").unlink()
    mx.save_safetensors(str(folder / "model.safetensors"), tensors)
    named = {"id2label": dict(enumerate(LABELS))}
    change(folder / "config.json", named | {"architectures": ["BertForSequenceClassification"]})
    return folder


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("family", FAMILIES)
def test_logits_equal_transformers(family, length):
    batch = expected(family, length)
    model = bertplay.load(FOLDER / family).model
    assert (
        largest_difference(model(batch["input_ids"], batch["attention_mask"]), batch["logits"])
        <= 5e-5
    )


def test_logits_of_bert_equal_transformers(tmp_path):
    batch = mx.load(str(TINY_BERT / "expected.safetensors"))
    wanted = mx.load(str(WITH_HEAD / "expected.safetensors"))["logits"]
    classifier = bertplay.load(bert_checkpoint(tmp_path / "model"))
    got = classifier.model(batch["input_ids"], batch["attention_mask"])
    assert largest_difference(got, wanted) <= 5e-5
    assert classifier.classes == LABELS


def test_modernbert_may_read_its_first_token_alone(copied):
    batch = expected("modernbert", 64)
    folder = copied("modernbert", classifier_pooling="cls")
    tensors = mx.load(str(folder / "model.safetensors"))
    x = batch["last_hidden_state"][:, 0] @ tensors["head.dense.weight"].T.astype(mx.float32)
    x = x * (1 + mx.erf(x / 2**0.5)) / 2
    x = (x - x.mean(-1, keepdims=True)) / mx.sqrt(x.var(-1, keepdims=True) + 1e-5)
    last = tensors["head.norm.weight"] * tensors["classifier.weight"].astype(mx.float32)
    wanted = x @ last.T + tensors["classifier.bias"]
    got = bertplay.load(folder).model(batch["input_ids"], batch["attention_mask"])
    assert largest_difference(got, wanted) <= 5e-5
    assert largest_difference(got, batch["logits"]) > 0.1


@pytest.mark.parametrize("family", FAMILIES)
def test_the_labels_are_the_checkpoints_in_the_order_of_their_numbers(family):
    assert bertplay.load(FOLDER / family).classes == LABELS


def test_labels_out_of_order_in_the_file_are_put_in_order(copied):
    numbered = {"10": "k", **{str(n): chr(ord("a") + n) for n in range(9, -1, -1)}}
    folder = copied(tensors=with_outputs(11), id2label=numbered)
    assert bertplay.load(folder).classes == tuple("abcdefghijk")


def test_a_head_without_names_has_those_that_transformers_gives(copied):
    folder = copied(tensors=with_outputs(2), id2label=None, label2id=None)
    assert bertplay.load(folder).classes == ("LABEL_0", "LABEL_1")


def test_texts_are_cut_where_the_tokenizer_cuts_them(copied):
    assert bertplay.load(FOLDER / "roberta").max_length == 72
    folder = copied()
    change(folder / "tokenizer_config.json", {"model_max_length": 16})
    assert bertplay.load(folder).max_length == 16
    change(folder / "tokenizer_config.json", {"model_max_length": int(1e30)})
    assert bertplay.load(folder).max_length == 72


def test_any_number_of_labels_a_text(copied):
    folder = copied(problem_type="multi_label_classification")
    model = bertplay.load_multi_task(folder)
    batch = expected("roberta", 32)
    logits = model.model(batch["input_ids"], batch["attention_mask"])["label"]
    assert largest_difference(logits, batch["logits"]) <= 5e-5
    shares = model.predict_outputs(TEXTS)["label"]
    assert shares.shape == (3, 3)
    assert ((shares > 0) & (shares < 1)).all()
    chosen = [row["label"] for row in model.predict(TEXTS)]
    assert chosen == [[n for n, p in zip(LABELS, row, strict=True) if p > 0.5] for row in shares]
    assert "predicts any number of classes a text: load it with bertplay.load_multi" in refusal(
        folder
    )


@pytest.mark.parametrize("problem", ["regression", None], ids=str)
def test_a_number_for_a_text(copied, problem):
    folder = copied(tensors=with_outputs(1), id2label={"0": "joy"}, problem_type=problem)
    model = bertplay.load_multi_task(folder)
    batch = expected("roberta", 32)
    outputs = model.model(batch["input_ids"], batch["attention_mask"])["label"]
    assert outputs.shape == (2, 1)
    numbers = model.predict_outputs(TEXTS)["label"]
    assert numbers.shape == (3,)
    assert np.ptp(numbers) > 0.1
    assert "predicts a number: load it with bertplay.load_multi_task" in refusal(folder)


def test_several_numbers_for_a_text(tmp_path, copied):
    folder = copied(problem_type="regression")
    model = bertplay.load_multi_task(folder)
    batch = expected("roberta", 32)
    outputs = model.model(batch["input_ids"], batch["attention_mask"])
    assert tuple(outputs) == LABELS
    joined = mx.concatenate([outputs[name] for name in LABELS], axis=1)
    assert largest_difference(joined, batch["logits"]) <= 5e-5

    save_multi_task(model, tmp_path / "saved")
    again = bertplay.load_multi_task(tmp_path / "saved").predict_outputs(TEXTS)
    for name, numbers in model.predict_outputs(TEXTS).items():
        np.testing.assert_array_equal(again[name], numbers)


def test_it_is_saved_and_loaded_as_a_trained_model_is(tmp_path):
    classifier = bertplay.load(FOLDER / "modernbert")
    save(classifier, tmp_path / "model")
    again = bertplay.load(tmp_path / "model")
    np.testing.assert_array_equal(again.predict_proba(TEXTS), classifier.predict_proba(TEXTS))
    assert again.max_length == classifier.max_length


WRONG = {
    "another number of labels": (
        {"id2label": {"0": "calm", "1": "glad"}},
        "config.json: it names 2 labels, and the head has 3: they belong to different models",
    ),
    "labels without numbers": ({"id2label": {"a": "calm"}}, "must number the labels from 0 on"),
    "a label left out": ({"id2label": {"0": "a", "2": "b"}}, "must number the labels from 0 on"),
    "a name twice": ({"id2label": {"0": "a", "1": "b", "2": "a"}}, "id2label names 'a' twice"),
    "an unknown problem": ({"problem_type": "ranking"}, "problem_type is 'ranking': only single"),
    "a number without a task's name": (
        {"problem_type": "regression", "id2label": {"0": "joy", "1": "1", "2": "calm"}},
        "a label cannot be a task's (task name is '1'",
    ),
    "an unknown family": (
        {"model_type": "robertta"},
        "bertplay reads bert, roberta, xlm-roberta, distilbert, modernbert, deberta-v2, mpnet; "
        "did you mean 'roberta'?",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_said_in_a_sentence(copied, name):
    values, sentence = WRONG[name]
    message = refusal(copied(**values))
    assert sentence in message
    assert "\n" not in message


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 4) | st.floats() | st.sampled_from(["0", "a", "1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["0", "1", "2", "x"]), inner, max_size=3)
    ),
    max_leaves=4,
)
KEYS = ("id2label", "num_labels", "problem_type", "architectures", "model_type")


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from([*KEYS, "classifier_pooling"]), VALUES, min_size=1))
def test_whatever_config_json_says_is_loaded_or_refused(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("any")
    for name in ("model.safetensors", "tokenizer.json", "tokenizer_config.json"):
        (folder / name).symlink_to(FOLDER / "modernbert" / name)
    known = json.loads((FOLDER / "modernbert" / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(known | values))
    # Any other error would be a traceback to whoever gives such a folder.
    with suppress(InputError):
        assert load_any(folder).max_length == 72


def test_a_head_with_an_activation_that_is_not_known_is_refused(copied):
    message = refusal(copied("deberta_v2", pooler_hidden_act="mish"))
    assert "pooler_hidden_act is 'mish': only gelu, relu, silu, swish, tanh are" in message


def test_a_head_that_lacks_a_tensor_is_refused(copied):
    folder = copied(tensors=lambda held: {n: a for n, a in held.items() if "dense.weight" not in n})
    assert "has no classifier.dense.weight, which the head of RobertaFor" in refusal(folder)


def invoked(*arguments):
    return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)


def test_predict_names_its_labels():
    result = invoked("predict", FOLDER / "distilbert", TEXTS[0], "--json")
    (row,) = json.loads(result.stdout)
    assert row["label"] in LABELS
    assert tuple(row["probabilities"]) == LABELS


def test_evaluate_takes_a_table_with_its_labels(tmp_path):
    table = tmp_path / "t.csv"
    rows = (f"{text},{label}" for text, label in zip(TEXTS, LABELS, strict=True))
    table.write_text("\n".join(["text,mood", *rows]) + "\n")
    asked = ("evaluate", FOLDER / "mpnet", "--data", table, "--label", "mood", "--json")
    figures = json.loads(invoked(*asked).stdout)
    assert tuple(figures["per_class"]) == LABELS
    assert sum(map(sum, figures["confusion_matrix"])) == 3


def test_a_table_may_call_its_texts_otherwise(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("tweet,label\nthe ship,glad\n")
    for command in ("evaluate", "predict"):
        asked = (command, FOLDER / "mpnet", "--data", table)
        assert "--text" in invoked(*asked).stderr
        result = invoked(*asked, "--text", "tweet")
        assert result.exit_code == 0, result.output
    result = invoked("predict", FOLDER / "mpnet", "the ship", "--text", "tweet")
    assert result.exit_code == 2
    assert "give --data too" in result.stderr


def test_classes_without_names_are_evaluated_on_a_table_of_their_numbers(tmp_path, copied):
    folder = copied(tensors=with_outputs(2), id2label=None, label2id=None)
    table = tmp_path / "t.csv"
    table.write_text("text,label\nthe ship,0\na man,1\na child,LABEL_1\n")
    figures = json.loads(invoked("evaluate", folder, "--data", table, "--json").stdout)
    support = {name: of_class["support"] for name, of_class in figures["per_class"].items()}
    assert support == {"LABEL_0": 1, "LABEL_1": 2}


def test_evaluate_takes_a_table_with_several_labels_a_row(tmp_path, copied):
    folder = copied(problem_type="multi_label_classification")
    table = tmp_path / "t.csv"
    table.write_text("text,moods\nthe ship,calm|glad\na man,cross\n")
    asked = ("evaluate", folder, "--data", table, "--label", "moods", "--json")
    figures = json.loads(invoked(*asked).stdout)
    assert tuple(figures["tasks"]["label"]["per_class"]) == LABELS


def test_a_table_with_more_labels_than_the_model_is_refused_with_both_numbers(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("text,label\n" + "".join(f"the ship,{n}\n" for n in (*LABELS, "sad", "mad")))
    result = invoked("evaluate", FOLDER / "mpnet", "--data", table)
    assert result.exit_code == 2
    assert "the model has 3 classes, the column 5" in result.stderr
    assert result.stderr.count("\n") == 1


def test_more_tokens_than_the_vocabulary_has_rows_is_refused_with_code_2(copied):
    folder = copied(vocab_size=299)
    result = invoked("predict", folder, "the ship")
    assert result.exit_code == 2
    assert "the tokenizer has 300 tokens, but vocab_size in config.json is 299" in result.stderr
    assert result.stderr.count("\n") == 1


def test_as_a_backbone_it_says_that_its_head_is_left_out(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("text,label\n" + "the women,a\na man,b\n" * 6)
    asked = ["--data", table, "--epochs", "1", "--output", tmp_path / "run", "--no-report"]
    with_head = invoked("train", *asked, "--backbone", FOLDER / "mpnet").output
    lines = [n for n in with_head.splitlines() if "without the classification head" in n]
    assert len(lines) == 1
    assert lines[0].startswith("backbone: ")
    again = [*asked, "--overwrite", "--backbone", TINY_BERT]
    assert "classification head" not in invoked("train", *again).output
