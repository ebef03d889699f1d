"""The tools of scikit-learn that take `cv` accept the splitters."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import RFECV, SequentialFeatureSelector
from sklearn.linear_model import LogisticRegression, RidgeClassifierCV
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
    learning_curve,
    permutation_test_score,
    validation_curve,
)
from sklearn.multioutput import ClassifierChain

from sklearn_revae.model_selection import LabeledKFold, LabeledOnly, LabeledShuffleSplit

SUPERVISED = LogisticRegression(max_iter=500)
WRAPPED = LabeledOnly(SUPERVISED)
GRID = {"estimator__C": [0.1, 1.0]}
COEFFICIENTS = "estimator_.coef_"

# Each takes X, y with unlabelled samples, and a splitter.
PARTLY_LABELLED = {
    "grid": lambda cv: GridSearchCV(WRAPPED, GRID, cv=cv, error_score="raise").fit,
    "random": lambda cv: RandomizedSearchCV(WRAPPED, GRID, n_iter=2, cv=cv).fit,
    "halving": lambda cv: HalvingGridSearchCV(WRAPPED, GRID, cv=cv, min_resources=40).fit,
    "rfecv": lambda cv: RFECV(WRAPPED, cv=cv, importance_getter=COEFFICIENTS).fit,
    "sequential": lambda cv: SequentialFeatureSelector(WRAPPED, cv=cv).fit,
    "inside": lambda cv: LabeledOnly(CalibratedClassifierCV(SUPERVISED, cv=cv)).fit,
}
# Each takes X and y without unlabelled samples.
LABELLED = {
    "ridge": lambda cv: RidgeClassifierCV(cv=cv).fit,
    "calibration": lambda cv: CalibratedClassifierCV(SUPERVISED, cv=cv).fit,
    "threshold": lambda cv: TunedThresholdClassifierCV(SUPERVISED, cv=cv).fit,
}
SPLITTERS = [LabeledKFold(2), LabeledShuffleSplit(2, random_state=0)]


@pytest.mark.parametrize("cv", SPLITTERS, ids=lambda cv: type(cv).__name__)
@pytest.mark.parametrize("tool", PARTLY_LABELLED)
def test_tools_fitted_to_partly_labelled_samples(few_blobs, tool, cv):
    fitted = PARTLY_LABELLED[tool](cv)(*few_blobs)
    if hasattr(fitted, "classes_"):
        assert fitted.classes_.tolist() == [0, 1, 2]


@pytest.mark.parametrize("cv", SPLITTERS, ids=lambda cv: type(cv).__name__)
@pytest.mark.parametrize("tool", LABELLED)
def test_tools_fitted_to_labelled_samples(blobs, tool, cv):
    X, y = blobs
    assert LABELLED[tool](cv)(X, y == 1).score(X, y == 1) > 0.6


@pytest.mark.parametrize("cv", SPLITTERS, ids=lambda cv: type(cv).__name__)
def test_functions_that_score(few_blobs, cv):
    X, y = few_blobs
    _, _, scores = learning_curve(
        WRAPPED, X, y, cv=cv, train_sizes=[0.8, 1.0], shuffle=True, random_state=0
    )
    assert scores.shape == (2, 2)
    _, scores = validation_curve(
        WRAPPED, X, y, param_name="estimator__C", param_range=[0.1, 1.0], cv=cv
    )
    assert scores.shape == (2, 2)
    score, _, _ = permutation_test_score(WRAPPED, X, y, cv=cv, n_permutations=2)
    assert score > 0.9


def test_tools_that_require_a_partition(blobs):
    X, y = blobs
    cv = LabeledKFold(2)
    assert StackingClassifier([("a", SUPERVISED)], cv=cv).fit(X, y).score(X, y) > 0.9
    labels = np.column_stack([y == 1, y == 2])
    assert ClassifierChain(SUPERVISED, cv=cv).fit(X, labels).score(X, labels) > 0.8
