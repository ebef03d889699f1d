"""How much latents tell of labels: nothing, all, and the gradient that lowers it."""

import pytest
import torch

from sklearn_revae._model.objective import dependence


@pytest.fixture
def labels():
    """Probabilities (400, 1, 2) of a label that is known for sure."""
    values = torch.arange(400) % 2
    return torch.nn.functional.one_hot(values, 2).double()[:, None]


def latents(n_dims=3):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(400, n_dims, generator=generator, dtype=torch.float64)


def test_independent_latents_tell_next_to_nothing(labels):
    assert 0 <= dependence(latents(), labels) < 0.02


def test_latents_that_are_the_label_tell_all(labels):
    torch.testing.assert_close(
        dependence(labels[:, 0, :1], labels), torch.tensor(1.0, dtype=torch.float64)
    )


def test_it_sees_what_no_covariance_shows(labels):
    """One class within, the other on both sides: the means are equal."""
    z = latents(1)
    z[::2] *= 0.1
    z[1::2] += 3 * z[1::2].sign()
    z -= torch.where(labels[:, 0, :1] > 0, z[::2].mean(), z[1::2].mean())
    assert dependence(z, labels) > 0.3


def test_labels_count_alike(labels):
    both = torch.cat([labels, labels.roll(1, 0).flip(-1)], dim=1)
    z = latents() + 2 * labels[:, 0, :1]
    torch.testing.assert_close(dependence(z, both), dependence(z, labels))


def test_latents_without_spread_tell_nothing(labels):
    z = torch.zeros(400, 2, dtype=torch.float64, requires_grad=True)
    told = dependence(z, labels)
    told.backward()
    assert told == 0
    assert torch.isfinite(z.grad).all()


def test_descent_makes_latents_independent(labels):
    z = (latents() + 2 * labels[:, 0, :1]).requires_grad_()
    before = dependence(z, labels).item()
    optimizer = torch.optim.Adam([z], lr=0.05)
    for _ in range(100):
        optimizer.zero_grad()
        dependence(z, labels).backward()
        optimizer.step()
    assert before > 0.3
    assert dependence(z, labels) < 0.03


def test_the_labels_get_no_gradient(labels):
    probabilities = labels.clone().requires_grad_()
    z = latents().requires_grad_()
    dependence(z, probabilities).backward()
    assert probabilities.grad is None
    assert z.grad.abs().max() > 0
