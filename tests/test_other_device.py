"""The public methods on a device that is not the CPU, without having one.

The device is torch's "meta", whose tensors hold no values. In these tests they do, on the
CPU, and the rules of an accelerator apply: an operation refuses tensors of two devices,
and it refuses a generator of another device than that of the tensor that it draws.
"""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_digits
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from sklearn_revae import ReVAERegressor, soft_labels
from sklearn_revae.persistence import load, save

aten = torch.ops.aten
OTHER = torch.device("meta")


class OtherTensor(torch.Tensor):
    """A tensor of the other device; `held` has its values."""

    @staticmethod
    def __new__(cls, held):
        return torch.Tensor._make_wrapper_subclass(
            cls, held.shape, strides=held.stride(), dtype=held.dtype, device=OTHER
        )

    def __init__(self, held):
        self.held = held

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        raise RuntimeError("A tensor of the other device was used without that device.")


class OtherGenerator(torch.Generator):
    """A generator of the device that it is made for."""

    def __new__(cls, device="cpu"):
        self = super().__new__(cls, "cpu")
        self.made_for = torch.device(device)
        return self

    @property
    def device(self):
        return self.made_for


class OtherDevice(TorchDispatchMode):
    """Runs operations on what the other device's tensors hold."""

    # Device of the generator that the present function was given.
    generator_device = None

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        leaves = tree_leaves((args, kwargs))
        tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
        others = [tensor for tensor in tensors if isinstance(tensor, OtherTensor)]
        moves = function in (aten._to_copy.default, aten.copy_.default)
        if others and not moves:
            # A single number may be on the CPU, as with a real device.
            mixed = [t for t in tensors if not isinstance(t, OtherTensor) and t.ndim]
            if mixed:
                raise RuntimeError(f"{function} got tensors of two devices.")
        on_other = bool(others)
        if function is aten.copy_.default:
            on_other = isinstance(args[0], OtherTensor)
        if kwargs.get("device") is not None:
            on_other = kwargs["device"] == OTHER
            kwargs["device"] = torch.device("cpu")
        if any(type(leaf) is torch._C.Generator for leaf in leaves):
            device = OTHER if on_other else torch.device("cpu")
            if self.generator_device != device:
                raise RuntimeError(
                    f"{function} draws on {device} from a generator of "
                    f"{self.generator_device}."
                )
        known = {id(tensor.held): tensor for tensor in others}

        def hold(leaf):
            return leaf.held if isinstance(leaf, OtherTensor) else leaf

        def wrap(leaf):
            if not on_other or not isinstance(leaf, torch.Tensor):
                return leaf
            # What an operation in place returns is the tensor that it was given.
            return known[id(leaf)] if id(leaf) in known else OtherTensor(leaf)

        args, kwargs = tree_map(hold, (args, kwargs))
        return tree_map(wrap, function(*args, **kwargs))


class PythonArguments(TorchFunctionMode):
    """What :class:`OtherDevice` does not see, as torch's own code comes before it."""

    def __init__(self, mode):
        super().__init__()
        self.mode = mode

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function is torch.Tensor.new_tensor:
            like, data = args
            return torch.tensor(data, dtype=like.dtype).to(like.device)
        if function is torch.Tensor.tolist:
            (tensor,) = args
            return (
                tensor.cpu().tolist()
                if isinstance(tensor, OtherTensor)
                else (function(tensor))
            )
        before = self.mode.generator_device
        for argument in (*args, *kwargs.values()):
            if isinstance(argument, torch._C.Generator):
                self.mode.generator_device = argument.device
        try:
            return function(*args, **kwargs)
        finally:
            self.mode.generator_device = before


@pytest.fixture(scope="module", autouse=True)
def _other_device(blobs_model):
    """Make "meta" a device with values, once the model of the CPU is fitted."""
    with pytest.MonkeyPatch.context() as patch, OtherDevice() as mode:
        patch.setattr(torch, "Generator", OtherGenerator)
        with PythonArguments(mode):
            yield


def moved(model):
    """A copy of a model that was fitted on the CPU, with its module on the device."""
    model = copy.deepcopy(model)
    model.module_.to(OTHER)
    return model


@pytest.fixture(scope="module")
def fitted(few_blobs, quick_classifier):
    return quick_classifier(device="meta", max_iter=5).fit(*few_blobs)


@pytest.fixture(scope="module")
def table():
    """Columns of each kind, with missing values, and two labels."""
    random = np.random.default_rng(0)
    n = 60
    X = pd.DataFrame(
        {
            "real": random.normal(size=n),
            "income": random.lognormal(3, 1, n),
            "count": random.poisson(3.0, n),
            "many": random.negative_binomial(2, 0.05, n),
            "yes": random.integers(2, size=n).astype(bool),
            "fraction": random.beta(2, 2, n),
            "color": random.choice(["red", "green", "blue"], n),
            "size": pd.Categorical.from_codes(
                random.integers(3, size=n), ["s", "m", "l"], ordered=True
            ),
        }
    )
    X.loc[::7, ["real", "color"]] = None
    X.loc[::5, "income"] = np.nan
    y = np.column_stack([random.integers(3, size=n), random.integers(2, size=n)])
    y[::3] = -1
    return X, y


@pytest.fixture(scope="module")
def table_model(table, quick_classifier):
    likelihoods = {"fraction": "beta", "real": "student_t", "many": "negative_binomial"}
    model = quick_classifier(likelihood=likelihoods, device="meta")
    return model.fit(*table)


def test_the_stand_in_refuses_tensors_of_two_devices():
    with pytest.raises(RuntimeError, match="two devices"):
        torch.ones(2, device=OTHER) + torch.ones(2)


def test_the_stand_in_refuses_a_generator_of_another_device():
    with pytest.raises(RuntimeError, match="from a generator of cpu"):
        torch.randn(2, device=OTHER, generator=torch.Generator())
    with pytest.raises(RuntimeError, match="from a generator of meta"):
        torch.randn(2, generator=torch.Generator(OTHER))


def test_the_stand_in_computes():
    x = torch.arange(3.0, device=OTHER, requires_grad=True)
    (x * x).sum().backward()
    assert x.grad.device == OTHER
    assert x.grad.cpu().tolist() == [0, 2, 4]


def test_training_is_on_the_device(fitted):
    assert fitted.device_ == "meta"
    assert {p.device for p in fitted.module_.parameters()} == {OTHER}


def test_training_learns_what_it_learns_on_the_cpu(few_blobs, fitted, quick_classifier):
    # The stand-in draws the CPU's numbers, and the CPU predicts in double precision.
    on_cpu = quick_classifier(max_iter=5).fit(*few_blobs)
    np.testing.assert_allclose(
        fitted.predict_proba(few_blobs[0]), on_cpu.predict_proba(few_blobs[0]), atol=1e-3
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"early_stopping": True},
        {"early_stopping": 0.2, "verbose": True},
        {"n_members": 1, "edit_weight": 0.0},
        {"encoder": torch.nn.Linear(4, 5), "style_dim": 1, "n_members": 2},
        # Members with linear encoders beside others.
        {"n_members": "auto"},
    ],
)
def test_fits_with_other_parameters(changes, few_blobs, quick_classifier):
    model = quick_classifier(device="meta", max_iter=1, **changes).fit(*few_blobs)
    model.partial_fit(*few_blobs).set_params(warm_start=True).fit(*few_blobs)
    assert len(model.history_) == 3


def test_predicts(blobs, fitted):
    X, y = blobs
    assert fitted.score(X, y) >= 0
    for method in ("predict_proba", "transform", "score_samples"):
        assert np.isfinite(getattr(fitted, method)(X)).all()
    assert fitted.inverse_transform(fitted.transform(X)).shape == X.shape
    assert fitted.reconstruct(X).shape == X.shape


@pytest.mark.parametrize("method", ["transport", "sample", "mean", {0: 0.5}])
@pytest.mark.parametrize("n_samples", [None, 2])
def test_intervenes(method, n_samples, blobs, fitted):
    edited = fitted.intervene(blobs[0], 1, method=method, n_samples=n_samples)
    assert np.isfinite(edited).all()


def test_edits_in_other_ways(blobs, fitted):
    X = blobs[0]
    _, report = fitted.intervene(X, 1, report=True, keep=[0], bounds={1: (-1, 1)})
    assert len(report) == 60
    assert fitted.swap(X, X[:1]).shape == X.shape
    assert fitted.traverse(X, 0, steps=3).shape == (60, 3, 4)
    assert fitted.locate(X).shape == (60, 1)


def test_samples(fitted):
    X, y = fitted.sample(7, random_state=0)
    assert np.isfinite(X).all()
    assert len(X) == len(y) == 7


def test_every_kind_of_column(table, table_model):
    X, y = table
    assert table_model.predict(X).shape == y.shape
    assert table_model.intervene(X, {0: 1}).columns.equals(X.columns)
    assert table_model.sample(5, random_state=0)[0].shape == (5, 8)
    assert not table_model.impute(X).isna().any(axis=None)


def test_draws_imputations_of_every_kind(table, table_model):
    drawn = table_model.impute(table[0], n_samples=3, random_state=0)
    assert drawn.shape == (60, 3, 8)
    assert not pd.isna(drawn).any()


def test_draws_of_every_kind_are_those_of_the_cpu(table, table_model):
    on_cpu = pickle.loads(pickle.dumps(table_model))
    drawn, expected = (
        model.impute(
            table[0].assign(fraction=np.nan, many=np.nan), n_samples=3, random_state=0
        )
        for model in (table_model, on_cpu)
    )
    numbers = [0, 1, 3, 5]
    np.testing.assert_allclose(
        drawn[..., numbers].astype(float), expected[..., numbers].astype(float), atol=0.05
    )


def test_numbers(blobs):
    X = blobs[0]
    y = np.where(np.arange(60) % 2, X[:, 0], np.nan)
    model = ReVAERegressor((8,), n_members=2, max_iter=1, device="meta", random_state=0)
    mean, std = model.fit(X, y).predict(X, return_std=True)
    assert np.isfinite(mean).all()
    assert (std > 0).all()
    # Labels were left out, by which the noise was measured.
    assert model.module_.label_model.noise.item() > 0


def test_labels_that_are_known_in_part(blobs, quick_classifier):
    X, y = blobs
    possible = np.eye(3)[y]
    possible[::2, 2] = 1
    model = quick_classifier(device="meta", max_iter=2).fit(X, soft_labels(possible))
    assert model.predict_proba(X).shape == (60, 3)


def test_pictures(quick_transformer, quick_classifier):
    X, y = load_digits().images[:40].repeat(2, 1).repeat(2, 2), load_digits().target[:40]
    model = quick_transformer(device="meta", max_iter=1).fit(X)
    assert model.reconstruct(X).shape == X.shape
    # Labels bring views and edits.
    model = quick_classifier(device="meta", max_iter=2).fit(X, y)
    assert model.predict_proba(X).shape == (40, 10)


def test_pixels(digits, quick_classifier):
    model = quick_classifier(device="meta").fit(
        digits.X_train[:100], digits.y_train[:100]
    )
    assert model.predict_proba(digits.X_test).shape == (500, 10)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("intervene", {"do": 1, "method": "sample"}),
        ("intervene", {"do": 1, "n_samples": 3}),
        ("impute", {"n_samples": 3}),
    ],
)
def test_draws_are_those_of_the_cpu(method, arguments, blobs, blobs_model):
    X = blobs[0].copy()
    if method == "impute":
        X[::2, 1] = X[::3, 2] = np.nan
    drawn, expected = (
        getattr(model, method)(X, random_state=0, **arguments)
        for model in (moved(blobs_model), blobs_model)
    )
    np.testing.assert_allclose(drawn, expected, atol=1e-3)


def test_samples_are_those_of_the_cpu(blobs_model):
    (X, y), (expected, labels) = (
        model.sample(20, random_state=0) for model in (moved(blobs_model), blobs_model)
    )
    np.testing.assert_array_equal(y, labels)
    np.testing.assert_allclose(X, expected, atol=1e-3)


def test_pickles_and_files_are_on_the_cpu(few_blobs, fitted, tmp_path):
    X = few_blobs[0]
    save(fitted, tmp_path / "model")
    for model in (pickle.loads(pickle.dumps(fitted)), load(tmp_path / "model")):
        assert model.device_ == "cpu"
        assert {p.device.type for p in model.module_.parameters()} == {"cpu"}
        np.testing.assert_array_equal(model.predict(X), fitted.predict(X))
    assert {p.device for p in fitted.module_.parameters()} == {OTHER}
