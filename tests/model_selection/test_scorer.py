"""labeled_scorer: scikit-learn's scorers over the known cells."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, get_scorer, make_scorer
from sklearn.model_selection import cross_validate

from sklearn_revae import ReVAEClassifier
from sklearn_revae.model_selection import LabeledKFold, labeled_scorer

METRICS = ["accuracy", "balanced_accuracy", "f1_macro", "neg_log_loss", "roc_auc_ovr"]


@pytest.fixture(scope="module")
def logistic(blobs):
    """Another's classifier, not perfect, so that metrics differ."""
    X, y = blobs
    return LogisticRegression(C=1e-4).fit(X[::4], y[::4])


@pytest.mark.parametrize("metric", METRICS)
def test_it_is_the_metric_of_the_labelled_rows(metric, few_blobs, logistic):
    X, y = few_blobs
    known = y >= 0
    score = labeled_scorer(metric)(logistic, X, y)
    assert score == pytest.approx(get_scorer(metric)(logistic, X[known], y[known]))


def test_it_agrees_with_the_model_s_own_score(few_blobs, blobs_model):
    X, y = few_blobs
    score = labeled_scorer("accuracy")(blobs_model, X, y)
    assert score == pytest.approx(blobs_model.score(X, y))


@pytest.mark.parametrize("metric", METRICS[:4])
def test_several_labels_are_averaged_each_over_its_own_cells(
    metric, two_labels, two_labels_model
):
    X, y = two_labels
    scorer = get_scorer(metric)
    expected = []
    for label in (0, 1):
        known = np.array([cell != -1 for cell in y[:, label]])
        truth = np.array(y[known, label].tolist())
        if metric == "neg_log_loss":
            probability = two_labels_model.predict_proba(X[known])[label]
            codes = np.searchsorted(two_labels_model.classes_[label], truth)
            expected.append(np.log(probability[np.arange(len(codes)), codes]).mean())
        else:
            told = np.array(two_labels_model.predict(X[known])[:, label].tolist())
            expected.append(scorer._score_func(truth, told, **scorer._kwargs))
    score = labeled_scorer(metric)(two_labels_model, X, y)
    assert score == pytest.approx(np.mean(expected))


def test_a_label_that_nobody_knows_here_is_left_out(two_labels, two_labels_model):
    X, y = two_labels
    only = y.copy()
    only[:, 1] = None
    known = np.array([cell != -1 for cell in y[:, 0]])
    told = two_labels_model.predict(X[known])[:, 0]
    expected = np.mean(told == y[known, 0])
    score = labeled_scorer("accuracy")(two_labels_model, X, only)
    assert score == pytest.approx(expected)


def test_a_scorer_of_one_s_own(few_blobs, logistic):
    X, y = few_blobs
    adjusted = make_scorer(balanced_accuracy_score, adjusted=True)
    score = labeled_scorer(adjusted)(logistic, X, y)
    known = y >= 0
    assert score == pytest.approx(adjusted(logistic, X[known], y[known]))


def test_words_with_none_in_a_data_frame(few_blobs, quick_classifier):
    X, y = few_blobs
    words = pd.Series(y).map({0: "left", 1: "middle", 2: "right"})
    frame = pd.DataFrame(X, columns=list("abcd"))
    model = quick_classifier().fit(frame, words)
    score = labeled_scorer("accuracy")(model, frame, words)
    assert score == pytest.approx(model.score(frame, words))


def test_another_marker_leaves_minus_one_a_class(blobs):
    X, y = blobs
    y = np.where(y == 2, -1, y)
    y[::2] = 9
    model = LogisticRegression().fit(X[y != 9], y[y != 9])
    score = labeled_scorer("accuracy", unlabeled_value=9)(model, X, y)
    assert score == pytest.approx(model.score(X[y != 9], y[y != 9]))


@pytest.mark.parametrize("unknown", [-1, None, np.nan])
def test_nothing_to_score_raises(unknown, blobs, logistic):
    with pytest.raises(ValueError, match="no labelled row to score"):
        labeled_scorer("accuracy")(logistic, blobs[0], [unknown] * 60)


def test_an_unknown_metric_is_refused():
    with pytest.raises(ValueError, match="acuracy"):
        labeled_scorer("acuracy")


def test_it_can_be_sent_to_other_processes(few_blobs, logistic):
    X, y = few_blobs
    scorer = labeled_scorer("f1_macro")
    sent = pickle.loads(pickle.dumps(scorer))
    assert sent(logistic, X, y) == scorer(logistic, X, y)
    assert "f1_score" in repr(sent)


def test_folds_and_scorers_go_together(two_labels):
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
