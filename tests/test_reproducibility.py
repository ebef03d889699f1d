"""The same seed gives the same bytes, and nobody else's random numbers are used."""

import copy
import io
import pickle
import random

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from torch import nn

from sklearn_revae import ReVAEClassifier, ReVAETransformer


def _same_answers(model, other, X):
    for method in ("predict", "predict_proba", "transform", "score_samples"):
        np.testing.assert_array_equal(
            getattr(other, method)(X), getattr(model, method)(X)
        )


def _numpy_state(random=np.random):
    """State of a RandomState, or of NumPy's global one."""
    return random.get_state()[1:3]


@pytest.fixture
def threads():
    """Function that sets torch's number of threads; the old one comes back."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def test_the_same_seed_gives_the_same_bytes(few_blobs, quick_classifier, weight_bytes):
    first = quick_classifier(early_stopping=True).fit(*few_blobs)
    second = quick_classifier(early_stopping=True).fit(*few_blobs)
    assert weight_bytes(second) == weight_bytes(first)
    assert second.history_ == first.history_
    _same_answers(first, second, few_blobs[0])


def test_fitting_twice_gives_the_same_bytes(few_blobs, quick_classifier, weight_bytes):
    model = quick_classifier().fit(*few_blobs)
    first = weight_bytes(model)
    assert weight_bytes(model.fit(*few_blobs)) == first


def test_another_seed_gives_other_weights(few_blobs, quick_classifier, weight_bytes):
    first = quick_classifier(random_state=0).fit(*few_blobs)
    second = quick_classifier(random_state=1).fit(*few_blobs)
    assert weight_bytes(second) != weight_bytes(first)


def test_no_seed_gives_other_weights_every_time(
    few_blobs, quick_classifier, weight_bytes
):
    first = quick_classifier(random_state=None).fit(*few_blobs)
    second = quick_classifier(random_state=None).fit(*few_blobs)
    assert weight_bytes(second) != weight_bytes(first)


def test_a_random_state_that_moves_on_gives_other_weights(
    few_blobs, quick_classifier, weight_bytes
):
    model = quick_classifier(random_state=np.random.RandomState(0))
    first = weight_bytes(model.fit(*few_blobs))
    assert weight_bytes(model.fit(*few_blobs)) != first


def test_the_number_of_threads_does_not_matter(
    digits, quick_classifier, weight_bytes, threads
):
    X, y = digits.X_train, digits.y_train
    fitted = []
    for n_threads in (1, 2):
        threads(n_threads)
        fitted.append(quick_classifier(batch_size=500, max_iter=1).fit(X, y))
    one, two = fitted
    assert weight_bytes(two) == weight_bytes(one)
    np.testing.assert_array_equal(two.predict(X), one.predict(X))
    few = X[:100]
    np.testing.assert_allclose(two.score_samples(few), one.score_samples(few), rtol=1e-9)


def test_global_random_numbers_are_left_alone(few_blobs, quick_classifier):
    X, y = few_blobs
    numpy_state = np.random.get_state
    before = (random.getstate(), numpy_state(), torch.get_rng_state())
    model = quick_classifier(early_stopping=True).fit(X, y)
    model.partial_fit(X, y)
    model.predict(X)
    model.score_samples(X)
    model.intervene(X, 1, method="sample", n_samples=2, random_state=0)
    assert random.getstate() == before[0]
    for now, then in zip(numpy_state(), before[1], strict=True):
        np.testing.assert_array_equal(now, then)
    torch.testing.assert_close(torch.get_rng_state(), before[2], rtol=0, atol=0)


OWN_MODULES = {
    "encoder": {"encoder": nn.Sequential(nn.Linear(4, 6), nn.Dropout(0.5))},
    "decoder": {
        "decoder": nn.Sequential(nn.Linear(5, 8), nn.Dropout(0.5), nn.Linear(8, 4)),
        "label_dim": 3,
        "style_dim": 2,
    },
    "activation": {"encoder": nn.Sequential(nn.Linear(4, 6), nn.RReLU())},
    "lazy": {"encoder": nn.LazyLinear(6)},
}


@pytest.mark.parametrize("own", OWN_MODULES)
def test_own_modules_do_not_use_global_random_numbers(
    own, few_blobs, quick_classifier, weight_bytes
):
    fitted = []
    for seed in (1, 2):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            before = torch.get_rng_state()
            model = quick_classifier(**OWN_MODULES[own]).fit(*few_blobs)
            fitted.append(weight_bytes(model.partial_fit(*few_blobs)))
            torch.testing.assert_close(torch.get_rng_state(), before, rtol=0, atol=0)
    assert fitted[0] == fitted[1]
    other = quick_classifier(**OWN_MODULES[own], random_state=1).fit(*few_blobs)
    assert weight_bytes(other.partial_fit(*few_blobs)) != fitted[0]


def test_own_modules_are_the_same_in_threads(few_blobs, quick_classifier, weight_bytes):
    models = [
        quick_classifier(**OWN_MODULES["encoder"], random_state=seed)
        for seed in (0, 1, 0, 1)
    ]
    before = torch.get_rng_state()
    with joblib.parallel_backend("threading", n_jobs=4):
        fitted = joblib.Parallel()(joblib.delayed(m.fit)(*few_blobs) for m in models)
    torch.testing.assert_close(torch.get_rng_state(), before, rtol=0, atol=0)
    for model in fitted:
        alone = clone(model).fit(*few_blobs)
        assert weight_bytes(model) == weight_bytes(alone)


@pytest.mark.parametrize(
    "call",
    [
        lambda model, X, random: model.intervene(X, 1, random_state=random),
        lambda model, X, random: model.intervene(
            X, 1, method="mean", report=True, random_state=random
        ),
        lambda model, X, random: model.intervene(
            X, 1, method={0: 0.5}, random_state=random
        ),
        lambda model, X, random: model.impute(X, random_state=random),
        # No value is missing.
        lambda model, X, random: model.impute(X, n_samples=2, random_state=random),
        lambda model, X, _: model.swap(X, X[:1]),
        lambda model, X, _: model.traverse(X, 0, steps=3),
    ],
)
def test_random_state_does_not_advance_where_nothing_is_drawn(call, blobs, blobs_model):
    random = np.random.RandomState(0)
    before, before_globally = _numpy_state(random), _numpy_state()
    call(blobs_model, blobs[0], random)
    call(blobs_model, blobs[0], None)
    np.testing.assert_equal(_numpy_state(random), before)
    np.testing.assert_equal(_numpy_state(), before_globally)


@pytest.mark.parametrize("further", ["partial_fit", "fit"])
def test_training_further_draws_no_other_seed(further, few_blobs, quick_classifier):
    model = quick_classifier(random_state=None, warm_start=True).fit(*few_blobs)
    before = _numpy_state()
    getattr(model, further)(*few_blobs)
    np.testing.assert_equal(_numpy_state(), before)


def test_the_data_are_left_alone(few_blobs, quick_classifier):
    X, y = (array.copy() for array in few_blobs)
    model = quick_classifier().fit(X, y)
    model.intervene(X, 1, keep=[0])
    np.testing.assert_array_equal(X, few_blobs[0])
    np.testing.assert_array_equal(y, few_blobs[1])


def test_parallel_and_serial_searches_agree(blobs, quick_classifier):
    scores = []
    for n_jobs in (1, 2):
        search = GridSearchCV(
            quick_classifier(max_iter=5), {"label_dim": [1, 2]}, cv=2, n_jobs=n_jobs
        ).fit(*blobs)
        scores.append(
            {k: v for k, v in search.cv_results_.items() if k.startswith("split")}
        )
    np.testing.assert_equal(scores[1], scores[0])


def test_fits_in_other_processes_give_the_same_bytes(
    few_blobs, quick_classifier, weight_bytes
):
    models = [quick_classifier(random_state=seed) for seed in (0, 1)]
    with joblib.parallel_backend("loky", n_jobs=2):
        fitted = joblib.Parallel()(joblib.delayed(m.fit)(*few_blobs) for m in models)
    for model, in_process in zip(models, fitted, strict=True):
        assert weight_bytes(in_process) == weight_bytes(model.fit(*few_blobs))


def test_a_pickled_model_answers_the_same(blobs, blobs_model, weight_bytes):
    copied = pickle.loads(pickle.dumps(blobs_model))
    assert weight_bytes(copied) == weight_bytes(blobs_model)
    _same_answers(blobs_model, copied, blobs[0])
    np.testing.assert_array_equal(
        copied.intervene(blobs[0], 1), blobs_model.intervene(blobs[0], 1)
    )


def test_a_pickled_model_goes_on_training(few_blobs, quick_classifier):
    copied = pickle.loads(pickle.dumps(quick_classifier().fit(*few_blobs)))
    assert copied.partial_fit(*few_blobs).n_iter_ == 3


def test_a_model_that_is_not_fitted_is_pickled(quick_classifier):
    model = pickle.loads(pickle.dumps(quick_classifier(label_dim=3)))
    assert model.label_dim == 3


def test_a_pickled_model_keeps_the_history_of_its_training(few_blobs, quick_classifier):
    X, y = few_blobs
    model = quick_classifier().fit(X, y).partial_fit(X, y)
    # As a user's callback, or early stopping in some of the epochs, writes it.
    model.history_[0] |= {"note": "first", "rows": 4}
    copied = pickle.loads(pickle.dumps(model))
    assert copied.history_ == model.history_
    assert [type(v) for v in copied.history_[0].values()] == [
        type(v) for v in model.history_[0].values()
    ]


def test_a_pickle_is_not_much_larger_than_the_weights(digits_model):
    n_bytes = sum(tensor.nbytes for tensor in digits_model.module_.state_dict().values())
    # Three square matrices of doubles are what impute goes by.
    n_bytes += 3 * 8 * digits_model.n_features_in_**2
    codes = digits_model._statistic("codes")
    n_bytes += sum(array.nbytes for array in vars(codes).values())
    assert len(pickle.dumps(digits_model)) < 1.5 * n_bytes + 50_000


def test_a_deep_copy_answers_the_same(blobs, blobs_model):
    _same_answers(blobs_model, copy.deepcopy(blobs_model), blobs[0])


def test_training_a_deep_copy_leaves_the_original(
    few_blobs, quick_classifier, weight_bytes
):
    model = quick_classifier().fit(*few_blobs)
    before, history = weight_bytes(model), list(model.history_)
    copy.deepcopy(model).partial_fit(*few_blobs)
    assert weight_bytes(model) == before
    assert model.history_ == history


def test_a_clone_is_not_fitted_and_has_the_parameters(blobs_model):
    copied = clone(blobs_model)
    assert copied.get_params() == blobs_model.get_params()
    assert not hasattr(copied, "module_")


def test_a_clone_fits_the_same(few_blobs, quick_classifier, weight_bytes):
    model = quick_classifier().fit(*few_blobs)
    assert weight_bytes(clone(model).fit(*few_blobs)) == weight_bytes(model)


@pytest.mark.parametrize("kind", ["pixels", "table"])
def test_every_member_depends_on_the_seed_and_on_nothing_else(
    kind, digits, few_blobs, quick_classifier, weight_bytes
):
    X, y = (digits.X_train[:200], digits.y_train[:200])
    if kind == "table":
        X, y = few_blobs
    first, same, other = (
        weight_bytes(quick_classifier(n_members=3, random_state=seed).fit(X, y))
        for seed in (0, 0, 1)
    )
    assert first == same
    for place in ("", "others.0.", "others.1."):
        for name in ("encoder.head.weight", "label_model.means"):
            assert first[place + name] != other[place + name]
    assert first["encoder.head.weight"] != first["others.0.encoder.head.weight"]


# The history of the longer training is as long as that of a default one.
@pytest.mark.parametrize(
    ("estimator", "max_iter"), [(ReVAEClassifier, 30), (ReVAETransformer, 334)]
)
def test_a_linear_model_of_named_counts_is_not_much_more_than_its_weights(
    estimator, max_iter
):
    random = np.random.RandomState(0)
    names = [f"gene-{j}-of-many" for j in range(800)]
    X = pd.DataFrame(random.poisson(random.gamma(1, 2, (40, 800))), columns=names)
    y = np.arange(40) % 10 if estimator is ReVAEClassifier else None
    model = estimator((), n_members=1, max_iter=max_iter, random_state=0).fit(X, y)
    # The head is the only layer of the encoder.
    assert not list(model.module_.encoder.body.parameters())
    n_bytes = sum(tensor.nbytes for tensor in model.module_.state_dict().values())
    file = io.BytesIO()
    joblib.dump(model, file)
    assert len(pickle.dumps(model)) < 1.5 * n_bytes
    assert file.tell() < 1.5 * n_bytes
