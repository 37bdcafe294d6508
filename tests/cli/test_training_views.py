"""What the views of training show, at widths from a phone's to a wide terminal's."""

import io
import re

import numpy as np
import pytest

from bertplay.adapters.settings import AdapterSettings
from bertplay.checks.result import fired, passed
from bertplay.cli.plain_view import PlainView
from bertplay.cli.plan_rows import COMPILING, plan_rows
from bertplay.cli.result_tables import quiet_console
from bertplay.cli.terminal_view import TerminalView
from bertplay.metrics import evaluate, majority_baseline
from bertplay.training import EpochRecord, Plan
from bertplay.training.objective import Objective
from bertplay.training.step_memory import StepMemory
from bertplay.training.view import PlannedFeatures

MEMORY = StepMemory(32, 128, 1, 2_150_000_000, 24_000_000_000, 8, 10**8, 2 * 10**8)
COLLAPSE = fired("BP201", "The model collapsed. Probably train longer.", about="class 0")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
WIDTHS = pytest.mark.parametrize("width", [40, 64, 80, 120])


def names(classes: int) -> list[str]:
    return [f"class {i}" for i in range(classes)]


def plan(classes: int = 2, **changes) -> Plan:
    values = {
        "source": "reviews.csv",
        "train_rows": 1000,
        "validation_rows": 250,
        "test_rows": 0,
        "class_counts": {name: 10 * (i + 1) for i, name in enumerate(names(classes))},
        "example": "[red]A film\nabout \x1b[31mships[/red]",
        "backbone": "scratch",
        "trainable_parameters": 1_234_567,
        "total_parameters": 2_345_678,
        "loss": {"name": "focal", "arguments": {"gamma": 2.0, "alpha": [0.5, 1.5]}},
        "sampling": "natural",
        "padded_lengths": (8, 16, 32),
        "padding_fraction": 0.042,
        "cut_texts": 3,
        "steps_per_epoch": 50,
        "epochs": 4,
        "memory": MEMORY,
        "objective": Objective(),
        "teacher": None,
        "average_weights": 0.0,
        "output": "runs/reviews-focal",
    }
    return Plan(**{**values, **changes})


def row_of(name: str, **changes) -> str:
    return dict(plan_rows(plan(**changes)))[name]


@pytest.mark.parametrize(
    ("freeze", "text"),
    [
        ("full", "the encoder"),
        ("embeddings", "the embeddings"),
        ("1", "the embeddings and the bottom layer"),
        ("4", "the embeddings and the bottom 4 layers"),
    ],
)
def test_the_plan_says_what_is_frozen(freeze, text):
    assert row_of("frozen", freeze_stages={1: freeze}) == text


def test_the_plan_says_from_which_epoch_on_less_is_frozen():
    stages = {1: "full", 3: "4", 5: "none"}
    assert row_of("frozen", freeze_stages=stages) == (
        "the encoder, the embeddings and the bottom 4 layers from epoch 3 on, nothing from epoch 5 "
        "on"
    )


def test_the_plan_says_what_the_adapter_is():
    adapter = AdapterSettings("dora", 4, 8.0, 0.1, ("key", "output.dense"))
    expected = "dora of rank 4, scaled by 2, dropout 0.1, on key, output.dense"
    assert row_of("adapter", adapter=adapter) == expected


def test_the_plan_says_in_how_many_bits_the_backbone_is():
    assert row_of("backbone", quantize=4).startswith("scratch in 4 bits, trainable 1,234,567 of ")


def test_a_plan_that_trains_everything_has_neither_row():
    assert {"frozen", "adapter"} & dict(plan_rows(plan())).keys() == set()


def test_the_plan_says_what_a_batch_needs_of_what_there_is():
    assert row_of("memory") == "about 2.1 GB for a batch of 32 x 128 tokens, of 24.0 GB"


def test_the_result_says_what_was_used():
    stream = io.StringIO()
    view = PlainView(stream)
    view.planned(plan())
    view.finished(summary())
    assert "Memory: at most 2.0 GB for arrays, 2.5 GB for the process" in stream.getvalue()


def metrics(classes: int = 2):
    rng = np.random.default_rng(0)
    labels = np.arange(60) % classes
    # Every seventh row is taken for the next class.
    predicted = np.where(np.arange(60) % 7, labels, (labels + 1) % classes)
    probabilities = rng.dirichlet(np.ones(classes), 60) * 0.4 + np.eye(classes)[predicted] * 0.6
    return evaluate(probabilities, labels, names(classes))


def record(epoch: int = 1, classes: int = 2, **changes) -> EpochRecord:
    values = {
        "epoch": epoch,
        "step": 50 * epoch,
        "train_loss": 0.6123,
        "train_figures": {},
        "trainable_parameters": 1234,
        "learning_rate": 5e-4,
        "gradient_norm": 1.23,
        "validation": metrics(classes),
        "is_best": True,
        "seconds": 1.0,
        "schedule": {},
    }
    return EpochRecord(**{**values, **changes})


def summary(classes: int = 2) -> dict:
    figures = metrics(classes)
    labels = np.arange(60) % classes
    counts = plan(classes).class_counts
    return {
        "task": "table",
        "output": "runs/reviews-focal",
        "data": {"validation_rows": 60},
        "memory": {"peak_active_bytes": 2_040_000_000, "process_peak_bytes": 2_460_000_000},
        "best_epoch": 2,
        "epochs_run": 4,
        "train_seconds": 75.0,
        "validation": figures.as_dict(),
        "baseline": majority_baseline(counts, labels),
        "checks": [COLLAPSE.as_dict()],
    }


def show(view, classes: int = 2) -> None:
    """A whole run, as training tells it."""
    view.warned("No compiler was found.")
    view.planned(plan(classes))
    for epoch in (1, 2, 3, 4):
        for step in range(10, 60, 10):
            view.stepped(epoch, 50 * (epoch - 1) + step, 0.6, 5e-4)
        checks = (COLLAPSE,) if epoch < 3 else (passed("BP201"),)
        view.evaluated(record(epoch, classes, checks=checks, is_best=epoch < 3))
    view.finished(summary(classes))


def terminal_lines(width: int, classes: int = 2) -> list[str]:
    stream = io.StringIO()
    with TerminalView(quiet_console(file=stream, width=width, force_terminal=True)) as view:
        show(view, classes)
    return re.split(r"[\r\n]+", ESCAPES.sub("", stream.getvalue()))


def plain_text(classes: int = 2) -> str:
    stream = io.StringIO()
    show(PlainView(stream), classes)
    return stream.getvalue()


def test_plain_lines_hold_no_escape_codes_or_carriage_returns():
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", plain_text())


def test_plain_progress_is_at_most_ten_lines():
    progress = [line for line in plain_text().splitlines() if line.startswith("step ")]

    assert len(progress) == 10
    assert progress[0].startswith("step 20/200 (10%): loss 0.6000, learning rate 5.0e-4, ")


@pytest.mark.parametrize("lines", [plain_text, lambda: "\n".join(terminal_lines(120))])
def test_the_plan_names_data_classes_model_loss_and_lengths(lines):
    text = lines()

    for words in (
        *("reviews.csv", "1,000 to train on, 250 to validate on", "class 1", "66.7%", "2.0 : 1"),
        *(
            "[red]A film about",
            "scratch, trainable 1,234,567 of 2,345,678 parameters",
            "focal (gamma 2, alpha [0.5, 1.5]",
        ),
        *("8, 16, 32 tokens, 4.2% padding; 3 longer texts are cut", "4 epochs x 50 = 200"),
        *("runs/reviews-focal", "No compiler was found."),
    ):
        assert words in text


def test_the_plan_names_r_drop_and_averaged_weights_where_they_are_on():
    rows = dict(plan_rows(plan(objective=Objective(r_drop=1.0), average_weights=0.5)))
    assert rows["steps"].endswith("= 200, R-Drop 1, weights averaged over the last 50%")
    assert dict(plan_rows(plan()))["steps"] == "4 epochs x 50 = 200"


def test_the_plan_names_the_sampling_where_it_is_not_natural():
    assert dict(plan_rows(plan(sampling="balanced")))["sampling"].startswith("balanced, rows drawn")
    assert "square root" in dict(plan_rows(plan(sampling="sqrt")))["sampling"]
    assert "sampling" not in dict(plan_rows(plan()))


def test_the_plan_names_the_teacher_and_its_share():
    taught = plan(teacher="runs/big", objective=Objective(0.0, 0.7, temperature=4.0))
    assert dict(plan_rows(taught))["teacher"] == "runs/big, 70% of the loss, temperature 4"
    assert "teacher" not in dict(plan_rows(plan()))


def test_plain_lines_say_once_that_the_teacher_reads_the_texts():
    stream = io.StringIO()
    view = PlainView(stream)
    for rows in (0, 600, 1200):
        view.taught(rows, 1200)
    assert stream.getvalue() == "teacher: reading 1,200 training texts\n"


def test_the_plan_says_that_frozen_layers_run_once_and_what_that_takes():
    assert row_of("features", features=PlannedFeatures(24_900_000, in_file=False)) == (
        "frozen layers run once: 25 MB of features in memory"
    )
    assert row_of("features", features=PlannedFeatures(2_340_000_000, in_file=True)) == (
        "frozen layers run once: 2.3 GB of features in a temporary file"
    )
    assert "features" not in dict(plan_rows(plan()))


def test_plain_lines_say_once_that_frozen_layers_read_the_texts():
    stream = io.StringIO()
    view = PlainView(stream)
    for rows in (0, 600, 1200):
        view.cached(rows, 1200)
    assert stream.getvalue() == "frozen layers: reading 1,200 texts once\n"


def test_the_bar_of_frozen_layers_gives_way_to_that_of_the_steps():
    stream = io.StringIO()
    console = quiet_console(file=stream, force_terminal=True, width=100, color_system=None)
    with TerminalView(console) as view:
        view.planned(plan())
        view.cached(0, 1200)
        view.cached(1200, 1200)
        shown = stream.getvalue()
        view.stepped(1, 50, 0.5, 1e-3)
    assert "reading all texts once" in shown
    assert "reading all texts once" not in stream.getvalue()[len(shown) :]


def test_the_teachers_bar_gives_way_to_that_of_training():
    stream = io.StringIO()
    console = quiet_console(file=stream, force_terminal=True, width=100, color_system=None)
    with TerminalView(console) as view:
        view.taught(0, 1200)
        view.taught(1200, 1200)
        view.planned(plan())
        shown = stream.getvalue()
        view.stepped(1, 50, 0.5, 1e-3)
    assert "reading the training texts" in shown
    assert "reading the training texts" not in stream.getvalue()[len(shown) :]


@WIDTHS
@pytest.mark.parametrize("classes", [2, 6, 12])
def test_no_line_is_longer_than_the_terminal_but_commands_to_copy(width, classes):
    lines = terminal_lines(width, classes)

    too_long = [line for line in lines if len(line.rstrip()) > width]
    assert all(line.startswith("  bertplay ") for line in too_long)


@pytest.mark.parametrize("width", [80, 120])
def test_the_figures_of_an_epoch_stand_under_their_headings(width):
    lines = terminal_lines(width)
    (heading,) = [line for line in lines if line.startswith("epoch ") and "ECE" in line]
    (row,) = [line for line in lines if re.match(r" +2\* +0\.6123 ", line)]

    expected = metrics()
    by_heading = {
        "loss": "0.6123",
        "lr": "5.0e-4",
        "grad": "1.23",
        "acc": f"{expected.accuracy:.3f}",
        "bal": f"{expected.balanced_accuracy:.3f}",
        "F1": f"{expected.macro_f1:.3f}",
        "conf": f"{expected.mean_confidence:.3f}",
        "entr": f"{expected.entropy:.3f}",
        "ECE": f"{expected.ece:.3f}",
        "class 1": f"{expected.per_class['class 1']['recall']:.3f}",
    }
    for name, figure in by_heading.items():
        end = heading.index(name) + len(name)
        assert row[:end].endswith(figure), name


def test_only_epochs_better_than_all_before_are_marked():
    rows = [line for line in terminal_lines(80) if re.match(r" +\d[* ] +0\.6123 ", line)]

    assert [row.split()[0] for row in rows] == ["1*", "2*", "3", "4"]


def epochs_shown(width: int | None, **changes) -> str:
    """One epoch in a terminal of that width, or as plain lines."""
    stream = io.StringIO()
    console = quiet_console(file=stream, width=width, force_terminal=True)
    view = PlainView(stream) if width is None else TerminalView(console)
    view.planned(plan())
    view.evaluated(record(**changes))
    if width is not None:
        view.__exit__(None, None, None)
    return " ".join(ESCAPES.sub("", stream.getvalue()).split())


@pytest.mark.parametrize("width", [None, 40, 64, 80, 120])
def test_what_the_schedule_of_a_loss_has_reached_stands_with_the_epoch(width):
    assert "mix 0.250" in epochs_shown(width, schedule={"mix": 0.25})
    assert "gamma 1.500" in epochs_shown(width, schedule={"gamma": 1.5})
    assert "mix" not in epochs_shown(width)


@WIDTHS
def test_of_more_than_eight_classes_the_three_lowest_recalls_are_shown(width):
    expected = sorted(figures["recall"] for figures in metrics(12).per_class.values())
    text = " ".join(" ".join(terminal_lines(width, classes=12)).split())

    lowest = re.search(r"lowest recall (class \d+ [\d.]+ ?){3}", text)
    assert lowest is not None
    digits = 3 if width < 64 else 2
    assert f" {expected[0]:.{digits}f}" in lowest[0]


def shown(checks_of_epochs) -> list[str]:
    """The lines about checks that a terminal shows."""
    stream = io.StringIO()
    view = PlainView(stream)
    view.planned(plan())
    for epoch, check in enumerate(checks_of_epochs, start=1):
        view.evaluated(record(epoch, checks=(check,)))
    return [line for line in stream.getvalue().splitlines() if "BP201" in line]


def test_a_check_that_keeps_firing_is_shown_once_before_the_result():
    during, result = "\n".join(terminal_lines(200)).split("Validation: 60 rows")
    line = f"BP201 collapse to one class: {COLLAPSE.message} (docs/checks/BP201.md)"

    assert during.count(line) == 1
    assert result.count(line) == 1


def test_a_check_that_fires_again_is_shown_again():
    assert len(shown([COLLAPSE, passed("BP201"), COLLAPSE])) == 2


def test_a_check_that_fires_for_something_else_is_shown_again():
    other = fired("BP201", "The model collapsed.", about="class 1")

    assert len(shown([COLLAPSE, other, other])) == 2


@pytest.mark.parametrize("lines", [plain_text, lambda: "\n".join(terminal_lines(120))])
def test_the_result_has_baseline_classes_confusions_and_next_commands(lines):
    text = lines()

    for words in (
        *("Validation: 60 rows, epoch 2 of 4, trained in 1:15", "always class 1", "precision"),
        *("Confusion matrix (rows: true class, columns: predicted)", "predictions.csv"),
        *("bertplay predict runs/reviews-focal '[red]A film about", "bertplay evaluate runs/"),
    ):
        assert words in text
    matrix = metrics().confusion_matrix
    assert re.search(rf"class 0 +{matrix[0][0]} +\d+% +{matrix[0][1]} +\d+%", text)


def test_a_confusion_matrix_that_does_not_fit_becomes_a_list_of_the_largest():
    text = "\n".join(terminal_lines(80, classes=12))

    assert "Most frequent confusions" in text
    assert "Confusion matrix" not in text


def test_of_many_classes_those_with_the_lowest_f1_are_shown():
    text = plain_text(classes=30)

    figures = metrics(30).per_class
    best = max(reversed(figures), key=lambda name: figures[name]["f1"])
    worst = min(figures, key=lambda name: figures[name]["f1"])
    by_class = text.split("classes with the lowest F1")[1].split("Most frequent")[0]
    assert f"\n{worst} " in by_class
    assert f"\n{best} " not in by_class


def test_an_accuracy_below_the_baseline_is_said():
    stream = io.StringIO()
    view = PlainView(stream)
    view.planned(plan())
    view.finished(summary() | {"baseline": {"majority_class": "class 1", "majority_accuracy": 1}})

    assert "The accuracy does not beat always answering 'class 1'." in stream.getvalue()


def test_the_progress_bar_is_gone_when_training_fails():
    stream = io.StringIO()
    console = quiet_console(file=stream, width=80, force_terminal=True)

    def failing_run() -> None:
        with TerminalView(console) as view:
            view.planned(plan())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing_run()

    hidden, shown = "\x1b[?25l", "\x1b[?25h"
    assert stream.getvalue().rindex(shown) > stream.getvalue().rindex(hidden)


def test_the_plain_view_says_why_nothing_moves_at_first():
    assert COMPILING in plain_text().splitlines()
