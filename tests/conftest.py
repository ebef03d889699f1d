"""Data and small models that the tests of the estimators share.

With pytest-xdist, the process that distributes the tests reads this file as well. So that
it starts soon, the fixtures import torch, scikit-learn and this package themselves.
"""

import gc
import pkgutil
from importlib import import_module
from types import SimpleNamespace

import pytest


def pytest_collection_finish():
    """Exempt from garbage collection what the imports have made, which stays anyway.

    It is so much that going through it again and again takes a tenth of the time. A step
    of training makes so many objects that Python's own threshold, 700, is soon reached.
    """
    gc.freeze()
    gc.set_threshold(20_000)


# Trains for a moment, for tests in which the quality of the model does not matter.
QUICK = {
    "hidden_layer_sizes": (8,),
    "n_members": 2,
    "max_iter": 2,
    "batch_size": 30,
    "random_state": 0,
}

# Trains long enough to classify the blobs.
TRAINED = {**QUICK, "max_iter": 30, "batch_size": 20, "learning_rate_init": 0.02}


@pytest.fixture
def three_threads():
    """Let torch compute with three threads."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def few_draws():
    """Learn the imputation rule and the noise from fewer draws, which take less time."""
    from unittest import mock

    from sklearn_revae._imputation import residuals
    from sklearn_revae._interventions import drawing

    with (
        mock.patch.object(residuals, "_ROWS_IN_ALL", 1),
        mock.patch.multiple(drawing, _N_DRAWS=200, _N_DRAWS_OF_QUANTILES=500),
    ):
        yield


@pytest.fixture(scope="session")
def quick_classifier():
    """Return a function that makes quickly trained classifiers; it takes parameters."""
    from sklearn_revae import ReVAEClassifier

    return lambda **changes: ReVAEClassifier(**{**QUICK, **changes})


@pytest.fixture(scope="session")
def quick_transformer():
    """Return a function that makes quickly trained transformers; it takes parameters."""
    from sklearn_revae import ReVAETransformer

    return lambda **changes: ReVAETransformer(**{**QUICK, **changes})


def _read_only(*arrays):
    for array in arrays:
        array.setflags(write=False)
    return arrays


@pytest.fixture(scope="session")
def blobs():
    """Sixty samples with four features in three clusters, all of them labelled."""
    from sklearn.datasets import make_blobs

    return _read_only(*make_blobs(60, 4, centers=3, random_state=0))


@pytest.fixture(scope="session")
def few_blobs(blobs):
    """The same samples with every second label replaced by -1."""
    X, y = blobs
    y = y.copy()
    y[::2] = -1
    return _read_only(X, y)


@pytest.fixture(scope="session")
def digits():
    """A thousand digits in [0, 1], a hundred of them labelled, and a test set."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    X = X / 16
    y_train = y[:1000].copy()
    y_train[100:] = -1
    _read_only(X, y, y_train)
    return SimpleNamespace(
        X_train=X[:1000], y_train=y_train, X_test=X[1000:1500], y_test=y[1000:1500]
    )


@pytest.fixture(scope="session")
def digits_model(digits):
    """A classifier trained on the digits; tests must not change it."""
    from sklearn_revae import ReVAEClassifier

    model = ReVAEClassifier(
        (64,), n_members=2, max_iter=15, batch_size=100, random_state=0
    )
    return model.fit(digits.X_train, digits.y_train)


@pytest.fixture(scope="session")
def blobs_model(few_blobs):
    """A classifier trained on the blobs; tests must not change it."""
    from sklearn_revae import ReVAEClassifier

    return ReVAEClassifier(**TRAINED).fit(*few_blobs)


@pytest.fixture(scope="session")
def two_labels(blobs):
    """Samples with two labels, one of strings and one of integers, some unlabelled."""
    import numpy as np

    X, y = blobs
    labels = np.empty((len(y), 2), dtype=object)
    labels[:, 0] = np.array(["left", "middle", "right"])[y]
    labels[:, 1] = (X[:, 0] > np.median(X[:, 0])).astype(int) + 5
    labels[::2, 0] = -1
    labels[::3, 1] = -1
    return _read_only(X, labels)


@pytest.fixture(scope="session")
def two_labels_model(two_labels):
    """A classifier of two labels; tests must not change it."""
    from sklearn_revae import ReVAEClassifier

    return ReVAEClassifier(**TRAINED).fit(*two_labels)


@pytest.fixture(scope="session")
def weight_bytes():
    """Return a function that returns the bytes of a model's weights and buffers."""

    def read(model):
        state = model.module_.state_dict()
        return {name: tensor.cpu().numpy().tobytes() for name, tensor in state.items()}

    return read


@pytest.fixture(scope="session")
def linear_model(quick_classifier, digits):
    """A model with a linear decoder, whose latent codes can be recovered from rows."""
    from torch import nn

    model = quick_classifier(
        n_members=1,
        decoder=nn.Linear(6, 64),
        likelihood="gaussian",
        label_dim=4,
        style_dim=2,
    ).fit(digits.X_train * 100 - 50, digits.y_train)
    # Clipped and limited values are not a linear function of the latent codes.
    model._codec.scaling_.clips_ = False
    model._codec.scaling_.closed_[:] = False
    return model


@pytest.fixture(scope="session")
def decoded_latents():
    """Function that recovers the latent codes that a linear decoder has decoded."""
    import numpy as np

    def solve(model, rows):
        # The decoder is linear in scaled values.
        def scaled(rows):
            return model._codec.scaling_.transform(np.asarray(rows), np.float64)

        zero = scaled(model.inverse_transform(np.zeros((1, 6))))
        directions = scaled(model.inverse_transform(np.eye(6))) - zero
        return np.linalg.lstsq(directions.T, (scaled(rows) - zero).T, rcond=None)[0].T

    return solve


@pytest.fixture(scope="session")
def public_modules():
    """The package and its public sub-packages, which define `__all__`."""
    import sklearn_revae

    inside = [
        import_module(f"sklearn_revae.{found.name}")
        for found in pkgutil.iter_modules(sklearn_revae.__path__)
        if not found.name.startswith("_")
    ]
    return [sklearn_revae, *(module for module in inside if hasattr(module, "__all__"))]
