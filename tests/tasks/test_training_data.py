"""From options to the rows to train and validate on."""

import re
from pathlib import Path

import pytest

from bertplay.data.errors import InputError
from bertplay.options import TrainOptions
from bertplay.text_rule import TextRule
from bertplay.training_data import load_training_data

KAGGLE = "PassengerId,Survived,Pclass,Name,Sex,Age,SibSp,Parch,Ticket,Fare,Cabin,Embarked\n"


@pytest.fixture
def kaggle_table(tmp_path) -> Path:
    rows = [
        f'{500 + n},{n % 2},3,"Doe, {"Mr" if n % 3 else "Mrs"}. Jo",'
        f"{'male' if n % 3 else 'female'},{20 + n},0,0,A{n},7.25,,S"
        for n in range(20)
    ]
    path = tmp_path / "train.csv"
    path.write_text(KAGGLE + "\n".join(rows) + "\n")
    return path


@pytest.fixture
def reviews(tmp_path) -> Path:
    moods = ["good", "bad", "bad", "so so", "bad"]
    rows = [f"{n:03},text {n},title {n},{moods[n % 5]},user{n // 2}" for n in range(40)]
    path = tmp_path / "reviews.csv"
    path.write_text("id,body,title,mood,user\n" + "\n".join(rows) + "\n")
    return path


def load(**options):
    return load_training_data(TrainOptions(**{k: v and str(v) for k, v in options.items()}))


def refusal(**options) -> str:
    with pytest.raises(InputError) as error:
        load(**options)
    message = str(error.value)
    assert "\n" not in message
    return message


def table(folder: Path, content: str, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_text(content)
    return path


def test_without_options_the_built_in_passengers_are_trained_on():
    data = load()
    assert data.task.name == "titanic"
    assert data.classes == ("died", "survived")
    assert data.source == "built-in Titanic table (1,309 passengers)"
    assert len(data.sha256) == 64
    assert data.class_counts == (647, 400)
    assert data.validation.class_counts == (162, 100)
    assert set(data.train.ids) | set(data.validation.ids) == {str(n) for n in range(1, 1310)}
    texts = dict(zip(data.train.ids, data.train.texts, strict=True))
    texts |= dict(zip(data.validation.ids, data.validation.texts, strict=True))
    assert texts["1"] == "Miss Allen, a 29-year-old woman in first class."


def test_kaggles_table_is_recognised_and_keeps_its_ids(kaggle_table):
    data = load(data=kaggle_table)
    assert data.task.text_rule == TextRule("titanic")
    assert data.classes == ("died", "survived")
    assert {*data.train.ids, *data.validation.ids} == {str(n) for n in range(500, 520)}
    assert data.train.id_column == "PassengerId"
    assert data.source == str(kaggle_table)
    for part in (data.train, data.validation):
        for number, label in zip(part.ids, part.labels, strict=True):
            assert label == int(number) % 2


def test_kaggles_table_with_an_own_rule_is_a_table(kaggle_table):
    data = load(data=kaggle_table, label="Survived", template="{Name}")
    assert data.task.name == "table"
    assert data.classes == ("0", "1")


def test_the_built_in_layout_may_come_from_a_file(tmp_path):
    rows = "".join(f'"Doe, Mr. J",{n % 2},male,,3rd\n' for n in range(10))
    data = load(data=table(tmp_path, f"name,survived,sex,age,passenger_class\n{rows}"))
    assert data.task.name == "titanic"
    assert set(data.train.texts) == {"Mr. Doe, a man in third class."}


@pytest.mark.parametrize("words", [("0.0", "1.0"), ("False", "True"), ("died", "survived")])
def test_outcomes_may_be_written_in_other_ways(tmp_path, words):
    rows = "".join(f"male,{words[n % 2]}\n" for n in range(10))
    data = load(task="titanic", data=table(tmp_path, f"Sex,Survived\n{rows}"))
    assert data.classes == ("died", "survived")
    assert data.class_counts == (4, 4)


def test_emotion_without_a_table_is_the_built_in_one_with_its_three_parts():
    data = load(task="emotion")
    assert data.source == "built-in emotion table (2,741 sentences)"
    assert (len(data.train), len(data.validation), len(data.test)) == (2145, 332, 264)
    assert len(data.classes) == 11
    assert data.task.label_column == "emotion"
    parts = [set(part.ids) for part in (data.train, data.validation, data.test)]
    assert set.union(*parts) == {str(n) for n in range(1, 2742)}
    assert sum(map(len, parts)) == 2741


def test_a_table_of_ones_own_has_no_test_part(reviews):
    assert load(data=reviews, text="body", label="mood").test is None


def test_emotion_reads_text_and_label(tmp_path):
    rows = "".join(f"i feel {n},{('joy', 'fear', 'joy')[n % 3]}\n" for n in range(30))
    data = load(task="emotion", data=table(tmp_path, f"text,label\n{rows}"))
    assert data.task.name == "emotion"
    assert data.classes == ("fear", "joy")


def test_columns_named_text_and_label_need_no_options(tmp_path):
    rows = "".join(f"NA,{n % 2}\n" for n in range(10))
    data = load(data=table(tmp_path, f"text,label\n{rows}"))
    assert data.task.name == "table"
    assert data.task.text_rule == TextRule("column", "text")
    assert set(data.train.texts) == {"NA"}


def test_own_columns_are_named_by_options(reviews):
    data = load(data=reviews, text="body", label="mood")
    assert data.classes == ("bad", "good", "so so")
    assert data.train.ids[0] in ("000", "001", "002", "003")
    assert data.train.id_column == "id"
    assert data.train.texts[0] == f"text {int(data.train.ids[0])}"


def test_a_template_makes_the_texts(reviews):
    data = load(data=reviews, template="{title}: {body}", label="mood")
    assert re.fullmatch(r"title (\d+): text \1", data.train.texts[0])


def test_a_missing_text_is_an_empty_one(tmp_path):
    rows = "".join(f"{'' if n == 3 else 'word'},{n % 2}\n" for n in range(10))
    data = load(data=table(tmp_path, f"text,label\n{rows}"))
    assert sorted([*data.train.texts, *data.validation.texts])[:2] == ["", "word"]


def test_repeated_ids_are_replaced_by_row_numbers(tmp_path):
    rows = "".join(f"7,word,{n % 2}\n" for n in range(4))
    data = load(data=table(tmp_path, f"id,text,label\n{rows}"))
    assert {*data.train.ids, *data.validation.ids} == {"1", "2", "3", "4"}
    assert data.train.id_column is None


def test_a_group_stays_on_one_side(reviews):
    data = load(data=reviews, text="body", label="mood", group="user")
    users = [{int(number) // 2 for number in part.ids} for part in (data.train, data.validation)]
    assert not users[0] & users[1]


def test_rows_without_a_group_are_groups_of_their_own(tmp_path):
    rows = "".join(f"word,{n % 2},\n" for n in range(40))
    data = load(data=table(tmp_path, f"text,label,family\n{rows}"), group="family")
    assert 4 <= len(data.validation) <= 12


def test_the_fraction_and_the_seed_decide_the_split(reviews):
    options = {"data": str(reviews), "text": "body", "label": "mood"}
    half = load_training_data(TrainOptions(**options, validation_fraction=0.5))
    assert len(half.validation) == 20
    same = load_training_data(TrainOptions(**options, validation_fraction=0.5))
    other = load_training_data(TrainOptions(**options, validation_fraction=0.5, seed=1))
    assert half.train.ids == same.train.ids != other.train.ids


def test_a_validation_table_is_used_instead_of_a_split(tmp_path):
    train = table(tmp_path, "text,label\n" + "a,x\nb,y\n" * 5)
    validation = table(tmp_path, "text,label\na,y\nc,y\n", "v.csv")
    data = load(data=train, validation=validation)
    assert len(data.train) == 10
    assert data.validation.texts == ("a", "c")
    assert data.validation.labels.tolist() == [1, 1]
    assert data.validation.source == str(validation)
    assert data.validation.sha256 != data.train.sha256


# What bad input gets.


def test_a_missing_file(tmp_path):
    path = tmp_path / "train.csv"
    assert refusal(data=path) == f"{path} does not exist: check the name and the folder you are in"


def test_a_missing_validation_file(reviews, tmp_path):
    path = tmp_path / "v.csv"
    message = refusal(data=reviews, text="body", label="mood", validation=path)
    assert message.startswith(f"{path} does not exist")


def test_an_empty_table(tmp_path):
    path = table(tmp_path, "")
    assert refusal(data=path) == f"{path} is empty: a table needs a header and rows"


def test_a_table_without_rows(tmp_path):
    path = table(tmp_path, "text,label\n")
    assert refusal(data=path) == f"{path} has a header but no rows"


@pytest.mark.parametrize(
    ("options", "asked", "option", "nearest"),
    [
        ({"text": "body", "label": "mod"}, "mod", "--label", "mood"),
        ({"text": "boddy", "label": "mood"}, "boddy", "--text", "body"),
        ({"template": "{titel}", "label": "mood"}, "titel", "--template", "title"),
        ({"text": "body", "label": "mood", "group": "usr"}, "usr", "--group", "user"),
    ],
)
def test_a_misspelt_column(reviews, options, asked, option, nearest):
    assert refusal(data=reviews, **options) == (
        f"{reviews} has no column '{asked}' ({option}), only id, body, title, mood, user; "
        f"did you mean '{nearest}'?"
    )


def test_a_column_that_only_the_validation_table_lacks(reviews, tmp_path):
    path = table(tmp_path, "body,moods\na,bad\n", "v.csv")
    message = refusal(data=reviews, text="body", label="mood", validation=path)
    assert message.startswith(f"{path} has no column 'mood'")


def test_a_table_that_does_not_say_its_columns(reviews):
    assert refusal(data=reviews) == (
        f"{reviews}: which column holds the class? name it with --label; "
        "its columns are id, body, title, mood, user"
    )
    assert "which column holds the text? name it with --text" in refusal(data=reviews, label="mood")


def test_one_class_only(tmp_path):
    path = table(tmp_path, "text,label\na,x\nb,x\n")
    assert refusal(data=path) == (
        f"{path}, column 'label': every row has the class 'x'; a classifier needs at least two"
    )


def test_one_outcome_only(tmp_path):
    path = table(tmp_path, "Sex,Survived\nmale,0\nmale,0\n")
    assert "every row has the class 'died'" in refusal(task="titanic", data=path)


def test_a_class_with_a_single_row(tmp_path):
    path = table(tmp_path, "text,label\na,x\nb,x\nc,rare\n")
    message = refusal(data=path)
    assert f"{path}, column 'label': class 'rare' has a single row (line 4)" in message
    assert "add rows, merge the class into another, or remove it" in message


def test_a_label_in_validation_that_training_never_saw(tmp_path):
    path = table(tmp_path, "text,label\n" + "a,joy\nb,fear\n" * 3)
    validation = table(tmp_path, "text,label\na,joy\nb,faer\n", "v.csv")
    assert refusal(data=path, validation=validation) == (
        f"{validation}, column 'label', line 3: the training data has no class 'faer', "
        "only fear, joy; did you mean 'fear'?"
    )


@pytest.mark.parametrize("missing", ["", "NaN"])
def test_labels_that_are_missing(tmp_path, missing):
    path = table(tmp_path, f"text,label\na,x\nb,{missing}\nc,y\nd,{missing}\n")
    assert refusal(data=path) == (
        f"{path}, column 'label': 2 rows have no label (lines 3 and 5); "
        "fill in the labels or remove the rows"
    )


def test_outcomes_that_are_missing_or_no_outcome(tmp_path):
    path = table(tmp_path, "Sex,Survived\nmale,0\nmale,\nmale,1\n")
    assert "1 row has no label (line 3)" in refusal(task="titanic", data=path)
    path = table(tmp_path, "Sex,Survived\nmale,0\nmale,maybe\nmale,1\n")
    assert refusal(task="titanic", data=path) == (
        f"{path}, column 'Survived', line 3: 0 (died) or 1 (survived) was expected, not 'maybe'"
    )


def test_a_titanic_table_without_outcomes(tmp_path):
    path = table(tmp_path, "Sex,survive\nmale,0\n")
    message = refusal(task="titanic", data=path)
    assert f"{path} has no column 'Survived' (it holds 0 for died and 1 for survived)" in message


def test_texts_that_are_all_empty(tmp_path):
    path = table(tmp_path, "text,label\n,x\n,y\n,x\n,y\n")
    assert refusal(data=path) == f"{path}: every text is empty; name another column with --text"


@pytest.mark.parametrize("rule", [{"text": "mood"}, {"template": "{title} is {mood}"}])
def test_a_text_made_from_the_label(reviews, rule):
    message = refusal(data=reviews, label="mood", **rule)
    assert "column 'mood' is the class to be learned" in message
    assert f"--{next(iter(rule))}" in message


def test_a_group_that_holds_a_whole_class(tmp_path):
    path = table(tmp_path, "text,label,g\n" + "a,x,1\nb,x,2\nc,y,3\nd,y,3\n")
    assert "class 'y' lies within a single group" in refusal(data=path, group="g")


# Options that contradict each other.


@pytest.mark.parametrize("option", ["text", "template", "label"])
@pytest.mark.parametrize("task", ["titanic", "emotion"])
def test_a_named_task_knows_its_columns(reviews, task, option):
    assert refusal(task=task, data=reviews, **{option: "{x}"}) == (
        f"--task {task} knows its columns, --{option} contradicts it: leave out --task to train on "
        "a table of your own"
    )


@pytest.mark.parametrize("option", ["text", "template", "label", "validation"])
def test_own_columns_need_an_own_table(option):
    assert refusal(**{option: "x"}) == f"--{option} needs the table to train on: give --data"


def test_the_split_of_the_built_in_emotion_table_is_fixed():
    assert refusal(task="emotion", group="style") == (
        "--group decides how a table is split, but the built-in emotion table has a fixed split: "
        "leave out --group"
    )


def test_groups_split_nothing_beside_a_validation_table(reviews):
    message = refusal(data=reviews, text="body", label="mood", group="user", validation=reviews)
    assert message.startswith("--group decides how --data is split")


# The real tables.


def test_kaggles_own_table(shared):
    data = load(data=shared / "data" / "titanic" / "kaggle_train.csv")
    assert data.task.name == "titanic"
    assert len(data.train) + len(data.validation) == 891
    assert sum(part.class_counts[1] for part in (data.train, data.validation)) == 342


def test_the_emotion_tables(shared):
    folder = shared / "data" / "emotion"
    data = load(task="emotion", data=folder / "train.csv", validation=folder / "val.csv")
    assert data.classes == ("anger", "fear", "joy", "love", "sadness", "surprise")
    assert data.class_counts == (2159, 1937, 5362, 1304, 4666, 572)
    assert len(data.validation) == 2000
