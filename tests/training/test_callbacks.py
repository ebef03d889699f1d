"""What the history records, which weights are kept, and when training stops."""

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
import torch
from skorch.callbacks import Callback

from sklearn_revae._model.objective import effective_sample_size
from sklearn_revae._training import callbacks
from sklearn_revae._training.callbacks import DelayedProgress, KeepBest


class _Terms(Callback):
    """Keeps the bounds and codes of every batch."""

    def on_train_begin(self, net, **kwargs):
        self.bounds, self.codes = [], []

    def on_batch_end(self, net, batch=None, bound=None, **kwargs):
        self.bounds.append(bound)
        self.codes.append(batch[1])


def run(small, callbacks, n_epochs=6, rows=None):
    loss = small.loss(members=[small.member_settings()] * 2)
    net = small.net(small.module(2), loss, callbacks)
    return net.train(small.rows(4, 28) if rows is None else rows, n_epochs)


def scripted(scores):
    """A score that returns the given values in turn."""
    values = iter(scores)
    return lambda module: next(values)


def test_history_records_the_mean_of_each_term(small):
    terms = _Terms()
    net = run(small, [("terms", terms)], n_epochs=1)

    def mean(values):
        return float(torch.stack([v.detach().mean() for v in values]).mean())

    epoch = net.history[0]
    assert epoch["bound"] == pytest.approx(mean(b.value() for b in terms.bounds))
    for name in (
        "log_likelihood",
        "style_divergence",
        "unobserved_divergence",
        "observed_divergence",
        "log_classifier",
        "log_prior",
    ):
        assert epoch[name] == pytest.approx(mean(getattr(b, name) for b in terms.bounds))
    assert "weight" not in epoch


def test_history_records_the_loss_that_is_minimised(small):
    changes = {"consistency_weight": 3.0, "label_weight": 5.0}
    plain, weighted = (
        small.net(small.module(2), small.loss(members=[small.member_settings(**c)] * 2))
        for c in ({"consistency_weight": 0.0, "label_weight": 1.0}, changes)
    )
    for net in (plain, weighted):
        net.train(small.rows(4, 28), 2)
    epoch = plain.history[0]
    # With weights of one, and without the consistency loss, it is the negative ELBO.
    assert epoch["loss"] == pytest.approx(-epoch["bound"])
    assert epoch["loss"] == pytest.approx(epoch["train_loss"] * 4 / 2, rel=1e-3)
    epoch = weighted.history[0]
    assert epoch["loss"] > -epoch["bound"] + 0.1


def test_history_records_the_weights_of_labeled_rows(small):
    terms = _Terms()
    net = run(small, [("terms", terms)], n_epochs=1)
    weights = [
        b.weight[:, (codes >= 0).any(-1)].flatten()
        for b, codes in zip(terms.bounds, terms.codes, strict=True)
    ]
    fractions = torch.stack(
        [effective_sample_size(w.sum(), w.square().sum(), len(w)) for w in weights]
    )
    epoch = net.history[0]
    assert epoch["weight_effective_share"] == pytest.approx(fractions.mean().item())
    assert epoch["weight_max"] == pytest.approx(torch.cat(weights).max().item())


def test_history_without_labeled_rows_has_no_weights(small):
    net = run(small, [], n_epochs=1, rows=small.rows(0, 20))
    assert "weight_max" not in net.history[0]
    assert "weight_effective_share" not in net.history[0]
    assert "bound" in net.history[0]


def test_best_weights_are_restored(small):
    spy = small.Spy()
    best = KeepBest("score", scripted([0.1, 0.5, 0.9, 0.2, 0.3, 0.4]), 10)
    net = run(small, [("best", best), ("spy", spy)])
    assert len(net.history) == 6
    assert torch.equal(small.weights(net.module_), spy.epochs[2])
    assert not torch.equal(spy.epochs[2], spy.epochs[5])


def test_stops_when_the_patience_is_exhausted(small):
    best = KeepBest("score", scripted([0.1, 0.5, 0.4, 0.5, 0.3, 0.9]), 3)
    net = run(small, [("best", best)])
    assert net.history[:, "score"] == [0.1, 0.5, 0.4, 0.5, 0.3]


def test_score_of_nan_is_not_a_gain(small):
    spy = small.Spy()
    nan = float("nan")
    best = KeepBest("score", scripted([nan, 0.5, nan, nan, nan, nan]), 3)
    net = run(small, [("spy", spy), ("best", best)])
    assert len(net.history) == 5
    assert torch.equal(small.weights(net.module_), spy.epochs[1])


def test_recorded_elbo_can_be_watched(small):
    spy = small.Spy()
    best = KeepBest("bound", None, 100)
    net = run(small, [("spy", spy), ("best", best)])
    bounds = torch.tensor(net.history[:, "bound"])
    assert torch.equal(small.weights(net.module_), spy.epochs[int(bounds.argmax())])


def test_progress_counts_epochs_and_shows_loss_and_accuracy(small, capsys):
    progress = DelayedProgress(lambda module, rows: 0.875, always=True)
    net = run(small, [("progress", progress)])
    bar = net.callbacks_[-1][1].bar_
    assert bar.n == bar.total == 6
    assert bar.disable
    shown = capsys.readouterr().err
    assert "6/6" in shown
    assert f"loss={net.history[-1, 'loss']:.1f}" in shown
    assert "accuracy=0.875" in shown


@pytest.fixture
def watched(monkeypatch):
    monkeypatch.setattr(callbacks, "somebody_may_watch", lambda: True)


def test_a_long_training_gets_a_bar_within_its_first_epochs(small, capsys, watched):
    delayed = DelayedProgress(lambda module, rows: len(rows) / 1000, delay=1e-9)
    net = run(small, [("delayed", delayed)])
    bar = net.callbacks_[-1][1].bar_
    assert bar.n == bar.total == 6
    assert "/6" in capsys.readouterr().err
    assert f"loss={net.history[-1, 'loss']:.1f}" in bar.postfix
    # Four of the rows are labelled.
    assert "training accuracy=0.004" in bar.postfix


def test_the_bar_shows_the_accuracy_that_early_stopping_has_computed(
    small, capsys, watched
):
    best = KeepBest("validation_score", lambda module: 0.75, 10)
    delayed = DelayedProgress(None, delay=1e-9)
    net = run(small, [("best", best), ("delayed", delayed)])
    assert "validation accuracy=0.750" in net.callbacks_[-1][1].bar_.postfix


def test_a_short_training_gets_no_bar(small, capsys, watched):
    run(small, [("delayed", DelayedProgress(None))])
    assert capsys.readouterr().err == ""


def test_nobody_watches_a_file_or_another_thread(small, capsys, monkeypatch):
    run(small, [("delayed", DelayedProgress(None, delay=1e-9))])
    assert capsys.readouterr().err == ""
    terminal = SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr(callbacks.sys, "stderr", terminal)
    assert callbacks.somebody_may_watch()
    with ThreadPoolExecutor(1) as pool:
        assert not pool.submit(callbacks.somebody_may_watch).result()
