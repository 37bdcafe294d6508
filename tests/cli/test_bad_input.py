"""Wrong input: one sentence on standard error, exit code 2, and nothing is lost."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from small_reviews import TRAIN_QUICKLY, reviews, write_rows

Arguments = tuple[object, ...]


def contents(folder: Path) -> dict[str, bytes | None]:
    """Every file below a folder with its bytes; folders with None."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def missing_file(folder: Path) -> Arguments:
    return ("--data", "nowhere.csv")


def empty_table(folder: Path) -> Arguments:
    (folder / "empty.csv").write_text("")
    return ("--data", "empty.csv")


def heading_only(folder: Path) -> Arguments:
    return ("--data", write_rows(folder / "heading.csv", []).name)


def missing_column(folder: Path) -> Arguments:
    write_rows(folder / "t.csv", reviews(), heading="words,label")
    return ("--data", "t.csv")


def misspelt_column(folder: Path) -> Arguments:
    write_rows(folder / "t.csv", reviews(), heading="review,verdict")
    return ("--data", "t.csv", "--text", "reviw", "--label", "verdict")


def misspelt_template_column(folder: Path) -> Arguments:
    write_rows(folder / "t.csv", reviews())
    return ("--data", "t.csv", "--template", "It says {txt}.")


def one_class(folder: Path) -> Arguments:
    write_rows(folder / "t.csv", [row for row in reviews() if row[1] == "good"])
    return ("--data", "t.csv")


def class_with_a_single_row(folder: Path) -> Arguments:
    write_rows(folder / "t.csv", [*reviews(), ("a strange film", "odd")])
    return ("--data", "t.csv")


def unseen_validation_label(folder: Path) -> Arguments:
    write_rows(folder / "t.csv", reviews())
    write_rows(folder / "v.csv", [*reviews(), ("a strange film", "odd")])
    return ("--data", "t.csv", "--validation", "v.csv")


def missing_labels(folder: Path) -> Arguments:
    write_rows(folder / "t.csv", [*reviews(), ("a strange film", "nan"), ("another film", "")])
    return ("--data", "t.csv")


def unknown_loss(folder: Path) -> Arguments:
    write_rows(folder / "t.csv", reviews())
    return ("--data", "t.csv", "--loss", "focal_smoth")


def regression_loss_for_classes(folder: Path) -> Arguments:
    write_rows(folder / "t.csv", reviews())
    return ("--data", "t.csv", "--loss", "mse")


def multi_label_loss_for_classes(folder: Path) -> Arguments:
    write_rows(folder / "t.csv", reviews())
    return ("--data", "t.csv", "--loss", "bce", "--loss-arg", "pos_weight=2")


def unknown_loss_option(folder: Path) -> Arguments:
    write_rows(folder / "t.csv", reviews())
    return ("--data", "t.csv", "--loss", "focal", "--loss-arg", "gama=2")


def alpha_of_the_wrong_length(folder: Path) -> Arguments:
    write_rows(folder / "t.csv", reviews())
    return ("--data", "t.csv", "--loss", "focal", "--alpha", "1.0,2.0,3.0")


def empty_backbone_folder(folder: Path) -> Arguments:
    write_rows(folder / "t.csv", reviews())
    (folder / "bert").mkdir()
    return ("--data", "t.csv", "--backbone", "./bert")


def option_out_of_range(folder: Path) -> Arguments:
    write_rows(folder / "t.csv", reviews())
    return ("--data", "t.csv", "--warmup", "1.5")


def temperature_without_a_teacher(folder: Path) -> Arguments:
    write_rows(folder / "t.csv", reviews())
    return ("--data", "t.csv", "--temperature", "3")


def teacher_share_out_of_range(folder: Path) -> Arguments:
    write_rows(folder / "t.csv", reviews())
    return ("--data", "t.csv", "--teacher", "run", "--teacher-weight", "1.5")


def teacher_that_is_no_run(folder: Path) -> Arguments:
    write_rows(folder / "t.csv", reviews())
    return ("--data", "t.csv", "--teacher", "nowhere")


def misspelt_choice(folder: Path) -> Arguments:
    write_rows(folder / "t.csv", reviews())
    return ("--data", "t.csv", "--pooling", "men")


def misspelt_option(folder: Path) -> Arguments:
    return ("--epohcs", "3")


def number_expected(folder: Path) -> Arguments:
    return ("--epochs", "three")


def broken_yaml(folder: Path) -> Arguments:
    (folder / "config.yaml").write_text("epochs: [3\nlr: 1\n")
    return ("--config", "config.yaml")


def unknown_yaml_key(folder: Path) -> Arguments:
    (folder / "config.yaml").write_text("epoch: 3\n")
    return ("--config", "config.yaml")


def wrong_yaml_type(folder: Path) -> Arguments:
    (folder / "config.yaml").write_text("epochs: three\n")
    return ("--config", "config.yaml")


def yaml_without_options(folder: Path) -> Arguments:
    (folder / "config.yaml").write_text("")
    return ("--config", "config.yaml")


def missing_yaml(folder: Path) -> Arguments:
    return ("--config", "config.yaml")


def loss_argument_without_a_value(folder: Path) -> Arguments:
    return ("--loss-arg", "gamma")


def loss_argument_given_twice(folder: Path) -> Arguments:
    return ("--gamma", "1", "--loss-arg", "gamma=2")


CASES: dict[Callable[[Path], Arguments], list[str]] = {
    missing_file: ["nowhere.csv", "does not exist"],
    empty_table: ["empty.csv", "is empty"],
    heading_only: ["heading.csv"],
    missing_column: ["t.csv", "--text", "words"],
    misspelt_column: ["t.csv", "'reviw'", "did you mean 'review'"],
    misspelt_template_column: ["t.csv", "txt", "did you mean 'text'"],
    one_class: ["t.csv", "'good'", "at least two"],
    class_with_a_single_row: ["t.csv", "'odd'", "single row", "line 26"],
    unseen_validation_label: ["v.csv", "'odd'", "line 26"],
    missing_labels: ["t.csv", "'label'", "lines 26"],
    unknown_loss: ["focal_smoth", "focal_smooth"],
    regression_loss_for_classes: ["--loss mse", "regression", "'label'", "ce", "focal_smooth"],
    multi_label_loss_for_classes: ["--loss bce", "any number of classes", "'label'", "ce"],
    unknown_loss_option: ["focal", "gama", "gamma"],
    alpha_of_the_wrong_length: ["alpha", "2", "3"],
    empty_backbone_folder: ["bert"],
    option_out_of_range: ["warmup", "1.5"],
    temperature_without_a_teacher: ["temperature", "teacher"],
    teacher_share_out_of_range: ["teacher_weight", "1.5"],
    teacher_that_is_no_run: ["nowhere", "run"],
    misspelt_choice: ["pooling", "'men'", "mean"],
    misspelt_option: ["--epohcs", "--epochs"],
    number_expected: ["--epochs", "three"],
    broken_yaml: ["config.yaml", "line"],
    unknown_yaml_key: ["config.yaml", "'epoch'", "epochs"],
    wrong_yaml_type: ["config.yaml", "epochs", "three"],
    yaml_without_options: ["config.yaml", "no options"],
    missing_yaml: ["config.yaml", "does not exist"],
    loss_argument_without_a_value: ["gamma", "key=value"],
    loss_argument_given_twice: ["gamma", "twice"],
}


@pytest.mark.parametrize(("case", "words"), CASES.items(), ids=lambda c: getattr(c, "__name__", ""))
def test_training_refuses_it_in_one_sentence_and_writes_nothing(case, words, folder, bertplay):
    arguments = case(folder)
    before = contents(folder)

    result = bertplay("train", *arguments)

    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert_one_sentence(result.stderr, words)
    assert contents(folder) == before


def test_a_backbone_folder_without_weights_is_named(run, table, folder, bertplay):
    shutil.copytree(run / "model", folder / "bert")
    (folder / "bert" / "model.safetensors").unlink()
    before = contents(folder)

    result = bertplay("train", "--data", table, "--backbone", "bert")

    assert result.exit_code == 2, result.output
    assert_one_sentence(result.stderr, ["bert", "safetensors"])
    assert contents(folder) == before


def test_a_truncated_safetensors_file_is_named(run, table, folder, bertplay):
    shutil.copytree(run / "model", folder / "bert")
    weights = folder / "bert" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    before = contents(folder)

    result = bertplay("train", "--data", table, "--backbone", "bert")

    assert result.exit_code == 2, result.output
    assert_one_sentence(result.stderr, ["model.safetensors"])
    assert contents(folder) == before


def test_a_teacher_of_other_classes_is_named(run, folder, bertplay):
    write_rows(folder / "t.csv", [(text, f"very {label}") for text, label in reviews()])
    before = contents(folder)

    result = bertplay("train", "--data", "t.csv", "--teacher", run)

    assert result.exit_code == 2, result.output
    assert_one_sentence(result.stderr, [str(run), "bad, good", "very bad, very good"])
    assert contents(folder) == before


def test_a_folder_that_holds_a_run_is_left_alone(run, table, folder, bertplay):
    shutil.copytree(run, folder / "run")
    before = contents(folder)

    result = bertplay("train", "--data", table, "--output", "run", *TRAIN_QUICKLY)

    assert result.exit_code == 2, result.output
    assert_one_sentence(result.stderr, ["--output run", "--overwrite"])
    assert contents(folder) == before


def test_a_failing_run_does_not_touch_the_run_it_was_to_replace(run, table, folder, bertplay):
    shutil.copytree(run, folder / "run")
    before = contents(folder)

    result = bertplay(
        "train", "--data", table, "--output", "run", "--overwrite", "--alpha", "1,2,3"
    )

    assert result.exit_code == 2, result.output
    assert contents(folder) == before


def test_a_folder_with_other_files_is_left_alone(table, folder, bertplay):
    (folder / "thesis").mkdir()
    (folder / "thesis" / "chapter1.tex").write_text("words")

    result = bertplay("train", "--data", table, "--output", "thesis", "--overwrite")

    assert result.exit_code == 2, result.output
    assert_one_sentence(result.stderr, ["thesis"])
    assert [path.name for path in (folder / "thesis").iterdir()] == ["chapter1.tex"]


@pytest.mark.parametrize("command", ["evaluate", "predict"])
@pytest.mark.parametrize("name", ["nowhere", "somewhere"])
def test_a_folder_that_is_no_run_is_named(command, name, table, folder, bertplay):
    (folder / "somewhere").mkdir()

    result = bertplay(command, name, "--data", table)

    assert result.exit_code == 2, result.output
    assert_one_sentence(result.stderr, [name, "run"])


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_a_run_whose_weights_are_truncated_is_named(command, run, table, folder, bertplay):
    shutil.copytree(run, folder / "run")
    weights = folder / "run" / "model" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])

    result = bertplay(command, "run", "--data", table)

    assert result.exit_code == 2, result.output
    assert_one_sentence(result.stderr, ["model.safetensors"])


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_a_table_without_the_text_column_is_named(command, run, folder, bertplay):
    write_rows(folder / "t.csv", reviews(), heading="words,label")

    result = bertplay(command, run, "--data", "t.csv")

    assert result.exit_code == 2, result.output
    assert_one_sentence(result.stderr, ["t.csv", "'text'"])


def test_evaluation_refuses_a_label_that_training_never_saw(run, folder, bertplay):
    write_rows(folder / "t.csv", [*reviews(), ("a strange film", "odd")])

    result = bertplay("evaluate", run, "--data", "t.csv")

    assert result.exit_code == 2, result.output
    assert_one_sentence(result.stderr, ["t.csv", "'odd'"])


def assert_one_sentence(stderr: str, words: list[str]) -> None:
    assert stderr.startswith("Error: ")
    assert stderr.endswith("\n")
    assert len(stderr.splitlines()) == 1
    for word in words:
        assert word in stderr
