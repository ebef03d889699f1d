"""What is measured by labels that members leave out at first: noise, temperatures."""

import math

import numpy as np
import pytest
import torch
from sklearn.base import clone

from sklearn_revae import ReVAEClassifier, ReVAERegressor
from sklearn_revae._training.batches import Rows
from sklearn_revae._training.left_out import (
    OF_THE_MEAN,
    members_without,
    of_members,
    temperature_of,
)
from sklearn_revae.persistence import load, save

NAN = math.nan


def test_neighbours_are_left_out_by_different_members():
    numbers = torch.tensor([[0.5], [NAN], [-1.0], [0.0], [2.0], [0.0]])
    assert members_without(numbers, 2).tolist() == [1, -1, 0, 1, 0, 0]


def test_a_row_with_any_of_several_labels_is_left_out():
    numbers = torch.tensor([[0.5, NAN], [NAN, NAN], [NAN, 1.0]])
    assert members_without(numbers, 4).tolist() == [0, -1, 1]


def test_classes_are_left_out_evenly_if_they_have_enough_labels():
    codes = torch.tensor([[0, 1, 0, -1, 0, 1, 0, -2]]).T
    assert members_without(codes, 2).tolist() == [0, -1, 1, -1, 0, -1, 1, -1]


def test_rows_with_a_rare_class_of_any_label_are_not_left_out():
    codes = torch.tensor([[0, 0], [0, 0], [0, 1], [0, 0], [0, -1]])
    assert members_without(codes, 3).tolist() == [0, 1, -1, 2, 0]


def test_classes_that_are_left_out_are_unobserved():
    codes = torch.tensor([[2], [-1]])
    assert of_members(codes, torch.tensor([1, -1]), 2).tolist() == [
        [[2], [-1]],
        [[-1], [-1]],
    ]


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
    return ReVAERegressor((32,), n_members=4, max_iter=40, random_state=0).fit(X, few)


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


def test_rows_on_a_disk_are_left_out_too(classifier, classes, tmp_path):
    X, _, few = classes
    stored = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", X.dtype, X.shape)
    stored[:] = X
    again = clone(classifier).fit(stored, few)
    np.testing.assert_allclose(again.temperature_, classifier.temperature_, rtol=1e-6)


@pytest.mark.parametrize("n_members", [1, 2])
def test_few_members_leave_out_no_classes(classes, n_members):
    X, _, few = classes
    model = ReVAEClassifier((8,), n_members=n_members, max_iter=1, random_state=0)
    assert model.fit(X, few).temperature_.tolist() == [1]


@pytest.mark.parametrize("options", [{"n_members": 1}, {"few": 9}])
def test_nothing_is_left_out_of_few_labels_or_by_one_member(data, options):
    X, _, few = data
    few = np.where(np.arange(400) < options.get("few", 40), few, np.nan)
    n_members = options.get("n_members", 2)
    model = ReVAERegressor((8,), n_members=n_members, max_iter=1, random_state=0)
    model.fit(X, few)
    assert model.module_.label_model.noise.item() == 0
    assert (model.predict(X[:3], return_std=True)[1] > 0).all()


class TwoMembers:
    """The second is certain of class 0 with 0.99, and for negative numbers with 0.9."""

    @staticmethod
    def member_predictions(x):
        predictions = torch.full((2, len(x), 1, 2), 0.5, dtype=torch.float64)
        sure = torch.where(x[:, 0] < 0, 0.9, 0.99).double()
        predictions[:, :, 0] = torch.stack([sure, 1 - sure], dim=-1)
        return predictions.log()


def rows_left_out(n, n_right, n_unlabeled=0):
    codes = (torch.arange(n) >= n_right).long()[:, None]
    codes = torch.cat([codes, torch.full((n_unlabeled, 1), -1)])
    left_out = torch.where(codes[:, 0] < 0, -1, 1)
    x = torch.where(codes < 0, -1.0, 1.0)
    return Rows(x, codes, torch.ones(len(codes)), left_out)


@pytest.mark.parametrize("n_right", [300, 396])
def test_a_temperature_makes_the_probabilities_of_labels_that_are_left_out_right(
    n_right,
):
    (found,) = temperature_of(TwoMembers, rows_left_out(400, n_right))
    # Members are as wrong as they say if their odds are those of the labels.
    exact = math.log(99) / math.log(n_right / (400 - n_right))
    assert found.item() == pytest.approx(exact**OF_THE_MEAN, rel=0.03)


def test_few_labels_hardly_change_the_temperature():
    (found,) = temperature_of(TwoMembers, rows_left_out(4, 3))
    assert 1 < found < 0.9 * (math.log(99) / math.log(3)) ** OF_THE_MEAN


def test_temperatures_are_relative_to_the_confidence_for_unlabelled_rows():
    # A probability of 0.9, as for unlabelled rows, would be right.
    (found,) = temperature_of(TwoMembers, rows_left_out(400, 360, n_unlabeled=30))
    assert found.item() == pytest.approx(1, abs=0.03)
    (found,) = temperature_of(TwoMembers, rows_left_out(400, 360, n_unlabeled=5))
    assert found > 1.2


class Opponents(TwoMembers):
    """The first member expects the other class with 0.6, so that the mean is 0.65."""

    @staticmethod
    def member_predictions(x):
        known = TwoMembers.member_predictions(x)
        opposed = torch.tensor([0.4, 0.6], dtype=torch.float64).log()
        return torch.stack([opposed.expand_as(known[0]), known[1]])


def test_the_mean_of_the_members_stays_as_confident_as_one_of_them_is_accurate():
    # The members have 0.75 on average. Of the labels left out, 0.7 are predicted, for
    # which the temperature would be 1.11, but that is more than the 0.65 of the mean.
    (found,) = temperature_of(Opponents, rows_left_out(400, 280, n_unlabeled=30))
    assert found == 1
    # Here 0.6 are predicted. With a temperature of 1.53 the mean would have 0.6.
    (found,) = temperature_of(Opponents, rows_left_out(400, 240, n_unlabeled=30))
    exact = math.log(3) / math.log(1.5)
    assert found.item() == pytest.approx(exact**OF_THE_MEAN, rel=0.05)


@pytest.fixture(scope="module")
def classes():
    """Two classes that overlap, ten labels of each."""
    rng = np.random.RandomState(0)
    y = np.arange(400) % 2
    X = rng.normal(size=(400, 8)) + 0.7 * y[:, None] * (np.arange(8) < 2)
    return X, y, np.where(np.arange(400) < 20, y, -1)


@pytest.fixture(scope="module")
def classifier(classes):
    X, _, few = classes
    return ReVAEClassifier((32,), n_members=3, max_iter=20, random_state=0).fit(X, few)


def log_loss(log_probabilities, y):
    return -log_probabilities[np.arange(len(y)), y].mean()


def test_probabilities_are_better_with_the_temperature(classifier, classes):
    X, y, _ = classes
    found = classifier.predict_log_proba(X)
    assert classifier.temperature_.shape == (1,)
    assert classifier.temperature_[0] > 1.1
    plain = found * classifier.temperature_
    plain -= np.log(np.exp(plain).sum(axis=1, keepdims=True))
    assert log_loss(found[20:], y[20:]) < log_loss(plain[20:], y[20:]) - 0.05
    np.testing.assert_array_equal(found.argmax(axis=1), classifier.predict(X))


def test_temperatures_are_stored_and_are_1_without(classifier, classes, tmp_path):
    X = classes[0][:5]
    save(classifier, tmp_path / "model")
    again = load(tmp_path / "model")
    np.testing.assert_array_equal(again.predict_proba(X), classifier.predict_proba(X))
    np.testing.assert_array_equal(again.temperature_, classifier.temperature_)


def test_training_further_keeps_the_temperatures(classes):
    X, _, few = classes
    model = ReVAEClassifier((8,), n_members=3, max_iter=2, warm_start=True)
    temperature = model.set_params(random_state=0).fit(X, few).temperature_
    assert temperature[0] != 1
    assert model.fit(X, few).temperature_ == temperature
    assert model.partial_fit(X, few).temperature_ == temperature
    new = ReVAEClassifier((8,), n_members=3, random_state=0)
    new.partial_fit(X, few, classes=[0, 1])
    assert new.temperature_.tolist() == [1]


def test_rows_know_their_member_on_any_device():
    rows = Rows(torch.zeros(3, 1), torch.zeros(3, 1), torch.ones(3), torch.arange(3))
    assert len(rows.to("cpu")[torch.tensor([2])]) == 4
