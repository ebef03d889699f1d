"""Images are edited twice, the second time with the style of the first edit."""

import numpy as np
import pytest

from sklearn_revae import ReVAEClassifier
from sklearn_revae._interventions import decoding


@pytest.fixture(scope="module")
def fitted():
    """Images of 16 x 16 pixels with values that are not rounded, and their model."""
    random = np.random.RandomState(0)
    X, y = random.rand(40, 16, 16), np.arange(40) % 2
    X[y == 1, :6, :6] = 1.0
    return ReVAEClassifier(max_iter=3, random_state=0).fit(X, y), X


@pytest.fixture
def first_edit(monkeypatch, fitted):
    """Function that returns edits of the samples as they are after the first edit."""
    model, X = fitted

    def edited(**options):
        with monkeypatch.context() as patch:
            patch.setattr(decoding, "edits_twice", lambda module: False)
            return model.intervene(X, 1, **options)

    return edited


def test_the_style_of_the_first_edit_is_decoded(fitted, first_edit):
    model, X = fitted
    n_own = model.label_dim_
    own = np.linspace(-8, 8, len(X) * n_own).reshape(len(X), n_own)
    options = {"method": {"label_0": own}}
    style = model.transform(first_edit(**options))[:, n_own:]
    edited = model.intervene(X, 1, residual=False, **options)
    expected = model.inverse_transform(np.hstack([own, style]))
    np.testing.assert_allclose(edited, expected, atol=1e-9)
    once = first_edit(residual=False, **options)
    assert np.abs(edited - once).max() > 1e-3


def test_draws_of_the_latent_codes_are_those_of_the_first_edit(fitted, first_edit):
    model, X = fitted
    options = {"n_samples": 3, "random_state": 0, "residual": False}
    once, twice = first_edit(**options), model.intervene(X, 1, **options)
    # The draws differ from each other in the same way before and after.
    once, twice = (a - a.mean(1, keepdims=True) for a in (once, twice))
    assert np.corrcoef(once.ravel(), twice.ravel())[0, 1] > 0.9
