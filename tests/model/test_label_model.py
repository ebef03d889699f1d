"""Densities and classifiers of labels against sums over their values."""

import pytest
import torch
from torch.distributions import Independent, Normal

from sklearn_revae._model.label_model import (
    MIN_PRIOR_SCALE,
    LabelModel,
    pick,
    separated_means,
)

N_VALUES = (2, 4, 3)
DIM = 2


@pytest.fixture
def labels():
    generator = torch.Generator().manual_seed(0)
    labels = LabelModel(N_VALUES, DIM, generator).double()
    labels.set_prior([torch.tensor([3.0, 1.0]), torch.arange(4.0), torch.ones(3)])
    with torch.no_grad():
        labels.raw_scales.add_(torch.randn(labels.raw_scales.shape, generator=generator))
    return labels


@pytest.fixture
def z():
    generator = torch.Generator().manual_seed(1)
    return 3 * torch.randn(5, 6, 3, DIM, generator=generator, dtype=torch.float64)


def density(labels, label, value, z):
    parameters = labels.means[label, value], labels.scales[label, value]
    return Independent(Normal(*parameters), 1).log_prob(z[..., label, :]).exp()


def test_beliefs_without_the_prior_are_a_normal_density(labels, z):
    log_conditional = labels.beliefs(z) - labels.log_prior
    for label, n in enumerate(N_VALUES):
        for value in range(n):
            torch.testing.assert_close(
                log_conditional[..., label, value],
                density(labels, label, value, z).log(),
                rtol=0,
                atol=1e-10,
            )


def test_frozen_parameters_give_the_same_and_are_not_read_again(labels, z):
    expected = labels.beliefs(z)
    labels.freeze()
    assert torch.equal(labels.beliefs(z), expected)
    with torch.no_grad():
        labels.means.zero_()
    assert torch.equal(labels.beliefs(z), expected)


def test_log_marginal_is_the_sum_over_values(labels, z):
    log_marginal = labels.log_marginal_of(labels.beliefs(z))
    probabilities = [[4 / 6, 2 / 6], [1 / 10, 2 / 10, 3 / 10, 4 / 10], [1 / 3] * 3]
    for label, p in enumerate(probabilities):
        total = sum(p[k] * density(labels, label, k, z) for k in range(len(p)))
        torch.testing.assert_close(
            log_marginal[..., label], total.log(), rtol=0, atol=1e-6
        )


def test_classifier_sums_to_one(labels, z):
    total = labels.predictions(z).exp().sum(-1)
    torch.testing.assert_close(total, torch.ones_like(total), rtol=0, atol=1e-12)


def test_prior_sums_to_one(labels):
    total = labels.log_prior.exp().sum(-1)
    torch.testing.assert_close(total, torch.ones_like(total), rtol=0, atol=1e-6)


def test_classifier_is_bayes_rule(z):
    labels = LabelModel(N_VALUES, DIM, torch.Generator().manual_seed(0)).double()
    labels.set_prior([torch.tensor([30.0, 1.0]), torch.arange(4.0), torch.ones(3)])
    for label, n in enumerate(N_VALUES):
        joint = [
            density(labels, label, k, z) * labels.log_prior[label, k].exp()
            for k in range(n)
        ]
        posterior = torch.stack(joint, -1) / sum(joint)[..., None]
        torch.testing.assert_close(
            labels.predictions(z)[..., label, :n].exp(), posterior, rtol=0, atol=1e-10
        )


def test_classifier_only_reads_the_latents_of_its_label(labels, z):
    moved = z.clone()
    moved[..., 1, :] += 1.0
    change = (labels.predictions(moved) - labels.predictions(z)).abs()
    assert (change[..., [0, 2], :] == 0).all()
    assert (change[..., 1, :].amax(-1) > 1e-3).all()


def test_padded_values_have_probability_exactly_zero(labels, z):
    assert (labels.predictions(z).exp()[..., 0, 2:] == 0).all()
    assert (labels.predictions(z).exp()[..., 2, 3] == 0).all()
    assert (labels.log_prior.exp()[0, 2:] == 0).all()
    assert (labels.beliefs(z).exp()[..., 0, 2:] == 0).all()


def test_padded_values_change_nothing(labels, z):
    before = labels.log_marginal_of(labels.beliefs(z)), labels.predictions(z)
    with torch.no_grad():
        labels.means[labels.absent] = 5.0
        labels.raw_scales[labels.absent] = -3.0
    assert torch.equal(labels.log_marginal_of(labels.beliefs(z)), before[0])
    assert torch.equal(labels.predictions(z), before[1])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_padded_values_get_zero_gradient_and_no_nan(labels, z, dtype):
    labels, z = labels.to(dtype), z.to(dtype).requires_grad_()
    log_classifier, log_joint = labels.predictions(z), labels.beliefs(z)
    expected = (log_classifier.exp() * (log_joint - log_classifier)).sum()
    (expected + labels.log_marginal_of(labels.beliefs(z)).sum()).backward()
    for gradient in (labels.means.grad, labels.raw_scales.grad, z.grad):
        assert gradient.isfinite().all()
    assert (labels.means.grad[labels.absent] == 0).all()
    assert (labels.raw_scales.grad[labels.absent] == 0).all()
    assert (labels.means.grad[~labels.absent] != 0).all()


def test_far_latents_stay_finite():
    labels = LabelModel((2,), 1, torch.Generator().manual_seed(0)).double()
    z = torch.tensor([[[-1e6]], [[1e6]]], dtype=torch.float64)
    assert labels.log_marginal_of(labels.beliefs(z)).isfinite().all()
    assert labels.predictions(z).isfinite().all()


def test_scales_are_bounded_from_below(labels):
    with torch.no_grad():
        labels.raw_scales.fill_(-1e3)
    assert (labels.scales == MIN_PRIOR_SCALE).all()


def test_scales_start_at_one():
    labels = LabelModel((3,), 2, torch.Generator().manual_seed(0))
    torch.testing.assert_close(labels.scales, torch.ones(1, 3, 2))


@pytest.mark.parametrize(("n_values", "dim"), [(2, 1), (2, 2), (3, 2), (4, 2), (10, 8)])
def test_initial_means_are_far_apart(n_values, dim):
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        means = separated_means(n_values, dim, generator)
        assert torch.pdist(means).min() > 2.0


@pytest.mark.parametrize(("n_values", "dim"), [(3, 1), (5, 1), (20, 3)])
def test_initial_means_never_coincide(n_values, dim):
    means = separated_means(n_values, dim, torch.Generator().manual_seed(0))
    assert torch.pdist(means).min() > 1e-3


@pytest.mark.parametrize("n_values", [2, 5])
def test_initial_means_are_equally_far_apart_if_there_are_enough_dimensions(n_values):
    means = separated_means(n_values, 5, torch.Generator().manual_seed(0))
    distances = torch.pdist(means)
    torch.testing.assert_close(distances, torch.full_like(distances, 4.0))


def test_initialisation_does_not_change_the_global_random_state():
    state = torch.random.get_rng_state()
    LabelModel((2, 3), 2, torch.Generator().manual_seed(0))
    assert torch.equal(torch.random.get_rng_state(), state)


def test_no_labels():
    labels = LabelModel((), 2, torch.Generator().manual_seed(0))
    z = torch.zeros(4, 5, 0, 2)
    assert labels.log_marginal_of(labels.beliefs(z)).shape == (4, 5, 0)
    assert labels.predictions(z).shape == (4, 5, 0, 0)


def test_pick_takes_the_entry_at_the_code():
    values = torch.arange(12.0).reshape(2, 2, 3)
    picked = pick(values, torch.tensor([[0, 2], [-1, 1]]))
    assert torch.equal(picked, torch.tensor([[0.0, 5.0], [0.0, 10.0]]))


def test_pick_broadcasts_values_over_rows_and_codes_over_samples():
    codes = torch.tensor([[0, 2], [-1, 1], [1, 0]])
    prior = torch.arange(6.0).reshape(2, 3)
    assert torch.equal(
        pick(prior, codes), torch.tensor([[0.0, 5.0], [0.0, 4.0], [1.0, 3.0]])
    )
    assert pick(prior.expand(7, 3, 2, 3), codes).shape == (7, 3, 2)


def test_pick_stops_gradients_where_unobserved():
    values = torch.zeros(1, 2, 3, requires_grad=True)
    pick(values, torch.tensor([[-1, 1]])).sum().backward()
    assert torch.equal(values.grad, torch.tensor([[[0.0, 0, 0], [0, 1, 0]]]))
