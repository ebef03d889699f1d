"""p(x|z) column by column against torch.distributions."""

import pytest
import torch
from torch.distributions import Bernoulli, Laplace, Normal

from sklearn_revae.model.likelihoods import (
    FAMILIES,
    MIN_NOISE_SCALE,
    ProductLikelihood,
    make_family,
)

MIXED = [
    "gaussian",
    "bernoulli",
    "laplace",
    "shared_gaussian",
    "gaussian",
    "laplace",
    "bernoulli",
    "shared_gaussian",
]
CONTINUOUS = ["gaussian", "shared_gaussian", "laplace"]


def random(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


@pytest.fixture
def mixed():
    likelihood = ProductLikelihood(MIXED).double()
    with torch.no_grad():
        for i, parameter in enumerate(likelihood.parameters()):
            parameter.add_(random(*parameter.shape, seed=i))
    return likelihood


@pytest.fixture
def x():
    values = random(6, len(MIXED), seed=3)
    binary = [j for j, name in enumerate(MIXED) if name == "bernoulli"]
    values[:, binary] = (values[:, binary] > 0).double()
    return values


def column_density(likelihood, column, output):
    """torch's distribution of one column, given the decoder's output for it."""
    name = MIXED[column]
    if name == "bernoulli":
        return Bernoulli(logits=output)
    scale = likelihood.families[name].scale
    # Each column its own noise for "gaussian", the first of it and the second.
    scale = scale[MIXED[:column].count(name)] if name == "gaussian" else scale[0]
    return (Laplace if name == "laplace" else Normal)(output, scale)


def test_mixed_log_prob_is_the_sum_over_columns(mixed, x):
    output = random(4, 6, len(MIXED), seed=2)
    expected = sum(
        column_density(mixed, j, output[..., j]).log_prob(x[:, j])
        for j in range(len(MIXED))
    )
    torch.testing.assert_close(mixed.log_prob(output, x), expected, rtol=0, atol=1e-10)


def test_mixed_mean_stands_in_the_right_columns(mixed):
    output = random(4, 6, len(MIXED), seed=2)
    expected = torch.stack(
        [column_density(mixed, j, output[..., j]).mean for j in range(len(MIXED))], -1
    )
    torch.testing.assert_close(mixed.mean(output), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", FAMILIES)
def test_one_family_alone_equals_its_product_of_columns(name):
    x = (random(5, 3) > 0).double()
    output = random(7, 5, 3, seed=1)
    likelihood, family = ProductLikelihood([name] * 3), make_family(name, 3)
    torch.testing.assert_close(
        likelihood.log_prob(output, x), family.log_prob(output, x).sum(-1)
    )
    assert torch.equal(likelihood.mean(output), family.mean(output))


@pytest.mark.parametrize("name", CONTINUOUS)
@pytest.mark.parametrize("raw_scale", [-3.0, 0.0, 1.0])
def test_density_integrates_to_one(name, raw_scale):
    family = make_family(name, 1).double()
    with torch.no_grad():
        family.raw_scale.fill_(raw_scale)
    # The Laplace density's corner lies on a node, where the rule allows for it.
    x = torch.linspace(-40, 40, 800_001, dtype=torch.float64)[:, None]
    density = family.log_prob(torch.zeros(1, dtype=torch.float64), x).exp()
    assert torch.trapezoid(density, x, dim=0).item() == pytest.approx(1, abs=1e-5)


def test_bernoulli_sums_to_one():
    output = random(5, 1)
    family = make_family("bernoulli", 1)
    total = sum(family.log_prob(output, torch.full((1,), v)).exp() for v in (0.0, 1.0))
    torch.testing.assert_close(total, torch.ones_like(total), rtol=0, atol=1e-12)


def test_bernoulli_between_zero_and_one_interpolates():
    output = random(5, 1)
    family = make_family("bernoulli", 1)
    zero, one, between = (
        family.log_prob(output, torch.full((1,), v, dtype=torch.float64))
        for v in (0.0, 1.0, 0.3)
    )
    torch.testing.assert_close(between, 0.7 * zero + 0.3 * one)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_noise_starts_at_half_and_is_bounded_from_below(name):
    family = make_family(name, 2)
    torch.testing.assert_close(family.scale, torch.full_like(family.scale, 0.5))
    with torch.no_grad():
        family.raw_scale.fill_(-1e3)
    assert (family.scale == MIN_NOISE_SCALE).all()


@pytest.mark.parametrize(
    ("name", "n_scales"), [("gaussian", 5), ("shared_gaussian", 1), ("laplace", 1)]
)
def test_number_of_noise_scales(name, n_scales):
    assert make_family(name, 5).scale.shape == (n_scales,)


def test_column_indices_move_with_the_module_and_are_saved(mixed):
    state = mixed.state_dict()
    other = ProductLikelihood(MIXED).double()
    other.load_state_dict(state)
    output, x = random(3, len(MIXED)), torch.zeros(3, len(MIXED), dtype=torch.float64)
    assert torch.equal(other.log_prob(output, x), mixed.log_prob(output, x))
