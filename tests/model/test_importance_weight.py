"""The importance weight, its effective sample size, and other parts of the ELBO."""

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from sklearn_revae._model.draws import normal
from sklearn_revae._model.label_model import LabelModel
from sklearn_revae._model.objective import (
    effective_sample_size,
    evidence_bound,
    sample_posterior,
    style_divergence,
)

K = 7


def weights_of_all_samples(tiny, codes):
    """w of each of K samples, (K, n): each of them is once the first."""
    model = tiny.model()
    # Narrow priors and a wide posterior give weights far from one.
    with torch.no_grad():
        model.label_model.raw_scales.fill_(-3.0)
        model.encoder.head.bias[3:] += 3.0
    x = tiny.x("gaussian", len(codes))
    mean, scale = model.encode(x)
    noise = normal((K, *mean.shape), mean, torch.Generator().manual_seed(0))
    return torch.stack(
        [
            evidence_bound(model, x, codes, mean, scale, noise.roll(-k, 0)).weight
            for k in range(K)
        ]
    )


def test_weight_is_at_most_the_number_of_samples(tiny):
    weight = weights_of_all_samples(tiny, tiny.all_codes())
    assert weight.max() <= K * (1 + 1e-12)
    # The weights are unequal enough to reach this limit.
    assert weight.max() > 0.9 * K


def test_weights_of_all_samples_have_mean_one(tiny):
    mean = weights_of_all_samples(tiny, tiny.all_codes()).mean(0)
    torch.testing.assert_close(mean, torch.ones_like(mean), rtol=0, atol=1e-12)


def test_rows_without_labels_have_weight_one(tiny):
    weight = weights_of_all_samples(tiny, torch.full((3, 2), -1))
    assert (weight == 1).all()


def test_weight_is_not_trained(tiny):
    model, codes = tiny.model(), tiny.all_codes()
    x = tiny.x("gaussian", len(codes))
    mean, scale = model.encode(x)
    noise = normal((K, *mean.shape), mean, torch.Generator().manual_seed(0))
    bound = evidence_bound(model, x, codes, mean, scale, noise, n_decoded=K)
    # The classifier only enters log_likelihood through w.
    of_priors = torch.autograd.grad(
        bound.log_likelihood.sum(), model.label_model.means, allow_unused=True
    )
    assert of_priors == (None,)


def fraction_of(weight, n):
    return effective_sample_size(weight.sum(), weight.square().sum(), n).item()


def test_effective_sample_size_formula():
    weight = torch.tensor([1.0, 2.0, 5.0], dtype=torch.float64)
    assert fraction_of(weight, 3) == pytest.approx(64 / (3 * 30))
    # Zeros stand for no sample.
    padded = torch.cat([weight, torch.zeros(5)]).view(2, 4)
    assert fraction_of(padded, 3) == pytest.approx(64 / (3 * 30))


@pytest.mark.parametrize(
    ("weight", "fraction"), [([3.0] * 4, 1.0), ([0, 0, 2.0, 0], 0.25)]
)
def test_effective_sample_size_at_its_ends(weight, fraction):
    assert fraction_of(torch.tensor(weight), 4) == pytest.approx(fraction)


def test_style_divergence_is_that_of_torch():
    generator = torch.Generator().manual_seed(0)
    mean = torch.randn(5, 3, generator=generator, dtype=torch.float64)
    scale = torch.rand(5, 3, generator=generator, dtype=torch.float64) + 0.1
    expected = kl_divergence(Normal(mean, scale), Normal(0.0, 1.0)).sum(-1)
    torch.testing.assert_close(style_divergence(mean, scale), expected)


def test_posterior_samples_have_the_right_moments_and_gradients():
    mean = torch.tensor([[1.0, -2.0]], dtype=torch.float64, requires_grad=True)
    scale = torch.tensor([[0.5, 3.0]], dtype=torch.float64, requires_grad=True)
    n = 100_000
    z = sample_posterior(mean, scale, n, torch.Generator().manual_seed(0))
    assert ((z.mean(0) - mean).abs() < 5 * scale / n**0.5).all()
    assert ((z.std(0) - scale).abs() < 5 * scale / (2 * n) ** 0.5).all()
    (z[0, 0, 0] + z[0, 0, 1]).backward()
    noise = ((z[0] - mean) / scale).detach()
    torch.testing.assert_close(mean.grad, torch.ones_like(mean))
    torch.testing.assert_close(scale.grad, noise)


def test_mismatch_is_the_cross_entropy_of_each_label():
    generator = torch.Generator().manual_seed(0)
    draws = torch.randn(2, 4, 2, 3, generator=generator, dtype=torch.float64)
    target, perturbed = draws[0].softmax(-1), draws[1].log_softmax(-1)
    expected = [
        -target[i, j, k] * perturbed[i, j, k]
        for i in range(4)
        for j in range(2)
        for k in range(3)
    ]
    expected = torch.stack(expected).view(4, 2, 3).sum(-1)
    torch.testing.assert_close(LabelModel.mismatch(target, perturbed), expected)


def test_mismatch_does_not_train_the_target():
    target = torch.zeros(1, 1, 2, requires_grad=True)
    perturbed = torch.zeros(1, 1, 2, requires_grad=True)
    LabelModel.mismatch(target.softmax(-1), perturbed.log_softmax(-1) * 2).backward()
    assert target.grad is None
    assert perturbed.grad is not None
