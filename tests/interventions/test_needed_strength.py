"""With strength="auto", the default, each sample moves as far as it needs."""

import copy

import numpy as np
import pytest

from sklearn_revae import ReVAEClassifier
from sklearn_revae._interventions import strength as strengths_module
from sklearn_revae._interventions.pipeline import intervene
from sklearn_revae._interventions.strength import _ENOUGH, _STRENGTHS
from sklearn_revae._sample_statistics import SampleStatistics


@pytest.fixture(scope="module")
def blobs_model(blobs, trained_classifier):
    return trained_classifier(hidden_layer_sizes=(32,)).fit(*blobs)


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
    enough = probabilities >= blobs_model._statistic("certainty")[0, 1]
    first = np.where(enough.any(axis=0), enough.argmax(axis=0), probabilities.argmax(0))
    np.testing.assert_array_equal(strengths, np.array(_STRENGTHS)[first])


@pytest.mark.parametrize("options", [{}, {"keep": [0]}, {"bounds": {1: (-4, 4)}}])
def test_strengths_that_are_tried_at_once_give_the_same_edits(
    options, blobs, blobs_model, monkeypatch
):
    X = blobs[0]
    at_once = blobs_model.intervene(X, 1, **options)
    monkeypatch.setattr(strengths_module, "_MOST_STRENGTHS", 1)
    np.testing.assert_array_equal(blobs_model.intervene(X, 1, **options), at_once)


def test_the_predicted_value_needs_no_move(blobs, blobs_model):
    X = blobs[0]
    same = blobs_model.intervene(X, blobs_model.predict(X), strength="auto")
    np.testing.assert_array_equal(same, X)


def test_missing_values_are_filled_before_it_is_judged():
    random = np.random.RandomState(0)
    y = random.randint(2, size=400)
    X = random.normal(size=(400, 6)) + 0.9 * y[:, None]
    X[random.random_sample(X.shape) < 0.4] = np.nan
    model = ReVAEClassifier(n_members=3, random_state=0).fit(X, y)
    own = model.predict(X) == 1
    lost = model.predict(model.intervene(X, 1, strength=1)) != 1
    assert lost[own].any()
    assert (model.predict(model.intervene(X, 1))[own] == 1).all()


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
def test_it_is_one_if_the_latents_are_set_or_drawn(options, blobs, blobs_model):
    options["random_state"] = 0
    np.testing.assert_array_equal(
        blobs_model.intervene(blobs[0], 1, **options),
        blobs_model.intervene(blobs[0], 1, strength=1, **options),
    )


def test_it_is_one_if_a_single_member_edits(blobs, single_model):
    np.testing.assert_array_equal(
        single_model.intervene(blobs[0], 1),
        single_model.intervene(blobs[0], 1, strength=1),
    )


def test_it_is_the_default(blobs, blobs_model):
    X = blobs[0][blobs_model.predict(blobs[0]) != 1]
    edited = blobs_model.intervene(X, 1)
    np.testing.assert_array_equal(edited, blobs_model.intervene(X, 1, strength="auto"))
    assert (edited != blobs_model.intervene(X, 1, strength=1)).any()


def test_certainty_is_that_of_the_median_training_sample(blobs, blobs_model):
    probability = blobs_model.predict_proba(blobs[0])
    predicted = probability.argmax(axis=1)
    expected = [np.median(probability[predicted == k, k]) for k in range(3)]
    certainty = blobs_model._statistic("certainty")
    np.testing.assert_allclose(certainty, [np.minimum(expected, _ENOUGH)], rtol=1e-6)


def test_noisy_labels_need_less_certainty(trained_classifier):
    random = np.random.RandomState(0)
    X = random.randn(300, 4)
    y = (X[:, 0] + 2 * random.randn(300) > 0).astype(int)
    model = trained_classifier(max_iter=10, batch_size=50).fit(X, y)
    certainty = model._statistic("certainty")[0]
    assert (certainty < 0.9).all()
    edited = model.intervene(X, 1)
    reached = model.predict_proba(edited)[model.predict(X) == 0, 1]
    assert (reached >= certainty[1] - 1e-6).mean() > 0.5
    assert reached.max() < certainty[1] + 0.05


def test_a_model_without_stored_certainty_needs_as_much_as_possible(blobs, blobs_model):
    old = copy.copy(blobs_model)
    old._sample_statistics = SampleStatistics()
    X = blobs[0][blobs_model.predict(blobs[0]) != 1]
    before = blobs_model.predict_proba(blobs_model.intervene(X, 1))[:, 1]
    after = old.predict_proba(old.intervene(X, 1))[:, 1]
    assert (after >= before - 1e-9).all()
