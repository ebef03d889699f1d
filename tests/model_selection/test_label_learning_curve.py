"""label_learning_curve: scores by number of labels."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from sklearn_revae import soft_labels
from sklearn_revae._data.soft_labels import SoftLabel
from sklearn_revae.model_selection import (
    LabeledKFold,
    LabeledOnly,
    LabelLearningCurveDisplay,
    label_learning_curve,
    unlabeled_gain,
)
from sklearn_revae.model_selection._label_learning_curve import _absolute

SUPERVISED = LabeledOnly(LogisticRegression(max_iter=500))


class Recorder(ClassifierMixin, BaseEstimator):
    """Records the y of each fit."""

    seen: list = []

    def fit(self, X, y):
        self.seen.append(y)
        return self

    def predict(self, X):
        return np.zeros((len(X), *self.seen[-1].shape[1:]), dtype=int)


@pytest.fixture
def recorded():
    Recorder.seen = []
    return Recorder.seen


def test_all_training_samples_stay_and_labels_are_removed(few_blobs, recorded):
    X, y = few_blobs
    sizes, train_scores, test_scores = label_learning_curve(
        Recorder(), X, y, n_labels=[12, 3, 6], cv=3, random_state=0
    )
    assert sizes.tolist() == [3, 6, 12]
    assert train_scores.shape == test_scores.shape == (3, 3)
    assert [np.sum(y >= 0) for y in recorded] == [3] * 3 + [6] * 3 + [12] * 3
    for number, (train, _) in enumerate(LabeledKFold(3).split(X, y)):
        small, middle, large = recorded[number::3]
        assert len(small) == len(train)
        for some, more in ((small, middle), (middle, large), (large, y[train])):
            assert np.all((some == -1) | (some == more))
        # Each class has its first label before any has its second.
        assert np.bincount(small[small >= 0]).tolist() == [1, 1, 1]


def test_fractions_are_of_the_labelled_training_samples(few_blobs):
    sizes, *_ = label_learning_curve(SUPERVISED, *few_blobs, n_labels=[0.2, 1.0], cv=3)
    # 30 labelled samples in three folds.
    assert sizes.tolist() == [4, 20]
    assert _absolute([1e-9, 0.55, 0.551], 100).tolist() == [1, 55, 56]


@pytest.mark.parametrize("function", [label_learning_curve, unlabeled_gain])
@pytest.mark.parametrize("several", [False, True])
def test_soft_labels_are_in_all_training_sets(function, several, few_blobs, recorded):
    X, y = few_blobs
    possible = np.where(y[:, None] >= 0, np.eye(3)[y], 1)
    possible[::4] = [1, 1, 0]
    soft = soft_labels(possible)
    other = np.where(np.arange(60) % 4 == 0, None, y > 1)
    y = np.column_stack([soft, other]) if several else soft
    function(Recorder(), X, y, cv=2, scoring=lambda *data: 0.0)
    for seen in recorded:
        cells = seen[:, 0] if several else seen
        uncertain = [isinstance(c, SoftLabel) and not c.certain for c in cells]
        assert sum(uncertain) == 15
    if function is unlabeled_gain and not several:
        assert [len(seen) for seen in recorded] == [45, 30, 45, 30]


def test_more_labels_give_a_better_score(blobs):
    _, train_scores, scores = label_learning_curve(
        LabeledOnly(LogisticRegression(C=0.01)), *blobs, n_labels=[3, 40], random_state=0
    )
    assert scores[1].mean() > scores[0].mean()
    assert np.all((train_scores >= 0) & (train_scores <= 1))


def test_a_seed_determines_the_labels(blobs):
    first, same, other = (
        label_learning_curve(
            SUPERVISED, *blobs, n_labels=[3], random_state=s, scoring="neg_log_loss"
        )[2]
        for s in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, same)
    assert np.any(first != other)


def test_several_labels(two_labels, quick_classifier):
    _, _, scores = label_learning_curve(
        quick_classifier(), *two_labels, n_labels=[6, 12], cv=2, random_state=0
    )
    assert np.isfinite(scores).all()


@pytest.mark.parametrize(
    "n_labels", [[0], [1000], [0.0], [1.5], [np.nan], [True], ["a"], [], 5]
)
def test_invalid_numbers_of_labels_raise(few_blobs, n_labels):
    with pytest.raises(ValueError, match="n_labels="):
        label_learning_curve(SUPERVISED, *few_blobs, n_labels=n_labels)


@pytest.mark.parametrize("function", [label_learning_curve, unlabeled_gain])
def test_wrong_input_raises_before_any_fit(blobs, function):
    X, y = blobs
    with pytest.raises(ValueError, match="requires y"):
        function(None, X, None)
    with pytest.raises(ValueError, match=r"scoring=\['accuracy'\] must be"):
        function(None, X, y, scoring=["accuracy"])


def test_the_display_draws_the_mean_scores(few_blobs):
    options = {"n_labels": [3, 12], "cv": 3, "random_state": 0}
    display = LabelLearningCurveDisplay.from_estimator(
        SUPERVISED, *few_blobs, **options, scoring="f1_macro"
    )
    _, _, scores = label_learning_curve(
        SUPERVISED, *few_blobs, **options, scoring="f1_macro"
    )
    np.testing.assert_array_equal(display.lines_[0].get_ydata(), scores.mean(axis=1))
    assert display.ax_.get_xlabel() == "Number of labelled training samples"
    assert display.ax_.get_ylabel() == "f1_macro"
    other = LabelLearningCurveDisplay.from_estimator(
        SUPERVISED, *few_blobs, **options, estimator_name="other", ax=display.ax_
    )
    labels = [text.get_text() for text in other.ax_.get_legend().get_texts()]
    assert labels == ["LabeledOnly (test)", "other (test)"]
