"""No method returns a value of a kind that fit never saw in the column."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from sklearn_revae import ReVAEClassifier, intervene, swap, traverse
from sklearn_revae._interventions.possible import PossibleValues
from sklearn_revae.persistence import load, save

# Columns 0 to 4: not negative, within [0, 1], whole, not positive, anything.
N = 200


@pytest.fixture(scope="module")
def table():
    random = np.random.RandomState(0)
    y = np.arange(N) % 2
    shift = 2.0 * y + random.standard_normal(N)
    X = np.stack(
        [
            np.abs(shift),
            1 / (1 + np.exp(-2 * shift)),
            np.rint(40 + 8 * shift),
            -np.abs(shift + 1),
            3 * shift,
        ],
        axis=1,
    )
    return X, y


@pytest.fixture(scope="module")
def model(table):
    model = ReVAEClassifier((32,), max_iter=15, n_members=2, random_state=0)
    return model.fit(*table)


def _missing(X):
    X = X.copy()
    X[::3, :4] = np.nan
    return X


CALLS = {
    "sample": lambda m, X: m.sample(300, random_state=0)[0],
    "sample means": lambda m, X: m.sample(300, noise=False, random_state=0)[0],
    "intervene": lambda m, X: m.intervene(X, 0, strength=3.0),
    "intervene up": lambda m, X: m.intervene(X, 1, strength=3.0),
    "draws": lambda m, X: m.intervene(X, 0, n_samples=2, random_state=0),
    "decoded": lambda m, X: m.intervene(X, 1, strength=3.0, residual=False),
    "bounds": lambda m, X: m.intervene(X, 1, strength=3.0, bounds={2: (30.5, 40.7)}),
    "missing values": lambda m, X: m.intervene(_missing(X), 0, strength=3.0),
    "reconstruct": lambda m, X: m.reconstruct(X),
    "swap": lambda m, X: m.swap(X, X[::-1]),
    "traverse": lambda m, X: m.traverse(X, 0, steps=5, span=8.0),
    "impute": lambda m, X: m.impute(_missing(X)),
    "imputed draws": lambda m, X: m.impute(_missing(X), n_samples=3, random_state=0),
    "latent codes": lambda m, X: m.inverse_transform(4 * m.transform(X)),
}


def _check(X):
    X = np.asarray(X, dtype=float).reshape(-1, 5)
    assert (X[:, 0] >= 0).all()
    assert ((X[:, 1] >= 0) & (X[:, 1] <= 1)).all()
    np.testing.assert_array_equal(X[:, 2], np.rint(X[:, 2]))
    assert (X[:, 3] <= 0).all()


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_values_are_of_the_kind_that_fit_saw(call, model, table):
    _check(call(model, table[0]))


def test_a_loaded_model_keeps_to_the_same_values(model, table, tmp_path):
    save(model, tmp_path / "model")
    loaded = load(tmp_path / "model")
    _check(loaded.intervene(table[0], 0, strength=3.0))
    np.testing.assert_array_equal(
        loaded.intervene(table[0], 1), model.intervene(table[0], 1)
    )


def test_an_edit_too_small_for_a_whole_number_keeps_it(model, table):
    X = table[0]
    edited = model.intervene(X, 1 - model.predict(X), strength=1e-4)
    np.testing.assert_array_equal(edited[:, 2], X[:, 2])


@pytest.mark.parametrize("load_data", [load_breast_cancer, load_wine])
def test_no_column_of_real_data_becomes_negative(load_data):
    X, y = load_data(return_X_y=True)
    model = ReVAEClassifier(max_iter=5, random_state=0).fit(X, y)
    for target in np.unique(y):
        assert model.intervene(X, target, strength=2.0).min() >= 0
    assert model.reconstruct(X).min() >= 0
    assert model.sample(1000, random_state=0)[0].min() >= 0


STEPS = {
    "PCA": lambda: [PCA(20, random_state=0)],
    "scaled": lambda: [StandardScaler()],
    "scaled PCA": lambda: [MinMaxScaler(), PCA(20, random_state=0)],
}


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_pixels_stay_pixels_through_a_pipeline(steps):
    X, y = load_digits(return_X_y=True)
    model = ReVAEClassifier((32,), n_members=1, max_iter=2, random_state=0)
    pipeline = make_pipeline(*steps(), model).fit(X[:600], y[:600])
    for rows in (X[:1], X[:100]):
        for edited in (
            intervene(pipeline, rows, 3, strength=2.0),
            intervene(pipeline, rows, 3, n_samples=2, random_state=0),
            swap(pipeline, rows, X[-1:]),
            traverse(pipeline, rows, 0, steps=3),
        ):
            assert edited.min() >= 0
            assert edited.max() <= 16
            np.testing.assert_array_equal(edited, np.rint(edited))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n_rows", [1, 5, 40])
@pytest.mark.parametrize("n_training", [100, 300])
def test_pixels_that_are_black_in_all_training_samples(n_training, n_rows, dtype):
    X = load_digits().data.astype(dtype)
    training, own = X[:n_training], X[n_training : n_training + n_rows]
    assert (training == 0).all(axis=0).any()
    pca = PCA(20, random_state=0).fit(training)

    def restored(rows):
        return pca.inverse_transform(pca.transform(rows)).astype(np.float64)

    possible = PossibleValues.of(
        own.astype(np.float64), restored(own), restored(training), dtype
    )
    np.testing.assert_array_equal(possible.low, 0)
    np.testing.assert_array_equal(possible.high, own.max())
    assert possible.whole.all()


def test_a_constant_column_does_not_limit_the_others():
    training = np.random.RandomState(0).standard_normal((50, 2)) * [1.0, 0.0]
    own = np.abs(training[:12])
    possible = PossibleValues.of(own, own, training)
    np.testing.assert_array_equal(possible.low, [-np.inf, 0])


@pytest.mark.parametrize("steps", [StandardScaler, PCA])
def test_columns_of_a_table_keep_their_kind_through_a_pipeline(steps, table):
    X, y = table
    model = ReVAEClassifier((32,), n_members=1, max_iter=5, random_state=0)
    pipeline = make_pipeline(steps(), model).fit(X, y)
    for n_rows in (1, N):
        for target in (0, 1):
            edited = intervene(pipeline, X[:n_rows], target, strength=3.0)
            _check(edited)
        # A column that may be negative, and need not be whole, is not limited.
        assert (edited[:, 4] != np.rint(edited[:, 4])).any()
