"""A whole distillation: what it writes, that it learns, and that a killed one goes on."""

import json
import os
import shutil
import signal
from pathlib import Path

import mlx.core as mx
import pytest
from tiny_teacher import TINY

from bertplay import InputError, TrainOptions, train
from bertplay.data.emotions import read_emotions
from bertplay.distillation import SilentDistillView, distill
from bertplay.distillation.state import FOLDER
from bertplay.encoders import load_encoder
from bertplay.training import TrainingFailedError, TrainingInterruptedError

FILES = {"config.json", "model.safetensors", "tokenizer.json", "distillation.json"}


def tensors_of(folder: str | Path) -> dict[str, mx.array]:
    return mx.load(str(Path(folder) / "model.safetensors"))


def test_the_folder_holds_an_encoder_and_the_facts_of_its_making(options):
    summary = distill(options())

    out = Path(options().out)
    assert {path.name for path in out.iterdir()} == FILES
    assert json.loads((out / "distillation.json").read_text()) == summary
    assert summary["steps"] == 10
    assert [entry["step"] for entry in summary["history"]] == [0, 5, 10]
    encoder, tokenizer = load_encoder(out)
    assert encoder.config.num_hidden_layers == 1
    ids = mx.array([tokenizer.encode("the ship sank").ids])
    assert encoder(ids).last_hidden_state.shape[-1] == 32


def test_the_student_grows_more_like_its_teacher(options):
    summary = distill(options(epochs=12, lr=3e-3))
    similarity = [entry["similarity"] for entry in summary["history"]]
    assert similarity[-1] > similarity[0] + 0.02


def test_of_the_emotion_table_the_test_part_stays_unseen(options):
    frame = read_emotions()
    seen = set(frame["text"][frame["split"] != "test"])

    summary = distill(options(corpus=("emotion",), epochs=1, batch_size=64, max_length=8))

    assert summary["texts"] + options().held_out == len(seen)


def test_a_student_is_a_backbone(options, corpus, tmp_path):
    distill(options(precision="float32"))
    texts = corpus.read_text().splitlines()[:20]
    table = "\n".join(["text,label", *(f"{text},{len(text) % 2}" for text in texts)])
    (tmp_path / "t.csv").write_text(table + "\n")
    summary = train(
        TrainOptions(
            data=str(tmp_path / "t.csv"),
            backbone=options().out,
            epochs=1,
            batch_size=8,
            output=str(tmp_path / "run"),
            report=False,
        )
    )
    assert summary["epochs_run"] == 1


def test_the_same_seed_gives_the_same_bits_and_another_other_ones(options, tmp_path):
    folders = [str(tmp_path / name) for name in "abc"]
    for folder, seed in zip(folders, (0, 0, 1), strict=True):
        distill(options(out=folder, seed=seed))
    one, same, other = map(tensors_of, folders)
    assert all(mx.array_equal(one[name], same[name]) for name in one)
    assert not all(mx.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("stop", [1, 4, 7])
def test_a_run_that_was_stopped_goes_on_to_the_same_bits(options, tmp_path, stop, monkeypatch):
    """Stopped by Ctrl-C at a step: what is written then is what a later start reads."""
    whole = str(tmp_path / "whole")
    distill(options(out=whole))
    from bertplay.distillation.run import _Distillation

    learn = _Distillation._learn

    def interrupting(self, step, batch):
        if step == stop:
            os.kill(os.getpid(), signal.SIGINT)
        return learn(self, step, batch)

    monkeypatch.setattr(_Distillation, "_learn", interrupting)
    with pytest.raises(TrainingInterruptedError, match=f"step {stop + 1} of 10"):
        distill(options())
    monkeypatch.setattr(_Distillation, "_learn", learn)

    summary = distill(options())

    assert not (Path(options().out) / FOLDER).exists()
    assert [entry["step"] for entry in summary["history"]] == [0, 5, 10]
    one, other = tensors_of(whole), tensors_of(options().out)
    assert all(mx.array_equal(one[name], other[name]) for name in one)


def test_a_run_that_was_killed_goes_on_from_its_last_state(options, tmp_path, monkeypatch):
    """Killed without a word in the middle of a step: the state of step 6 is the last."""
    whole = str(tmp_path / "whole")
    distill(options(out=whole))
    from bertplay.distillation.run import _Distillation

    learn = _Distillation._learn
    seen = []

    class KilledError(BaseException):
        pass

    def dying(self, step, batch):
        seen.append(step)
        if step == 7 and len(seen) == 8:
            raise KilledError
        return learn(self, step, batch)

    monkeypatch.setattr(_Distillation, "_learn", dying)
    with pytest.raises(KilledError):
        distill(options())
    distill(options())

    assert seen == [*range(8), *range(6, 10)]
    one, other = tensors_of(whole), tensors_of(options().out)
    assert all(mx.array_equal(one[name], other[name]) for name in one)


def stopped_run(options) -> Path:
    """An unfinished distillation."""

    class Stopping(SilentDistillView):
        def compared(self, step, similarity):
            if step == 5:
                os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(TrainingInterruptedError):
        distill(options(), Stopping())
    return Path(options().out)


def test_an_unfinished_run_with_other_options_is_kept_and_refused(options):
    out = stopped_run(options)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}

    with pytest.raises(InputError, match="unfinished distillation with another lr"):
        distill(options(lr=1e-2))

    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_overwrite_starts_again(options):
    stopped_run(options)
    summary = distill(options(lr=1e-2, overwrite=True))
    assert [entry["step"] for entry in summary["history"]] == [0, 5, 10]


def test_a_finished_student_is_not_written_over(options):
    distill(options())
    before = tensors_of(options().out)
    with pytest.raises(InputError, match="already holds a distilled encoder"):
        distill(options())
    after = tensors_of(options().out)
    assert all(mx.array_equal(before[name], after[name]) for name in before)


def test_a_folder_with_other_files_is_never_touched(options):
    out = Path(options().out)
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(InputError, match=r"holds other files \(notes.txt\)"):
            distill(options(overwrite=overwrite))
    assert (out / "notes.txt").read_text() == "mine"


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_state(options, monkeypatch):
    from bertplay.distillation import learning

    monkeypatch.setattr(learning, "hidden_error", lambda *arrays: mx.array(float("nan")))
    with pytest.raises(TrainingFailedError, match="not finite at step"):
        distill(options())
    assert not (Path(options().out) / "model.safetensors").exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"corpus": ()}, "corpus is missing"),
        ({"teacher": ""}, "teacher is missing"),
        ({"corpus": ("nowhere.txt",)}, "nowhere.txt does not exist"),
        ({"teacher": "./nowhere"}, "there is no such folder"),
        ({"layers": 5}, "--layers 5: the teacher has 2"),
        ({"hidden": 30, "heads": 4}, "not a multiple"),
        ({"vocab": 6}, "no room"),
        ({"max_length": 17}, "--max-length 17 is more than the 16"),
        ({"held_out": 60}, "60 are held out"),
        ({"precision": "int4"}, "precision is 'int4'"),
        ({"masked_fraction": 1.0}, "masked_fraction is 1.0"),
        (
            {"hidden_weight": 0, "sentence_weight": 0, "masked_weight": 0},
            "there is nothing to learn",
        ),
    ],
    ids=str,
)
def test_what_is_wrong_is_one_sentence_and_nothing_is_written(options, changes, words, tmp_path):
    with pytest.raises(InputError, match=words) as error:
        distill(options(**changes))
    assert "\n" not in str(error.value)
    assert not Path(options().out).exists()


def test_a_teacher_of_an_unknown_family_is_refused(options, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(TINY, other)
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | {"model_type": "t5"}))
    with pytest.raises(InputError, match="model_type is 't5', which is not supported"):
        distill(options(teacher=str(other)))


def test_without_a_mask_token_words_cannot_be_masked(options, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(TINY, other)
    vocabulary = (other / "vocab.txt").read_text().replace("[MASK]", "[unused]")
    (other / "vocab.txt").write_text(vocabulary)
    with pytest.raises(InputError, match=r"has no token \[MASK\]"):
        distill(options(teacher=str(other)))
    assert distill(options(teacher=str(other), masked_weight=0.0))["steps"] == 10


def test_parts_of_the_loss_can_be_left_out(options):
    summary = distill(options(masked_weight=0.0, sentence_weight=0.0))
    assert summary["options"]["masked_weight"] == 0.0
