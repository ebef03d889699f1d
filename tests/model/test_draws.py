"""Gamma and Poisson draws against SciPy, and what decides them."""

import pytest
import scipy.stats
import torch

from sklearn_revae._model.draws import gamma, poisson

N = 20_000


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("concentration", [0.05, 0.7, 1.0, 3.0, 40.0])
def test_gamma_draws_have_the_gamma_distribution(concentration, dtype):
    draws = gamma(torch.full((N,), concentration, dtype=dtype), seeded())
    assert draws.dtype == dtype
    expected = scipy.stats.gamma(concentration).cdf
    assert scipy.stats.kstest(draws.double().numpy(), expected).pvalue > 0.001


@pytest.mark.parametrize("rate", [0.1, 2.0, 50.0])
def test_poisson_draws_have_the_moments_of_the_poisson_distribution(rate):
    draws = poisson(torch.full((N,), rate, dtype=torch.float64), seeded())
    assert abs(draws.mean() - rate) < 5 * (rate / N) ** 0.5
    assert draws.var().item() == pytest.approx(rate, rel=0.1)


@pytest.mark.parametrize("draw", [gamma, poisson])
def test_draws_only_depend_on_the_generator(draw):
    parameter = torch.rand(50, generator=seeded()) * 5
    state = torch.get_rng_state()
    first, same, other = (draw(parameter, seeded(seed)) for seed in (0, 0, 1))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("draw", [gamma, poisson])
def test_consecutive_draws_differ(draw):
    parameter, generator = torch.full((50,), 3.0), seeded()
    assert not torch.equal(draw(parameter, generator), draw(parameter, generator))
