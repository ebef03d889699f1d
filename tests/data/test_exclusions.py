"""Values that never hold together: found where there is evidence, obeyed by edits."""

import numpy as np
import pandas as pd
import pytest
import torch

from sklearn_revae._data.exclusions import count_pairs, find_exclusions
from sklearn_revae._model.edits import implied
from sklearn_revae._model.label_model import LabelModel


def exclusions_of(codes, n_values):
    return find_exclusions(count_pairs(codes, n_values), n_values)


def test_pairs_are_counted_where_both_are_observed():
    codes = np.array([[0, 2], [1, 0], [1, -1], [-1, 0], [1, 0]])
    pairs = count_pairs(codes, [2, 3])
    np.testing.assert_array_equal(pairs[:2, 2:], [[0, 0, 1], [2, 0, 0]])
    np.testing.assert_array_equal(pairs, pairs.T)


def test_values_never_seen_together_exclude_each_other():
    """Two hair colours of 40 rows each, among 100."""
    hair = np.repeat([0, 1, 2], [40, 40, 20])
    codes = np.stack([hair == 0, hair == 1], axis=1).astype(int)
    assert exclusions_of(codes, [2, 2]) == ((0, 1, 1, 1, 0), (1, 1, 0, 1, 0))


def test_one_row_that_shows_both_disproves_it():
    hair = np.repeat([0, 1, 2], [40, 40, 20])
    codes = np.stack([hair == 0, hair == 1], axis=1).astype(int)
    assert exclusions_of(np.vstack([codes, [1, 1]]), [2, 2]) == ()


def test_few_rows_prove_nothing():
    codes = np.stack([np.arange(10) < 3, np.arange(10) > 6], axis=1).astype(int)
    assert exclusions_of(codes, [2, 2]) == ()


def test_independent_labels_exclude_nothing():
    found = [
        exclusions_of(
            (np.random.RandomState(seed).rand(300, 8) < 0.15).astype(int), [2] * 8
        )
        for seed in range(20)
    ]
    assert sum(map(len, found)) <= 4


def test_what_takes_the_place_is_the_likeliest():
    """Of three values the second label never has the first where the other is 1."""
    codes = np.repeat([[0, 0], [1, 1], [1, 2]], [60, 20, 40], axis=0)
    instead = {e[:4]: e[4] for e in exclusions_of(codes, [2, 3])}
    assert instead[0, 1, 1, 0] == 2
    assert instead[1, 1, 0, 0] == 1


def test_a_single_label_has_nothing_to_exclude():
    assert count_pairs(np.zeros((5, 1), int), [2]) is None
    assert find_exclusions(0.0, [2]) == ()


def test_what_is_asked_for_does_not_give_way():
    labels = LabelModel([2, 2, 3], 1, torch.Generator())
    labels.exclusions = ((0, 1, 1, 1, 0), (0, 1, 2, 2, 1))
    codes = torch.tensor([[0, 1, 2], [0, 0, 0], [1, 1, 2]])
    asked = torch.tensor([1, 1, 0])
    told = implied(labels, codes, {0: asked})
    assert told.tolist() == [[1, 0, 1], [1, 0, 0], [0, 1, 2]]
    both = implied(labels, codes, {0: asked, 1: torch.ones(3, dtype=torch.long)})
    assert both.tolist() == [[1, 1, 1], [1, 1, 0], [0, 1, 2]]


@pytest.fixture(scope="module")
def colours(quick_classifier):
    """Rows of one of three colours, a label a colour."""
    random = np.random.RandomState(0)
    colour = np.arange(150) % 3
    X = 4.0 * np.eye(3)[colour] + random.normal(0, 0.3, (150, 3))
    y = pd.DataFrame(np.eye(3, dtype=int)[colour], columns=["red", "green", "blue"])
    model = quick_classifier(
        hidden_layer_sizes=(32,), max_iter=60, learning_rate_init=0.01
    ).fit(X, y)
    return X, y, model


def test_an_estimator_names_what_it_found(colours):
    *_, model = colours
    pairs = [frozenset(pair) for pair in model.exclusions_]
    assert len(pairs) == 3
    assert frozenset({("red", 1), ("blue", 1)}) in pairs


def test_an_edit_rids_a_row_of_what_it_excludes(colours):
    X, y, model = colours
    red = X[y["red"] == 1]
    assert (model.predict(model.intervene(red, {"blue": 1})) == [0, 0, 1]).all()


def test_batches_add_up(colours):
    X, y, model = colours
    parts = model.__class__(random_state=0, hidden_layer_sizes=(8,))
    for batch in range(3):
        rows = slice(50 * batch, 50 * batch + 50)
        parts.partial_fit(X[rows], y.iloc[rows], classes=[[0, 1]] * 3)
    assert parts.exclusions_ == model.exclusions_
