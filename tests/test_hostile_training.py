"""Training on hostile numbers: finite weights, or an error that names the cause."""

import re

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from sklearn_revae import ReVAERegressor


def assert_finite(model, X):
    for name, tensor in model.module_.state_dict().items():
        assert torch.isfinite(tensor).all(), name
    assert np.isfinite(model.loss_curve_).all()
    assert np.isfinite(model.predict(X).astype(float)).all()
    assert np.isfinite(model.reconstruct(X)).all()


@pytest.mark.filterwarnings("ignore:The loss or its gradient was NaN")
@pytest.mark.parametrize("rate", [1.0, 10.0, 1e10])
@pytest.mark.parametrize("batch_size", [10, 60])
def test_high_learning_rates(rate, batch_size, few_blobs, quick_classifier):
    X, y = few_blobs
    model = quick_classifier(
        learning_rate_init=rate, max_iter=10, batch_size=batch_size, n_members="auto"
    )
    message = ""
    try:
        model.fit(X, y)
    except FloatingPointError as error:
        message = str(error)
    if message:
        assert re.search(r"The likely cause is learning_rate_init=1\d*\D", message)
        assert message.count("learning_rate_init") == 1
        assert not hasattr(model, "module_")
    else:
        assert_finite(model, X)


@pytest.mark.parametrize("scale", [1e30, 1e-30, 1e150, 1e-150])
@pytest.mark.parametrize("where", [np.s_[:], np.s_[:, 1], np.s_[3, 1]], ids=str)
def test_extreme_scales(scale, where, few_blobs, quick_classifier):
    X, y = few_blobs
    X = X.copy()
    X[where] *= scale
    assert_finite(quick_classifier().fit(X, y), X)


@pytest.mark.parametrize("value", [0.0, 7.0, 1e-300, -1e150])
def test_columns_of_one_value(value, few_blobs, quick_classifier):
    X, y = few_blobs
    X = X.copy()
    X[:, 2] = value
    assert_finite(quick_classifier().fit(X, y), X)
    X[:] = value
    assert_finite(quick_classifier().fit(X, y), X)


def test_infinite_loss_at_the_first_step_is_recovered_from(few_blobs, quick_classifier):
    class Infinite(Callback):
        n_steps = 0

        def on_grad_computed(self, net, named_parameters, **kwargs):
            self.n_steps += 1
            if self.n_steps == 1:
                for _, parameter in named_parameters:
                    if parameter.grad is not None:
                        parameter.grad.fill_(torch.inf)

    X, y = few_blobs
    model = quick_classifier(callbacks=[Infinite()], batch_size=20)
    assert_finite(model.fit(X, y), X)


@pytest.mark.filterwarnings("ignore:The loss or its gradient was NaN")
@pytest.mark.parametrize("name", ["label_weight", "consistency_weight", "edit_weight"])
def test_extreme_weights_are_named_as_the_cause(name, few_blobs, quick_classifier):
    with pytest.raises(FloatingPointError, match=rf"likely cause is {name}=1e\+300"):
        quick_classifier(**{name: 1e300}, max_iter=10, batch_size=20).fit(*few_blobs)


@pytest.mark.parametrize("weight", [1e308, 1e-300])
def test_extreme_sample_weights(weight, few_blobs, quick_classifier, weight_bytes):
    X, y = few_blobs
    weighted = quick_classifier().fit(X, y, sample_weight=np.full(len(X), weight))
    assert weight_bytes(weighted) == weight_bytes(quick_classifier().fit(X, y))


def test_an_extreme_weight_of_one_sample(few_blobs, quick_classifier):
    X, y = few_blobs
    weight = np.where(np.arange(len(X)) == 3, 1e300, 1.0)
    assert_finite(quick_classifier().fit(X, y, sample_weight=weight), X)


@pytest.mark.parametrize("unit", [2.0**900, 2.0**-900, 2.0**-1000])
def test_targets_may_have_any_unit(unit, blobs):
    X, _ = blobs
    plain, scaled = (
        ReVAERegressor((4,), max_iter=3, random_state=0).fit(X, X[:, 0] * factor)
        for factor in (1.0, unit)
    )
    np.testing.assert_array_equal(scaled.predict(X), plain.predict(X) * unit)


def test_targets_that_are_too_large_are_refused(blobs):
    X, _ = blobs
    y = np.where(np.arange(len(X)) == 3, 1e301, X[:, 0])
    with pytest.raises(ValueError, match=r"y reaches 1e\+301.*Divide y by a constant"):
        ReVAERegressor((4,), max_iter=3).fit(X, y)
