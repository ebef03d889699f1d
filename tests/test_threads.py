"""Threads that share a fitted estimator, or fit at the same time."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from sklearn.base import clone

from sklearn_revae import ReVAEClassifier

N_THREADS = 8
CALLS = {
    "predict_proba": lambda model, X: model.predict_proba(X),
    "transform": lambda model, X: model.transform(X),
    "intervene": lambda model, X: model.intervene(X, 1),
    "intervene at random": lambda model, X: model.intervene(
        X, 1, method="sample", random_state=0
    ),
    "sample": lambda model, X: model.sample(20, random_state=0)[0],
    "score_samples": lambda model, X: model.score_samples(X),
}


@pytest.fixture(scope="module")
def data():
    y = np.arange(60) % 2
    return np.random.RandomState(0).normal(size=(60, 4)) + 3 * y[:, None], y


@pytest.fixture(scope="module")
def fitted(data):
    model = ReVAEClassifier((8,), n_members=2, max_iter=2, random_state=0)
    return model.fit(*data)


@pytest.fixture(params=[torch.float32, torch.float64], ids=["float32", "float64"])
def default_dtype(request):
    """A setting of torch that all threads share."""
    found = torch.get_default_dtype()
    torch.set_default_dtype(request.param)
    yield request.param
    torch.set_default_dtype(found)


def test_threads_get_the_answers_of_one_thread(fitted, data, default_dtype):
    expected = {name: call(fitted, data[0]) for name, call in CALLS.items()}
    # A copy has prepared nothing yet for its first prediction.
    model = pickle.loads(pickle.dumps(fitted))
    names = [name for name in CALLS for _ in range(N_THREADS)]
    with ThreadPoolExecutor(N_THREADS) as pool:
        found = list(pool.map(lambda name: CALLS[name](model, data[0]), names))
    for name, values in zip(names, found, strict=True):
        np.testing.assert_array_equal(values, expected[name], err_msg=name)
    assert torch.get_default_dtype() == default_dtype


def test_fits_in_threads_are_those_of_one_thread(fitted, data):
    n_threads = torch.get_num_threads()
    with ThreadPoolExecutor(N_THREADS) as pool:
        models = list(pool.map(lambda _: clone(fitted).fit(*data), range(N_THREADS)))
    expected = fitted.predict_proba(data[0])
    for model in models:
        np.testing.assert_array_equal(model.predict_proba(data[0]), expected)
    assert torch.get_num_threads() == n_threads
