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
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import (
    BayesianRidge,
    LogisticRegression,
    LogisticRegressionCV,
)
from sklearn.model_selection import (
    GridSearchCV,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler, TargetEncoder
from sklearn.semi_supervised import LabelSpreading, SelfTrainingClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import has_fit_parameter

from sklearn_revae import intervene
from sklearn_revae.datasets import mask_labels
from sklearn_revae.model_selection import (
    LabeledKFold,
    LabeledOnly,
    WithUnlabeled,
    labeled_scorer,
)


def expected_failures(estimator):
    """The checks that cannot pass, and the reasons."""
    if isinstance(estimator, WithUnlabeled) or not is_classifier(estimator):
        return {}
    return {
        "check_classifiers_classes": "it uses -1 as a class, which marks unlabelled "
        "samples here",
    }


@parametrize_with_checks(
    [
        LabeledOnly(LogisticRegression()),
        LabeledOnly(SelectKBest(k=1)),
        WithUnlabeled(LogisticRegression()),
    ],
    expected_failed_checks=expected_failures,
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.fixture
def learner(quick_classifier):
    """An unfitted classifier that can learn the blobs."""
    return quick_classifier(max_iter=8, batch_size=20, learning_rate_init=0.1)


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


ABC = pd.DataFrame([[0.0, 1.0], [1.0, 0.0], [2.0, 3.0]], columns=["a", "b"])
WRONG = {
    "other features": (([[0.0]],), (ABC, [0, 1, 1]), "selects or adds features"),
    "sparse": ((scipy.sparse.csr_array([[1.0]]),), (ABC, [0, 1, 1]), "same features"),
    "swapped": ((ABC[["b", "a"]],), (ABC, [0, 1, 1]), r"columns \['b', 'a'\]"),
    "no y": ((ABC,), (ABC, None), "requires y"),
    "length of y": ((ABC,), (ABC, [0, 1]), r"\[3, 2\]"),
    "weights": ((ABC,), (ABC, [0, 1, 1], [1.0, 1.0]), r"expected \(3,\)"),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_wrong_input_beside_unlabelled_samples_raises(case):
    unlabeled, given, message = case
    with pytest.raises(ValueError, match=message):
        WithUnlabeled(GaussianNB(), *unlabeled).fit(*given)


def test_bools_beside_the_marker_of_a_classifier_that_needs_integers_raise():
    with pytest.raises(ValueError, match=r"LabelSpreading does not .* Pass integers"):
        WithUnlabeled(LabelSpreading(), ABC).fit(ABC, [False, True, True])


@pytest.mark.parametrize(
    "learner_of_minus_one",
    [
        LogisticRegression(),
        GridSearchCV(GaussianNB(), {}, cv=2),
        MultiOutputClassifier(GaussianNB()),
    ],
    ids=name_of,
)
def test_refuses_an_estimator_that_learns_the_marker_as_a_class(
    few_blobs, learner_of_minus_one
):
    X, y = few_blobs
    labels, seen = y, y != -1
    if isinstance(learner_of_minus_one, MultiOutputClassifier):
        labels = np.column_stack([y, y])
    model = WithUnlabeled(learner_of_minus_one, X[~seen])
    with pytest.raises(ValueError, match=r"has learned -1.*LabeledOnly"):
        model.fit(X[seen], labels[seen])


@pytest.mark.parametrize("to_frame", [pd.DataFrame, pl.DataFrame])
def test_unlabelled_samples_leave_the_names_of_x_and_y(
    few_blobs, quick_classifier, to_frame
):
    X, y = few_blobs
    seen = y != -1
    model = WithUnlabeled(quick_classifier(), X[~seen])
    frame = to_frame(dict(zip("abcd", X[seen].T, strict=True)))
    labels = to_frame({"class": y[seen], "first": y[seen] == 0})
    model.fit(frame, labels)
    assert model.feature_names_in_.tolist() == list("abcd")
    assert model.estimator_.label_names_ == ["class", "first"]
    assert [c.tolist() for c in model.classes_] == [[0, 1, 2], [False, True]]
    with pytest.raises(ValueError, match="Pass them in this order"):
        model.score(frame, labels[["first", "class"]])
    assert model.fit(frame, labels["class"]).estimator_.label_names_ == ["class"]


def test_a_marker_that_equals_a_bool_is_not_taken_for_this_class(few_blobs, learner):
    X, y = few_blobs
    model = clone(learner).set_params(unlabeled_value=1)
    model = WithUnlabeled(model, X[y == -1], unlabeled_value=1)
    assert model.fit(X[y != -1], y[y != -1] == 0).classes_.tolist() == [False, True]


def test_weights_reach_the_last_step_of_a_pipeline(few_blobs, learner):
    X, y = few_blobs
    seen, weight = y != -1, np.linspace(0.1, 2, (y != -1).sum())
    inner, pipeline = (
        WithUnlabeled(model, X[~seen]).fit(X[seen], y[seen], sample_weight=weight)
        for model in (learner, make_pipeline(FunctionTransformer(), learner))
    )
    np.testing.assert_array_equal(inner.predict_proba(X), pipeline.predict_proba(X))


def test_an_estimator_without_weights_gets_none_from_meta_estimators(few_blobs):
    X, y = few_blobs
    seen = y != -1
    model = WithUnlabeled(LabelSpreading(), X[~seen])
    assert not has_fit_parameter(model, "sample_weight")
    bagging = BaggingClassifier(model, n_estimators=2, random_state=0)
    assert bagging.fit(X[seen], y[seen]).score(X[seen], y[seen]) > 0.8
    with pytest.raises(TypeError, match=r"WithUnlabeled\.fit.*sample_weight"):
        model.fit(X[seen], y[seen], sample_weight=np.ones(seen.sum()))


def test_labels_beyond_int64_are_classes_beside_the_marker(few_blobs, quick_classifier):
    X, y = few_blobs
    seen, values = y != -1, np.array([5, 2**63, 2**64 - 1], dtype=np.uint64)
    labels = values[y[seen]]
    model = WithUnlabeled(quick_classifier(), X[~seen]).fit(X[seen], labels)
    np.testing.assert_array_equal(model.classes_, values)
    masked = mask_labels(values, fraction=0.5, random_state=0)
    assert [value in [-1, *values.tolist()] for value in masked.tolist()] == [True] * 3


def test_cross_fitting_of_labelled_samples(few_blobs):
    _, y = few_blobs
    category = np.arange(len(y)).reshape(-1, 1) // 3 % 10
    seen = y != -1
    encoder = TargetEncoder(cv=2, random_state=0)
    encoded = LabeledOnly(encoder).set_output(transform="pandas")
    encoded = encoded.fit_transform(pd.DataFrame(category), y)
    expected = np.empty(encoded.shape)
    expected[seen] = encoder.fit_transform(category[seen], y[seen])
    expected[~seen] = encoder.transform(category[~seen])
    np.testing.assert_array_equal(encoded, expected)
    assert encoded.index.tolist() == list(range(len(y)))
    pipeline = make_pipeline(LabeledOnly(encoder), LabeledOnly(GaussianNB()))
    plain = GaussianNB().fit(expected[seen], y[seen])
    np.testing.assert_array_equal(
        pipeline.fit(category, y)[-1].estimator_.theta_, plain.theta_
    )


def test_parameters_of_predict_reach_the_estimator(blobs):
    X, y = blobs
    mean, std = LabeledOnly(BayesianRidge()).fit(X, y).predict(X, return_std=True)
    assert mean.shape == std.shape == y.shape


@pytest.mark.parametrize("attribute", ["classes_", "n_features_in_", "feature_names_in_"])
def test_attributes_before_fit(attribute):
    model = LabeledOnly(GaussianNB())
    assert not hasattr(model, attribute)
    with pytest.raises(NotFittedError):
        getattr(model, attribute)


def test_intervene_names_the_attribute_with_the_model(blobs):
    X, y = blobs
    search = GridSearchCV(GaussianNB(), {}, cv=2).fit(X, y)
    wrapped = WithUnlabeled(GaussianNB()).fit(X, y)
    for model, name in (search, "best_estimator_"), (wrapped, "estimator_"):
        with pytest.raises(ValueError, match=f"its attribute {name},"):
            intervene(model, X, 1)


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


@pytest.mark.parametrize("to_y", [np.asarray, pd.Series], ids=["array", "Series"])
def test_objects_get_their_own_type_even_if_none_is_unlabelled(to_y, blobs):
    X, y = blobs
    few = mask_labels(y == 0, n_per_class=10, random_state=0)
    assert few.dtype == object
    model = LabeledOnly(LogisticRegression())
    complete = to_y(np.array((y == 0).tolist(), dtype=object))
    assert model.fit(X, complete).classes_.dtype == bool
    scores = cross_val_score(model, X, few, cv=LabeledKFold(2), error_score="raise")
    assert scores.min() > 0.5
    # Labels of different types have no common one.
    several = np.array([["a", 1], ["b", 2]] * 30, dtype=object)
    assert LabeledOnly(DummyClassifier()).fit(X, several).classes_[1].tolist() == [1, 2]
