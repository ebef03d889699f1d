"""LabeledOnly and WithUnlabeled: -1 is never a class of a scikit-learn estimator."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.model_selection import (
    GridSearchCV,
    TunedThresholdClassifierCV,
    cross_val_predict,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_revae.model_selection import (
    LabeledKFold,
    LabeledOnly,
    WithUnlabeled,
    labeled_scorer,
)


def expected_failures(estimator):
    """The checks that cannot pass, and the reasons."""
    if isinstance(estimator, WithUnlabeled):
        return {}
    return {
        "check_classifiers_classes": "it uses -1 as a class, which marks unlabelled "
        "samples here",
    }


@parametrize_with_checks(
    [LabeledOnly(LogisticRegression()), WithUnlabeled(LogisticRegression())],
    expected_failed_checks=expected_failures,
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.fixture
def learner(quick_classifier):
    """An unfitted classifier that can learn the blobs."""
    return quick_classifier(max_iter=8, batch_size=10, learning_rate_init=0.05)


SUPERVISED = [
    LogisticRegression(),
    LogisticRegressionCV(cv=2),
    CalibratedClassifierCV(GaussianNB(), cv=2),
    VotingClassifier([("logistic", LogisticRegression()), ("bayes", GaussianNB())]),
    BaggingClassifier(GaussianNB(), n_estimators=3),
    StackingClassifier([("bayes", GaussianNB())], cv=2),
    OneVsRestClassifier(GaussianNB()),
]


def name_of(estimator):
    return type(estimator).__name__


@pytest.mark.parametrize("estimator", SUPERVISED, ids=name_of)
def test_a_supervised_last_step_sees_labelled_samples_only(
    few_blobs, blobs, quick_transformer, estimator
):
    steps = quick_transformer(max_iter=5), LabeledOnly(estimator)
    model = make_pipeline(*steps).fit(*few_blobs)
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.score(*blobs) > 0.8
    assert is_classifier(model)


@pytest.mark.parametrize("marker", [None, np.nan, "?", 9])
def test_markers_of_unlabelled_samples(few_blobs, marker):
    X, y = few_blobs
    y = y.astype(object)
    y[y == -1] = marker
    model = LabeledOnly(LogisticRegression(), unlabeled_value=marker).fit(X, y)
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.score(X, y) > 0.9


def test_labeled_only_fits_as_if_unlabelled_samples_were_absent(few_blobs):
    X, y = few_blobs
    seen = y != -1
    wrapped = LabeledOnly(LogisticRegression()).fit(X, y)
    plain = LogisticRegression().fit(X[seen], y[seen])
    np.testing.assert_array_equal(wrapped.estimator_.coef_, plain.coef_)
    assert wrapped.score(X, y) == plain.score(X[seen], y[seen])
    for method in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
        expected = getattr(plain, method)(X)
        np.testing.assert_array_equal(getattr(wrapped, method)(X), expected)


def test_weights_of_labelled_samples_reach_the_estimator(few_blobs):
    X, y = few_blobs
    seen, weight = y != -1, np.linspace(0.1, 2, len(y))
    plain = LogisticRegression().fit(X[seen], y[seen], sample_weight=weight[seen])
    wrapped = LabeledOnly(LogisticRegression()).fit(X, y, sample_weight=weight)
    np.testing.assert_array_equal(wrapped.estimator_.coef_, plain.coef_)
    with config_context(enable_metadata_routing=True):
        estimator = LogisticRegression().set_fit_request(sample_weight=True)
        routed = LabeledOnly(estimator.set_score_request(sample_weight=True))
        routed.fit(X, y, sample_weight=weight)
        np.testing.assert_array_equal(routed.estimator_.coef_, plain.coef_)
        score = routed.score(X, y, sample_weight=weight)
    assert score == plain.score(X[seen], y[seen], weight[seen])


def test_a_transformer_that_uses_y_sees_labelled_samples_only(few_blobs):
    X, y = few_blobs
    model = make_pipeline(
        LabeledOnly(SelectKBest(k=2)), LabeledOnly(LogisticRegression())
    ).fit(X, y)
    seen = y != -1
    expected = SelectKBest(k=2).fit(X[seen], y[seen]).transform(X)
    np.testing.assert_array_equal(model[0].transform(X), expected)
    assert not hasattr(model[1], "transform")


def test_output_containers_and_names_of_a_wrapped_transformer(few_blobs):
    X, y = few_blobs
    frame = pd.DataFrame(X, columns=list("abcd"))
    pipeline = make_pipeline(StandardScaler(), LabeledOnly(SelectKBest(k=2)))
    selected = pipeline.set_output(transform="pandas").fit(frame, y).transform(frame)
    assert list(selected.columns) == list(pipeline.get_feature_names_out())


@pytest.mark.parametrize("to_frame", [pd.DataFrame, pl.DataFrame, scipy.sparse.csr_array])
def test_containers_of_x(few_blobs, to_frame):
    X, y = few_blobs
    X = to_frame(X)
    assert LabeledOnly(LogisticRegression()).fit(X, y).score(X, y) > 0.9
    seen = np.flatnonzero(y != -1)
    inner = SelfTrainingClassifier(LogisticRegression())
    model = WithUnlabeled(
        inner, X[np.flatnonzero(y == -1)] if to_frame is not pd.DataFrame else X[y == -1]
    )
    labelled = X.iloc[seen] if to_frame is pd.DataFrame else X[seen]
    assert model.fit(labelled, y[seen]).score(labelled, y[seen]) > 0.9


def test_each_label_is_fitted_to_the_samples_for_which_it_is_observed(blobs):
    X, y = blobs
    labels = np.column_stack([y, y == 1])
    labels[::2, 0], labels[::3, 1] = -1, -1
    model = MultiOutputClassifier(LabeledOnly(LogisticRegression())).fit(X, labels)
    assert [classes.tolist() for classes in model.classes_] == [[0, 1, 2], [0, 1]]


def test_samples_with_all_labels_are_used():
    X, y = np.arange(8.0).reshape(4, 2), [["a", 1], ["b", None], [None, 0], ["b", 0]]
    seen = []

    class Recorder(GaussianNB):
        def fit(self, X, y):
            seen.append((X.tolist(), y.tolist()))
            return self

    LabeledOnly(Recorder()).fit(X, y)
    assert seen == [([[0.0, 1.0], [6.0, 7.0]], [["a", "1"], ["b", "0"]])]


def test_no_labelled_sample_raises():
    with pytest.raises(ValueError, match="at least one labelled sample"):
        LabeledOnly(GaussianNB()).fit([[0], [1]], [-1, -1])


def test_grid_search_over_a_pipeline(few_blobs, quick_transformer):
    X, y = few_blobs
    pipeline = make_pipeline(
        StandardScaler(), quick_transformer(), LabeledOnly(LogisticRegression())
    )
    search = GridSearchCV(
        pipeline,
        {"labeledonly__estimator__C": [0.1, 1.0]},
        cv=LabeledKFold(2),
        scoring=labeled_scorer("f1_macro"),
        error_score="raise",
    )
    assert search.fit(X, y).best_estimator_[-1].classes_.tolist() == [0, 1, 2]


META = [
    lambda model: CalibratedClassifierCV(model, cv=2),
    lambda model: VotingClassifier(
        [("revae", model), ("b", GaussianNB())], voting="soft"
    ),
    lambda model: BaggingClassifier(model, n_estimators=2, random_state=0),
    lambda model: AdaBoostClassifier(model, n_estimators=2, random_state=0),
    lambda model: StackingClassifier([("revae", model)], cv=LabeledKFold(2)),
    lambda model: OneVsRestClassifier(model),
    lambda model: GridSearchCV(model, {"estimator__label_dim": [1, 2]}, cv=2),
]


@pytest.mark.parametrize("make", META)
def test_with_unlabeled_samples_in_meta_estimators(few_blobs, blobs, learner, make):
    X, y = few_blobs
    seen = y != -1
    model = make(WithUnlabeled(learner, X[~seen])).fit(X[seen], y[seen])
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.score(*blobs) > 0.8


def test_with_unlabeled_samples_and_a_tuned_threshold(few_blobs, learner):
    X, y = few_blobs
    seen = y != -1
    model = WithUnlabeled(learner, X[~seen])
    tuned = TunedThresholdClassifierCV(model, cv=2).fit(X[seen], y[seen] == 1)
    assert tuned.score(X[seen], y[seen] == 1) > 0.8


def test_with_unlabeled_samples_and_cross_val_predict(few_blobs, learner):
    X, y = few_blobs
    seen = y != -1
    model = WithUnlabeled(learner, X[~seen])
    probability = cross_val_predict(model, X[seen], y[seen], cv=2, method="predict_proba")
    assert np.mean(probability.argmax(axis=1) == y[seen]) > 0.8


@pytest.mark.parametrize(
    "values", [["a", "b", "c"], [True, False, True], [0.0, 1.0, 2.0]]
)
def test_with_unlabeled_samples_and_labels_of_another_type(few_blobs, values, learner):
    X, y = few_blobs
    seen = y != -1
    labels = np.array(values)[y[seen]]
    model = WithUnlabeled(learner, X[~seen]).fit(X[seen], labels)
    np.testing.assert_array_equal(model.classes_, np.unique(values))
    assert model.classes_.dtype.kind == labels.dtype.kind


def test_with_unlabeled_fits_as_the_estimator_does_with_the_marker(few_blobs, learner):
    X, y = few_blobs
    order = np.argsort(y == -1, kind="stable")
    weight = np.full(len(y), 2.0)
    plain = clone(learner).fit(X[order], y[order], sample_weight=weight)
    seen = y != -1
    model = WithUnlabeled(learner, X[~seen])
    model.fit(X[seen], y[seen], sample_weight=np.full(seen.sum(), 2.0))
    np.testing.assert_array_equal(model.predict_proba(X), plain.predict_proba(X))


def test_other_features_in_the_unlabelled_samples_raise():
    model = WithUnlabeled(SelfTrainingClassifier(GaussianNB()), [[0.0, 1.0]])
    with pytest.raises(ValueError, match="X_unlabeled"):
        model.fit([[0.0], [1.0]], [0, 1])


def test_wrappers_are_cloned_and_pickled(few_blobs, learner):
    X, y = few_blobs
    seen = y != -1
    for model in (
        LabeledOnly(LogisticRegression()).fit(X, y),
        WithUnlabeled(learner, X[~seen]).fit(X[seen], y[seen]),
    ):
        loaded = pickle.loads(pickle.dumps(model))
        np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
        assert not hasattr(clone(model), "estimator_")
