"""What a run used is in its summary, and predicting many rows takes no more than a few."""

import mlx.core as mx
import pytest
from word_average import encoded, word_average

from bertplay import device_memory
from bertplay.device_memory import limit_cache, memory_facts, usable_memory
from bertplay.prediction import BatchedPredictor


def test_a_summary_has_the_memory_that_was_used(run):
    memory = run.summary["memory"]
    assert memory.keys() == {"peak_active_bytes", "cache_bytes", "process_peak_bytes"}
    assert memory["process_peak_bytes"] > memory["peak_active_bytes"] > 0


def test_the_peak_is_that_of_arrays_and_of_the_process():
    mx.reset_peak_memory()
    array = mx.ones((500, 1000))
    mx.eval(array)
    facts = memory_facts()
    assert facts["peak_active_bytes"] >= 2_000_000
    # Python with MLX takes more than ten megabytes and less than the machine has.
    assert 10**7 < facts["process_peak_bytes"] < usable_memory()


def test_predicting_ten_times_as_many_rows_leaves_no_more_arrays():
    model = word_average()
    mx.eval(model.parameters())
    few, many = encoded(10_000).token_ids, encoded(100_000).token_ids
    peaks, left = [], []
    # As many batches either way, as it varies how many of them are on their way at once.
    for tables in ([few] * 10, [many]):
        predictor = BatchedPredictor(model, (4, 6), 500)
        predictor.logits(few[:500])  # compiled before it is measured
        before = mx.get_active_memory()
        mx.reset_peak_memory()
        for texts in tables:
            assert predictor.logits(texts).shape == (len(texts), 2)
        peaks.append(mx.get_peak_memory() - before)
        left.append(mx.get_active_memory() - before)
    assert peaks[1] <= 1.1 * peaks[0]
    assert max(left) < 10_000


@pytest.fixture
def a_gpu(monkeypatch):
    """A GPU whose driver recommends 16 GB; the limits that it is given."""
    limits = []
    device = type("Gpu", (), {"type": type("Kind", (), {"name": "gpu"})})()
    about = {"max_recommended_working_set_size": 16 * 10**9, "memory_size": 24 * 10**9}
    monkeypatch.setattr(device_memory.mx, "default_device", lambda: device)
    monkeypatch.setattr(device_memory.mx, "device_info", lambda device: about)
    monkeypatch.setattr(device_memory.mx, "set_cache_limit", limits.append)
    limit_cache.cache_clear()
    yield limits
    limit_cache.cache_clear()


def test_on_a_gpu_the_cache_is_bounded_once(a_gpu):
    assert usable_memory() == 16 * 10**9
    assert [limit_cache(), limit_cache()] == [4 * 10**9] * 2
    assert a_gpu == [4 * 10**9]


def test_on_the_cpu_the_cache_is_left_as_it_is():
    if mx.default_device().type.name != "cpu":
        pytest.skip("the default device is a GPU")
    limit_cache.cache_clear()
    assert limit_cache() is None
