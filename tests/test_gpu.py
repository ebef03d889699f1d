"""Training on a CUDA device; the model is used and loaded anywhere."""

import pickle

import numpy as np
import pytest
import torch

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]


@pytest.fixture(scope="module")
def gpu_model(few_blobs, quick_classifier):
    return quick_classifier(device="cuda", max_iter=30, batch_size=10).fit(*few_blobs)


def test_trains_on_the_device(gpu_model):
    assert gpu_model.device_.startswith("cuda")
    assert all(p.is_cuda for p in gpu_model.module_.parameters())


def test_learns_on_the_device(blobs, gpu_model):
    assert gpu_model.score(*blobs) > 0.9


def test_answers_are_on_the_cpu(blobs, gpu_model):
    X = blobs[0]
    for method in ("predict", "predict_proba", "transform", "score_samples"):
        assert isinstance(getattr(gpu_model, method)(X), np.ndarray)
    assert gpu_model.intervene(X, 1, n_samples=2, random_state=0).shape == (60, 2, 4)


@pytest.mark.parametrize("method", ["transport", "sample", "mean"])
def test_intervenes_on_the_device(method, blobs, gpu_model):
    edited = gpu_model.intervene(blobs[0], 1, method=method, random_state=0)
    assert np.isfinite(edited).all()


def test_stops_early_on_the_device(few_blobs, quick_classifier):
    model = quick_classifier(device="cuda", early_stopping=True, tol=1e6, max_iter=50)
    assert model.fit(*few_blobs).n_iter_ == 11


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
