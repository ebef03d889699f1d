"""The estimators inside scikit-learn's tools."""

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import StackingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


@pytest.fixture
def learner(quick_classifier):
    """An unfitted classifier that can learn the blobs."""
    return quick_classifier(max_iter=10, batch_size=20, learning_rate_init=0.04)


def test_pipeline_with_a_scaler(blobs, few_blobs, learner):
    pipeline = make_pipeline(StandardScaler(), learner).fit(*few_blobs)
    assert pipeline.score(*blobs) > 0.9


def test_pipeline_of_the_transformer_and_a_classifier(blobs, quick_transformer):
    pipeline = make_pipeline(
        quick_transformer(max_iter=20, batch_size=20), LogisticRegression()
    )
    assert pipeline.fit(*blobs).score(*blobs) > 0.9


def test_column_transformer(few_blobs, quick_transformer):
    X = pd.DataFrame(few_blobs[0], columns=list("abcd"))
    columns = ColumnTransformer(
        [("latents", quick_transformer(style_dim=2), ["a", "b", "c"])],
        remainder="passthrough",
    )
    columns.fit(X)
    assert columns.get_feature_names_out().tolist() == [
        "latents__style_0",
        "latents__style_1",
        "remainder__d",
    ]


def test_cross_validation_scores_labelled_samples(few_blobs, learner):
    X, y = few_blobs
    scores = cross_val_score(learner, X, y, cv=3, error_score="raise")
    assert scores.mean() > 0.8


def test_cross_val_predict(blobs, learner):
    X, y = blobs
    assert np.mean(cross_val_predict(learner, X, y, cv=2) == y) > 0.8


def test_grid_search_selects_by_accuracy(few_blobs, learner):
    X, y = few_blobs
    search = GridSearchCV(learner, {"max_iter": [1, 10]}, cv=2, error_score="raise").fit(
        X, y
    )
    assert search.best_params_ == {"max_iter": 10}
    assert search.best_score_ == search.cv_results_["mean_test_score"].max()


def test_frozen_estimator(blobs, blobs_model):
    X, y = blobs
    frozen = FrozenEstimator(blobs_model).fit(X[:10], 1 - y[:10])
    np.testing.assert_array_equal(frozen.predict(X), blobs_model.predict(X))


def test_calibration(blobs, learner):
    X, y = blobs
    calibrated = CalibratedClassifierCV(learner, cv=2).fit(X, y)
    assert calibrated.score(X, y) > 0.8


def test_calibration_of_a_fitted_classifier(blobs, blobs_model):
    X, y = blobs
    calibrated = CalibratedClassifierCV(FrozenEstimator(blobs_model)).fit(X, y)
    np.testing.assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1.0)
    assert calibrated.score(X, y) > 0.8


def test_stacking(blobs, learner):
    X, y = blobs
    stack = StackingClassifier(
        [("revae", learner), ("logistic", LogisticRegression())], cv=2
    )
    assert stack.fit(X, y).score(X, y) > 0.9


def test_dump_and_load_with_joblib(tmp_path, blobs, blobs_model):
    joblib.dump(blobs_model, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib")
    np.testing.assert_array_equal(
        loaded.predict_proba(blobs[0]), blobs_model.predict_proba(blobs[0])
    )


def test_load_with_joblib_from_a_memory_map(tmp_path, blobs, blobs_model):
    joblib.dump(blobs_model, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    np.testing.assert_array_equal(
        loaded.intervene(blobs[0], 1), blobs_model.intervene(blobs[0], 1)
    )


def test_representation_as_text_and_in_a_notebook(blobs_model):
    assert repr(blobs_model).startswith("ReVAEClassifier(")
    assert "ReVAEClassifier" in blobs_model._repr_html_()
