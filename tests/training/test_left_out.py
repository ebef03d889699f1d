"""The noise of a target, measured by labels that members leave out at first."""

import math

import numpy as np
import pytest
import torch

from sklearn_revae import ReVAERegressor
from sklearn_revae._training.batches import Rows
from sklearn_revae._training.left_out import can_leave_out, members_without, of_members
from sklearn_revae.persistence import load, save

NAN = math.nan


def test_neighbours_are_left_out_by_different_members():
    numbers = torch.tensor([[0.5], [NAN], [-1.0], [0.0], [2.0], [0.0]])
    assert members_without(numbers, 2).tolist() == [1, -1, 0, 1, 0, 0]


def test_a_row_with_any_of_several_labels_is_left_out():
    numbers = torch.tensor([[0.5, NAN], [NAN, NAN], [NAN, 1.0]])
    assert members_without(numbers, 4).tolist() == [0, -1, 1]


def test_a_member_lacks_the_labels_that_it_leaves_out():
    numbers = torch.tensor([[0.5], [NAN], [2.0]])
    found = of_members(numbers, torch.tensor([1, -1, 0]), 2)
    expected = [[[0.5], [NAN], [NAN]], [[NAN], [NAN], [2.0]]]
    torch.testing.assert_close(found, torch.tensor(expected), equal_nan=True)


@pytest.fixture(scope="module")
def data():
    """Numbers whose variance is half noise, and of which 40 in 400 are known."""
    rng = np.random.RandomState(1)
    X = rng.normal(size=(400, 8))
    y = 10 + 3 * (X[:, 0] + rng.normal(size=400))
    return X, y, np.where(np.arange(400) < 40, y, np.nan)


@pytest.fixture(scope="module")
def fitted(data):
    X, _, few = data
    return ReVAERegressor((32,), n_members=4, max_iter=60, random_state=0).fit(X, few)


def test_members_learn_labels_by_heart_but_the_standard_deviation_is_right(fitted, data):
    X, y, _ = data
    predicted, std = fitted.predict(X[40:], return_std=True)
    within = np.abs(y[40:] - predicted) < 2 * std
    assert 0.9 < within.mean() < 0.98
    own = [m.label_model.variance.item() for m in fitted.module_.members]
    noise = fitted.module_.label_model.noise.item()
    assert min(own) < 0.5 * noise
    # Half of the variance of y is noise.
    assert 0.3 < noise < 1


def test_the_noise_is_stored(fitted, data, tmp_path):
    X = data[0][:5]
    save(fitted, tmp_path / "model")
    expected = fitted.predict(X, return_std=True)[1]
    found = load(tmp_path / "model").predict(X, return_std=True)[1]
    np.testing.assert_array_equal(found, expected)


def test_training_further_keeps_the_noise(data):
    # The members have learned the labels that they would leave out.
    X, _, few = data
    model = ReVAERegressor((8,), n_members=2, max_iter=2, warm_start=True, random_state=0)
    noise = model.fit(X, few).module_.label_model.noise.item()
    assert noise > 0
    assert model.fit(X, few).module_.label_model.noise.item() == noise


@pytest.mark.parametrize("options", [{"n_members": 1}, {"few": 9}])
def test_nothing_is_left_out_of_few_labels_or_by_one_member(data, options):
    X, _, few = data
    few = np.where(np.arange(400) < options.get("few", 40), few, np.nan)
    n_members = options.get("n_members", 2)
    model = ReVAERegressor((8,), n_members=n_members, max_iter=1, random_state=0)
    model.fit(X, few)
    assert model.module_.label_model.noise.item() == 0
    assert (model.predict(X[:3], return_std=True)[1] > 0).all()


def test_classes_are_not_left_out(fitted):
    rows = Rows(torch.zeros(20, 8), torch.zeros(20, 1, dtype=torch.int64), torch.ones(20))
    assert not can_leave_out(fitted.module_, rows)


def test_rows_know_their_member_on_any_device():
    rows = Rows(torch.zeros(3, 1), torch.zeros(3, 1), torch.ones(3), torch.arange(3))
    assert len(rows.to("cpu")[torch.tensor([2])]) == 4
