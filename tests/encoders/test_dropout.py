"""The encoders' dropout: shares, independence, seeding."""

import mlx.core as mx
import numpy as np
import pytest

from bertplay.encoders.dropout import Dropout


def kept(layer: Dropout, shape: tuple[int, ...] = (500, 400)) -> np.ndarray:
    """Which elements one call keeps."""
    return np.array(layer(mx.ones(shape))) != 0


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_an_element_is_dropped_with_probability_p(p):
    mx.random.seed(0)
    mask = kept(Dropout(p))
    error = 5 * np.sqrt(p * (1 - p) / mask.size)

    assert abs(1 - mask.mean() - p) < error
    rows, columns = mask.mean(axis=1), mask.mean(axis=0)
    # As spread over rows and columns as independent elements are, give or take a fifth.
    assert rows.std() == pytest.approx(np.sqrt(p * (1 - p) / 400), rel=0.2)
    assert columns.std() == pytest.approx(np.sqrt(p * (1 - p) / 500), rel=0.2)


def test_neighbours_and_later_calls_are_not_correlated():
    mx.random.seed(1)
    layer = Dropout(0.5)
    first, second = (kept(layer).ravel() * 2.0 - 1 for _ in range(2))
    limit = 5 / np.sqrt(first.size)

    assert abs((first * second).mean()) < limit
    for distance in (1, 2, 32, 400):
        assert abs((first[:-distance] * first[distance:]).mean()) < limit


def test_what_is_kept_is_scaled_so_that_the_mean_stays():
    mx.random.seed(2)
    values = np.array(Dropout(0.2)(mx.full((400, 400), 3.0)))

    np.testing.assert_allclose(np.unique(values), [0, 3.75], rtol=1e-6)
    assert values.mean() == pytest.approx(3, abs=0.02)


def test_gradients_pass_where_values_do():
    layer = Dropout(0.3)

    def seeded(x):
        mx.random.seed(3)
        return layer(x)

    x = mx.ones((50, 20))
    np.testing.assert_array_equal(mx.grad(lambda x: seeded(x).sum())(x), seeded(x))


def test_the_seed_decides():
    layer = Dropout(0.5)
    masks = []
    for seed in (4, 4, 5):
        mx.random.seed(seed)
        masks.append(kept(layer))

    assert (masks[0] == masks[1]).all()
    assert (masks[0] != masks[2]).any()


def test_compiled_calls_draw_anew():
    layer, state = Dropout(0.5), [mx.random.state]
    compiled = mx.compile(layer, inputs=state, outputs=state)
    x = mx.ones((100,))

    assert (np.array(compiled(x)) != np.array(compiled(x))).any()


def test_evaluation_changes_nothing():
    layer = Dropout(0.5)
    layer.eval()
    x = mx.random.normal((10, 10))

    assert layer(x) is x


@pytest.mark.parametrize("dtype", [mx.float16, mx.bfloat16, mx.float32])
def test_the_type_stays(dtype):
    assert Dropout(0.1)(mx.ones((4,), dtype=dtype)).dtype == dtype


@pytest.mark.parametrize("p", [-0.1, 1.0, 1.5])
def test_a_probability_outside_0_to_1_is_refused(p):
    with pytest.raises(ValueError, match="expected a probability of at least 0 and below 1"):
        Dropout(p)
