"""Predictions for more samples than fit in memory need memory for their result only."""

import tracemalloc

import numpy as np
import pytest

N_COLUMNS = 512
MEGABYTE = 2**20


class Drawn:
    """An array of 4 kB a sample that exists only where it is read."""

    dtype, chunks = np.dtype(np.float64), None

    def __init__(self, n_rows):
        self.shape = (n_rows, N_COLUMNS)

    def __getitem__(self, rows):
        start, stop, _ = rows.indices(self.shape[0])
        return np.repeat(np.arange(start, stop) % 2 / 2 + 0.25, N_COLUMNS).reshape(
            -1, N_COLUMNS
        )


@pytest.fixture(scope="module")
def model(quick_classifier):
    X = np.random.default_rng(0).random((40, N_COLUMNS))
    parameters = {"hidden_layer_sizes": (2,), "n_members": 1, "style_dim": 1}
    return quick_classifier(**parameters).fit(X, np.arange(40) % 2)


def _peak(method, X):
    """The most memory that Python and NumPy hold beside the result."""
    tracemalloc.start()
    try:
        result = method(X)
        return result, tracemalloc.get_traced_memory()[1] - result.nbytes
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("method", ["predict_proba", "transform"])
def test_memory_does_not_grow_with_the_number_of_samples(method, model):
    few, many = Drawn(8_000), Drawn(25_000)
    assert many.shape[0] * N_COLUMNS * 8 > 97 * MEGABYTE
    _, of_few = _peak(getattr(model, method), few)
    result, of_many = _peak(getattr(model, method), many)
    assert len(result) == 25_000
    assert of_many < of_few + 2 * MEGABYTE
    assert of_many < 80 * MEGABYTE
    np.testing.assert_allclose(result[:2], result[-2:])
