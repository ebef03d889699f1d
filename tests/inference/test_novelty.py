"""Samples of a class that nobody labelled are told from those of known classes."""

import numpy as np
import pytest
import torch
from scipy.special import logsumexp
from scipy.stats import multivariate_normal
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score

from sklearn_revae import ReVAEClassifier
from sklearn_revae._inference.density import row_bounds
from sklearn_revae._inference.latent_density import LatentDensity, log_mixture
from sklearn_revae.persistence._parts import codes_state, statistics_from


def _three_clusters():
    """Two labelled clusters, and one behind the second that is never labelled."""
    random = np.random.RandomState(0)
    cluster = random.randint(3, size=900)
    X = random.standard_normal((900, 6))
    X[:, 0] += np.array([-3.0, 0.0, 6.0])[cluster]
    return X, cluster


def _few_labels(y, known, n):
    labels = np.full(len(y), -1)
    for value in known:
        labels[np.flatnonzero(y == value)[:n]] = value
    return labels


def test_a_cluster_that_nobody_labelled_has_high_scores():
    X, cluster = _three_clusters()
    labels = _few_labels(cluster[:600], [0, 1], 15)
    model = ReVAEClassifier(edit_weight=0, random_state=0).fit(X[:600], labels)
    X_labeled, unknown = X[:600][labels != -1], cluster[600:] == 2
    uncertainty = 1 - model.predict_proba(X[600:]).max(axis=1)
    assert roc_auc_score(unknown, uncertainty) < 0.7
    scores = model.novelty_scores(X[600:], X_labeled)
    assert roc_auc_score(unknown, scores) >= 0.9
    held_out = np.flatnonzero((labels == -1) & (cluster[:600] < 2))[:100]
    threshold = np.quantile(model.novelty_scores(X[held_out], X_labeled), 0.95)
    assert (scores[unknown] > threshold).mean() > 0.8
    assert (scores[~unknown] > threshold).mean() < 0.15


def test_digits_that_nobody_labelled_have_high_scores():
    X, y = load_digits(return_X_y=True)
    order = np.random.RandomState(0).permutation(len(X))
    X, y = X[order], y[order]
    labels = _few_labels(y[:1200], range(9), 10)
    model = ReVAEClassifier(n_members=3, max_iter=15, random_state=0)
    model.fit(X[:1200], labels)
    scores = model.novelty_scores(X[1200:], X[:1200][labels != -1])
    assert roc_auc_score(y[1200:] == 9, scores) >= 0.9


def test_digits_that_are_absent_from_training_have_low_densities():
    X, y = load_digits(return_X_y=True)
    order = np.random.RandomState(0).permutation(len(X))
    X, y = X[order], y[order]
    train = np.arange(1200)[y[:1200] != 9]
    # All members have 0.967 to 0.981 on five splits, and one member 0.970 to 0.977.
    model = ReVAEClassifier(n_members=1, max_iter=40, random_state=0)
    model.fit(X[train], y[train])
    assert roc_auc_score(y[1200:] == 9, -model.score_samples(X[1200:])) >= 0.96


def test_scores_are_finite_with_the_code_of_a_single_sample(blobs_model, blobs):
    density = blobs_model._statistic("latent_density")
    single = LatentDensity(density.means[:, :1], density.scales)
    scores = row_bounds(blobs_model.module_, blobs_model._scaled(blobs[0]), single)
    assert np.isfinite(scores).all()


def test_the_density_of_codes_is_that_of_a_mixture():
    random = np.random.RandomState(0)
    z, own, means = random.randn(2, 5, 3), random.randn(5, 3), random.randn(4, 3)
    own[1], scales = means[2], np.array([0.5, 1.0, 2.0])
    found = log_mixture(*map(torch.from_numpy, (z, own, means, scales))).numpy()
    for i in range(5):
        centres = np.delete(means, 2, axis=0) if i == 1 else means
        parts = [
            multivariate_normal(m, np.diag(scales**2)).logpdf(z[:, i]) for m in centres
        ]
        expected = logsumexp(parts, axis=0) - np.log(len(centres))
        np.testing.assert_allclose(found[:, i], expected)


def test_files_without_a_density_of_codes_keep_the_prior(blobs_model, blobs):
    state = {"score_quantiles": np.zeros(101), "residuals": None}
    state["codes"] = codes_state(blobs_model._statistic("codes"))
    n_features, module = blobs[0].shape[1], blobs_model.module_
    earlier = statistics_from(state, n_features, module).known
    assert earlier["latent_density"] is None
    state["scores_codes"] = True
    density = statistics_from(state, n_features, module).known["latent_density"]
    np.testing.assert_array_equal(density.means, state["codes"]["means"])
    with pytest.raises(ValueError, match="scores_codes"):
        statistics_from(state | {"codes": None}, n_features, module)


def test_a_labelled_sample_has_no_distance_from_itself(blobs, quick_classifier):
    X, y = blobs
    model = quick_classifier(n_members=1).fit(X, y)
    np.testing.assert_allclose(model.novelty_scores(X, X), 0.0, atol=1e-9)
    assert (model.novelty_scores(X + 5.0, X) > 0.0).all()


def test_several_labels_have_one_score_per_sample(two_labels, two_labels_model):
    X = two_labels[0]
    assert two_labels_model.novelty_scores(X[:5], X).shape == (5,)


def test_a_single_labelled_sample_is_refused(blobs, blobs_model):
    with pytest.raises(ValueError, match="X_labeled has 1 samples"):
        blobs_model.novelty_scores(blobs[0], blobs[0][:1])


def test_equal_labelled_samples_have_finite_distances(blobs_model, blobs):
    X = blobs[0]
    scores = blobs_model.novelty_scores(X, X[[0, 0, 0]])
    assert scores.max() < 1e3
    assert scores.argmin() == 0
