"""Training: warm starts, weights, interruption, callbacks, progress, failure."""

import copy
import warnings

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback, EarlyStopping
from torch import nn

from sklearn_revae.persistence import load, save

WARM = {"warm_start": True}


# warm_start


def test_warm_start_trains_further(few_blobs, quick_classifier, weight_bytes):
    model = quick_classifier(**WARM).fit(*few_blobs)
    first_loss, first_weights = model.loss_curve_, weight_bytes(model)
    model.fit(*few_blobs)
    assert model.n_iter_ == 4
    assert model.loss_curve_[:2] == first_loss
    assert weight_bytes(model) != first_weights


def _members(model):
    """Weights of the networks and of the label model of each member."""
    return [
        torch.cat(
            [
                parameter.detach().flatten()
                for part in (member.encoder, member.decoder, member.label_model)
                for parameter in part.parameters()
            ]
        )
        for member in model.module_.members
    ]


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_further_training_continues_all_members(method, few_blobs, quick_classifier):
    X, y = few_blobs
    model = quick_classifier(**WARM, n_members=3, max_iter=20, batch_size=10).fit(X, y)
    before = _members(model)
    model.set_params(max_iter=1)
    getattr(model, method)(X, y)
    other = _members(quick_classifier(n_members=3, max_iter=1, batch_size=10).fit(X, y))
    for then, now, from_scratch in zip(before, _members(model), other, strict=True):
        assert not torch.equal(now, then)
        assert (now - then).norm() < 0.5 * (from_scratch - then).norm()
    assert model.n_members_ == 3
    assert model.n_iter_ == 21


def test_early_stopping_restores_all_members(few_blobs, quick_classifier):
    class Weights(Callback):
        def on_train_begin(self, net, **kwargs):
            self.epochs = []

        def on_epoch_end(self, net, **kwargs):
            weights = net.module_.label_model.means.detach().clone()
            self.epochs.append(weights.squeeze(1))

    seen = Weights()
    model = quick_classifier(
        n_members=3,
        early_stopping=0.2,
        n_iter_no_change=3,
        max_iter=50,
        callbacks=[seen],
    ).fit(*few_blobs)
    scores = [epoch["validation_score"] for epoch in model.history_]
    best = seen.epochs[scores.index(max(scores))]
    assert len(scores) < 50
    assert len(best) == model.n_members_ == 3
    for member, means in zip(model.module_.members, best, strict=True):
        assert torch.equal(member.label_model.means, means)


def test_dropout_of_own_modules_is_active_in_training_only(few_blobs, quick_classifier):
    modes = []

    class Dropout(nn.Dropout):
        def forward(self, x):
            modes.append(self.training)
            return super().forward(x)

    encoder = nn.Sequential(nn.Linear(4, 6), Dropout(0.5))
    # Without edits, all calls are those of training.
    model = quick_classifier(encoder=encoder, edit_weight=0.0, max_iter=1)
    model.fit(*few_blobs)
    assert any(modes)
    for method in ("predict", "transform"):
        modes.clear()
        getattr(model, method)(few_blobs[0])
        assert modes
        assert not any(modes)
    modes.clear()
    model.partial_fit(*few_blobs)
    assert modes
    assert all(modes)


def test_missing_values_may_come_later(few_blobs, quick_classifier):
    X, y = few_blobs
    X = X.copy()
    X[::3, 1] = np.nan
    model = quick_classifier(**WARM).fit(*few_blobs)
    model.partial_fit(X, y).fit(X, y)
    assert np.isfinite(model.loss_curve_).all()
    assert model.n_iter_ == 5


def test_edits_do_not_change_predictions_for_tables(few_blobs, quick_classifier):
    X, y = few_blobs
    with_edits, without = (
        quick_classifier(edit_weight=weight).fit(X, y) for weight in (30.0, 0.0)
    )
    np.testing.assert_array_equal(with_edits.predict_proba(X), without.predict_proba(X))
    assert (with_edits.intervene(X, 1) != without.intervene(X, 1)).any()


def test_warm_start_starts_from_the_present_weights(few_blobs, quick_classifier):
    model = quick_classifier(**WARM, max_iter=30, learning_rate_init=0.01)
    model.fit(*few_blobs)
    model.set_params(max_iter=1).fit(*few_blobs)
    first, *_, last, after = model.loss_curve_
    assert after < (first + last) / 2


def test_fit_without_warm_start_starts_from_scratch(
    few_blobs, quick_classifier, weight_bytes
):
    model = quick_classifier().fit(*few_blobs)
    first = weight_bytes(model)
    model.fit(*few_blobs)
    assert model.n_iter_ == 2
    assert weight_bytes(model) == first


def test_warm_start_refuses_a_new_class_and_changes_nothing(
    few_blobs, quick_classifier, weight_bytes
):
    X, y = few_blobs
    model = quick_classifier(**WARM).fit(X, y)
    before = weight_bytes(model)
    other = y.copy()
    other[1] = 9
    with pytest.raises(ValueError, match="9 is not a value") as caught:
        model.fit(X, other)
    assert "fit without warm_start" in caught.value.__notes__[0]
    assert weight_bytes(model) == before
    assert model.n_iter_ == 2


def test_warm_start_refuses_other_features(few_blobs, quick_classifier):
    X, y = few_blobs
    model = quick_classifier(**WARM).fit(X, y)
    with pytest.raises(ValueError, match="features"):
        model.fit(X[:, :3], y)


@pytest.fixture(scope="module")
def further(few_blobs, quick_classifier, tmp_path_factory):
    """Function that returns copies of a fitted model, also of one from a file."""
    model = quick_classifier(**WARM).fit(*few_blobs)
    path = tmp_path_factory.mktemp("further") / "model"
    save(model, path)
    return lambda from_file: load(path) if from_file else copy.deepcopy(model)


@pytest.mark.parametrize("from_file", [False, True])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_members": 3}, "but n_members was 2 and is 3 now"),
        ({"hidden_layer_sizes": (4,)}, r"hidden_layer_sizes was \(8\) and is \(4\) now"),
        ({"label_dim": 9, "style_dim": 1}, "was 'auto' and is 9; style_dim was 'auto'"),
        ({"likelihood": "laplace"}, "likelihood was 'auto' and is 'laplace'"),
        ({"unlabeled_value": 0}, "unlabeled_value was -1 and is 0"),
        ({"encoder": nn.Linear(4, 3)}, "encoder is another one now"),
    ],
)
def test_further_training_refuses_other_networks(
    changes, message, from_file, further, few_blobs
):
    model = further(from_file).set_params(**changes)
    for train in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match=f"{message}.*warm_start=False"):
            train(*few_blobs)
    assert model.n_iter_ == 2


def test_further_training_takes_the_same_value_of_another_type(further, few_blobs):
    model = further(True).set_params(
        n_members=np.int64(2), hidden_layer_sizes=[8], learning_rate_init=0.1
    )
    assert model.fit(*few_blobs).n_iter_ == 4


@pytest.mark.parametrize("change", [lambda X: X * 1e6, lambda X: X + 1e4])
def test_further_training_on_samples_of_another_unit_is_warned_of(
    change, further, few_blobs
):
    X, y = few_blobs
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        further(False).fit(2 * X + 3, y)
    message = r"Most values of column 0 of X are .*warm_start=False"
    for train in (further(False).fit, further(False).partial_fit):
        with pytest.warns(UserWarning, match=message) as caught:
            train(change(X), y)
        assert caught[0].filename == __file__


# sample_weight


def test_a_sample_of_weight_zero_is_ignored(few_blobs, quick_classifier, weight_bytes):
    X, y = few_blobs
    weight = np.linspace(0.5, 2, 60)
    weight[::7] = 0
    X = X.copy()
    X[::7] *= 1000
    counts = weight > 0
    weighted = quick_classifier().fit(X, y, weight)
    without = quick_classifier().fit(X[counts], y[counts], weight[counts])
    assert weight_bytes(weighted) == weight_bytes(without)
    np.testing.assert_array_equal(weighted.transform(X), without.transform(X))


def test_a_class_with_only_samples_of_weight_zero_is_ignored(few_blobs, quick_classifier):
    X, y = few_blobs
    y = y.copy()
    y[1] = 9
    weight = np.ones(60)
    weight[1] = 0
    model = quick_classifier().fit(X, y, weight)
    np.testing.assert_array_equal(model.classes_, [0, 1, 2])


def test_weights_of_one_change_nothing(few_blobs, quick_classifier, weight_bytes):
    X, y = few_blobs
    weighted = quick_classifier().fit(X, y, np.ones(60))
    assert weight_bytes(weighted) == weight_bytes(quick_classifier().fit(X, y))


def test_weights_change_the_model(few_blobs, quick_classifier, weight_bytes):
    X, y = few_blobs
    weighted = quick_classifier().fit(X, y, np.linspace(0.1, 5, 60))
    assert weight_bytes(weighted) != weight_bytes(quick_classifier().fit(X, y))


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.full(60, -1.0), "[Nn]egative"),
        (np.zeros(60), "weight"),
        (np.ones(59), "sample_weight"),
        (np.full(60, np.nan), "NaN"),
    ],
    ids=["negative", "zero", "too few", "NaN"],
)
def test_bad_weights_raise(weight, message, few_blobs, quick_classifier):
    with pytest.raises(ValueError, match=message):
        quick_classifier().fit(*few_blobs, weight)


# Ctrl-C


class _Interrupting(nn.Linear):
    """A layer that is interrupted in its n-th call; never while `countdown` is None."""

    countdown = None

    def forward(self, x):
        cls = type(self)
        if cls.countdown is not None:
            cls.countdown -= 1
            if cls.countdown == 0:
                raise KeyboardInterrupt
        return super().forward(x)


@pytest.fixture
def interrupted_after(monkeypatch):
    """Function that interrupts the n-th call of the encoder from now on."""
    return lambda n_calls: monkeypatch.setattr(_Interrupting, "countdown", n_calls)


def test_an_interrupted_first_fit_leaves_the_estimator_unfitted(
    few_blobs, quick_classifier, interrupted_after
):
    model = quick_classifier(encoder=_Interrupting(4, 8))
    before = dict(vars(model))
    interrupted_after(5)
    with pytest.raises(KeyboardInterrupt):
        model.fit(*few_blobs)
    assert vars(model) == before


@pytest.mark.parametrize(
    ("method", "options"),
    [("fit", {}), ("fit", WARM), ("partial_fit", {})],
    ids=["fit from scratch", "warm_start", "partial_fit"],
)
def test_an_interrupted_fit_keeps_the_earlier_fit(
    method, options, few_blobs, quick_classifier, interrupted_after, weight_bytes
):
    model = quick_classifier(encoder=_Interrupting(4, 8), **options).fit(*few_blobs)
    before, weights, loss = dict(vars(model)), weight_bytes(model), [*model.loss_curve_]
    predicted = model.predict_proba(few_blobs[0])
    interrupted_after(3)
    with pytest.raises(KeyboardInterrupt):
        getattr(model, method)(*few_blobs)
    after = vars(model)
    assert after.keys() == before.keys()
    assert all(after[name] is value for name, value in before.items())
    assert weight_bytes(model) == weights
    assert model.loss_curve_ == loss
    _Interrupting.countdown = None
    np.testing.assert_array_equal(model.predict_proba(few_blobs[0]), predicted)


def test_an_interrupted_fit_restores_the_number_of_threads(
    few_blobs, quick_classifier, interrupted_after
):
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        interrupted_after(5)
        with pytest.raises(KeyboardInterrupt):
            quick_classifier(encoder=_Interrupting(4, 8)).fit(*few_blobs)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


# callbacks and progress


class _Counting(Callback):
    """Counts epochs."""

    n_epochs = 0

    def on_epoch_end(self, net, **kwargs):
        self.n_epochs += 1


def test_callbacks_are_called(few_blobs, quick_classifier):
    # Names that the estimator's own callbacks, or their classes, could have as well.
    names = ["bound", "train_loss", "measure", "keep_best", "learning_rate"]
    counting = [(name, _Counting()) for name in names]
    quick_classifier(
        max_iter=4, callbacks=[*counting, _Counting()], early_stopping=True
    ).fit(*few_blobs)
    assert {callback.n_epochs for _, callback in counting} == {4}


def test_a_callback_can_end_training(few_blobs, quick_classifier):
    stop = EarlyStopping("train_loss", patience=3, threshold=1e6, threshold_mode="abs")
    model = quick_classifier(max_iter=50, callbacks=[stop]).fit(*few_blobs)
    # The first epoch is the best one, and three more follow it.
    assert model.n_iter_ == 4
    assert np.isfinite(model.predict_proba(few_blobs[0])).all()


def test_verbose_shows_the_loss_and_the_accuracy(few_blobs, quick_classifier, capsys):
    quick_classifier(verbose=True).fit(*few_blobs)
    shown = capsys.readouterr()
    assert "2/2" in shown.err
    assert "loss=" in shown.err
    assert "accuracy=" in shown.err
    assert shown.out == ""


def test_verbose_shows_no_accuracy_without_labels(blobs, quick_transformer, capsys):
    quick_transformer(verbose=True).fit(blobs[0])
    shown = capsys.readouterr().err
    assert "loss=" in shown
    assert "accuracy" not in shown


def test_nothing_is_shown_by_default(few_blobs, quick_classifier, capsys):
    quick_classifier().fit(*few_blobs)
    shown = capsys.readouterr()
    assert shown.out == shown.err == ""


# non-finite losses


class _NotFinite(nn.Linear):
    """A layer whose outputs are all NaN."""

    def forward(self, z):
        return super().forward(z) * float("nan")


@pytest.mark.filterwarnings("ignore:The loss or its gradient was NaN")
@pytest.mark.parametrize("max_iter", [2, 30])
def test_a_loss_that_stays_non_finite_raises(max_iter, few_blobs, quick_classifier):
    X, y = few_blobs
    X = X.copy()
    X[7, 2] = 1e4
    decoder = _NotFinite(4, 4)
    model = quick_classifier(
        decoder=decoder, label_dim=2, style_dim=2, max_iter=max_iter, batch_size=30
    )
    with pytest.raises(FloatingPointError, match=r"column 2 .*learning_rate_init=0\.01"):
        model.fit(X, y)
    assert not hasattr(model, "module_")
    assert not hasattr(model, "n_features_in_")
