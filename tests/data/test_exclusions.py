"""Values that never occur together: found where there is evidence, obeyed by edits."""

import numpy as np
import pandas as pd
import pytest
import torch

from sklearn_revae._data import exclusions
from sklearn_revae._data.exclusions import count_pairs, find_exclusions
from sklearn_revae._model.edits import implied
from sklearn_revae._model.label_model import LabelModel


def exclusions_of(codes, n_values, weight=None):
    counts = count_pairs(codes, n_values)
    weights = counts if weight is None else count_pairs(codes, n_values, weight)
    return find_exclusions(counts, weights, n_values)


@pytest.fixture(scope="module")
def hair():
    """Codes of two hair colours as two labels: 40 samples of each, and 20 of neither."""
    colour = np.repeat([0, 1, 2], [40, 40, 20])
    return np.stack([colour == 0, colour == 1], axis=1).astype(int)


def test_pairs_are_counted_where_both_labels_are_observed():
    codes = np.array([[0, 2], [1, 0], [1, -1], [-1, 0], [1, 0]])
    pairs = count_pairs(codes, [2, 3])
    np.testing.assert_array_equal(pairs[:2, 2:], [[0, 0, 1], [2, 0, 0]])
    np.testing.assert_array_equal(pairs, pairs.T)


def test_a_doubled_weight_counts_as_a_repeated_sample():
    codes = np.array([[0, 2], [1, 0], [1, -1], [-1, 0], [1, 0]])
    weight = np.array([2.0, 1.0, 2.0, 2.0, 1.0])
    weighted = count_pairs(codes, [2, 3], weight)
    repeated = count_pairs(np.repeat(codes, weight.astype(int), axis=0), [2, 3])
    np.testing.assert_array_equal(weighted, repeated)


def test_values_that_never_occur_together_exclude_each_other(hair):
    assert exclusions_of(hair, [2, 2]) == ((0, 1, 1, 1, 0), (1, 1, 0, 1, 0))


def test_weighted_samples_give_the_same_exclusions_as_repeated_samples(hair):
    some, weight = hair[::2], np.full(50, 2.0)
    assert exclusions_of(some, [2, 2], weight) == exclusions_of(hair, [2, 2])


def test_one_sample_with_both_values_disproves_an_exclusion(hair):
    assert exclusions_of(np.vstack([hair, [1, 1]]), [2, 2]) == ()


def test_a_sample_of_small_weight_disproves_an_exclusion(hair):
    weight = np.append(np.ones(100), 1e-9)
    assert exclusions_of(np.vstack([hair, [1, 1]]), [2, 2], weight) == ()


def test_few_samples_are_no_evidence():
    codes = np.stack([np.arange(10) < 3, np.arange(10) > 6], axis=1).astype(int)
    assert exclusions_of(codes, [2, 2]) == ()


@pytest.mark.parametrize("weight", [0.01, 1e-12])
def test_many_samples_of_small_weight_are_no_evidence(hair, weight):
    assert exclusions_of(hair, [2, 2], np.full(100, weight)) == ()


def test_few_samples_of_large_weight_are_no_evidence():
    """With balanced weights, two samples of a rare class count as much as all others."""
    codes = np.stack([np.arange(100) < 2, np.arange(100) % 2], axis=1).astype(int)
    codes[:2, 1] = 0
    weight = np.where(codes[:, 0] == 1, 25.0, 50 / 98)
    assert exclusions_of(codes, [2, 2], weight) == ()


def test_independent_labels_exclude_nothing():
    found = [
        exclusions_of(
            (np.random.RandomState(seed).rand(300, 8) < 0.15).astype(int), [2] * 8
        )
        for seed in range(20)
    ]
    assert sum(map(len, found)) <= 4


def test_an_excluded_value_is_replaced_by_the_most_frequent_one():
    """Where the first label is 1, the second never is 0, and most often 2."""
    codes = np.repeat([[0, 0], [1, 1], [1, 2]], [60, 20, 40], axis=0)
    instead = {e[:4]: e[4] for e in exclusions_of(codes, [2, 3])}
    assert instead[0, 1, 1, 0] == 2
    assert instead[1, 1, 0, 0] == 1


def test_a_single_label_excludes_nothing():
    assert count_pairs(np.zeros((5, 1), int), [2]) == 0.0
    assert find_exclusions(0.0, 0.0, [2]) == ()


def test_requested_values_are_not_replaced():
    labels = LabelModel([2, 2, 3], 1, torch.Generator())
    labels.exclusions = ((0, 1, 1, 1, 0), (0, 1, 2, 2, 1))
    codes = torch.tensor([[0, 1, 2], [0, 0, 0], [1, 1, 2]])
    requested = torch.tensor([1, 1, 0])
    new = implied(labels, codes, {0: requested})
    assert new.tolist() == [[1, 0, 1], [1, 0, 0], [0, 1, 2]]
    both = implied(labels, codes, {0: requested, 1: torch.ones(3, dtype=torch.long)})
    assert both.tolist() == [[1, 1, 1], [1, 1, 0], [0, 1, 2]]


@pytest.fixture(scope="module")
def colours(quick_classifier):
    """Samples of three colours with one binary label per colour, and their model."""
    random = np.random.RandomState(0)
    colour = np.arange(150) % 3
    X = 4.0 * np.eye(3)[colour] + random.normal(0, 0.3, (150, 3))
    y = pd.DataFrame(np.eye(3, dtype=int)[colour], columns=["red", "green", "blue"])
    model = quick_classifier(
        hidden_layer_sizes=(32,), max_iter=30, learning_rate_init=0.01
    ).fit(X, y)
    return X, y, model


def test_the_estimator_lists_exclusions_by_name(colours):
    *_, model = colours
    pairs = [frozenset(pair) for pair in model.exclusions_]
    assert len(pairs) == 3
    assert frozenset({("red", 1), ("blue", 1)}) in pairs


def test_an_edit_removes_what_it_excludes(colours):
    X, y, model = colours
    red = X[y["red"] == 1]
    assert (model.predict(model.intervene(red, {"blue": 1})) == [0, 0, 1]).all()


def test_pairs_accumulate_over_batches(colours):
    X, y, model = colours
    parts = model.__class__(random_state=0, hidden_layer_sizes=(8,))
    for batch in range(3):
        rows = slice(50 * batch, 50 * batch + 50)
        parts.partial_fit(X[rows], y.iloc[rows], classes=[[0, 1]] * 3)
    assert parts.exclusions_ == model.exclusions_


def test_a_repeated_fit_with_warm_start_is_no_further_evidence(colours, quick_classifier):
    X, y, _ = colours
    X, y = X[:24], y.iloc[:24]
    model = quick_classifier(warm_start=True)
    for _ in range(4):
        assert model.fit(X, y).exclusions_ == []
    np.testing.assert_array_equal(model._labels.counts_[0], [16.0, 8.0])


def test_fit_weighs_the_evidence(colours, quick_classifier):
    X, y, model = colours
    light = quick_classifier().fit(X, y, sample_weight=np.where(y["red"], 0.01, 1.0))
    assert light.exclusions_ == [(("green", 1), ("blue", 1))]
    equal = quick_classifier().fit(X, y, sample_weight=np.full(150, 0.01))
    assert equal.exclusions_ == model.exclusions_


def test_pairs_are_counted_a_few_samples_at_a_time(monkeypatch):
    random = np.random.RandomState(0)
    codes, weight = random.randint(-1, 3, (50, 3)), random.rand(50)
    whole = count_pairs(codes, [3, 3, 3], weight)
    monkeypatch.setattr(exclusions, "_CHUNK_CELLS", 9 * 7)
    np.testing.assert_allclose(count_pairs(codes, [3, 3, 3], weight), whole)
