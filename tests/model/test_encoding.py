"""Tests of the piecewise linear encoding of numbers."""

import numpy as np
import pytest
import torch

from sklearn_revae import ReVAEClassifier, ReVAERegressor
from sklearn_revae._model.encoding import PiecewiseLinear, piecewise_encoding
from sklearn_revae._model.families import Column
from sklearn_revae._model.likelihoods import ProductLikelihood


def encoding_of(*columns, masked=False):
    return piecewise_encoding(columns, ProductLikelihood(columns, masked))


def test_each_bin_says_how_far_the_number_has_come_through_it():
    encoding = encoding_of(Column("gaussian", edges=(-1.0, 0.0, 2.0, 3.0, 5.0)))
    x = torch.tensor([[-4.0], [-1.0], [-0.5], [1.0], [5.0], [9.0]])
    expected = torch.tensor(
        [[0, 0, 0, 0], [0, 0, 0, 0], [0.5, 0, 0, 0], [1, 0.5, 0, 0], [1] * 4, [1] * 4]
    )
    read = encoding(x)
    torch.testing.assert_close(read[:, :1], x)
    torch.testing.assert_close(read[:, 1:], (expected - 0.5) / 2)


def test_the_encoding_is_that_of_the_right_inputs():
    numbers = Column("gaussian", edges=(0.0, 1.0, 2.0))
    encoding = encoding_of(Column("categorical", n_levels=3), numbers, masked=True)
    # Three levels, the number, and the mask of the two columns.
    x = torch.tensor([[1.0, 0.0, 0.0, 1.5, 1.0, 1.0]])
    steps = encoding(x)[0, 6:]
    torch.testing.assert_close(steps * 2**0.5, torch.tensor([0.5, 0.0]))


def test_bins_without_width_are_left_out():
    encoding = encoding_of(Column("gaussian", edges=(0.0, 0.0, 0.0, 1.0, 2.0)))
    steps = encoding(torch.tensor([[-1.0], [0.5], [3.0]]))[:, 1:]
    assert (steps[:, :2] == 0).all()
    torch.testing.assert_close(2 * steps[1, 2:], torch.tensor([0.0, -0.5]))


@pytest.mark.parametrize(
    "column",
    [
        Column("gaussian"),
        Column("gaussian", edges=(0.0, 0.0, 1.0)),
        Column("gaussian", edges=(1.0, 1.0, 1.0)),
    ],
)
def test_a_number_needs_two_bins(column):
    assert encoding_of(column) is None


def with_bins(model):
    return [
        isinstance(m.encoder.encoding, PiecewiseLinear) for m in model.module_.members
    ]


def test_some_members_of_an_ensemble_read_bins():
    X = np.random.RandomState(0).normal(size=(80, 3))
    y = X[:, 0] > 0
    model = ReVAEClassifier(max_iter=1, random_state=0).fit(X, y)
    assert with_bins(model) == [False, False, False, True, True]
    regressor = ReVAERegressor(max_iter=1, random_state=0).fit(X, X[:, 1])
    assert with_bins(regressor) == [False, False, True, True]
    # A single member, and the first one, whose latent codes are returned, do not.
    single = ReVAEClassifier(max_iter=1, n_members=1, random_state=0).fit(X, y)
    assert with_bins(single) == [False]


@pytest.mark.parametrize(
    "X",
    [
        np.random.RandomState(0).normal(size=(80, 257)),
        np.random.RandomState(0).rand(80, 3) < 0.5,
        np.random.RandomState(0).choice(["a", "b", "c"], (80, 2)).astype(object),
        np.random.RandomState(0).randint(0, 256, (80, 64)),
    ],
    ids=["wide", "binary", "categories", "pixels"],
)
def test_columns_without_bins(X):
    y = np.arange(80) % 2
    assert not any(with_bins(ReVAEClassifier(max_iter=1, random_state=0).fit(X, y)))


def test_bins_learn_what_a_linear_encoder_cannot():
    random = np.random.RandomState(0)
    X = random.uniform(-3, 3, (400, 2))
    y = X[:, 0] ** 2
    few = np.where(np.arange(400) < 60, y, np.nan)
    model = ReVAERegressor(max_iter=60, edit_weight=0, random_state=0).fit(X, few)
    _, linear, _, with_bins = model.module_.members
    x = torch.from_numpy(model._codec.scaling_.transform(X, np.float32))
    for member, learns in ((linear, False), (with_bins, True)):
        layers = list(member.encoder.modules())
        assert not any(isinstance(layer, torch.nn.ReLU) for layer in layers)
        with torch.no_grad():
            z = member.blocks(member.encode(x)[0])
            predicted = member.label_model.predictions(z)[:, 0, 0].numpy()
        assert (np.corrcoef(predicted, y)[0, 1] > 0.9) == learns


@pytest.mark.parametrize("estimator", [ReVAEClassifier, ReVAERegressor])
@pytest.mark.parametrize("sizes", [(), (4,), (4, 3)])
def test_all_members_are_trained_with_any_number_of_hidden_layers(estimator, sizes):
    X = np.random.default_rng(0).normal(size=(60, 3))
    y = np.arange(60) % 2
    model = estimator(sizes, max_iter=2, random_state=0).fit(X, y)
    encodings = [type(m.encoder.encoding) for m in model.module_.members]
    # Bins would make an encoder without hidden layers nonlinear.
    assert encodings.count(PiecewiseLinear) == (2 if sizes else 0)
    assert np.isfinite(model.predict(X)).all()
