"""The benchmark on the built-in emotion table: bags of words, one training, the table."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "benchmarks" / "built_in_emotions.py"
TINY = ROOT / "tests" / "fixtures" / "tiny_bert"


@pytest.mark.slow
def test_encoders_stand_beside_bags_of_words_on_the_test_part_and_on_other_texts(tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("text,label\n" + "so glad today,joy\nall alone again,sadness\n" * 3)

    done = subprocess.run(
        [
            *(sys.executable, SCRIPT, "--backbones", TINY, "--seeds", "1", "--epochs", "1"),
            *("--transfer", other),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    heading, _, plain, balanced, tiny = lines[-5:]
    assert "transfer accuracy | transfer macro f1 | transfer majority" in heading
    assert plain.startswith("| TF-IDF + logistic regression |")
    assert float(balanced.split("|")[2]) > float(plain.split("|")[2]) > 1 / 11
    assert tiny.startswith("| tiny_bert |")
    assert tiny.split("|")[-2].strip() == "0.500"
