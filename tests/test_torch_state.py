"""torch's settings, threads and forks: they change no model, and no fit changes them."""

import contextlib
import copy
import os
import subprocess
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from sklearn_revae._torch_state import one_thread, standard_settings
from sklearn_revae.persistence import load, save


@contextlib.contextmanager
def _set(setter, value, default):
    setter(value)
    try:
        yield
    finally:
        setter(default)


# Each makes a context in which torch is not as it starts.
SETTINGS = {
    "float64": lambda: _set(torch.set_default_dtype, torch.float64, torch.float32),
    "device": lambda: _set(torch.set_default_device, "meta", None),
    "device context": lambda: torch.device("meta"),
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
    "autocast": lambda: torch.autocast("cpu"),
    "deterministic": lambda: _set(torch.use_deterministic_algorithms, True, False),
}


def _state():
    """All that the settings above change."""
    return {
        "dtype": torch.get_default_dtype(),
        "device": torch.get_default_device(),
        "grad": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "autocast": torch.is_autocast_enabled("cpu"),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "threads": torch.get_num_threads(),
    }


@pytest.fixture(params=SETTINGS)
def setting(request):
    """Maker of a context, which must be found as it was at its end."""

    @contextlib.contextmanager
    def unchanged():
        with SETTINGS[request.param]():
            before = _state()
            yield
            assert _state() == before

    return unchanged


ANSWERS = {
    "predict_proba": lambda model, X: model.predict_proba(X),
    "transform": lambda model, X: model.transform(X),
    "inverse_transform": lambda model, X: model.inverse_transform(model.transform(X)),
    "reconstruct": lambda model, X: model.reconstruct(X),
    "score_samples": lambda model, X: model.score_samples(X),
    "intervene": lambda model, X: model.intervene(X, 1, report=True)[0],
    "draws": lambda model, X: model.intervene(
        X, 1, method="sample", n_samples=2, random_state=0
    ),
    "sample": lambda model, X: model.sample(5, random_state=0)[0],
    "impute": lambda model, X: model.impute(X, n_samples=2, random_state=0),
    "traverse": lambda model, X: model.traverse(X, 0, steps=3),
    "swap": lambda model, X: model.swap(X, X[:1]),
}


@pytest.fixture(scope="module")
def gaps(few_blobs):
    X, y = few_blobs
    X = X.copy()
    X[::3, 1] = np.nan
    return X, y


@pytest.fixture(scope="module")
def expected(gaps, quick_classifier, weight_bytes):
    """A model fitted under torch's own settings, and the same one trained further."""
    model = quick_classifier(early_stopping=True).fit(*gaps)
    return model, copy.deepcopy(model).partial_fit(*gaps)


def test_fit_does_not_depend_on_the_settings(
    setting, gaps, expected, quick_classifier, weight_bytes
):
    with setting():
        model = quick_classifier(early_stopping=True).fit(*gaps)
    assert weight_bytes(model) == weight_bytes(expected[0])
    assert model.history_ == expected[0].history_
    with setting():
        model = copy.deepcopy(model).partial_fit(*gaps)
    assert weight_bytes(model) == weight_bytes(expected[1])


@pytest.fixture(scope="module")
def asked(gaps, expected):
    """A copy of the model, and the answers that the model gives.

    The copy computes what the answers require when it is first asked, under a setting.
    """
    model = copy.deepcopy(expected[0])
    return model, {name: ask(expected[0], gaps[0]) for name, ask in ANSWERS.items()}


def test_answers_do_not_depend_on_the_settings(setting, gaps, asked):
    model, expected_answers = asked
    with setting():
        answered = {name: ask(model, gaps[0]) for name, ask in ANSWERS.items()}
    for name, answer in expected_answers.items():
        np.testing.assert_array_equal(answered[name], answer)


@pytest.fixture(scope="module")
def pictures(digits):
    return digits.X_test[:10].reshape(-1, 8, 8).repeat(2, 1).repeat(2, 2)


@pytest.fixture(scope="module")
def model_of_pictures(pictures, quick_transformer):
    return quick_transformer(max_iter=1).fit(pictures)


def test_pictures_do_not_depend_on_the_settings(
    setting, pictures, model_of_pictures, quick_transformer, weight_bytes
):
    with setting():
        model = quick_transformer(max_iter=1).fit(pictures)
        reconstructed = model.reconstruct(pictures)
    assert weight_bytes(model) == weight_bytes(model_of_pictures)
    np.testing.assert_array_equal(reconstructed, model_of_pictures.reconstruct(pictures))


class Encoder(torch.nn.Sequential):
    """An encoder of the user's own, which torch's settings act on when it is made."""

    def __init__(self):
        super().__init__(torch.nn.Linear(4, 5), torch.nn.BatchNorm1d(5))


@pytest.fixture(scope="module")
def encoder():
    return Encoder()


@pytest.fixture(scope="module")
def own(encoder, few_blobs, quick_classifier, weight_bytes, tmp_path_factory):
    """A model with this encoder, its file, and its weights after further training."""
    X, y = few_blobs
    path = tmp_path_factory.mktemp("own") / "model"
    model = quick_classifier(encoder=encoder).fit(X, y)
    save(model, path)
    further = load(path, modules={"encoder": Encoder}).partial_fit(X, y)
    return SimpleNamespace(
        weights=weight_bytes(model),
        probabilities=model.predict_proba(X),
        file=path.read_bytes(),
        further=weight_bytes(further),
    )


def test_own_modules_do_not_depend_on_the_settings(
    setting, encoder, own, few_blobs, quick_classifier, weight_bytes, tmp_path
):
    X, y = few_blobs
    with setting():
        again = quick_classifier(encoder=encoder).fit(X, y)
        save(again, tmp_path / "model")
        loaded = load(tmp_path / "model", modules={"encoder": Encoder})
    assert weight_bytes(again) == weight_bytes(loaded) == own.weights
    assert (tmp_path / "model").read_bytes() == own.file
    np.testing.assert_array_equal(loaded.predict_proba(X), own.probabilities)
    # What was loaded under the setting is trained without it.
    assert weight_bytes(loaded.partial_fit(X, y)) == own.further


def test_a_fit_that_fails_leaves_the_settings(setting, few_blobs, quick_classifier):
    with setting(), pytest.raises(ValueError, match="max_iter"):
        quick_classifier(max_iter=-1).fit(*few_blobs)


def _in_threads(*functions):
    """Run each function in a Python thread; the first error is raised."""
    errors = []

    def run(function):
        try:
            function()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(f,)) for f in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def _overlapping(context, inside):
    """Enter the context in two threads; the first one to enter is the first to leave."""
    entered, left = [threading.Event(), threading.Event()], threading.Event()

    def first():
        with context():
            entered[0].set()
            assert entered[1].wait(10)
            inside()
        left.set()

    def second():
        assert entered[0].wait(10)
        with context():
            entered[1].set()
            assert left.wait(10)
            inside()

    _in_threads(first, second)


def test_the_default_dtype_is_set_again_by_the_last_of_two_threads():
    with SETTINGS["float64"]():

        def inside():
            assert torch.get_default_dtype() == torch.float32

        _overlapping(standard_settings, inside)
        assert torch.get_default_dtype() == torch.float64


def _number_in_a_new_thread():
    numbers = []
    _in_threads(lambda: numbers.append(torch.get_num_threads()))
    return numbers[0]


def test_each_python_thread_keeps_its_number_of_threads(three_threads):
    def inside():
        assert torch.get_num_threads() == 1
        assert _number_in_a_new_thread() == 3

    _overlapping(one_thread, inside)
    assert torch.get_num_threads() == _number_in_a_new_thread() == 3


def test_contexts_of_one_thread_can_be_nested(three_threads):
    with one_thread():
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 3


class _At(Callback):
    """Calls one function when training begins, another when it ends."""

    def __init__(self, begin, end):
        self.begin, self.end = begin, end

    def on_train_begin(self, net, **kwargs):
        self.begin()

    def on_train_end(self, net, **kwargs):
        self.end()


def test_two_fits_at_once_leave_the_number_of_threads(
    three_threads, few_blobs, quick_classifier, weight_bytes
):
    models, numbers = [], []
    second_trains, first_is_done = threading.Event(), threading.Event()

    def fit(begin, end):
        callbacks = [("at", _At(begin, end))]
        models.append(quick_classifier(callbacks=callbacks).fit(*few_blobs))

    def fit_second():
        fit(second_trains.set, lambda: first_is_done.wait(60))
        numbers.append(torch.get_num_threads())

    def fit_first():
        second = threading.Thread(target=fit_second)

        def begin():
            second.start()
            assert second_trains.wait(60)

        fit(begin, lambda: None)
        first_is_done.set()
        second.join()
        numbers.append(torch.get_num_threads())

    _in_threads(fit_first)
    numbers += [torch.get_num_threads(), _number_in_a_new_thread()]
    assert numbers == [3, 3, 3, 3]
    expected = weight_bytes(quick_classifier().fit(*few_blobs))
    assert [weight_bytes(model) for model in models] == [expected] * 2


_FORK = """
import os, pickle, signal, sys
import numpy as np, torch
from sklearn_revae import ReVAEClassifier

torch.set_num_threads(2)
X = np.random.default_rng(0).random((3000, 64))
y = np.arange(3000) % 3
model = ReVAEClassifier((64,), n_members=2, max_iter=1, random_state=0)
model.fit(X[:60], y[:60])
expected = model.predict_proba(X)
if len(os.listdir("/proc/self/task")) < 2:
    sys.exit("torch used one thread: this shows nothing.")
child = os.fork()
if child == 0:
    signal.alarm(60)
    assert np.allclose(model.predict_proba(X), expected)
    model.intervene(X[:60], 1)
    pickle.loads(pickle.dumps(model)).partial_fit(X[:60], y[:60])
    ReVAEClassifier((64,), n_members=2, max_iter=1).fit(X[:60], y[:60])
    (torch.ones(1000, 1000) @ torch.ones(1000, 1000)).sum()
    os._exit(0)
assert torch.get_num_threads() == 2
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_forked_process_predicts_and_fits():
    environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
    environment.pop("OMP_NUM_THREADS", None)
    done = subprocess.run(
        [sys.executable, "-c", _FORK], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
