"""`bertplay distill` on the command line."""

import json
from pathlib import Path

TINY_BERT = Path(__file__).parent.parent / "fixtures" / "tiny_bert"
WORDS = ("the", "a", "women", "men", "child", "first", "third", "class", "ship", "sea", "sank")
QUICK = (
    *("--layers", 1, "--vocab", 24, "--epochs", 1, "--batch-size", 8, "--max-length", 16),
    *("--held-out", 10),
)


def write_corpus(folder: Path) -> Path:
    lines = [" ".join(WORDS[(n + k * k) % 11] for k in range(3 + n % 3)) for n in range(11 * 3)]
    (folder / "texts.txt").write_text("\n".join(dict.fromkeys(lines)) + "\n")
    return folder / "texts.txt"


def test_it_prints_the_plan_the_similarity_and_where_the_encoder_is(bertplay, folder):
    corpus = write_corpus(folder)

    result = bertplay("distill", "--teacher", TINY_BERT, "--corpus", corpus, "--out", "s", *QUICK)

    assert result.exit_code == 0, result.output
    for words in ("1 layers of 32, 24 word pieces", "similarity to the teacher", "written to s"):
        assert words in result.stdout
    assert (folder / "s" / "model.safetensors").exists()


def test_json_prints_the_summary_alone(bertplay, folder):
    corpus = write_corpus(folder)

    result = bertplay(
        "distill", "--teacher", TINY_BERT, "--corpus", corpus, "--out", "s", *QUICK, "--json"
    )

    summary = json.loads(result.stdout)
    assert summary == json.loads((folder / "s" / "distillation.json").read_text())


def test_what_is_missing_is_said(bertplay, folder):
    result = bertplay("distill", "--teacher", TINY_BERT, "--out", "s")

    assert result.exit_code == 2
    assert result.stderr == "Error: corpus is missing: give --corpus\n"
    assert not (folder / "s").exists()
