"""With strength="auto", each sample moves as far as it needs."""

import numpy as np
import pytest

from sklearn_revae._interventions.pipeline import intervene
from sklearn_revae._interventions.strength import _ENOUGH, _STRENGTHS


@pytest.fixture(scope="module")
def blobs_model(blobs, trained_classifier):
    return trained_classifier(hidden_layer_sizes=(32,), max_iter=60).fit(*blobs)


def _strengths(model, X, value, **options):
    """Which of the strengths each sample was moved by; NaN for none of them."""
    found = np.full(len(X), np.nan)
    edited = model.intervene(X, value, strength="auto", **options)
    for strength in _STRENGTHS:
        tried = model.intervene(X, value, strength=strength, **options)
        found[np.isclose(edited, tried, atol=1e-9).all(axis=1)] = strength
    return edited, found


def test_each_sample_moves_as_far_as_it_needs(blobs, blobs_model):
    X = blobs[0][blobs_model.predict(blobs[0]) != 1]
    strengths = _strengths(blobs_model, X, 1)[1]
    assert np.isfinite(strengths).all()
    assert len(np.unique(strengths)) > 1
    probabilities = np.array(
        [
            blobs_model.predict_proba(blobs_model.intervene(X, 1, strength=s))[:, 1]
            for s in _STRENGTHS
        ]
    )
    enough = probabilities >= _ENOUGH
    first = np.where(enough.any(axis=0), enough.argmax(axis=0), probabilities.argmax(0))
    np.testing.assert_array_equal(strengths, np.array(_STRENGTHS)[first])


def test_the_predicted_value_needs_no_move(blobs, blobs_model):
    X = blobs[0]
    same = blobs_model.intervene(X, blobs_model.predict(X), strength="auto")
    np.testing.assert_array_equal(same, X)


def test_constraints_make_a_sample_move_farther(blobs, blobs_model):
    X = blobs[0][blobs_model.predict(blobs[0]) != 1]
    free = _strengths(blobs_model, X, 1)[1]
    edited, held = _strengths(blobs_model, X, 1, keep=[0, 1])
    np.testing.assert_array_equal(edited[:, :2], X[:, :2])
    assert held.mean() > free.mean()


def test_all_requested_labels_count(two_labels, two_labels_model):
    X, do = two_labels[0], {"label_0": "left", "label_1": 6}
    automatic = two_labels_model.intervene(X, do, strength="auto", report=True)[1]
    plain = two_labels_model.intervene(X, do, report=True)[1]
    assert automatic.achieved.all(axis=1).mean() >= plain.achieved.all(axis=1).mean()


def test_a_pipeline_accepts_it(blobs, blobs_model):
    X = blobs[0]
    np.testing.assert_array_equal(
        intervene(blobs_model, X, 1, strength="auto"),
        blobs_model.intervene(X, 1, strength="auto"),
    )


@pytest.mark.parametrize("options", [{"method": "mean"}, {"n_samples": 2}])
def test_it_needs_transport_without_draws(options, blobs, blobs_model):
    with pytest.raises(ValueError, match=r'strength="auto" requires method="transport"'):
        blobs_model.intervene(blobs[0], 1, strength="auto", **options)
