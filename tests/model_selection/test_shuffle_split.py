"""LabeledShuffleSplit: random, stratified test sets of labelled samples."""

import numpy as np
import pytest

from sklearn_revae.model_selection import LabeledKFold, LabeledShuffleSplit


def splits(y, groups=None, **options):
    splitter = LabeledShuffleSplit(**{"n_splits": 6, "random_state": 0, **options})
    return list(splitter.split(np.zeros((len(y), 1)), y, groups))


@pytest.mark.parametrize(("test_size", "n_folds"), [(0.2, 5), (0.25, 4), (0.5, 2)])
def test_test_sets_are_stratified(test_size, n_folds):
    y = np.tile([0, 0, 1, -1], 20)
    for train, test in splits(y, test_size=test_size):
        assert np.bincount(y[test]).tolist() == [40 // n_folds, 20 // n_folds]
        np.testing.assert_array_equal(np.setdiff1d(np.arange(80), test), train)


def test_test_sets_of_many_rare_classes_are_not_empty():
    y = np.repeat(np.arange(10), 2)
    assert [len(test) for _, test in splits(y)] == [4] * 6


def test_several_labels_are_stratified():
    y = np.zeros((60, 2), dtype=int)
    y[:6, 0], y[54:, 1], y[20:40] = 1, 1, -1
    for _, test in splits(y, test_size=1 / 3):
        assert np.sum(y[test] == 1, axis=0).tolist() == [2, 2]


def test_drop_removes_unlabelled_samples_from_training():
    y = np.tile([0, 1, -1], 20)
    for train, test in splits(y, unlabeled="drop"):
        assert len(train) + len(test) == 40
        assert (y[train] >= 0).all()


@pytest.mark.parametrize("n_labels", [1, 2])
def test_groups_are_kept_apart(n_labels):
    random = np.random.default_rng(0)
    y = random.integers(-1, 3, (150, n_labels)).squeeze()
    groups = random.integers(0, 30, 150)
    for train, test in splits(y, groups):
        assert not set(groups[train]) & set(groups[test])
        assert (y[test] >= 0).reshape(len(test), -1).any(axis=1).all()


def test_a_seed_determines_the_test_sets():
    y = np.tile([0, 1, -1], 20)
    first, same, other = (
        [test.tolist() for _, test in splits(y, random_state=seed)] for seed in (0, 0, 1)
    )
    assert first == same
    assert first != other
    assert len({tuple(test) for test in first}) == 6


@pytest.mark.parametrize(
    "options", [{"n_splits": 0}, {"test_size": 0.6}, {"unlabeled": "split"}]
)
def test_invalid_parameters_raise(options):
    (name,) = options
    with pytest.raises(ValueError, match=f"The '{name}' parameter of LabeledShuffleSpl"):
        LabeledShuffleSplit(**options)


def test_too_few_labelled_samples_raise():
    with pytest.raises(ValueError, match="into 5 folds"):
        splits([0, 1, 0, 1, -1, -1])


@pytest.mark.parametrize(
    ("splitter", "groups", "where"),
    [
        (LabeledShuffleSplit(2, test_size=0.5), None, "single sample"),
        (LabeledKFold(2), None, "single sample"),
        (LabeledKFold(2), [0, 1, 1, 0, 2], "single group"),
    ],
)
def test_classes_that_training_sets_may_lack_are_warned_of(splitter, groups, where):
    y = np.array([[0, 0], [1, 0], [0, 1], [1, 1], [0, 2]])
    with pytest.warns(UserWarning, match=f"only a {where} has is 1"):
        list(splitter.split(np.zeros((5, 1)), y, groups))
