"""Training on a CUDA device; the model is used and loaded anywhere."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_diabetes, load_digits, load_wine

from sklearn_revae import ReVAEClassifier, ReVAERegressor
from sklearn_revae._training import loss, net
from sklearn_revae._training.graphs import Graphs

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]


@pytest.fixture(scope="module")
def gpu_model(few_blobs, quick_classifier):
    model = quick_classifier(device="cuda", n_members=3, max_iter=30, batch_size=10)
    return model.fit(*few_blobs)


def test_trains_on_the_device(gpu_model):
    assert gpu_model.device_.startswith("cuda")
    assert all(p.is_cuda for p in gpu_model.module_.parameters())
    assert len(gpu_model.module_.members) == 3


def test_learns_on_the_device(blobs, gpu_model):
    assert gpu_model.score(*blobs) > 0.9


def test_answers_are_on_the_cpu(blobs, gpu_model):
    X = blobs[0]
    for method in ("predict", "predict_proba", "transform", "score_samples"):
        assert isinstance(getattr(gpu_model, method)(X), np.ndarray)
    assert gpu_model.intervene(X, 1, n_samples=2, random_state=0).shape == (60, 2, 4)


@pytest.mark.parametrize("method", ["transport", "sample", "mean", {0: 0.5}])
@pytest.mark.parametrize("n_samples", [None, 3])
def test_edits_and_draws_are_those_of_the_cpu(method, n_samples, blobs, gpu_model):
    on_cpu = pickle.loads(pickle.dumps(gpu_model))
    edited, expected = (
        model.intervene(blobs[0], 1, method=method, n_samples=n_samples, random_state=0)
        for model in (gpu_model, on_cpu)
    )
    np.testing.assert_allclose(edited, expected, atol=1e-2)


def test_imputes_and_samples_what_the_cpu_does(blobs, gpu_model):
    X = blobs[0].copy()
    X[::2, 1] = X[::3, 2] = np.nan
    (imputed, sampled), expected = (
        (
            model.impute(X, n_samples=3, random_state=0),
            model.sample(20, random_state=0)[0],
        )
        for model in (gpu_model, pickle.loads(pickle.dumps(gpu_model)))
    )
    np.testing.assert_allclose(imputed, expected[0], atol=1e-2)
    np.testing.assert_allclose(sampled, expected[1], atol=1e-2)


def test_own_modules_use_no_global_random_numbers(
    few_blobs, quick_classifier, weight_bytes
):
    encoder = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.Dropout(0.5))
    fitted = []
    for seed in (1, 2):
        torch.cuda.manual_seed(seed)
        before = torch.cuda.get_rng_state()
        fitted.append(quick_classifier(device="cuda", encoder=encoder).fit(*few_blobs))
        torch.testing.assert_close(torch.cuda.get_rng_state(), before, rtol=0, atol=0)
    assert weight_bytes(fitted[0]) == weight_bytes(fitted[1])


def test_mixed_precision_does_not_matter(few_blobs, quick_classifier, weight_bytes):
    expected = quick_classifier(device="cuda").fit(*few_blobs)
    with torch.autocast("cuda"):
        model = quick_classifier(device="cuda").fit(*few_blobs)
    assert weight_bytes(model) == weight_bytes(expected)


def test_stops_early_on_the_device(few_blobs, quick_classifier):
    model = quick_classifier(
        device="cuda", early_stopping=True, n_iter_no_change=2, max_iter=50
    )
    # The accuracy on three samples improves three times at most, after two epochs each.
    assert model.fit(*few_blobs).n_iter_ <= 9


@pytest.mark.parametrize("views", ["auto", None])
def test_trains_on_pictures(views, quick_classifier):
    X, y = load_digits().images[:60].repeat(2, 1).repeat(2, 2), load_digits().target[:60]
    model = quick_classifier(device="cuda", views=views, max_iter=4).fit(X, y)
    assert model.intervene(X, 1).shape == X.shape
    assert np.isfinite(model.predict_proba(X)).all()
    assert np.isfinite(model.loss_curve_).all()


def test_trains_on_pixels(digits, quick_classifier):
    X, y = digits.X_train[:200], digits.y_train[:200]
    model = quick_classifier(device="cuda", max_iter=20).fit(X, y)
    assert model.score(X[:100], y[:100]) > 0.5


def test_own_modules_may_have_several_members(few_blobs, quick_classifier):
    encoder = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.BatchNorm1d(6))
    model = quick_classifier(device="cuda", encoder=encoder, n_members=3).fit(*few_blobs)
    assert all(p.is_cuda for p in model.module_.parameters())
    assert np.isfinite(model.predict_proba(few_blobs[0])).all()


def test_goes_on_training_on_the_device(few_blobs, quick_classifier):
    model = quick_classifier(device="cuda").fit(*few_blobs)
    model.partial_fit(*few_blobs).partial_fit(*few_blobs)
    assert model.n_iter_ == 4


def test_a_pickle_holds_weights_of_the_cpu(gpu_model):
    loaded = pickle.loads(pickle.dumps(gpu_model))
    assert loaded.device_ == "cpu"
    assert not any(p.is_cuda for p in loaded.module_.parameters())


def test_pickling_leaves_the_model_on_its_device(gpu_model):
    pickle.dumps(gpu_model)
    assert all(p.is_cuda for p in gpu_model.module_.parameters())


def test_a_loaded_model_answers_the_same(blobs, gpu_model):
    X = blobs[0]
    loaded = pickle.loads(pickle.dumps(gpu_model))
    np.testing.assert_array_equal(loaded.predict(X), gpu_model.predict(X))
    np.testing.assert_allclose(
        loaded.predict_proba(X), gpu_model.predict_proba(X), atol=1e-3
    )


def test_a_loaded_model_weighs_what_it_did(gpu_model):
    loaded = pickle.loads(pickle.dumps(gpu_model))
    state = gpu_model.module_.state_dict()
    for name, tensor in loaded.module_.state_dict().items():
        torch.testing.assert_close(tensor, state[name].cpu(), rtol=0, atol=0)


def test_the_same_seed_gives_the_same_weights(few_blobs, quick_classifier, weight_bytes):
    first = quick_classifier(device="cuda").fit(*few_blobs)
    second = quick_classifier(device="cuda").fit(*few_blobs)
    assert weight_bytes(second) == weight_bytes(first)


def test_small_data_stays_on_the_cpu_by_default(few_blobs, quick_classifier):
    assert quick_classifier().fit(*few_blobs).device_ == "cpu"


# CUDA graphs


def _of_a_table():
    """Numbers, counts, levels and missing values, and two labels."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(load_wine().data[:, :4], columns=list("abcd"))
    X["n"] = rng.poisson(3, len(X))
    X["level"] = pd.Categorical(rng.choice(["x", "y", "z"], len(X)))
    X = X.mask(rng.random(X.shape) < 0.1)
    y = np.column_stack([load_wine().target, rng.integers(2, size=len(X))])
    y[rng.random(len(X)) < 0.5] = -1
    return X, y


def _of_images():
    digits = load_digits()
    return digits.images[:200].repeat(2, 1).repeat(2, 2), digits.target[:200] % 3


def _of_numbers():
    X, y = load_diabetes(return_X_y=True)
    y[::3] = np.nan
    return X, y


@pytest.mark.parametrize("data", [_of_a_table, _of_images, _of_numbers])
def test_graphs_do_not_change_the_training(data, monkeypatch, recorded_graphs):
    X, y = data()
    kind = ReVAERegressor if data is _of_numbers else ReVAEClassifier
    model = kind(max_iter=10, device="cuda", random_state=0)
    expected = np.array(model.fit(X, y).loss_curve_)
    assert len(recorded_graphs) >= 2
    monkeypatch.setattr(net, "can_be_graphs", lambda *_: False)
    np.testing.assert_allclose(model.fit(X, y).loss_curve_, expected, rtol=1e-3)


@pytest.fixture
def recorded_graphs(monkeypatch):
    """The kinds of steps that were captured."""
    kinds, capture = [], Graphs._capture

    def recorded(self, *args):
        kinds.append(len(self._graphs))
        return capture(self, *args)

    monkeypatch.setattr(Graphs, "_capture", recorded)
    return kinds


def test_a_batch_too_large_for_a_graph_is_computed_in_pieces(
    few_blobs, quick_classifier, monkeypatch
):
    def full(self, *_):
        raise torch.cuda.OutOfMemoryError("no memory is left")

    monkeypatch.setattr(Graphs, "_capture", full)
    model = quick_classifier(device="cuda", max_iter=10)
    with pytest.warns(RuntimeWarning, match="ran out of memory"):
        model.fit(*few_blobs)
    assert np.isfinite(model.predict_proba(few_blobs[0])).all()


def test_a_step_that_looks_at_numbers_is_trained_without_graphs(
    few_blobs, quick_classifier, monkeypatch
):
    draw = loss.draw_edits

    def looking(stacked, z, *others):
        assert torch.isfinite(z).all()
        return draw(stacked, z, *others)

    monkeypatch.setattr(loss, "draw_edits", looking)
    model = quick_classifier(device="cuda", max_iter=10)
    with pytest.warns(RuntimeWarning, match="without graphs"):
        model.fit(*few_blobs)
    assert np.isfinite(model.predict_proba(few_blobs[0])).all()
