"""Evidence of several values of a label, against sums over all values."""

import pytest
import torch
from torch.distributions import Normal

from sklearn_revae._model.objective import evidence_bound

EVIDENCE = torch.tensor([[1.0, 0.0, 1.0], [0.3, 1.0, 0.5]], dtype=torch.float64)


@pytest.fixture
def labels(tiny):
    labels = tiny.model().label_model
    labels.set_evidence(EVIDENCE)
    return labels


def test_the_joint_density_is_the_weighted_sum_over_the_values(labels):
    z = torch.randn(5, 2, 1, dtype=torch.float64)
    joint = labels.beliefs(z)
    for code, likelihood in zip((-2, -3), EVIDENCE, strict=True):
        codes = torch.tensor([[-1, code]]).expand(5, -1)
        expected = (joint[:, 1].exp() * likelihood).sum(-1).log()
        found = labels.log_joint_at(joint, codes)
        torch.testing.assert_close(found[:, 1], expected)
        assert (found[:, 0] == 0).all()
    prior = labels.log_prior_at(torch.tensor([[-1, -3]]))[0, 1]
    expected = (labels.log_prior[1].exp() * EVIDENCE[1]).sum().log()
    torch.testing.assert_close(prior, expected)


def bound(model, x, codes, n_samples=1):
    mean, scale = model.encode(x)
    generator = torch.Generator().manual_seed(0)
    shape = (n_samples, *mean.shape)
    noise = torch.randn(shape, generator=generator, dtype=torch.float64)
    return evidence_bound(model, x, codes, mean, scale, noise, n_decoded=n_samples)


@pytest.mark.parametrize(
    ("likelihood", "code"), [([0.0, 1.0, 0.0], 1), ([1.0, 1.0, 1.0], -1)]
)
def test_one_possible_value_is_a_label_and_all_are_none(tiny, likelihood, code):
    model, x = tiny.model(), tiny.x("gaussian", 3)
    expected = bound(model, x, torch.tensor([[-1, code]]).expand(3, -1), 4).value()
    model.label_model.set_evidence(torch.tensor([likelihood], dtype=torch.float64))
    found = bound(model, x, torch.tensor([[-1, -2]]).expand(3, -1), 4).value()
    torch.testing.assert_close(found, expected)


def test_the_elbo_is_that_of_the_sum_over_the_values(tiny):
    """Equation (4) of the paper, with the evidence in place of the observed class."""
    model, x = tiny.model(n_values=(3,)), tiny.x("gaussian", 2)
    labels = model.label_model
    labels.set_evidence(EVIDENCE)
    found = bound(model, x, torch.tensor([[-2], [-3]]), 50)
    mean, scale = model.encode(x)
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(50, *mean.shape, generator=generator, dtype=torch.float64)
    z = mean + scale * noise
    prior = Normal(labels.means[0], labels.scales[0])
    joint = prior.log_prob(z[..., None, :1]).sum(-1).exp() * labels.log_prior[0].exp()
    with_evidence = (joint * EVIDENCE).sum(-1)
    classifier = with_evidence / joint.sum(-1)
    weight = classifier / classifier.mean(0)
    log_posterior = Normal(mean, scale).log_prob(z)[..., 0]
    log_ratio = with_evidence.log() - log_posterior - classifier.log()
    log_ratio = log_ratio + model.likelihood.log_prob(model.decode(z), x)
    expected = (weight * log_ratio).mean(0) + classifier.mean(0).log()
    torch.testing.assert_close(found.value(), expected - found.style_divergence)


def test_unknown_values_of_edits_are_the_likeliest_possible_ones(labels):
    predictions = torch.tensor([[0.0, 0.0, -9.0], [0.0, 5.0, 1.0]], dtype=torch.float64)
    codes = torch.tensor([[-1, -2]])
    assert labels.values(codes, predictions[None]).tolist() == [[0, 2]]
