"""Early stopping: what it monitors, what it holds out, and which weights it keeps."""

import numpy as np
import pytest
import torch

import sklearn_revae._base
import sklearn_revae._training.callbacks
import sklearn_revae._training.run
from sklearn_revae._data.held_out import held_out_samples

PATIENT = {"early_stopping": True, "max_iter": 50, "n_iter_no_change": 3}


@pytest.fixture
def trained_on(monkeypatch):
    """The training rows and the held-out rows of every training run from now on."""
    seen = []
    train = sklearn_revae._base.train

    def spy(module, rows, held_out, *others):
        seen.append((rows, held_out))
        return train(module, rows, held_out, *others)

    monkeypatch.setattr(sklearn_revae._base, "train", spy)
    return seen


def test_nothing_is_monitored_by_default(few_blobs, quick_classifier):
    model = quick_classifier().fit(*few_blobs)
    assert model.early_stopping_monitor_ is None
    assert "validation_score" not in model.history_[0]


def test_the_accuracy_on_held_out_samples_is_monitored(few_blobs, quick_classifier):
    model = quick_classifier(early_stopping=True).fit(*few_blobs)
    assert model.early_stopping_monitor_ == "validation_score"
    assert all(0 <= epoch["validation_score"] <= 1 for epoch in model.history_)


def test_the_elbo_is_monitored_if_there_are_too_few_labels(few_blobs, quick_classifier):
    X, y = few_blobs
    y = y.copy()
    y[5] = 7
    model = quick_classifier(early_stopping=True).fit(X, y)
    assert model.early_stopping_monitor_ == "bound"


@pytest.mark.parametrize("n_rare", [2, 3])
def test_no_class_of_several_labels_is_held_out_altogether(n_rare):
    codes = np.full((20, 2), -1)
    codes[:, 0] = np.arange(20) % 2
    codes[:n_rare, 1] = 0
    codes[n_rare, 1] = 1
    for seed in range(5):
        held_out = held_out_samples(codes, 0.8, seed)
        rest = np.delete(codes, held_out, axis=0)
        assert 0 < len(held_out) <= 16
        assert set(rest[:, 0]) == {0, 1}
        assert set(rest[:, 1]) >= {0, 1}
    assert held_out_samples(np.array([[0, -1], [-1, 0]]), 0.5, 0) is None


def test_the_elbo_is_monitored_if_there_are_no_labels(blobs, quick_transformer):
    model = quick_transformer(early_stopping=True).fit(blobs[0])
    assert model.early_stopping_monitor_ == "bound"


def test_no_sample_is_held_out_if_the_elbo_is_monitored(
    blobs, quick_transformer, trained_on
):
    quick_transformer(early_stopping=True).fit(blobs[0])
    [(rows, held_out)] = trained_on
    assert len(rows) == 60
    assert held_out is None


def test_training_stops_when_the_score_no_longer_improves(
    few_blobs, quick_classifier, monkeypatch
):
    scores = iter([0.5, 0.8, 0.8, 0.7, 0.8])
    monkeypatch.setattr(
        sklearn_revae._training.run, "module_score", lambda *_, **__: next(scores)
    )
    model = quick_classifier(**PATIENT).fit(*few_blobs)
    # The second epoch is the best one, and three more follow it.
    assert model.n_iter_ == 5
    assert len(model.loss_curve_) == 5


def test_training_stops_when_the_elbo_no_longer_improves(
    blobs, quick_transformer, monkeypatch
):
    monkeypatch.setattr(
        sklearn_revae._training.callbacks.RecordBound,
        "on_epoch_end",
        lambda self, net, **_: net.history.record("bound", -len(net.history)),
    )
    assert quick_transformer(**PATIENT).fit(blobs[0]).n_iter_ == 4


@pytest.mark.parametrize("true", [True, np.True_])
def test_true_holds_out_a_tenth_of_the_labelled_samples(
    true, blobs, quick_classifier, trained_on
):
    quick_classifier(early_stopping=true).fit(*blobs)
    [(_, held_out)] = trained_on
    assert len(held_out) == 6


def test_held_out_samples_are_stratified(blobs, quick_classifier, trained_on):
    X, y = blobs
    y = np.where(np.arange(60) % 4 == 0, -1, y)
    quick_classifier(early_stopping=0.4).fit(X, y)
    [(_, held_out)] = trained_on
    expected = 0.4 * np.bincount(y[y >= 0])
    n_held_out = np.bincount(held_out.codes[:, 0].numpy(), minlength=3)
    assert np.abs(n_held_out - expected).max() <= 1


def test_held_out_samples_are_not_trained_on(blobs, quick_classifier, trained_on):
    X, y = blobs
    quick_classifier(early_stopping=0.25).fit(X, y)
    [(rows, held_out)] = trained_on
    assert len(held_out) == 15
    assert len(rows) == 45
    every_row = np.concatenate([rows.x.numpy(), held_out.x.numpy()])
    assert len(np.unique(every_row, axis=0)) == 60


def test_every_class_keeps_a_training_sample(blobs, quick_classifier, trained_on):
    X, y = blobs
    few = np.full(60, -1)
    for value in range(3):
        few[np.flatnonzero(y == value)[:2]] = value
    quick_classifier(early_stopping=0.5).fit(X, few)
    [(rows, held_out)] = trained_on
    for part in (rows, held_out):
        codes = part.codes[:, 0].numpy()
        assert set(codes[codes >= 0]) == {0, 1, 2}


def test_samples_with_several_labels_are_held_out(
    two_labels, quick_classifier, trained_on
):
    model = quick_classifier(early_stopping=True).fit(*two_labels)
    [(_, held_out)] = trained_on
    assert model.early_stopping_monitor_ == "validation_score"
    assert (held_out.codes >= 0).any(dim=1).all()


def test_the_best_weights_of_all_members_are_kept(
    few_blobs, quick_classifier, monkeypatch
):
    scores, weights = iter([0.1, 0.9, 0.2, 0.3]), []

    def score(module, rows):
        weights.append(module.encoder.head.weight.detach().clone())
        return next(scores)

    monkeypatch.setattr(sklearn_revae._training.run, "module_score", score)
    model = quick_classifier(early_stopping=True, max_iter=4).fit(*few_blobs)
    assert [epoch["validation_score"] for epoch in model.history_] == [0.1, 0.9, 0.2, 0.3]
    members = model.module_.members
    kept = torch.stack([member.encoder.head.weight.T for member in members])
    assert torch.equal(kept, weights[1])
    assert not torch.equal(kept, weights[3])
