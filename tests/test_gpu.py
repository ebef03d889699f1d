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
