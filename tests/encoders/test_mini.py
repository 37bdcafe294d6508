"""The encoder that comes with bertplay: small, there without a download, and of some use."""

from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from bertplay.encoders import load_encoder
from bertplay.encoders.loading import find_model
from bertplay.heads import mean_pool

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def mini():
    return load_encoder("mini")


def embeddings(loaded, texts):
    """Mean states of texts, of length 1."""
    encoder, tokenizer = loaded
    encodings = [tokenizer.encode(text) for text in texts]
    longest = max(len(encoding.ids) for encoding in encodings)
    ids = np.zeros((len(texts), longest), dtype=np.int32)
    mask = np.zeros((len(texts), longest), dtype=bool)
    for row, encoding in enumerate(encodings):
        ids[row, : len(encoding.ids)] = encoding.ids
        mask[row, : len(encoding.ids)] = True
    states = encoder(mx.array(ids), mx.array(mask)).last_hidden_state
    pooled = np.array(mean_pool(states, mx.array(mask)))
    return pooled / np.linalg.norm(pooled, axis=1, keepdims=True)


def test_it_takes_at_most_12_megabytes():
    files = list(find_model("mini").iterdir())
    assert {"config.json", "model.safetensors", "tokenizer.json", "LICENSE"} <= {
        file.name for file in files
    }
    assert sum(file.stat().st_size for file in files) <= 12 * MEGABYTE


def test_it_is_a_bert_of_two_layers(mini):
    encoder, tokenizer = mini
    config = encoder.config
    assert (config.num_hidden_layers, config.hidden_size) == (2, 384)
    assert tokenizer.get_vocab_size() == config.vocab_size == 12_000


def test_a_folder_of_that_name_does_not_hide_it(tmp_path, monkeypatch):
    (tmp_path / "mini").mkdir()
    monkeypatch.chdir(tmp_path)
    assert find_model("mini") != Path("mini")
    assert find_model("./mini") == Path("./mini")


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("I am so happy today", "what a joyful day", "the train to Leeds is late again"),
        ("my dog is ill", "the puppy needs a vet", "interest rates rose by half a point"),
        ("this film was boring", "a dull movie", "she planted tomatoes in spring"),
    ],
)
def test_what_means_the_same_is_nearer_than_what_does_not(mini, text, near, far):
    own, same, other = embeddings(mini, (text, near, far))
    assert own @ same > own @ other + 0.1


def test_its_embeddings_are_like_its_teachers(mini, shared):
    texts = [
        "the ship sank in the night and few were saved",
        "thank you, that was kind of you",
        "why does nobody ever answer my letters?",
        "I could not care less about the score",
    ]
    teacher = load_encoder(shared / "models" / "all-MiniLM-L6-v2")
    alike = (embeddings(mini, texts) * embeddings(teacher, texts)).sum(axis=1)
    assert alike.mean() > 0.75
