"""A critic tells the decoder whether an edit of an image looks like a sample."""

import numpy as np
import pytest
import torch

from sklearn_revae._model.images import ImageShape
from sklearn_revae._training.critic import Critic
from sklearn_revae._training.judge_views import JudgeViews

LAYOUT = ImageShape(16, 16)
ONES = torch.ones(40)


@pytest.fixture
def critic(small):
    views = JudgeViews(LAYOUT, torch.ones(LAYOUT.n_features), small.seeded(0))
    return Critic((1, 2), 0, (8, 16), views, small.seeded(1))


def images(seed, brightness):
    noise = torch.randn(
        40, LAYOUT.n_features, generator=torch.Generator().manual_seed(seed)
    )
    return 0.3 * noise + brightness[:, None]


def labels():
    return torch.eye(2).repeat(20, 1)[:, None]


def trained(critic, rows, shown, edited, wanted):
    optimizer = torch.optim.Adam(critic.parameters(), lr=0.01)
    for _ in range(40):
        loss = critic.lesson(rows, shown, ONES, edited, wanted, ONES)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss


def test_the_lesson_is_the_hinge_loss(critic, monkeypatch):
    scores = iter([torch.tensor([2.0, 0.5]), torch.tensor([-2.0, 0.5, -0.5])])
    monkeypatch.setattr(critic, "score", lambda rows, labels: next(scores))
    weights = torch.tensor([3.0, 2.0]), torch.tensor([1.0, 2.0, 1.0])
    edited = torch.zeros(3, 1)
    lesson = critic.lesson(None, None, weights[0], edited, None, weights[1])
    # Samples 0 and 2 * 0.5 of two; edits 0, 2 * 1.5 and 0.5 of three.
    assert float(lesson) == pytest.approx(1.0 / 2 + 3.5 / 3)


def test_it_distinguishes_edits_that_look_like_no_sample(critic):
    plain = torch.zeros(40)
    rows, edited = images(0, plain), images(1, plain + 1.5)
    trained(critic, rows, labels(), edited, labels())
    with torch.no_grad():
        found = critic(rows, labels()), critic(edited, labels())
    assert found[0].max() < found[1].min()


def test_it_distinguishes_samples_with_the_wrong_label(critic):
    bright = labels()[:, 0, 1]
    rows, other = images(0, bright), images(1, bright)
    wrong = labels().flip(-1)
    trained(critic, rows, labels(), other, wrong)
    with torch.no_grad():
        found = critic(rows, labels()), critic(rows, wrong)
    assert (found[0] < found[1]).float().mean() > 0.9


def test_edits_get_its_gradient_and_it_gets_none(critic):
    edited = images(0, torch.zeros(40)).requires_grad_()
    critic(edited, labels()).sum().backward()
    assert (edited.grad != 0).any()
    assert all(parameter.grad is None for parameter in critic.parameters())
    edited.grad = None
    critic.lesson(edited.detach(), labels(), ONES, edited, labels(), ONES).backward()
    assert edited.grad is None
    assert all(parameter.grad is not None for parameter in critic.parameters())


def test_it_learns_again_after_an_exception(critic, monkeypatch):
    def lacks_memory(*_):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(critic, "score", lacks_memory)
    with pytest.raises(RuntimeError):
        critic(None, None)
    assert all(parameter.requires_grad for parameter in critic.parameters())


def test_the_decoder_learns_from_it(small, quick_classifier, monkeypatch):
    """Without its word on edits, the same training gives another decoder."""
    X, y = small.bright_and_dark(40)

    def edits():
        model = quick_classifier(max_iter=8, n_members=1, random_state=0).fit(X, y)
        return model.intervene(X[:5], 1, residual=False), model.predict_proba(X)

    both, probabilities = edits()
    monkeypatch.setattr("sklearn_revae._training.loss.CRITIC_WEIGHT", 0.0)
    without, same = edits()
    assert np.abs(both - without).max() > 1e-4
    assert np.abs(probabilities - same).max() < 0.1
