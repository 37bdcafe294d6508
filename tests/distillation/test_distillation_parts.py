"""The parts of a distillation: masks, objective, student."""

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_teacher import TINY

from bertplay.data.errors import InputError
from bertplay.distillation.masking import mask_words
from bertplay.distillation.objective import hidden_error, masked_word_loss, sentence_similarity
from bertplay.distillation.student import Learner, student_config, student_from, teacher_layers
from bertplay.encoders import load_encoder
from bertplay.encoders.quantization import Quantization
from bertplay.encoders.quantizing import quantize_linears
from bertplay.named_arrays import named_arrays

MASK = 4


def drawn(*shape: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


@given(seed=st.integers(0, 100), fraction=st.floats(0.0, 0.9))
def test_only_words_of_every_other_text_are_masked(seed, fraction):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(2, 13, size=7)
    ids = np.zeros((7, 12), dtype=np.int32)
    for row, length in enumerate(lengths):
        ids[row, :length] = [2, *rng.integers(5, 24, length - 2), 3]

    masked = mask_words(ids, lengths, fraction=fraction, mask_id=MASK, rng=rng)

    changed = masked.input_ids != ids
    assert not changed[1::2].any()
    assert not changed[:, 0].any()
    assert (masked.input_ids[changed] == MASK).all()
    for row in range(0, 7, 2):
        words = lengths[row] - 2
        assert changed[row].sum() == min(max(1, np.round(fraction * lengths[row])), words)
    counted = masked.places[masked.weights > 0]
    assert set(counted) == set(np.flatnonzero(changed.reshape(-1)))
    np.testing.assert_array_equal(masked.labels[masked.weights > 0], ids.reshape(-1)[counted])


def test_the_number_of_places_depends_on_the_shape_alone():
    ids = np.full((4, 10), 7, dtype=np.int32)
    shapes = {
        mask_words(
            ids,
            np.array(lengths),
            fraction=0.15,
            mask_id=MASK,
            rng=np.random.default_rng(0),
        ).places.shape
        for lengths in ([10, 10, 10, 10], [2, 3, 4, 10])
    }
    assert len(shapes) == 1


def test_the_hidden_error_is_the_share_of_the_variance_that_is_missed():
    student, teacher = drawn(3, 5, 4, seed=0), drawn(3, 5, 4, seed=1)
    mask = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 1, 1, 0, 0]], dtype=bool)
    wanted, own = teacher[mask], student[mask]
    expected = ((own - wanted) ** 2).sum() / ((wanted - wanted.mean(axis=0)) ** 2).sum()

    error = hidden_error([mx.array(student)], [mx.array(teacher)], mx.array(mask))

    assert error.item() == pytest.approx(expected, rel=1e-5)


def test_a_copy_has_no_error_and_the_mean_an_error_of_1():
    teacher = mx.array(drawn(2, 3, 4, seed=2))
    mask = mx.ones((2, 3), dtype=mx.bool_)
    mean = mx.broadcast_to(teacher.mean(axis=(0, 1)), teacher.shape)
    assert hidden_error([teacher], [teacher], mask).item() == 0.0
    assert hidden_error([mean], [teacher], mask).item() == pytest.approx(1.0, rel=1e-5)


def test_similarity_is_the_cosine_of_the_mean_states():
    student, teacher = drawn(2, 3, 4, seed=3), drawn(2, 3, 4, seed=4)
    mask = np.array([[1, 1, 0], [1, 1, 1]], dtype=bool)
    expected = []
    for row in range(2):
        a, b = student[row][mask[row]].mean(axis=0), teacher[row][mask[row]].mean(axis=0)
        expected.append(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    got = sentence_similarity(mx.array(student), mx.array(teacher), mx.array(mask))
    np.testing.assert_allclose(np.array(got), expected, rtol=1e-5)


def test_places_of_weight_0_do_not_count_among_the_masked_words():
    logits = mx.array(drawn(3, 6, seed=5))
    whole = masked_word_loss(logits[:2], mx.array([1, 4]), mx.ones(2))
    filled = masked_word_loss(logits, mx.array([1, 4, 0]), mx.array([1.0, 1.0, 0.0]))
    assert filled.item() == pytest.approx(whole.item(), rel=1e-6)


@pytest.mark.parametrize(
    ("student", "teacher", "layers"),
    [(2, 6, (3, 6)), (3, 6, (2, 4, 6)), (4, 6, (2, 3, 5, 6)), (1, 12, (12,)), (6, 6, range(1, 7))],
)
def test_the_teachers_layers_are_spread_evenly_and_end_with_its_last(student, teacher, layers):
    assert teacher_layers(student, teacher) == tuple(layers)


def test_a_student_of_the_same_width_starts_from_its_teachers_embeddings_and_layers():
    teacher, _ = load_encoder(TINY)
    pieces = np.array([0, 1, 2, 3, 4, 9, 7], dtype=np.int32)
    config = student_config(teacher.config, layers=1, hidden=None, heads=None, pieces=pieces)
    student = student_from(teacher, config, pieces, seed=0)
    own, learned = (named_arrays(encoder.parameters()) for encoder in (student, teacher))
    words = "embeddings.word_embeddings.weight"
    assert mx.array_equal(own[words], learned[words][mx.array(pieces)])
    part = "attention.self.query.weight"
    assert mx.array_equal(own[f"encoder.layer.0.{part}"], learned[f"encoder.layer.1.{part}"])


def test_as_deep_and_with_all_its_words_a_student_is_a_copy():
    teacher, _ = load_encoder(TINY)
    pieces = np.arange(24, dtype=np.int32)
    config = student_config(teacher.config, layers=2, hidden=None, heads=None, pieces=np.arange(24))
    student = student_from(teacher, config, pieces, seed=0)
    student.eval()
    ids = mx.array([[2, 5, 7, 8, 3]])
    one, other = student(ids).last_hidden_state, teacher(ids).last_hidden_state
    assert mx.array_equal(one, other)


def test_a_student_of_a_quantized_teacher_starts_from_what_its_bits_stand_for():
    teacher, _ = load_encoder(TINY)
    quantize_linears(teacher, Quantization(8, 32))
    pieces = np.arange(24, dtype=np.int32)
    config = student_config(teacher.config, layers=2, hidden=None, heads=None, pieces=pieces)
    student = student_from(teacher, config, pieces, seed=0)
    student.eval()
    ids = mx.array([[2, 5, 7, 8, 3]])
    one, other = student(ids).last_hidden_state, teacher(ids).last_hidden_state
    np.testing.assert_allclose(np.array(one), np.array(other), atol=1e-5)


def test_a_narrower_student_is_compared_through_linear_maps():
    teacher, _ = load_encoder(TINY)
    config = student_config(teacher.config, layers=2, hidden=16, heads=None, pieces=np.arange(24))
    assert (config.num_attention_heads, config.intermediate_size) == (2, 32)
    student = student_from(teacher, config, np.arange(24, dtype=np.int32), seed=0)
    states = student.hidden_states(mx.array([[2, 5, 3]]))[1:]
    compared = Learner(student, teacher.config.hidden_size).compared(states)
    assert [state.shape for state in compared] == [(1, 3, 32)] * 2


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({"layers": 3}, "--layers 3: the teacher has 2"),
        ({"hidden": 30, "heads": 4}, "hidden_size 30 is not a multiple"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(sizes, words):
    teacher, _ = load_encoder(TINY)
    options = {"layers": 1, "hidden": None, "heads": None, "pieces": np.arange(24), **sizes}
    with pytest.raises(InputError, match=words):
        student_config(teacher.config, **options)
