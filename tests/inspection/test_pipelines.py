"""Displays of a model at the end of a Pipeline, and of flat pictures."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from sklearn_revae import ReVAEClassifier, ReVAETransformer, label_leakage
from sklearn_revae.inspection import (
    InterventionDisplay,
    InterventionReportDisplay,
    LatentDisplay,
    LossCurveDisplay,
    SamplesDisplay,
    SwapDisplay,
    TraversalDisplay,
)

SHORT = {"hidden_layer_sizes": (16,), "max_iter": 10, "n_members": 2, "random_state": 0}


@pytest.fixture(scope="module")
def scaled():
    """Iris in thousands, a model of the standardised features, and one of iris itself."""
    X, y = load_iris(as_frame=True, return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), ReVAEClassifier(**SHORT))
    return SimpleNamespace(X=1000 * X, y=y, pipeline=pipeline.fit(1000 * X, y))


@pytest.fixture(scope="module")
def pixels():
    """Flat digits, and a model of them."""
    X, y = load_digits(return_X_y=True)
    X, y = X[:300], y[:300]
    return SimpleNamespace(X=X, y=y, model=ReVAEClassifier(**SHORT).fit(X, y))


def test_a_traversal_is_in_the_units_of_the_pipeline(scaled):
    display = TraversalDisplay.from_estimator(scaled.pipeline, scaled.X[:5], steps=3)
    assert display.X_new.shape == (5, 3, 4)
    assert np.median(display.X_new) > 100
    assert display.feature_names == list(scaled.X.columns)
    assert (display.scales > 50).all()


def test_an_intervention_is_in_the_units_of_the_pipeline(scaled):
    display = InterventionDisplay.from_estimator(scaled.pipeline, scaled.X[:5], 2)
    assert display.requested == "target = 2"
    assert isinstance(display.X_new, pd.DataFrame)
    assert display.X_new.to_numpy().mean() > 1000
    assert (display.scales > 50).all()


def test_samples_are_in_the_units_of_the_pipeline(scaled):
    display = SamplesDisplay.from_estimator(scaled.pipeline, n_samples=50, random_state=0)
    assert display.X_drawn.shape == (3, 50, 4)
    sepal_length = display.X_drawn[..., 0].mean(axis=1)
    assert ((sepal_length > 4000) & (sepal_length < 8000)).all()


def test_latent_codes_are_those_of_the_transformed_samples(scaled):
    display = LatentDisplay.from_estimator(scaled.pipeline, scaled.X, scaled.y)
    scaler, model = (step for _, step in scaled.pipeline.steps)
    expected = model.transform(scaler.transform(scaled.X))[:, : model.label_dim_]
    np.testing.assert_array_equal(display.latents, expected)


def test_the_loss_and_the_report_are_those_of_the_model(scaled):
    model = scaled.pipeline[-1]
    curve = LossCurveDisplay.from_estimator(scaled.pipeline)
    assert curve.loss_curve == model.loss_curve_
    inside = scaled.pipeline[:-1].transform(scaled.X)
    report = InterventionReportDisplay.from_estimator(scaled.pipeline, scaled.X)
    alone = InterventionReportDisplay.from_estimator(model, inside)
    np.testing.assert_allclose(report.change_matrix, alone.change_matrix)
    tables = [
        label_leakage(fitted, X, scaled.y, cv=2, random_state=0)
        for fitted, X in ((scaled.pipeline, scaled.X), (model, inside))
    ]
    pd.testing.assert_frame_equal(*tables)


def test_a_pipeline_without_a_model_at_its_end_is_refused(scaled):
    steps = [ReVAETransformer(**SHORT), LogisticRegression()]
    pipeline = make_pipeline(*steps).fit(scaled.X, scaled.y)
    for display in (LossCurveDisplay.from_estimator, SamplesDisplay.from_estimator):
        with pytest.raises(ValueError, match="ends with a LogisticRegression"):
            display(pipeline)


def test_square_flat_pixels_are_drawn_as_images(pixels):
    model, X = pixels.model, pixels.X
    assert TraversalDisplay.from_estimator(model, X[:2]).im_ is not None
    assert InterventionDisplay.from_estimator(model, X[:2], 3).im_ is not None
    assert SamplesDisplay.from_estimator(model, n_samples=2).columns_ is None
    swapped = SwapDisplay.from_estimator(model, X[:2], X[2:5])
    assert swapped.image_shape == (8, 8)


def test_square_flat_pixels_are_images_through_a_pipeline(pixels):
    pipeline = make_pipeline(MinMaxScaler(), ReVAEClassifier(**SHORT))
    pipeline.fit(pixels.X, pixels.y)
    display = SwapDisplay.from_estimator(pipeline, pixels.X[:2], pixels.X[2:5])
    assert display.X_new.shape == (2, 3, 64)
    assert np.max(display.X_new) > 5
    drawn = SamplesDisplay.from_estimator(pipeline, n_samples=2)
    assert drawn.image_shape == (8, 8)
    assert np.max(drawn.X_drawn) > 5


def test_other_pixels_are_drawn_as_a_table(pixels):
    narrow = ReVAEClassifier(**SHORT).fit(pixels.X[:, :56], pixels.y)
    assert set(narrow.column_kinds_) == {"pixel"}
    assert TraversalDisplay.from_estimator(narrow, pixels.X[:2, :56]).im_ is None
    named = pd.DataFrame(pixels.X).add_prefix("band")
    spectra = ReVAEClassifier(**SHORT).fit(named, pixels.y)
    assert TraversalDisplay.from_estimator(spectra, named[:2]).im_ is None
