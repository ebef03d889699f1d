"""A single network for images has judges of its edits that share nothing with it."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from sklearn_revae._model.images import ImageShape
from sklearn_revae._model.label_model import LabelModel
from sklearn_revae._training.judges import ImageJudges, shown_labels
from sklearn_revae._training.loss import SemiSupervisedLoss

LAYOUT = ImageShape(16, 16)
N_PIXELS = LAYOUT.n_features


@pytest.fixture
def judges(small):
    labels = LabelModel((2, 3), 2, small.seeded(0))
    labels.set_prior([torch.tensor([3.0, 1.0]), torch.tensor([1.0, 1.0, 1.0])])
    spread = torch.ones(N_PIXELS)
    return ImageJudges(labels, LAYOUT, 0, spread, small.seeded(1), small.seeded(2))


@pytest.fixture
def images():
    return torch.randn(5, N_PIXELS, generator=torch.Generator().manual_seed(0))


def test_they_learn_known_labels_and_what_the_model_predicts_elsewhere(
    judges, images, monkeypatch
):
    seen = torch.randn(2, 5, 2, 3).log_softmax(-1)
    monkeypatch.setattr(judges, "_seen", lambda rows: seen)
    codes = torch.tensor([[0, 2], [-1, 1], [1, -1], [-1, -1], [-1, -1]])
    predictions = torch.randn(5, 2, 3).log_softmax(-1)
    weight = torch.tensor([1.0, 2.0, 0.0, 0.5, 1.0])
    expected = 0.0
    for i, row in enumerate(codes.tolist()):
        for label, code in enumerate(row):
            target = predictions[i, label].exp()
            if code >= 0:
                target = F.one_hot(torch.tensor(code), 3)
            missed = -(target * seen[:, i, label]).sum()
            expected = expected + weight[i] * missed / 5
    shown = shown_labels(codes, predictions)
    lesson = judges.lesson(images, shown, weight)
    torch.testing.assert_close(lesson, expected)


def test_an_edit_gets_their_gradient_and_they_get_none(judges, images):
    edited = images[None].requires_grad_()
    seen = judges(None, edited)
    assert seen.shape == (1, 5, 2, 3)
    assert (seen[..., 0, 2] < -40).all()
    seen[..., 0].sum().backward()
    assert (edited.grad != 0).any()
    assert all(parameter.grad is None for parameter in judges.parameters())
    judges.lesson(images, seen[0].detach().exp(), torch.ones(5)).backward()
    assert all(parameter.grad is not None for parameter in judges.judges.parameters())


def test_they_learn_beside_the_model(small, quick_classifier, monkeypatch):
    found = []
    original = SemiSupervisedLoss.__init__

    def remember(self, *args, **kwargs):
        original(self, *args, **kwargs)
        found.append(self.judges)

    monkeypatch.setattr(SemiSupervisedLoss, "__init__", remember)
    X, y = small.bright_and_dark(60)
    few = np.where(np.arange(60) < 10, y, -1)
    model = quick_classifier(max_iter=6, n_members=1, learning_rate_init=0.01).fit(X, few)
    (judges,) = found
    rows = torch.from_numpy(np.asarray(model._scaled(X)[:], dtype=np.float32))
    with torch.no_grad():
        seen = judges._seen(rows).mean(0)[:, 0].argmax(-1)
    assert (seen.numpy() == y).mean() > 0.9


@pytest.mark.parametrize(
    "changes", [{"n_members": 2}, {"edit_weight": 0}, {"views": None}]
)
def test_others_have_none(small, changes, quick_classifier, monkeypatch):
    calls = []
    monkeypatch.setattr(
        "sklearn_revae._training.run.ImageJudges", lambda *args: calls.append(args)
    )
    data = small.bright_and_dark(60)
    quick_classifier(**{"n_members": 1, "max_iter": 1} | changes).fit(*data)
    assert not calls
    quick_classifier(n_members=1, max_iter=1).fit(*data)
    assert len(calls) == 1


def test_further_training_goes_on_with_the_same_judges(small, quick_classifier):
    X, y = small.bright_and_dark(60)
    model = quick_classifier(n_members=1).partial_fit(X, y, classes=[0, 1])
    first = model._optimizer_state[2]
    second = model.partial_fit(X, y)._optimizer_state[2]
    assert first.keys() == second.keys()
    change = max(float((first[k] - second[k]).abs().max()) for k in first)
    # Other judges would differ by as much as initial weights do.
    assert 0 < change < 0.05
