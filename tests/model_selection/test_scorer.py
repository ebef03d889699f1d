"""labeled_scorer: scikit-learn's scorers on the labelled entries of y."""

import pickle
import warnings
from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    balanced_accuracy_score,
    f1_score,
    get_scorer,
    make_scorer,
    roc_auc_score,
)
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_revae import ReVAEClassifier
from sklearn_revae.model_selection import (
    LabeledKFold,
    WithUnlabeled,
    labeled_scorer,
    unlabeled_gain,
)

SCORER = labeled_scorer("accuracy")
METRICS = ["accuracy", "balanced_accuracy", "f1_macro", "neg_log_loss", "roc_auc_ovr"]


@pytest.fixture(scope="module")
def logistic(blobs):
    """A scikit-learn classifier that makes errors, so that metrics differ."""
    X, y = blobs
    return LogisticRegression(C=1e-4).fit(X[::4], y[::4])


@pytest.mark.parametrize("metric", METRICS)
def test_the_score_is_that_of_the_labelled_samples(metric, few_blobs, logistic):
    X, y = few_blobs
    observed = y >= 0
    score = labeled_scorer(metric)(logistic, X, y)
    assert score == pytest.approx(get_scorer(metric)(logistic, X[observed], y[observed]))


def test_accuracy_agrees_with_the_score_of_the_model(few_blobs, blobs_model):
    X, y = few_blobs
    score = labeled_scorer("accuracy")(blobs_model, X, y)
    assert score == pytest.approx(blobs_model.score(X, y))


@pytest.mark.parametrize("metric", METRICS[:4])
def test_the_score_of_several_labels_is_the_mean_of_their_scores(
    metric, two_labels, two_labels_model
):
    X, y = two_labels
    scorer = get_scorer(metric)
    expected = []
    for label in (0, 1):
        observed = np.array([cell != -1 for cell in y[:, label]])
        truth = np.array(y[observed, label].tolist())
        if metric == "neg_log_loss":
            probability = two_labels_model.predict_proba(X[observed])[label]
            codes = np.searchsorted(two_labels_model.classes_[label], truth)
            expected.append(np.log(probability[np.arange(len(codes)), codes]).mean())
        else:
            predicted = np.array(two_labels_model.predict(X[observed])[:, label].tolist())
            expected.append(scorer._score_func(truth, predicted, **scorer._kwargs))
    score = labeled_scorer(metric)(two_labels_model, X, y)
    assert score == pytest.approx(np.mean(expected))


def test_a_label_without_observed_entries_is_ignored(two_labels, two_labels_model):
    X, y = two_labels
    only = y.copy()
    only[:, 1] = None
    observed = np.array([cell != -1 for cell in y[:, 0]])
    predicted = two_labels_model.predict(X[observed])[:, 0]
    expected = np.mean(predicted == y[observed, 0])
    score = labeled_scorer("accuracy")(two_labels_model, X, only)
    assert score == pytest.approx(expected)


def test_scorers_of_make_scorer_are_accepted(few_blobs, logistic):
    X, y = few_blobs
    adjusted = make_scorer(balanced_accuracy_score, adjusted=True)
    score = labeled_scorer(adjusted)(logistic, X, y)
    observed = y >= 0
    assert score == pytest.approx(adjusted(logistic, X[observed], y[observed]))


def test_string_labels_with_missing_values(few_blobs, quick_classifier):
    X, y = few_blobs
    strings = pd.Series(y).map({0: "left", 1: "middle", 2: "right"})
    frame = pd.DataFrame(X, columns=list("abcd"))
    model = quick_classifier().fit(frame, strings)
    score = labeled_scorer("accuracy")(model, frame, strings)
    assert score == pytest.approx(model.score(frame, strings))


def test_minus_one_is_a_class_if_another_value_marks_unlabelled(blobs):
    X, y = blobs
    y = np.where(y == 2, -1, y)
    y[::2] = 9
    model = LogisticRegression().fit(X[y != 9], y[y != 9])
    score = labeled_scorer("accuracy", unlabeled_value=9)(model, X, y)
    assert score == pytest.approx(model.score(X[y != 9], y[y != 9]))


@pytest.mark.parametrize("marker", [-1, None, np.nan])
def test_y_without_labelled_entries_raises(marker, blobs, logistic):
    with pytest.raises(ValueError, match="no labelled sample to score"):
        labeled_scorer("accuracy")(logistic, blobs[0], [marker] * 60)


@pytest.mark.parametrize("scoring", ["acuracy", None])
def test_an_unknown_metric_raises(scoring):
    with pytest.raises(ValueError, match=str(scoring)):
        labeled_scorer(scoring)


def test_a_scorer_can_be_pickled(few_blobs, logistic):
    X, y = few_blobs
    scorer = labeled_scorer("f1_macro")
    sent = pickle.loads(pickle.dumps(scorer))
    assert sent(logistic, X, y) == scorer(logistic, X, y)
    assert "f1_score" in repr(sent)


def test_folds_and_scorers_work_in_cross_validate(two_labels):
    X, y = two_labels
    found = cross_validate(
        ReVAEClassifier((8,), max_iter=2, batch_size=20, random_state=0),
        X,
        y,
        cv=LabeledKFold(3),
        scoring={name: labeled_scorer(name) for name in ("accuracy", "f1_macro")},
        error_score="raise",
    )
    assert np.isfinite(found["test_accuracy"]).all()
    assert np.isfinite(found["test_f1_macro"]).all()


@pytest.fixture
def rare_label(two_labels, two_labels_model):
    """Samples for which the second label has one value only, and a fitted model."""
    X, y = two_labels
    return X, np.column_stack([y[:, 0], np.where(y[:, 1] == 5, 5, -1)]), two_labels_model


@pytest.mark.parametrize("metric", ["neg_log_loss", "roc_auc_ovr"])
def test_a_label_that_lacks_a_class_is_left_out_with_a_warning(metric, rare_label):
    X, y, model = rare_label
    only = np.column_stack([y[:, 0], np.full(len(y), None)])
    expected = labeled_scorer(metric)(model, X, only)
    with pytest.warns(UndefinedMetricWarning, match=r"not defined for \['label_1'\]"):
        assert labeled_scorer(metric)(model, X, y) == pytest.approx(expected)


def test_the_score_is_nan_if_it_is_not_defined_for_any_label(rare_label):
    X, y, model = rare_label
    one = np.column_stack([np.where(y[:, 0] == "left", "left", None), y[:, 1]])
    with pytest.warns(UndefinedMetricWarning, match=r"'label_0', 'label_1'"):
        assert np.isnan(labeled_scorer("roc_auc_ovr")(model, X, one))


def test_a_metric_that_is_defined_for_one_class_counts_all_labels(rare_label):
    X, y, model = rare_label
    with warnings.catch_warnings():
        warnings.simplefilter("error", UndefinedMetricWarning)
        score = labeled_scorer("accuracy")(model, X, y)
    assert score == pytest.approx(model.score(X, y), abs=0.3)


def test_other_errors_of_the_metric_are_raised(two_labels, two_labels_model):
    X, y = two_labels
    with pytest.raises(ValueError, match=r"multiclass|pos_label"):
        labeled_scorer(make_scorer(f1_score))(two_labels_model, X, y)


def test_a_search_survives_a_rare_label(blobs, quick_classifier):
    X, y = blobs
    labels = np.column_stack([y, np.arange(len(y)) == 3])
    search = GridSearchCV(
        quick_classifier(),
        {"label_dim": [1, 2]},
        cv=LabeledKFold(3),
        scoring=labeled_scorer("roc_auc_ovr"),
        error_score="raise",
    )
    with pytest.warns(UndefinedMetricWarning):
        search.fit(X, labels)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_weights_count_in_the_score(few_blobs, logistic):
    X, y = few_blobs
    observed, weight = y >= 0, np.linspace(0, 3, len(y))
    score = labeled_scorer("accuracy")(logistic, X, y, sample_weight=weight)
    expected = logistic.score(X[observed], y[observed], weight[observed])
    assert score == pytest.approx(expected)


def test_metadata_routing_passes_weights_through_a_search(few_blobs, quick_classifier):
    X, y = few_blobs
    folds = LabeledKFold(2)
    # Half of the labelled samples have weight zero in the score.
    weight = np.where(np.arange(len(y)) % 4 == 1, 1.0, 0.0)
    with config_context(enable_metadata_routing=True):
        scorer = labeled_scorer("accuracy").set_score_request(sample_weight=True)
        model = quick_classifier().set_fit_request(sample_weight=False)
        search = GridSearchCV(
            model, {"label_dim": [2]}, cv=folds, scoring=scorer, return_train_score=True
        ).fit(X, y, sample_weight=weight)
    expected = [
        labeled_scorer("accuracy")(
            clone(model).set_params(label_dim=2).fit(X[train], y[train]),
            X[test],
            y[test],
            sample_weight=weight[test],
        )
        for train, test in folds.split(X, y)
    ]
    assert search.best_score_ == pytest.approx(np.mean(expected))


def test_requests_are_not_set_on_the_scorer_of_the_user():
    own = make_scorer(balanced_accuracy_score)
    with config_context(enable_metadata_routing=True):
        labeled_scorer(own).set_score_request(sample_weight=True)
        assert own.get_metadata_routing().score.requests.get("sample_weight") is None


@pytest.mark.parametrize("kind", ["one label", "pipeline", "several labels"])
def test_refuses_a_classifier_that_learned_the_marker_as_a_class(kind, few_blobs):
    X, y = few_blobs
    model = LogisticRegression()
    if kind == "pipeline":
        model = make_pipeline(StandardScaler(), model)
    if kind == "several labels":
        model, y = MultiOutputClassifier(model), np.column_stack([y, y])
    model.fit(X, y)
    with pytest.raises(ValueError, match=r"learned -1.*as a class.*LabeledOnly"):
        labeled_scorer("accuracy")(model, X, y)
    with pytest.raises(ValueError, match="learned -1"):
        unlabeled_gain(model, X, y, cv=2)


def test_refuses_a_metric_that_is_no_scorer():
    with pytest.raises(ValueError, match="make_scorer"):
        labeled_scorer(f1_score)


def test_refuses_another_marker_than_that_of_the_estimator(few_blobs, quick_classifier):
    X, y = few_blobs
    y, model = np.where(y < 0, 9, y), quick_classifier(unlabeled_value=9)
    message = "unlabeled_value=-1, but that of ReVAEClassifier is 9"
    with pytest.raises(ValueError, match=message):
        labeled_scorer("accuracy")(model.fit(X, y), X, y)
    with pytest.raises(ValueError, match=message):
        unlabeled_gain(make_pipeline(StandardScaler(), model), X, y, cv=2)
    with pytest.raises(ValueError, match=message):
        WithUnlabeled(model, X[y == 9]).fit(X[y != 9], y[y != 9])
    score = labeled_scorer("accuracy", unlabeled_value=9)(model, X, y)
    assert score == model.score(X, y)


def test_refuses_labels_in_another_order(two_labels, two_labels_model):
    X, y = two_labels
    names = two_labels_model.label_names_
    swapped = pd.DataFrame(y, columns=names)[names[::-1]]
    with pytest.raises(ValueError, match="Pass them in this order"):
        two_labels_model.score(X, swapped)
    inside = make_pipeline(two_labels_model)
    search = GridSearchCV(inside, {}, cv=2)
    search.best_estimator_ = inside
    for model in (two_labels_model, inside, search, make_pipeline(search)):
        with pytest.raises(ValueError, match="Pass them in this order"):
            labeled_scorer("accuracy")(model, X, swapped)


@pytest.mark.parametrize("names", [["b", "c"], ["c", "d"]])
def test_refuses_labels_with_other_names(names, two_labels, quick_classifier):
    X, y = two_labels
    model = quick_classifier(warm_start=True).fit(X, pd.DataFrame(y, columns=["a", "b"]))
    named = pd.DataFrame(y, columns=names)
    for call in (model.score, model.fit, model.partial_fit, partial(SCORER, model)):
        with pytest.raises(ValueError, match=r"are \['a', 'b'\]. Pass these, or"):
            call(X, named)
    assert model.score(X, y) == model.score(X, pd.DataFrame(y)) > 0
    assert SCORER(model, X, pd.DataFrame(y)) == SCORER(model, X, y)
    assert quick_classifier().fit(X, y).score(X, named) > 0


def test_the_score_refuses_strings_for_numbers_as_the_scorer_does(
    few_blobs, blobs_model, two_labels, two_labels_model
):
    X, y = few_blobs
    text = np.array([None if v < 0 else str(v) for v in y], dtype=object)
    with pytest.raises(ValueError, match="is not a value of label_0: its values are"):
        blobs_model.score(X, text)
    with pytest.raises(ValueError, match="Mix of label input types"):
        SCORER(blobs_model, X, text)
    X, y = two_labels
    with pytest.raises(ValueError, match="0 is not a value of label_0"):
        two_labels_model.score(X, np.zeros(y.shape, dtype=int))


@pytest.mark.parametrize("metric", ["accuracy", "roc_auc"])
def test_refuses_another_number_of_labels(
    metric, blobs, logistic, two_labels_model, blobs_model
):
    X, y = blobs
    several = np.column_stack([y, y > 0])
    scorer = labeled_scorer(metric)
    with pytest.raises(ValueError, match=r"y has 1 label\(s\), .* fitted with 2"):
        scorer(two_labels_model, X, y)
    for model in (blobs_model, logistic):
        with pytest.raises(ValueError, match=r"y has 2 label\(s\), .* fitted with 1"):
            scorer(model, X, several)


def test_classifiers_that_return_the_probabilities_of_all_labels_in_one_array(blobs):
    X, y = blobs
    labels = np.column_stack([y == 0, X[:, 0] > np.median(X[:, 0])]).astype(int)
    model = OneVsRestClassifier(LogisticRegression(C=1e-4)).fit(X, labels)
    expected = [roc_auc_score(labels[:, i], model.predict_proba(X)[:, i]) for i in (0, 1)]
    score = labeled_scorer("roc_auc")(model, X, labels)
    assert score == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("marker", [True, [1], np.array([1, 2])])
def test_refuses_what_cannot_mark_entries_at_once(marker):
    with pytest.raises(ValueError, match="must be a number, a string or None"):
        labeled_scorer("accuracy", unlabeled_value=marker)


def test_the_warning_of_an_undefined_metric_quotes_its_error(
    two_labels, two_labels_model
):
    X, y = two_labels
    without = np.column_stack([np.where(y[:, 0] == "left", None, y[:, 0]), y[:, 1]])
    scorer = labeled_scorer(make_scorer(f1_score, pos_label=5))
    with pytest.warns(UndefinedMetricWarning, match=r"The metric says: .*pos_label"):
        scorer(two_labels_model, X, without)
