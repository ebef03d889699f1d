"""unlabeled_gain: the same estimator with and without the unlabelled samples."""

import numpy as np
import pytest
from scipy import stats
from sklearn.base import clone
from sklearn.datasets import make_circles, make_moons
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.semi_supervised import LabelSpreading, SelfTrainingClassifier
from sklearn.tree import DecisionTreeClassifier

from sklearn_revae.datasets import mask_labels
from sklearn_revae.model_selection import (
    LabeledKFold,
    LabeledOnly,
    LabeledShuffleSplit,
    UnlabeledGainDisplay,
    unlabeled_gain,
)


@pytest.fixture(scope="module")
def moons():
    X, y = make_moons(200, noise=0.05, random_state=0)
    return X, mask_labels(y, n_per_class=8, random_state=0)


def test_scores_are_those_of_fits_with_and_without_unlabelled_samples(moons):
    X, y = moons
    model = LabelSpreading(gamma=20)
    result = unlabeled_gain(model, X, y, cv=4)
    with_them, without = [], []
    for train, test in LabeledKFold(4).split(X, y):
        with_them.append(clone(model).fit(X[train], y[train]).score(X[test], y[test]))
        only = train[y[train] >= 0]
        without.append(clone(model).fit(X[only], y[only]).score(X[test], y[test]))
    np.testing.assert_array_equal(result.scores_with, with_them)
    np.testing.assert_array_equal(result.scores_without, without)
    np.testing.assert_array_equal(result.gains, np.subtract(with_them, without))


def test_the_interval_excludes_zero_where_unlabelled_samples_help():
    X, y = make_circles(400, noise=0.05, factor=0.4, random_state=0)
    few = mask_labels(y, n_per_class=12, random_state=0)
    cv = LabeledShuffleSplit(20, test_size=0.25, random_state=0)
    result = unlabeled_gain(LabelSpreading(kernel="knn"), X, few, cv=cv)
    assert result.gain_mean > 0.3
    assert result.interval[0] > 0.2


def test_the_interval_is_the_corrected_resampled_one(moons):
    model = SelfTrainingClassifier(LogisticRegression())
    result = unlabeled_gain(model, *moons, cv=4, scoring="neg_log_loss", confidence=0.9)
    # 12 labelled training samples and 4 test samples in each of 4 splits.
    error = np.sqrt((1 / 4 + 4 / 12) * result.gains.var(ddof=1))
    expected = stats.t.interval(0.9, 3, result.gain_mean, error)
    assert error > 0
    np.testing.assert_allclose(result.interval, expected)


def test_an_estimator_of_labelled_samples_gains_nothing(moons):
    result = unlabeled_gain(LabeledOnly(GaussianNB()), *moons, scoring="neg_log_loss")
    np.testing.assert_array_equal(result.gains, np.zeros(5))
    np.testing.assert_array_equal(result.interval, [0, 0])


def test_both_fits_of_a_split_have_the_same_seed(moons):
    model = LabeledOnly(DecisionTreeClassifier(splitter="random"))
    first, same, other = (
        unlabeled_gain(model, *moons, cv=3, random_state=seed, scoring="neg_log_loss")
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.gains, np.zeros(3))
    np.testing.assert_array_equal(first.scores_with, same.scores_with)
    assert np.any(first.scores_with != other.scores_with)


def test_several_labels_and_strings(two_labels, quick_classifier):
    result = unlabeled_gain(quick_classifier(), *two_labels, cv=2, scoring="f1_macro")
    assert np.isfinite(result.gains).all()


def test_groups_and_jobs(moons):
    X, y = moons
    model = SelfTrainingClassifier(LogisticRegression())
    groups = np.arange(len(y)) // 2
    one, two = (
        unlabeled_gain(model, X, y, groups=groups, cv=2, n_jobs=n_jobs)
        for n_jobs in (None, 2)
    )
    np.testing.assert_array_equal(one.gains, two.gains)


def test_a_single_split_raises(moons):
    with pytest.raises(ValueError, match="at least two splits"):
        unlabeled_gain(LabelSpreading(), *moons, cv=LabeledShuffleSplit(1))


def test_confidence_is_between_zero_and_one(moons):
    with pytest.raises(ValueError, match="'confidence' parameter of unlabeled_gain"):
        unlabeled_gain(LabelSpreading(), *moons, confidence=95)


def test_the_display_connects_the_scores_of_each_split(moons):
    display = UnlabeledGainDisplay.from_estimator(
        LabelSpreading(gamma=20), *moons, cv=4, scoring="accuracy"
    )
    result = unlabeled_gain(LabelSpreading(gamma=20), *moons, cv=4)
    drawn = np.array([line.get_ydata() for line in display.lines_])
    np.testing.assert_array_equal(drawn[:, 0], result.scores_without)
    np.testing.assert_array_equal(drawn[:, 1], result.scores_with)
    assert f"{result.gain_mean:.3f}" in display.ax_.get_title()
    assert display.ax_.get_ylabel() == "accuracy"
    again = display.plot(ax=display.ax_)
    assert again.ax_ is display.ax_
