"""A long text that is cut before it is tokenized has the tokens of the whole text, cut.

For every kind of tokenizer that the families of encoders have, and for those whose tokens hold
several spaces.
"""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from bertplay.data.tokenizer import encode_texts, load_tokenizer, train_wordpiece

FIXTURES = Path(__file__).parent.parent / "fixtures"
FAMILIES = ("roberta", "xlm_roberta", "distilbert", "modernbert", "deberta_v2", "mpnet")
OTHERS = ("learned", "many spaces", "tokens of spaces", "squeezed spaces")
WORDS = [
    "the ship",
    "if x:\n        return    y",
    "a\t\tb",
    "1912   \n\n\n  sank",
    "Größe 東京",
] * 9


def byte_pairs_of_many_spaces() -> Tokenizer:
    """As of models that read code: up to 64 spaces or line breaks are one token."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    runs = [letter * 2**power for letter in "ĠĊ" for power in range(7)]
    vocabulary = {
        token: n for n, token in enumerate(["<s>", "</s>", *dict.fromkeys(letters + runs)])
    }
    merges = [(run, run) for run in runs if len(run) < 64]
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return enclosed(tokenizer)


def byte_pairs_with_tokens_of_spaces() -> Tokenizer:
    """As ModernBERT's, whose runs of spaces are tokens that were added."""
    tokenizer = load_tokenizer(FIXTURES / "encoders" / "modernbert")
    tokenizer.add_tokens([AddedToken(" " * n, normalized=True) for n in range(2, 25)])
    return tokenizer


def unigram_with_squeezed_spaces() -> Tokenizer:
    """As of XLM-RoBERTa and DeBERTa-v3, whose normalizers strip and squeeze spaces."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Strip(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=60,
        special_tokens=["<s>", "</s>", "<unk>"],
        unk_token="<unk>",
        show_progress=False,
    )
    tokenizer.train_from_iterator(WORDS, trainer)
    return enclosed(tokenizer)


def enclosed(tokenizer: Tokenizer) -> Tokenizer:
    """With a token in front and one behind."""
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in ("<s>", "</s>")],
    )
    return tokenizer


@pytest.fixture(scope="module")
def tokenizers():
    """By the name of what has them."""
    return {
        **{family: load_tokenizer(FIXTURES / "encoders" / family) for family in FAMILIES},
        "learned": train_wordpiece(WORDS),
        "many spaces": byte_pairs_of_many_spaces(),
        "tokens of spaces": byte_pairs_with_tokens_of_spaces(),
        "squeezed spaces": unigram_with_squeezed_spaces(),
    }


# Letters and marks, spaces of every kind and their runs, and what may combine with a space.
PIECES = (
    *("the", "ship", "x", "Größe", "東京", "1912", ",", "'s", "<s>", "<mask>", "[MASK]"),
    *(" ", "  ", " " * 5, " " * 70, "\t", "\n", "\r\n", "\n\n\n"),
    *("\u00a0", "\u3000", "\u2028", "\u0301"),
)
TEXTS = st.lists(st.sampled_from(PIECES), min_size=30, max_size=150).map("".join)


@pytest.mark.parametrize("name", [*FAMILIES, *OTHERS])
@settings(max_examples=60, deadline=None)
@given(text=TEXTS, most=st.integers(2, 9))
@example(text="x" + " " * 500 + "y", most=8)
def test_the_ids_of_a_cut_text_are_those_of_the_whole(tokenizers, name, text, most):
    tokenizer = tokenizers[name]
    whole = tokenizer.encode(text).ids

    (ids,), cut = encode_texts(tokenizer, [text], most)

    assert list(ids) == (whole if len(whole) <= most else [*whole[: most - 1], whole[-1]])
    assert cut == (len(whole) > most)
