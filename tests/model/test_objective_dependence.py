"""The dependence of latents on labels, its limits 0 and 1, and its gradient."""

import pytest
import torch

from sklearn_revae._model.objective import dependence


@pytest.fixture
def labels():
    """Probabilities (400, 1, 2) of a label that is certain."""
    values = torch.arange(400) % 2
    return torch.nn.functional.one_hot(values, 2).double()[:, None]


def latents(n_dims=3):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(400, n_dims, generator=generator, dtype=torch.float64)


def test_dependence_of_independent_latents_is_almost_zero(labels):
    assert 0 <= dependence(latents(), labels) < 0.02


def test_dependence_of_the_label_itself_is_one(labels):
    torch.testing.assert_close(
        dependence(labels[:, 0, :1], labels), torch.tensor(1.0, dtype=torch.float64)
    )


def test_dependence_without_a_covariance_is_found(labels):
    """The classes have equal means: one is in the middle, the other on both sides."""
    z = latents(1)
    z[::2] *= 0.1
    z[1::2] += 3 * z[1::2].sign()
    z -= torch.where(labels[:, 0, :1] > 0, z[::2].mean(), z[1::2].mean())
    assert dependence(z, labels) > 0.3


def test_it_is_the_mean_over_labels(labels):
    both = torch.cat([labels, labels.roll(1, 0).flip(-1)], dim=1)
    z = latents() + 2 * labels[:, 0, :1]
    torch.testing.assert_close(dependence(z, both), dependence(z, labels))


def test_dependence_of_constant_latents_is_zero(labels):
    z = torch.zeros(400, 2, dtype=torch.float64, requires_grad=True)
    constant = dependence(z, labels)
    constant.backward()
    assert constant == 0
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


def test_probabilities_get_no_gradient(labels):
    probabilities = labels.clone().requires_grad_()
    z = latents().requires_grad_()
    dependence(z, probabilities).backward()
    assert probabilities.grad is None
    assert z.grad.abs().max() > 0
