"""Small models fitted to images and to a table; figures are closed after each test."""

from types import SimpleNamespace

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from sklearn.datasets import load_digits

from sklearn_revae import ReVAEClassifier, ReVAETransformer


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def own_ax():
    """Axes of a figure that the user has made without pyplot."""
    return Figure().subplots()


@pytest.fixture
def values_of():
    """Function that returns the values of a drawn image, NaN where it is transparent."""

    def values(image):
        return np.ma.filled(image.get_array().astype(float), np.nan)

    return values


@pytest.fixture(scope="session")
def images():
    """Digits of 8 x 8 pixels with two labels, and a model fitted to them."""
    X, y = load_digits(return_X_y=True)
    X = X[:300].reshape(-1, 8, 8)
    Y = pd.DataFrame({"digit": y[:300], "odd": np.array(["no", "yes"])[y[:300] % 2]})
    Y.loc[::3, "odd"] = None
    model = ReVAEClassifier((16,), max_iter=3, early_stopping=True, random_state=0)
    return SimpleNamespace(X=X, Y=Y, model=model.fit(X, Y))


@pytest.fixture(scope="session")
def table():
    """A mixed DataFrame with missing values, and a model fitted to it."""
    random, n = np.random.RandomState(0), 80
    y = random.randint(2, size=n)
    X = pd.DataFrame(
        {
            "height": random.standard_normal(n) + 3 * y,
            "town": np.where(random.rand(n) < 0.2, "Ulm", np.array(["Jena", "Bonn"])[y]),
            "wet": random.rand(n) < 0.2 + 0.6 * y,
            "visits": random.poisson(1 + 3 * y),
        }
    )
    X.loc[::7, "height"] = np.nan
    X.loc[::11, "town"] = None
    sizes = np.array(["small", "tall"])[y]
    model = ReVAEClassifier((16,), max_iter=10, batch_size=20, random_state=0)
    return SimpleNamespace(X=X, y=sizes, model=model.fit(X, sizes))


@pytest.fixture(scope="session")
def one_latent():
    """A transformer whose label has a single latent dimension."""
    random = np.random.RandomState(0)
    y = np.repeat([0, 1, -1], 20)
    X = random.standard_normal((60, 3)) + y[:, None]
    model = ReVAETransformer((8,), label_dim=1, max_iter=3, random_state=0)
    return SimpleNamespace(X=X, y=y, model=model.fit(X, y))
