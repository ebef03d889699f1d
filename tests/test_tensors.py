"""PyTorch tensors, and objects that convert to arrays, as X, y and sample_weight."""

import numpy as np
import pytest
import scipy.sparse
import torch
from sklearn import config_context
from sklearn.model_selection import cross_val_score

from sklearn_revae import ReVAERegressor

METHODS = [
    "predict",
    "predict_proba",
    "transform",
    "score_samples",
    "reconstruct",
    "impute",
]


@pytest.fixture(scope="module")
def tensors(few_blobs):
    return torch.tensor(few_blobs[0]), torch.tensor(few_blobs[1])


VIEWS = {
    "double": lambda X: X,
    "with a gradient": lambda X: X.clone().requires_grad_(),
    "parameter": lambda X: torch.nn.Parameter(X.clone()),
    "result of an operation": lambda X: X.clone().requires_grad_() * 1.0,
    "strided": lambda X: torch.cat([X, X], dim=1)[:, :4],
    "negated lazily": lambda X: torch.complex(X, -X).conj().imag,
    "list of tensors": list,
    "list with gradients": lambda X: list(X.clone().requires_grad_()),
}


@pytest.mark.parametrize("view", VIEWS)
def test_tensors_give_the_same_results_as_arrays(
    view, few_blobs, tensors, quick_classifier, weight_bytes
):
    X, y = few_blobs
    weight = np.linspace(0.5, 2, 60)
    tensor = VIEWS[view](tensors[0])
    expected = quick_classifier().fit(X, y, weight)
    model = quick_classifier().fit(
        tensor, tensors[1], torch.tensor(weight, requires_grad=True)
    )
    assert weight_bytes(model) == weight_bytes(expected)
    for method in METHODS:
        np.testing.assert_array_equal(
            getattr(model, method)(tensor), getattr(expected, method)(X)
        )
    np.testing.assert_array_equal(model.intervene(tensor, 1), expected.intervene(X, 1))
    draws = model.impute(tensor, n_samples=2, random_state=0)
    np.testing.assert_array_equal(draws, expected.impute(X, n_samples=2, random_state=0))
    assert model.score(tensor, tensors[1], torch.tensor(weight)) == expected.score(
        X, y, weight
    )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_tensors_of_low_precision_are_read_exactly(
    dtype, tensors, quick_classifier, weight_bytes
):
    X = tensors[0].to(dtype)
    model = quick_classifier().fit(X, tensors[1])
    expected = quick_classifier().fit(X.float().numpy(), tensors[1].numpy())
    assert weight_bytes(model) == weight_bytes(expected)
    np.testing.assert_array_equal(model.transform(X), expected.transform(X.float()))
    assert np.isfinite(model.intervene(X, 1)).all()


def test_tensors_of_integers_keep_their_type(quick_classifier):
    X = torch.arange(48).reshape(12, 4) % 7
    model = quick_classifier().fit(X, torch.arange(12) % 2)
    assert model.intervene(X, 1).dtype == np.int64


def test_tensors_of_pictures(tensors, quick_classifier):
    X = tensors[0].reshape(60, 2, 2)
    model = quick_classifier().fit(X, tensors[1])
    assert model.intervene(X, 1).shape == (60, 2, 2)


def test_samples_of_weight_zero_are_left_out_of_tensors(
    tensors, quick_classifier, weight_bytes
):
    X, y = tensors
    weight = (torch.arange(60) % 3 > 0).float()
    model = quick_classifier().fit(X, y, weight)
    expected = quick_classifier().fit(X[weight > 0], y[weight > 0])
    assert weight_bytes(model) == weight_bytes(expected)


UNSUPPORTED = {
    "sparse": (lambda X: X.to_sparse(), "sparse.*dense"),
    "sparse rows": (lambda X: X.to_sparse_csr(), "sparse.*dense"),
    "complex": (lambda X: X + 1j, "complex.*dense"),
    "meta": (lambda X: X.to("meta"), "meta"),
}


@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support")
@pytest.mark.parametrize("kind", UNSUPPORTED)
def test_unsupported_tensors_are_refused(kind, tensors, quick_classifier):
    make, message = UNSUPPORTED[kind]
    X, y = tensors
    model = quick_classifier()
    with pytest.raises(TypeError, match=message):
        model.fit(make(X), y)
    with pytest.raises(TypeError, match=message):
        model.fit(X, make(y.float()[:, None]))
    assert not hasattr(model, "module_")
    model.fit(X, y)
    with pytest.raises(TypeError, match=message):
        model.predict(make(X))


class _ConvertsToArray:
    """An object that NumPy can convert, and that offers nothing else."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)

    def __array_function__(self, function, types, args, kwargs):
        raise TypeError(f"{function} is not supported")


def test_objects_that_convert_to_arrays(few_blobs, quick_classifier, weight_bytes):
    X, y = few_blobs
    wrapped = _ConvertsToArray(X)
    weight = _ConvertsToArray(np.ones(60))
    model = quick_classifier().fit(wrapped, _ConvertsToArray(y), weight)
    expected = quick_classifier().fit(X, y)
    assert weight_bytes(model) == weight_bytes(expected)
    np.testing.assert_array_equal(model.impute(wrapped), expected.impute(X))
    np.testing.assert_array_equal(model.intervene(wrapped, 1), expected.intervene(X, 1))
    assert model.score(wrapped, _ConvertsToArray(y), weight) == expected.score(X, y)


def test_sparse_matrices_are_still_read(few_blobs, quick_classifier):
    X, y = few_blobs
    model = quick_classifier(likelihood="gaussian").fit(scipy.sparse.csr_matrix(X), y)
    assert model.predict(torch.tensor(X)).shape == (60,)


@pytest.fixture
def dispatch(monkeypatch):
    """scikit-learn's dispatch of array APIs, which requires this variable."""
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    with config_context(array_api_dispatch=True):
        yield


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("method", ["predict_proba", "predict_log_proba", "transform"])
def test_results_are_tensors_under_dispatch(
    dispatch, dtype, method, tensors, quick_classifier
):
    X = tensors[0].to(dtype)
    model = quick_classifier().fit(X, tensors[1])
    found = getattr(model, method)(X)
    assert isinstance(found, torch.Tensor)
    assert found.dtype == dtype
    expected = getattr(model, method)(X.numpy())
    assert isinstance(expected, np.ndarray)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6)


def test_predictions_are_tensors_under_dispatch(dispatch, tensors, quick_classifier):
    X, y = tensors
    model = quick_classifier().fit(X, y)
    predicted = model.predict(X)
    assert predicted.dtype == y.dtype
    assert model.score(X, y) == (predicted == y)[y >= 0].double().mean()
    assert cross_val_score(model, X[y >= 0], y[y >= 0], cv=2).shape == (2,)
    names = quick_classifier().fit(X, np.where(y == 1, "a", "b"))
    assert isinstance(names.predict(X), np.ndarray)
    regressor = ReVAERegressor((8,), n_members=1, max_iter=1).fit(X, X[:, 0])
    for values in regressor.predict(X, return_std=True):
        assert values.dtype == X.dtype


def test_results_are_arrays_without_dispatch(tensors, quick_classifier):
    model = quick_classifier().fit(*tensors)
    for method in ("predict", "predict_proba", "transform"):
        assert isinstance(getattr(model, method)(tensors[0]), np.ndarray)


def test_a_tensor_in_memory_is_not_copied(tensors, quick_classifier):
    X = tensors[0].clone()
    model = quick_classifier().fit(X, tensors[1])
    assert np.shares_memory(model._scaled(X).values, X.numpy())
