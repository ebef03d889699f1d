import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.utils import _safe_indexing

from sklearn_revae import ReVAEClassifier, ReVAERegressor, ReVAETransformer, soft_labels
from sklearn_revae._data.labels import LabelCodes
from sklearn_revae._data.soft_labels import expected_counts
from sklearn_revae.model_selection import LabeledKFold, labeled_scorer

PROBABILITIES = [
    [0.0, 1.0, 0.0],  # known
    [2.0, 2.0, 0.0],  # one of two
    [0.1, 0.3, 0.6],  # soft
    [0.5, 0.5, 0.5],  # unlabelled
    [np.nan, np.nan, np.nan],  # unlabelled
    [7.0, 7.0, 0.0],  # the same two
]
CODES = [1, -2, -3, -1, -1, -2]


def encoded(y):
    return LabelCodes().fit(y).encode_soft(y)


def test_rows_become_codes_and_likelihoods():
    codes, evidence = encoded(soft_labels(PROBABILITIES))
    assert codes[:, 0].tolist() == CODES
    np.testing.assert_allclose(evidence, [[1, 1, 0], [1 / 6, 1 / 2, 1]])


def test_other_places_see_the_known_classes_only():
    y = soft_labels(PROBABILITIES)
    assert LabelCodes().fit(y).encode(y)[:, 0].tolist() == [1, -1, -1, -1, -1, -1]


def test_all_columns_are_classes_even_if_no_sample_has_them():
    y = soft_labels([[1, 0, 0], [1, 0, 0]], classes=["c", "a", "b"])
    labels = LabelCodes().fit(y)
    assert labels.classes_[0].tolist() == ["a", "b", "c"]
    assert labels.encode(y)[:, 0].tolist() == [2, 2]


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_columns_of_a_frame_are_the_classes(frame):
    y = soft_labels(frame({"cat": [1.0, 0.5], "dog": [0.0, 0.1]}))
    assert [cell.classes for cell in y] == [("cat", "dog")] * 2


def test_soft_and_ordinary_entries_mix():
    y = np.array(["a", None, "b"], dtype=object)
    y[1] = soft_labels([[1, 0, 1]], classes=["a", "b", "c"])[0]
    codes, evidence = encoded(y)
    assert codes[:, 0].tolist() == [0, -2, 1]
    assert evidence.tolist() == [[1, 0, 1]]


def test_several_labels_share_one_table():
    first = soft_labels([[1, 1, 0], [0, 0, 1], [1, 1, 0]])
    second = soft_labels([[1, 0], [0.5, 1], [np.nan, np.nan]], classes=["n", "y"])
    codes, evidence = encoded(np.column_stack([first, second]))
    assert codes.tolist() == [[-2, 0], [2, -3], [-2, -1]]
    assert evidence.tolist() == [[1, 1, 0], [0.5, 1, 0]]


def test_y_can_be_indexed_and_pickled():
    y = soft_labels(PROBABILITIES)
    again = pickle.loads(pickle.dumps(_safe_indexing(y, [2, 0])))
    assert encoded(again)[0][:, 0].tolist() == [-2, 1]


@pytest.mark.parametrize("bad", [[0, 0, 0], [1, -1, 0], [1, np.nan, 0], [1, np.inf, 0]])
def test_invalid_rows_are_named(bad):
    with pytest.raises(ValueError, match="those of sample 1 are"):
        soft_labels([[1, 0, 0], bad])


@pytest.mark.parametrize("bad", [[1, 0], [["a", "b"]], [[[1.0]]], [[1j, 1]], None])
def test_what_is_no_matrix_of_numbers_is_refused_by_name(bad):
    with pytest.raises(ValueError, match="probabilities must be an array of numbers"):
        soft_labels(bad)


@pytest.mark.parametrize("classes", [["a", "b"], ["a", "a", "b"]])
def test_classes_must_fit_the_columns(classes):
    with pytest.raises(ValueError, match="has 3 column"):
        soft_labels(np.eye(3), classes)


def test_classes_have_to_be_of_one_kind():
    with pytest.raises(ValueError, match=r"classes are \['a', 1, 2\], both strings and"):
        soft_labels(np.eye(3), classes=["a", 1, 2])


def test_one_column_is_refused():
    with pytest.raises(ValueError, match="has 1 column"):
        soft_labels([[1.0], [0.5]])


@pytest.mark.parametrize("missing", [None, np.nan])
def test_a_missing_value_cannot_be_a_class(missing):
    with pytest.raises(ValueError, match="cannot be classes"):
        soft_labels(np.eye(3), ["a", missing, "b"])


def test_a_class_that_marks_unlabelled_samples_is_refused():
    y = soft_labels([[1, 0], [0, 1], [0.5, 1]], classes=[-1, 1])
    model = ReVAEClassifier((8,), max_iter=1)
    with pytest.raises(ValueError, match="Set unlabeled_value=None, so that -1 is a"):
        model.fit(np.eye(3), y)
    codes, _ = LabelCodes(None).fit(y).encode_soft(y)
    assert codes[:, 0].tolist() == [0, 1, -2]


def test_a_class_that_was_not_announced_is_refused():
    model = ReVAEClassifier((8,), max_iter=1)
    with pytest.raises(ValueError, match="2 is not a value of label_0"):
        model.partial_fit(np.eye(3), soft_labels([[1, 0, 1]] * 3), classes=[0, 1])


def test_numbers_cannot_be_soft():
    with pytest.raises(ValueError, match="soft_labels, which is for classes"):
        ReVAERegressor((8,), max_iter=1).fit(np.eye(6), soft_labels(PROBABILITIES))


def test_expected_counts_are_those_of_maximum_likelihood():
    # Of the ten with class 0 or 1, as many have class 0 as among the known ones.
    codes, counts = np.r_[[0] * 29, [1] * 9, [-2] * 10], np.array([29.0, 9.0, 0.0])
    evidence = np.array([[1.0, 1.0, 0.0]])
    found = expected_counts(codes, np.ones(len(codes)), evidence, counts)
    np.testing.assert_allclose(found, [7.5, 2.5, 0.0])


@pytest.fixture(scope="module")
def candidates():
    """Three blobs, and two possible classes of each sample."""
    rng = np.random.RandomState(0)
    y = np.arange(90) % 3
    X = rng.normal(size=(90, 4)) + 5 * np.eye(3, 4)[y]
    possible = np.eye(3)[y]
    # Each sample has its own class and a random other one.
    possible[np.arange(90), (y + rng.randint(1, 3, 90)) % 3] = 1
    return X, y, possible


@pytest.fixture(scope="module")
def model():
    return ReVAEClassifier((16,), n_members=2, max_iter=60, random_state=0)


def test_the_classes_of_coarse_labels_are_found(candidates, model):
    X, y, possible = candidates
    fitted = clone(model).fit(X, soft_labels(possible))
    assert fitted.score(X, y) > 0.9
    # The evidence of the training samples is no part of the model.
    assert fitted.module_.label_model.log_evidence is None


def test_labels_that_are_all_known_give_the_same_model(candidates, model):
    X, y, _ = candidates
    model = clone(model).set_params(max_iter=2)
    soft = clone(model).fit(X, soft_labels(np.eye(3)[y])).predict_proba(X)
    np.testing.assert_array_equal(soft, clone(model).fit(X, y).predict_proba(X))


def test_scores_and_folds_use_known_labels(candidates, model):
    X, y, possible = candidates
    known = np.arange(90) < 30
    soft = soft_labels(np.where(known[:, None], np.eye(3)[y], possible))
    for train, test in LabeledKFold(2).split(X, soft):
        assert set(test) <= set(np.flatnonzero(known))
        assert set(np.flatnonzero(~known)) <= set(train)
    scorer = labeled_scorer("balanced_accuracy")
    model = clone(model).set_params(max_iter=2, early_stopping=True)
    for scoring in (None, scorer):
        scores = cross_val_score(model, X, soft, cv=LabeledKFold(2), scoring=scoring)
        assert np.isfinite(scores).all()


@pytest.mark.parametrize("estimator", [ReVAEClassifier, ReVAETransformer])
def test_soft_columns_of_several_labels(candidates, estimator):
    X, y, possible = candidates
    both = np.column_stack([soft_labels(possible), y > 0])
    model = estimator((8,), n_members=2, max_iter=1, random_state=0).fit(X, both)
    assert [len(classes) for classes in model.classes_] == [3, 2]


def test_partial_fit_accepts_soft_labels(candidates, model):
    X, _, possible = candidates
    model = clone(model).partial_fit(X, soft_labels(possible), classes=[0, 1, 2])
    model.partial_fit(X[:9], soft_labels(possible[:9]))
    assert model.n_iter_ == 2
