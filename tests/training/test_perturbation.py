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
    """Rows whose columns have different scales and are correlated."""
    x = torch.randn(N_ROWS, 4, generator=small.seeded(1), dtype=torch.float64)
    x[:, 1] += 3.0 + 2.0 * x[:, 0]
    return x * torch.tensor([1.0, 1.0, 0.2, 3.0])


@pytest.fixture
def likelihood():
    return ProductLikelihood([Column("gaussian")] * 4)


def make_noise(small, *members, spread=SPREAD, seed=0):
    """Noise of members that are given as (noise, correlated_noise)."""
    settings = [
        small.member_settings(noise=noise, correlated_noise=correlated)
        for noise, correlated in members
    ]
    return Noise(settings, spread, small.seeded(seed))


def assert_covariance(noise, expected):
    """Compare the covariance of rows with what is expected, within its error."""
    deviation = expected.diagonal().sqrt()
    error = (noise.T.cov() - expected).abs()
    # The standard error of a covariance is at most (2 / n)^0.5 times the deviations.
    limit = 5 * (2 / len(noise)) ** 0.5 * torch.outer(deviation, deviation)
    assert (error <= limit).all()
    assert (noise.mean(0).abs() <= 5 * deviation / len(noise) ** 0.5).all()


def test_independent_noise_has_each_members_size_in_each_columns_spread(
    small, rows, likelihood
):
    views = make_noise(small, (0.3, False), (2.0, False)).views(likelihood, rows)
    assert views.shape == (2, N_ROWS, 4)
    for view, size in zip(views, (0.3, 2.0), strict=True):
        assert_covariance(view - rows, (size * SPREAD).square().diag())


def test_correlated_noise_has_the_covariance_of_the_rows(small, rows, likelihood):
    noise = make_noise(small, (0.6, True), spread=torch.ones(4).double())
    (view,) = noise.views(likelihood, rows[:2000])
    assert_covariance(view - rows[:2000], 0.36 * rows[:2000].T.cov())


def test_correlated_noise_is_not_scaled_by_the_spread_twice(small, rows, likelihood):
    # The rows have their spread already, which is far from 1 in bounded columns. A column
    # without spread holds levels, and gets no noise.
    rows = rows[:2000] * SPREAD
    (view,) = make_noise(small, (0.6, True)).views(likelihood, rows)
    assert_covariance(view - rows, 0.36 * rows.T.cov())


def test_members_of_both_kinds_stand_side_by_side(small, rows, likelihood):
    rows = rows[:1000]
    noise = make_noise(small, (0.6, True), (0.1, False), (0.2, True))
    first, second, third = noise.views(likelihood, rows) - rows
    observed = SPREAD > 0
    covariance = rows.T.cov() * torch.outer(observed, observed)
    assert_covariance(first, 0.36 * covariance)
    assert_covariance(second, (0.1 * SPREAD).square().diag())
    assert_covariance(third, 0.04 * covariance)


def test_members_of_a_kind_share_their_noise_up_to_its_size(small, rows, likelihood):
    noise = make_noise(small, (0.1, False), (0.3, False), (0.2, True), (0.6, True))
    drawn = noise.views(likelihood, rows[:1000]) - rows[:1000]
    torch.testing.assert_close(drawn[1], 3 * drawn[0])
    torch.testing.assert_close(drawn[3], 3 * drawn[2])
    correlation = drawn[::2, :, 3].corrcoef()[0, 1]
    assert abs(correlation) < 5 / 1000**0.5


def test_noise_of_size_zero_leaves_the_rows_alone(small, rows, likelihood):
    views = make_noise(small, (0.0, False), (0.0, True)).views(likelihood, rows[:50])
    assert torch.equal(views, rows[:50].expand(2, -1, -1))


def test_added_noise_only_depends_on_the_generator(small, rows, likelihood):
    state = torch.random.get_rng_state()
    first, same, other = (
        make_noise(small, (0.3, False), (0.6, True), seed=seed).views(
            likelihood, rows[:9]
        )
        for seed in (0, 0, 1)
    )
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("n_draws", [20, 3000])
def test_noise_for_edits_has_the_covariance_of_the_batch(small, rows, n_draws):
    noise = make_noise(small, (0.6, True), spread=torch.ones(4).double())
    (drawn,) = noise.draw(rows[:300], n_draws)
    assert drawn.shape == (n_draws, 4)
    assert_covariance(drawn, 0.36 * rows[:300].T.cov(correction=0))


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


@pytest.mark.parametrize("correlated", [False, True])
def test_levels_and_masks_get_no_noise(small, mixed, correlated):
    x = mixed_rows(small)[:500]
    x[::7, 0] = torch.nan
    spread = mixed.noise_of_inputs(torch.tensor([1.0, 1.0, 0.5]).double())
    features = mixed.features(x)
    noise = make_noise(small, (0.5, correlated), spread=spread)
    (drawn,) = noise.draw(features, 100)
    noisy = (drawn != 0).any(0)
    # The real column and the binary number; three levels; a mask of three columns.
    assert noisy.tolist() == [True, False, False, False, True, False, False, False]


def test_some_levels_are_replaced_by_those_of_another_row(small, mixed):
    x = mixed_rows(small)
    spread = mixed.noise_of_inputs(torch.ones(3).double())
    (view,) = make_noise(small, (0.5, False), spread=spread).views(mixed, x)
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
