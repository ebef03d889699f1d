"""The label model of numbers, compared with the Gaussians of SciPy and with sums."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal, norm
from torch.nn import functional as F

from sklearn_revae._model.families import Column
from sklearn_revae._model.likelihoods import ProductLikelihood
from sklearn_revae._model.networks import GaussianEncoder, make_layer
from sklearn_revae._model.number_model import NumberModel
from sklearn_revae._model.objective import evidence_bound
from sklearn_revae._model.revae import ReVAE
from sklearn_revae._model.stacked import StackedReVAE

N_LABELS, DIM = 2, 3


@pytest.fixture
def labels():
    generator = torch.Generator().manual_seed(0)
    model = NumberModel([1] * N_LABELS, DIM, generator).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0.0, 1.0, generator=generator)
    return model


@pytest.fixture
def z():
    generator = torch.Generator().manual_seed(1)
    return torch.randn(5, N_LABELS, DIM, generator=generator, dtype=torch.float64)


@pytest.fixture
def numbers():
    return torch.tensor(
        [[0.5, -1.0], [2.0, math.nan], [math.nan, 0.0], [math.nan] * 2, [-3.0, 1.5]],
        dtype=torch.float64,
    )


def parameters(labels, label):
    """Mean, slope and scale of a label, as arrays."""
    with torch.no_grad():
        parts = labels.means, labels.slopes, labels.scales
        return [part[label].numpy() for part in parts]


def test_the_marginal_is_a_gaussian_of_low_rank_plus_diagonal(labels, z):
    log_marginal = labels.log_marginal_of(labels.beliefs(z))
    for label in range(N_LABELS):
        mean, slope, scale = parameters(labels, label)
        covariance = np.outer(slope, slope) + np.diag(scale**2)
        expected = multivariate_normal(mean, covariance).logpdf(z[:, label].numpy())
        assert log_marginal[:, label].detach().numpy() == pytest.approx(expected)


def test_the_joint_density_is_that_of_the_prior_and_of_the_line(labels, z, numbers):
    found = labels.log_joint_at(labels.beliefs(z), numbers).detach()
    prior = labels.log_prior_at(numbers)
    for row, label in np.ndindex(5, N_LABELS):
        number = float(numbers[row, label])
        if math.isnan(number):
            assert found[row, label] == prior[row, label] == 0
            continue
        mean, slope, scale = parameters(labels, label)
        log_prior = norm.logpdf(number)
        given = norm.logpdf(z[row, label], mean + slope * number, scale).sum()
        assert float(prior[row, label]) == pytest.approx(log_prior)
        assert float(found[row, label]) == pytest.approx(log_prior + given)


def test_the_posterior_has_the_moments_that_a_sum_over_numbers_gives(labels, z):
    grid = np.linspace(-12, 12, 4001)
    means = labels.predictions(z).squeeze(-1).detach()
    variances = labels.variance.detach()
    for row, label in np.ndindex(5, N_LABELS):
        mean, slope, scale = parameters(labels, label)
        on_line = mean + slope * grid[:, None]
        density = norm.pdf(grid) * norm.pdf(z[row, label], on_line, scale).prod(1)
        density /= density.sum()
        expected = (density * grid).sum()
        variance = (density * (grid - expected) ** 2).sum()
        assert float(means[row, label]) == pytest.approx(expected)
        assert float(variances[label]) == pytest.approx(variance)


def test_the_variance_of_uncertain_latents_is_that_of_draws(labels, z):
    scale = torch.full_like(z, 0.7)
    noise = torch.randn(20_000, *z.shape, generator=torch.Generator().manual_seed(0))
    spread = labels.predictions(z + scale * noise.double()).squeeze(-1).var(0)
    found = labels.variance_of(scale)
    torch.testing.assert_close(found, labels.variance + spread, rtol=0.05, atol=0.0)


def test_transport_changes_the_prediction_by_what_is_requested(labels, z):
    source = labels.predictions(z)[:, 1, 0]
    target = source + torch.linspace(-2, 2, 5)
    moved = z.clone()
    moved[:, 1] = labels.transport(1, z[:, 1], source, target)
    torch.testing.assert_close(labels.predictions(moved)[:, 1, 0], target)
    # Everything beside the line stays.
    slope = F.normalize(labels.slopes[1], dim=-1)
    across = [
        block - (block @ slope)[:, None] * slope for block in (moved[:, 1], z[:, 1])
    ]
    torch.testing.assert_close(*across)
    assert torch.equal(labels.transport(1, z[:, 1], source, source), z[:, 1])


def test_the_score_is_r2_over_the_observed_numbers(labels, numbers):
    predictions = torch.zeros(3, 5, N_LABELS, 1, dtype=torch.float64)
    weight = torch.ones(5)
    # Of (0.5, 2, -3) and (-1, 0, 1.5), whose predictions are 0.
    expected = [
        1 - (known**2).sum() / ((known - known.mean()) ** 2).sum()
        for known in (np.array([0.5, 2.0, -3.0]), np.array([-1.0, 0.0, 1.5]))
    ]
    assert labels.score(predictions, numbers, weight) == pytest.approx(np.mean(expected))
    perfect = numbers.nan_to_num()[None, ..., None].expand(3, -1, -1, -1)
    assert labels.score(perfect, numbers, weight) == 1.0


def make_model(seed):
    generator = torch.Generator().manual_seed(seed)
    latent_dim = N_LABELS * DIM + 1

    def linear(n_in, n_out):
        return make_layer(torch.nn.Linear, n_in, n_out, generator=generator)

    return ReVAE(
        GaussianEncoder(linear(3, 4), 4, latent_dim, generator),
        linear(latent_dim, 3),
        ProductLikelihood([Column("gaussian")] * 3),
        NumberModel([1] * N_LABELS, DIM, generator),
        1,
    ).double()


def test_the_bound_is_below_the_evidence(numbers):
    """log p(x, y) of a linear Gaussian model is known: all of it is one Gaussian."""
    model = make_model(0)
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(2)).double()
    generator = torch.Generator().manual_seed(3)
    mean, scale = model.encode(x)
    noise = torch.randn(4000, *mean.shape, generator=generator, dtype=torch.float64)
    bound = evidence_bound(model, x, numbers, mean, scale, noise, n_decoded=4000)
    evidence = log_evidence(model, x, numbers)
    assert (bound.value() <= evidence + 0.05).all()
    unlabelled = torch.full((5, N_LABELS), -1)
    alone = evidence_bound(model, x, unlabelled, mean, scale, noise, n_decoded=4000)
    without = log_evidence(model, x, torch.full_like(numbers, math.nan))
    assert (alone.value() <= without + 0.05).all()
    # Labels that are all missing are the same in both ways of writing them.
    torch.testing.assert_close(alone.value()[3], bound.value()[3])


@torch.no_grad()
def log_evidence(model, x, numbers):
    """Log p(x, y) from the joint Gaussian of x and y."""
    labels, width = model.label_model, N_LABELS * DIM
    # The latents are z = a + B (y, e), with standard normal y and e.
    a, b = np.zeros(width + 1), np.zeros((width + 1, N_LABELS + width + 1))
    for label in range(N_LABELS):
        place = slice(label * DIM, (label + 1) * DIM)
        mean, slope, scale = parameters(labels, label)
        a[place], b[place, label] = mean, slope
        b[place, N_LABELS + label * DIM :][:, :DIM] = np.diag(scale)
    b[width, N_LABELS + width] = 1.0
    weight, bias = model.decoder.weight.numpy(), model.decoder.bias.numpy()
    # One call of the likelihood with a decoded 0 and one with 1 give its variance.
    zero, one = (
        model.likelihood.log_prob(torch.zeros(1, 3).double(), torch.full((1, 3), v))
        for v in (0.0, 1.0)
    )
    variance = 1.5 / float(zero - one)
    to_x = weight @ b
    covariance = to_x @ to_x.T + variance * np.eye(3)
    centre = weight @ a + bias
    joint = np.block(
        [[covariance, to_x[:, :N_LABELS]], [to_x[:, :N_LABELS].T, np.eye(N_LABELS)]]
    )
    result = []
    for row, own in zip(x.numpy(), numbers.numpy(), strict=True):
        seen = np.r_[np.ones(3, bool), ~np.isnan(own)]
        values, means = np.r_[row, own][seen], np.r_[centre, np.zeros(N_LABELS)][seen]
        gaussian = multivariate_normal(means, joint[np.ix_(seen, seen)])
        result.append(gaussian.logpdf(values))
    return torch.tensor(np.array(result))


def test_stacked_members_compute_what_each_of_them_does(numbers):
    members = [make_model(seed) for seed in (0, 1)]
    stacked = StackedReVAE(members)
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(2)).double()
    predictions = stacked.member_predictions(x)
    z = torch.stack([member.encode(x)[0] for member in members])
    joint = stacked.label_model.log_joint_at(
        stacked.label_model.beliefs(stacked.blocks(z)), numbers
    )
    for i, member in enumerate(members):
        torch.testing.assert_close(predictions[i], member.predictions(x))
        labels = member.label_model
        own = labels.log_joint_at(labels.beliefs(member.blocks(z[i])), numbers)
        torch.testing.assert_close(joint[i], own)
        moved = stacked.label_model.transport(
            1, stacked.blocks(z)[..., 1, :], predictions[:, :, 1, 0], torch.ones(2, 5)
        )
        block = member.blocks(z[i])[:, 1]
        expected = labels.transport(1, block, predictions[i, :, 1, 0], torch.ones(5))
        torch.testing.assert_close(moved[i], expected)
