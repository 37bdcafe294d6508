"""From the command line and YAML to `TrainOptions`: names, types, precedence, help."""

import shlex
from dataclasses import fields

import pytest

import bertplay.training
from bertplay.cli.key_values import parsed
from bertplay.options import TrainOptions
from bertplay.recipes import Recipe


@pytest.fixture
def asked(monkeypatch, folder) -> list[TrainOptions]:
    """What `bertplay train` would train, instead of training it."""
    options: list[TrainOptions] = []

    def train(given, view, *, origin):
        options.append(given)
        return {"asked": True}

    monkeypatch.setattr(bertplay.training, "train", train)
    monkeypatch.setattr(
        bertplay.training, "resume", lambda run, view: train(run, view, origin=None)
    )
    return options


def test_without_options_everything_has_its_default(bertplay, asked):
    assert bertplay("train").exit_code == 0
    assert asked == [TrainOptions()]


def test_each_option_reaches_its_field_with_its_type(bertplay, asked):
    bertplay(
        *("train", "--task", "emotion", "--data", "a.csv", "--validation", "b.csv"),
        *("--loss", "focal", "--backbone", "bert", "--pooling", "max", "--epochs", "3"),
        *("--batch-size", "8", "--lr", "2e-5", "--max-length", "32", "--seed", "7"),
        *("--output", "run", "--overwrite", "--validation-fraction", "0.25"),
    )

    assert asked == [
        TrainOptions(
            task="emotion",
            data="a.csv",
            validation="b.csv",
            loss="focal",
            backbone="bert",
            pooling="max",
            epochs=3,
            batch_size=8,
            lr=2e-5,
            max_length=32,
            seed=7,
            output="run",
            overwrite=True,
            validation_fraction=0.25,
        )
    ]


@pytest.mark.parametrize(
    ("flag", "value"), [("--cache-frozen", True), ("--no-cache-frozen", False)]
)
def test_a_flag_that_is_on_by_default_can_be_turned_off(bertplay, asked, flag, value):
    assert bertplay("train", flag).exit_code == 0
    assert asked == [TrainOptions(cache_frozen=value)]


def test_the_command_line_turns_a_flag_of_the_file_off(bertplay, asked, folder):
    (folder / "c.yaml").write_text("cache_frozen: true\n")
    bertplay("train", "--config", "c.yaml", "--no-cache-frozen")
    assert asked == [TrainOptions(cache_frozen=False)]


def test_options_of_the_loss_are_gathered(bertplay, asked):
    bertplay(
        *("train", "--gamma", "1.5", "--alpha", "balanced", "--smoothing", "0.05"),
        *("--class-weights", "1,2.5", "--loss-arg", "end=0.8", "--loss-arg", "ramp=cosine"),
    )

    assert asked[0].loss_args == {
        "gamma": 1.5,
        "alpha": "balanced",
        "smoothing": 0.05,
        "class_weights": [1.0, 2.5],
        "end": 0.8,
        "ramp": "cosine",
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2", 2),
        ("0.39", 0.39),
        ("1e-3", 0.001),
        ("1.0,2.0", [1.0, 2.0]),
        ("[1, 2, 3]", [1.0, 2.0, 3.0]),
        ("none", None),
        ("true", True),
        ("False", False),
        ("effective", "effective"),
        ("a,b", "a,b"),
    ],
)
def test_values_of_loss_options_are_numbers_lists_or_names(text, value):
    assert parsed(text) == value
    assert type(parsed(text)) is type(value)


def test_the_command_line_wins_over_yaml_and_yaml_over_the_defaults(bertplay, asked, folder):
    (folder / "c.yaml").write_text(
        "epochs: 7\nlr: 1e-4\noverwrite: true\nloss: focal\nloss_args: {gamma: 1.0, alpha: none}\n"
    )

    bertplay("train", "--config", "c.yaml", "--epochs", "2", "--gamma", "3")

    assert asked == [
        TrainOptions(
            epochs=2,
            lr=1e-4,
            overwrite=True,
            loss="focal",
            loss_args={"gamma": 3, "alpha": None},
        )
    ]


def test_another_loss_on_the_command_line_leaves_out_the_files_loss_args(bertplay, asked, folder):
    (folder / "c.yaml").write_text("loss: focal\nloss_args: {gamma: 1.0}\n")

    bertplay("train", "--config", "c.yaml", "--loss", "ce")

    assert asked == [TrainOptions(loss="ce")]


@pytest.mark.parametrize(
    ("choice", "other", "option", "value"),
    [("optimizer", "radam", "beta2", 0.98), ("schedule", "cosine", "min_lr", 1e-6)],
)
def test_options_of_optimizer_and_schedule_are_those_of_the_file_and_the_command_line(
    bertplay, asked, folder, choice, other, option, value
):
    """A number that YAML reads as text is one; another choice leaves out the file's options."""
    (folder / "c.yaml").write_text(f"{choice}: {other}\n{choice}_args: {{{option}: {value:e}}}\n")

    bertplay("train", "--config", "c.yaml")
    bertplay("train", "--config", "c.yaml", f"--{choice}-arg", f"{option.replace('_', '-')}=1e-4")
    third = "sgd" if choice == "optimizer" else "step"
    bertplay("train", "--config", "c.yaml", f"--{choice}", third)
    bertplay("train", f"--{choice}-arg", f"{option}=0.0001")

    arguments = [getattr(options, f"{choice}_args") for options in asked]
    assert arguments == [{option: value}, {option: 1e-4}, {}, {option: 1e-4}]
    names = [getattr(options, choice) for options in asked]
    assert names == [other, other, third, getattr(TrainOptions(), choice)]


def test_several_options_of_an_optimizer_are_gathered(bertplay, asked):
    bertplay(
        *("train", "--optimizer", "sgd", "--optimizer-arg", "momentum=0.8"),
        *("--optimizer-arg", "nesterov=true", "--schedule", "step"),
        *("--schedule-arg", "milestones=1,2.5", "--head-lr", "1e-3", "--layer-decay", "0.9"),
    )

    assert asked == [
        TrainOptions(
            optimizer="sgd",
            optimizer_args={"momentum": 0.8, "nesterov": True},
            schedule="step",
            schedule_args={"milestones": [1.0, 2.5]},
            head_lr=1e-3,
            layer_decay=0.9,
        )
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--optimizer-arg", "beta2"), "--optimizer-arg 'beta2': write it as key=value"),
        (("--schedule-arg", "=1"), "--schedule-arg '=1': write it as key=value"),
        (
            ("--optimizer-arg", "eps=1", "--optimizer-arg", "eps=2"),
            "--optimizer-arg: the option 'eps' is given twice",
        ),
        (("--optimizer-arg", "momentum=0.9"), "adamw has no option 'momentum'"),
        (("--schedule-arg", "gamma=0.9"), "linear has no option 'gamma'"),
        (("--optimizer", "moun"), "did you mean muon?"),
    ],
)
def test_wrong_options_of_optimizer_and_schedule_are_one_sentence(bertplay, asked, words, message):
    result = bertplay("train", *words)

    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert asked == []


@pytest.mark.parametrize("name", ["loss_args", "optimizer_args", "schedule_args"])
def test_options_in_a_file_that_are_no_lines_are_refused(bertplay, asked, folder, name):
    (folder / "c.yaml").write_text(f"{name}: 3\n")

    result = bertplay("train", "--config", "c.yaml")

    assert result.exit_code == 2
    assert f"{name} must be lines such as" in result.stderr


def test_yaml_that_would_run_code_is_refused(bertplay, asked, folder):
    (folder / "c.yaml").write_text("data: !!python/object/apply:os.getcwd []\n")

    result = bertplay("train", "--config", "c.yaml")

    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert asked == []


def test_help_names_every_field_with_its_default_and_choices(bertplay):
    text = " ".join(bertplay("train", "--help").stdout.split())

    for field in fields(TrainOptions):
        flag = f"--{field.name.replace('_', '-')}"
        if field.name == "tasks":
            flag = "--task-weight"
        elif field.name.endswith(("_args", "_thresholds")):
            flag = flag.removesuffix("s")
        assert f"{flag} " in text
        for choice in field.metadata.get("choices", ()):
            assert choice in text
    assert "default: 32" in text
    assert "default: the task's recipe" in text


def test_help_lists_the_options_under_headings_and_ends_with_examples(bertplay):
    lines = bertplay("train", "--help").stdout.splitlines()
    headings = [line for line in lines if line.endswith(":") and not line.startswith(" ")]

    assert headings[:8] == [
        "Data:",
        "Loss:",
        "Model:",
        "Trained part:",
        "Training:",
        "Decisions:",
        "Several tasks:",
        "Output:",
    ]
    assert lines[-1].strip().startswith("bertplay train ")


def test_help_names_what_the_recipe_decides(bertplay):
    words = " ".join(bertplay("train", "--help").stdout.split())

    assert words.count("default: the task's recipe") == len(fields(Recipe))


def test_every_example_in_the_help_is_a_valid_command(bertplay, asked, folder):
    (folder / "runs" / "kaggle").mkdir(parents=True)
    (folder / "runs" / "kaggle" / "config.yaml").write_text("epochs: 3\n")
    lines = bertplay("train", "--help").stdout.splitlines()
    examples = [line.strip() for line in lines if line.startswith("    bertplay train ")]
    assert len(examples) >= 5

    for example in examples:
        result = bertplay(*shlex.split(example)[1:])
        assert result.exit_code == 0, result.output
    assert len(asked) == len(examples)
