"""Perturbed views: the distribution of their noise, and what gets none."""

import pytest
import torch

from sklearn_revae._model.families import Column
from sklearn_revae._model.likelihoods import ProductLikelihood
from sklearn_revae._training.perturbation import CORRUPTED_FRACTION, Noise

N_ROWS = 4000
SPREAD = torch.tensor([0.5, 0.0, 1.0, 2.0], dtype=torch.float64)


@pytest.fixture
def rows(small):
    """Rows whose columns have different scales."""
    x = torch.randn(N_ROWS, 4, generator=small.seeded(1), dtype=torch.float64)
    return x * torch.tensor([1.0, 1.0, 0.2, 3.0])


@pytest.fixture
def likelihood():
    return ProductLikelihood([Column("gaussian")] * 4)


def make_noise(small, *sizes, spread=SPREAD, seed=0):
    """Noise of members that add noise of these sizes."""
    settings = [small.member_settings(noise=size) for size in sizes]
    return Noise(settings, spread, small.seeded(seed))


def assert_covariance(noise, expected):
    """Compare the covariance of rows with what is expected, within its error."""
    deviation = expected.diagonal().sqrt()
    error = (noise.T.cov() - expected).abs()
    # The standard error of a covariance is at most (2 / n)^0.5 times the deviations.
    limit = 5 * (2 / len(noise)) ** 0.5 * torch.outer(deviation, deviation)
    assert (error <= limit).all()
    assert (noise.mean(0).abs() <= 5 * deviation / len(noise) ** 0.5).all()


def test_noise_has_each_members_size_in_each_columns_spread(small, rows, likelihood):
    views = make_noise(small, 0.3, 2.0).views(likelihood, rows)
    assert views.shape == (2, N_ROWS, 4)
    for view, size in zip(views, (0.3, 2.0), strict=True):
        assert_covariance(view - rows, (size * SPREAD).square().diag())


def test_members_share_their_noise_up_to_its_size(small, rows, likelihood):
    noise = make_noise(small, 0.1, 0.3)
    drawn = noise.views(likelihood, rows[:1000]) - rows[:1000]
    torch.testing.assert_close(drawn[1], 3 * drawn[0])


def test_noise_of_size_zero_leaves_the_rows_alone(small, rows, likelihood):
    views = make_noise(small, 0.0, 0.0).views(likelihood, rows[:50])
    assert torch.equal(views, rows[:50].expand(2, -1, -1))


def test_added_noise_only_depends_on_the_generator(small, rows, likelihood):
    state = torch.random.get_rng_state()
    first, same, other = (
        make_noise(small, 0.3, 0.6, seed=seed).views(likelihood, rows[:9])
        for seed in (0, 0, 1)
    )
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.fixture
def mixed():
    """A likelihood with a real column, levels and a mask of the observed values."""
    columns = [Column("gaussian"), Column("categorical", 3), Column("bernoulli")]
    return ProductLikelihood(columns, masked=True)


def mixed_rows(small):
    generator = small.seeded()
    levels = torch.randint(3, (N_ROWS,), generator=generator)
    binary = torch.randint(2, (N_ROWS,), generator=generator)
    real = torch.randn(N_ROWS, generator=generator)
    return torch.stack([real, levels, binary], dim=1).double()


def test_levels_and_masks_get_no_noise(small, mixed):
    spread = mixed.noise_of_inputs(torch.tensor([1.0, 1.0, 0.5]).double())
    noise = make_noise(small, 0.5, spread=spread)
    (drawn,) = noise.draw(100)
    noisy = (drawn != 0).any(0)
    # The real column and the binary number; three levels; a mask of three columns.
    assert noisy.tolist() == [True, False, False, False, True, False, False, False]


def test_some_levels_are_replaced_by_those_of_another_row(small, mixed):
    x = mixed_rows(small)
    spread = mixed.noise_of_inputs(torch.ones(3).double())
    (view,) = make_noise(small, 0.5, spread=spread).views(mixed, x)
    levels = view[:, 1:4]
    assert torch.equal(levels.sum(-1), torch.ones(N_ROWS).double())
    seen = levels.argmax(-1)
    own, previous = x[:, 1], x[:, 1].roll(1)
    replaced = seen != own
    assert torch.equal(seen[replaced].double(), previous[replaced])
    # A third of the rows before have the same level.
    expected = CORRUPTED_FRACTION * 2 / 3
    error = (expected * (1 - expected) / N_ROWS) ** 0.5
    assert abs(replaced.double().mean() - expected) < 5 * error
