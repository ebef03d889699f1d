"""New samples look like the training samples, with and without a given label."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_revae import ReVAEClassifier
from sklearn_revae._interventions.drawing import draw_from_prior
from sklearn_revae._sample_statistics import SampleStatistics


def _mixed(n=600, seed=0):
    """Numbers, a category of 60/31/9 %, a flag of 22 %, counts, independent columns."""
    random = np.random.RandomState(seed)
    species, size = random.randint(3, size=n), random.standard_normal(n)
    columns = {
        "bill": 40 + 5 * species + 2 * random.standard_normal(n) + 2 * size,
        "mass": 3500 + 700 * size + 200 * random.standard_normal(n),
        "first": random.standard_normal(n),
        "second": 3 + 2 * random.standard_normal(n),
        "island": pd.Categorical(random.choice(list("abc"), n, p=[0.6, 0.31, 0.09])),
        "ringed": random.random_sample(n) < 0.22,
        "eggs": random.poisson(2 + species),
    }
    labels = np.where(np.arange(n) < 60, species, -1)
    return pd.DataFrame(columns), labels, species


@pytest.fixture(scope="module")
def mixed():
    X, labels, species = _mixed()
    return X, species, ReVAEClassifier(n_members=3, random_state=0).fit(X, labels)


@pytest.fixture(scope="module")
def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    labels = np.full(len(y), -1)
    for k in (0, 1):
        labels[np.flatnonzero(y == k)[:20]] = k
    return X, y, ReVAEClassifier(n_members=3, random_state=0).fit(X, labels)


def test_samples_of_a_mixed_table_have_its_standard_deviations_and_rates(mixed):
    X, _, model = mixed
    drawn, _ = model.sample(5000, random_state=0)
    numbers = ["bill", "mass", "first", "second", "eggs"]
    ratio = drawn[numbers].std() / X[numbers].std()
    np.testing.assert_allclose(ratio, 1.0, atol=0.1)
    assert abs(drawn["ringed"].mean() - X["ringed"].mean()) < 0.03
    rates = [rows["island"].value_counts(normalize=True) for rows in (drawn, X)]
    assert (rates[0] - rates[1]).abs().max() < 0.03
    difference = drawn[numbers].corr() - X[numbers].corr()
    assert difference.abs().to_numpy().max() < 0.15
    assert list(drawn.dtypes) == list(X.dtypes)


def test_samples_of_cancer_cannot_be_distinguished_from_its_rows(cancer):
    X, _, model = cancer
    drawn, _ = model.sample(5000, random_state=0)
    np.testing.assert_allclose(drawn.std(axis=0) / X.std(axis=0), 1.0, atol=0.1)
    difference = np.abs(np.corrcoef(drawn.T) - np.corrcoef(X.T))
    assert difference.mean() < 0.03
    assert difference.max() < 0.2
    auc = cross_val_score(
        HistGradientBoostingClassifier(max_iter=60, random_state=0),
        np.concatenate([X, drawn[: len(X)]]),
        np.repeat([0, 1], len(X)),
        cv=5,
        scoring="roc_auc",
    )
    assert auc.mean() <= 0.75


def test_samples_stay_within_the_values_of_fit(cancer):
    X, _, model = cancer
    drawn, _ = model.sample(2000, random_state=0)
    slack = 1e-6 * np.abs(X).max(axis=0)
    assert (drawn >= X.min(axis=0) - slack).all()
    assert (drawn <= X.max(axis=0) + slack).all()


def test_samples_are_no_copies_of_training_rows(cancer):
    X, _, model = cancer
    drawn, _ = model.sample(500, random_state=0)
    spread = X.std(axis=0)
    nearest = [np.square((X - row) / spread).mean(axis=1).min() for row in drawn]
    own = [np.sort(np.square((X - row) / spread).mean(axis=1))[1] for row in X]
    assert np.median(nearest) > 0.5 * np.median(own)


@pytest.mark.parametrize("noise", [True, False])
def test_samples_have_the_label_that_was_given(noise, cancer):
    X, y, model = cancer
    judge = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    for value in (0, 1):
        drawn, labels = model.sample(500, value, noise=noise, random_state=0)
        assert (labels == value).all()
        assert (judge.predict(drawn) == value).mean() > 0.8


@pytest.fixture(scope="module")
def overlapping():
    """A rare label that a feature says little about, and a label that says the same."""
    random, n = np.random.RandomState(0), 800
    ill = random.random_sample(n) < 0.1
    X = random.standard_normal((n, 3))
    X[:, 0] += np.where(ill, 0.8, -0.8)
    y = pd.DataFrame({"ill": ill, "state": np.where(ill, "sick", "fine")})
    return X, ill, ReVAEClassifier(n_members=3, random_state=0).fit(X, y)


def test_samples_of_classes_that_overlap_are_not_more_extreme_than_the_data(overlapping):
    _, _, model = overlapping
    # Those of the rare label are nearer to the others than they should be, because the
    # model is less certain of it than the data allow.
    for value, low, high in ((False, -1.0, -0.6), (True, 0.0, 1.0)):
        drawn, _ = model.sample(4000, {"ill": value}, random_state=0)
        assert low < drawn[:, 0].mean() < high


@pytest.mark.parametrize("stored", [True, False])
def test_values_that_exclude_each_other_are_not_drawn_together(stored, overlapping):
    model, random = overlapping[2], np.random.RandomState(0)
    assert len(model.exclusions_) == 2
    draw = model._statistic("codes").draw if stored else draw_from_prior
    _, free = draw(model.module_, 2000, {}, random, False)
    assert (free[:, 0] == free[:, 1]).all()
    assert 0.05 < free[:, 0].mean() < 0.15
    _, given = draw(model.module_, 500, {1: np.arange(500) % 2}, random, False)
    assert (given[:, 0] == given[:, 1]).all()


def test_given_labels_may_differ_from_sample_to_sample(blobs_model):
    given = np.tile([0, 1, 2], 100)
    X, y = blobs_model.sample(300, {"label_0": given}, random_state=0)
    np.testing.assert_array_equal(y, given)
    assert (blobs_model.predict(X) == given).mean() > 0.8


def test_labels_that_no_training_sample_has_are_reached_by_an_edit(
    blobs, trained_classifier
):
    X, y = blobs
    # All samples with the first value of one label have the first value of the other.
    labels = np.stack([y, y], axis=1)
    model = trained_classifier(n_members=1).fit(X, labels)
    drawn, found = model.sample(200, {0: 0, 1: 2}, noise=False, random_state=0)
    assert (found == [0, 2]).all()
    assert np.isfinite(drawn).all()


def test_without_noise_the_samples_are_expected_values(mixed):
    _, _, model = mixed
    expected, _ = model.sample(500, noise=False, random_state=0)
    drawn, _ = model.sample(500, random_state=0)
    assert expected["second"].std() < 0.5 * drawn["second"].std()


def test_a_model_without_stored_codes_draws_from_the_prior(few_blobs, quick_classifier):
    model = quick_classifier().fit(*few_blobs)
    model._sample_statistics = SampleStatistics()
    for noise in (True, False):
        X, y = model.sample(30, 1, noise=noise, random_state=0)
        assert X.shape == (30, 4)
        assert (y == 1).all()


def test_an_invalid_noise_is_refused(blobs_model):
    with pytest.raises(ValueError, match="noise"):
        blobs_model.sample(3, noise="much")


def test_noise_of_convolved_pixels_is_independent():
    # Its covariance would cost thousands of passes through the network.
    X, y = np.random.RandomState(0).normal(size=(30, 16, 16)), np.arange(30) % 2
    model = ReVAEClassifier(likelihood="gaussian", max_iter=1, random_state=0).fit(X, y)
    codes = model._statistic("codes")
    assert codes.columns.size == codes.mapped.size == 0
    assert model.sample(5, random_state=0)[0].std() > 0.5
