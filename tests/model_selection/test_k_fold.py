"""LabeledKFold: training sets, test sets and stratification."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import config_context
from sklearn.base import clone
from sklearn.ensemble import StackingClassifier
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.tree import DecisionTreeClassifier

from sklearn_revae.model_selection import LabeledKFold

# Unlabelled (-1) or one of three classes.
CELLS = st.sampled_from([-1, -1, -1, 0, 1, 2])


@st.composite
def labels(draw):
    """Labels (n,) or (n, L), and a number of folds that they can be split into."""
    n_rows = draw(st.integers(6, 40))
    n_labels = draw(st.integers(0, 3))
    shape = (n_rows, n_labels) if n_labels > 1 else (n_rows,)
    y = draw(arrays(np.int64, shape, elements=CELLS))
    n_splits = draw(st.integers(2, 4))
    # StratifiedKFold requires one class with at least one sample per fold.
    y[:n_splits] = 1
    return y, n_splits


def labelled_samples(y):
    return np.flatnonzero((y.reshape(len(y), -1) >= 0).any(axis=1))


def split(y, n_splits, **options):
    with warnings.catch_warnings():
        # Raised for classes with fewer samples than folds, which some examples have.
        warnings.filterwarnings("ignore", message="The least populated class")
        return list(LabeledKFold(n_splits, **options).split(np.zeros((len(y), 1)), y))


@settings(deadline=None, max_examples=60)
@given(labels(), st.booleans())
def test_every_labelled_sample_and_no_other_is_in_one_test_set(drawn, shuffle):
    y, n_splits = drawn
    folds = split(y, n_splits, shuffle=shuffle, random_state=0 if shuffle else None)
    assert len(folds) == n_splits
    tested = np.concatenate([test for _, test in folds])
    np.testing.assert_array_equal(np.sort(tested), labelled_samples(y))


@settings(deadline=None, max_examples=60)
@given(labels())
def test_all_other_samples_are_in_the_training_set(drawn):
    y, n_splits = drawn
    for train, test in split(y, n_splits):
        both = np.concatenate([train, test])
        np.testing.assert_array_equal(np.sort(both), np.arange(len(y)))


@settings(deadline=None, max_examples=60)
@given(labels())
def test_drop_removes_unlabelled_samples_and_keeps_the_test_sets(drawn):
    y, n_splits = drawn
    kept, dropped = split(y, n_splits), split(y, n_splits, unlabeled="drop")
    for (train, test), (few, same) in zip(kept, dropped, strict=True):
        np.testing.assert_array_equal(same, test)
        np.testing.assert_array_equal(few, np.intersect1d(train, labelled_samples(y)))


@settings(deadline=None, max_examples=60)
@given(labels())
def test_folds_of_a_single_label_are_stratified(drawn):
    y, n_splits = drawn
    if y.ndim == 1:
        folds = [test for _, test in split(y, n_splits)]
        for value in (0, 1, 2):
            counts = [np.sum(y[test] == value) for test in folds]
            assert max(counts) - min(counts) <= 1


def test_folds_of_several_labels_are_stratified():
    # KFold would put all samples of a rare class into one fold.
    y = np.zeros((60, 2), dtype=int)
    y[:6, 0] = 1
    y[54:, 1] = 1
    y[20:40] = -1
    folds = [test for _, test in split(y, 3)]
    for label in (0, 1):
        assert [np.sum(y[test, label] == 1) for test in folds] == [2, 2, 2]
    sizes = [len(test) for test in folds]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("n_labels", [1, 2])
def test_a_seed_determines_the_shuffling(n_labels):
    random = np.random.default_rng(0)
    y = random.integers(-1, 3, (80, n_labels)).squeeze()
    first, same, other = (
        [
            test.tolist()
            for _, test in split(y, 4, shuffle=True, random_state=random_state)
        ]
        for random_state in (0, 0, 1)
    )
    assert first == same
    assert first != other


@pytest.mark.parametrize("n_labels", [1, 2])
def test_the_global_generator_does_not_advance(n_labels):
    y = np.random.default_rng(0).integers(-1, 3, (80, n_labels)).squeeze()
    before = np.random.get_state()  # noqa: NPY002, this generator must not advance
    split(y, 4, shuffle=True, random_state=0)
    for old, new in zip(before, np.random.get_state(), strict=True):  # noqa: NPY002
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    "y",
    [
        ["a", None, "b", "a", None, "b"],
        [0.0, np.nan, 1.0, 0.0, np.nan, 1.0],
        pd.Series(["a", None, "b", "a", None, "b"]),
        pd.Series(["a", None, "b", "a", None, "b"], dtype="category"),
        pd.Series([True, None, False, True, None, False], dtype="boolean"),
    ],
    ids=["list", "nan", "series", "category", "boolean"],
)
def test_unlabelled_entries_are_marked_as_for_the_estimators(y):
    folds = list(LabeledKFold(2).split(np.zeros((6, 1)), y))
    assert [test.tolist() for _, test in folds] == [[0, 2], [3, 5]]


def test_another_marker_of_unlabelled_samples():
    y = np.array([-1, 9, 1, -1, 9, 1])
    folds = LabeledKFold(2, unlabeled_value=9).split(np.zeros((6, 1)), y)
    assert [test.tolist() for _, test in folds] == [[0, 2], [3, 5]]


def test_labels_of_mixed_types():
    y = [["a", 5], ["b", None], [None, None], ["a", 6], ["b", 5], [None, 6]]
    tested = [test for _, test in LabeledKFold(2).split(np.zeros((6, 1)), y)]
    assert sorted(np.concatenate(tested).tolist()) == [0, 1, 3, 4, 5]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_splits": 1}, "n_splits=1"),
        ({"unlabeled": "test"}, "The 'unlabeled' parameter of LabeledKFold.*'test'"),
        ({"random_state": 0}, "shuffle"),
        ({"shuffle": 1}, "shuffle"),
    ],
)
def test_invalid_parameters_raise(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        LabeledKFold(**options)


def test_fewer_labelled_samples_than_folds_raise():
    y = [0, 1, -1, -1, -1, -1]
    with pytest.raises(ValueError, match=r"into 3 folds.*samples, but there are 2"):
        next(LabeledKFold(3).split(np.zeros((6, 1)), y))


def test_fewer_groups_with_labelled_samples_than_folds_raise():
    y, groups = [0, 1, 0, 1, -1], [0, 0, 1, 1, 2]
    with pytest.raises(ValueError, match=r"into 3 folds.*groups.*but there are 2"):
        next(LabeledKFold(3).split(np.zeros((5, 1)), y, groups))


@settings(deadline=None, max_examples=60)
@given(labels())
def test_split_makes_a_partition_that_keeps_the_labelled_folds(drawn):
    y, n_splits = drawn
    labelled = labelled_samples(y)
    folds = split(y, n_splits, unlabeled="split")
    tested = np.concatenate([test for _, test in folds])
    np.testing.assert_array_equal(np.sort(tested), np.arange(len(y)))
    for (train, test), (_, expected) in zip(folds, split(y, n_splits), strict=True):
        np.testing.assert_array_equal(np.intersect1d(test, labelled), expected)
        np.testing.assert_array_equal(np.setdiff1d(np.arange(len(y)), test), train)


@pytest.mark.parametrize("n_labels", [1, 2])
@pytest.mark.parametrize("unlabeled", ["train", "split", "drop"])
def test_groups_are_kept_apart(n_labels, unlabeled):
    random = np.random.default_rng(0)
    y = random.integers(-1, 3, (150, n_labels)).squeeze()
    groups = random.integers(0, 30, 150).astype(str)
    splitter = LabeledKFold(5, unlabeled=unlabeled, shuffle=True, random_state=0)
    folds = list(splitter.split(np.zeros((150, 1)), y, groups))
    for train, test in folds:
        assert not set(groups[train]) & set(groups[test])
        assert len(train) > 60
    tested = np.sort(np.concatenate([test for _, test in folds]))
    whole = np.arange(150) if unlabeled == "split" else labelled_samples(y)
    np.testing.assert_array_equal(tested, whole)


def test_folds_of_groups_are_stratified():
    y = np.repeat([0, 1, -1, 0, 0, 1], 10)
    groups = np.arange(60) // 2
    for _, test in LabeledKFold(5).split(np.zeros((60, 1)), y, groups):
        assert np.bincount(y[test]).tolist() == [6, 4]


def test_y_is_required():
    with pytest.raises(ValueError, match="y=None"):
        next(LabeledKFold(3).split(np.zeros((6, 1)), None))


def test_y_of_another_length_raises():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        next(LabeledKFold(2).split(np.zeros((5, 1)), [0, 1, 0, 1]))


def test_repr_shows_the_parameters():
    text = repr(LabeledKFold(3, shuffle=True, random_state=0))
    assert text.startswith("LabeledKFold(n_splits=3")
    assert "shuffle=True" in text


def test_scikit_learn_tools_accept_the_splitter(few_blobs, quick_classifier):
    X, y = few_blobs
    model = quick_classifier()
    scores = cross_val_score(model, X, y, cv=LabeledKFold(3), error_score="raise")
    assert scores.shape == (3,)
    search = GridSearchCV(
        clone(model), {"label_dim": [1, 2]}, cv=LabeledKFold(2), error_score="raise"
    )
    assert search.fit(X, y).best_estimator_.n_features_in_ == 4


def test_metadata_routing_passes_groups_on(few_blobs, quick_classifier):
    X, y = few_blobs
    groups = np.arange(len(y)) // 4
    search = GridSearchCV(quick_classifier(), {"label_dim": [1]}, cv=LabeledKFold(2))
    with config_context(enable_metadata_routing=True):
        search.fit(X, y, groups=groups)
    assert search.n_splits_ == 2


def test_stacking_accepts_the_splitter(blobs):
    # It sets the splitter's `random_state` to a generator.
    X, y = blobs
    stack = StackingClassifier([("tree", DecisionTreeClassifier())], cv=LabeledKFold(2))
    assert stack.fit(X, y).score(X, y) > 0.9


def test_cross_val_predict_accepts_folds_that_make_a_partition(
    few_blobs, blobs, quick_classifier
):
    X, y = few_blobs
    model = quick_classifier(max_iter=15, batch_size=20, learning_rate_init=0.04)
    predicted = cross_val_predict(model, X, y, cv=LabeledKFold(3, unlabeled="split"))
    assert np.mean(predicted == blobs[1]) > 0.8
