"""Special cases of the ELBO: all labels observed, none observed, and no labels."""

import itertools

import torch
from torch.distributions import (
    Categorical,
    Independent,
    MixtureSameFamily,
    Normal,
    kl_divergence,
)


def log_likelihood(model, z, x):
    scale = model.likelihood.families["gaussian"].scale
    return Normal(model.decoder(z), scale).log_prob(x).sum(-1)


def nodes_of(tiny, model, x, n_nodes=18):
    """Quadrature weights, nodes and log q(z|x) of one row."""
    nodes, weights = tiny.grid(n_nodes, model.latent_dim)
    mean, scale = model.encode(x[None])
    z = mean + scale * nodes
    return weights, z, Normal(mean, scale).log_prob(z).sum(-1)


def test_without_observed_labels_it_is_the_elbo_under_the_mixture_prior(tiny):
    model = tiny.model()
    labels = model.label_model
    x = tiny.x("gaussian", 4)
    with torch.no_grad():
        value = tiny.bound(model, x, torch.full((4, 2), -1), 14).value()
        for row in range(4):
            weights, z, log_posterior = nodes_of(tiny, model, x[row])
            log_prior = Normal(0.0, 1.0).log_prob(z[:, 2])
            for i, n in enumerate(labels.n_values):
                mixture = MixtureSameFamily(
                    Categorical(logits=labels.log_prior[i, :n]),
                    Normal(labels.means[i, :n, 0], labels.scales[i, :n, 0]),
                )
                log_prior = log_prior + mixture.log_prob(z[:, i])
            elbo = weights @ (
                log_likelihood(model, z, x[row]) + log_prior - log_posterior
            )
            assert abs(float(value[row] - elbo)) < 1e-6


def test_with_all_labels_it_is_the_labeled_bound_of_the_paper(tiny):
    model = tiny.model()
    labels = model.label_model
    codes = torch.tensor(list(itertools.product(range(2), range(3))))
    x = tiny.x("gaussian", len(codes))
    with torch.no_grad():
        value = tiny.bound(model, x, codes, 14).value()
        for row, (a, b) in enumerate(codes.tolist()):
            weights, z, log_posterior = nodes_of(tiny, model, x[row])
            density = [
                Normal(labels.means[i, k, 0], labels.scales[i, k, 0]).log_prob(z[:, i])
                for i, k in ((0, a), (1, b))
            ]
            log_joint = (
                log_likelihood(model, z, x[row])
                + sum(density)
                + Normal(0.0, 1.0).log_prob(z[:, 2])
            )
            log_q = labels.predictions(z[:, :2, None])
            q_given_z = (log_q[:, 0, a] + log_q[:, 1, b]).exp()
            q_given_x = weights @ q_given_z
            integrand = log_joint - log_posterior - q_given_z.log()
            expected = (
                weights @ (q_given_z / q_given_x * integrand)
                + q_given_x.log()
                + labels.log_prior[0, a]
                + labels.log_prior[1, b]
            )
            assert abs(float(value[row] - expected)) < 1e-6


def test_elbo_is_less_than_the_evidence(tiny):
    model, codes = tiny.model(), tiny.all_codes()
    labels = model.label_model
    x = tiny.x("gaussian", len(codes))
    nodes, weights = tiny.grid(30, 3)
    with torch.no_grad():
        value = tiny.bound(model, x, codes, 14).value()
        for row, code in enumerate(codes.tolist()):
            values = [
                [k] if k >= 0 else range(n) for k, n in zip(code, (2, 3), strict=True)
            ]
            log_evidence = []
            for a, b in itertools.product(*values):
                zero, one = torch.zeros(1), torch.ones(1)
                prior_mean = torch.cat([labels.means[0, a], labels.means[1, b], zero])
                prior_scale = torch.cat([labels.scales[0, a], labels.scales[1, b], one])
                z = prior_mean + prior_scale * nodes
                log_evidence.append(
                    (weights.log() + log_likelihood(model, z, x[row])).logsumexp(0)
                    + labels.log_prior[0, a]
                    + labels.log_prior[1, b]
                )
            assert value[row] < torch.stack(log_evidence).logsumexp(0)


def test_without_labels_it_is_the_plain_elbo(tiny):
    model = tiny.model(n_values=(), style_dim=2)
    x = tiny.x("gaussian", 3)
    codes = torch.empty(3, 0, dtype=torch.long)
    with torch.no_grad():
        value = tiny.bound(model, x, codes, 14).value()
        for row in range(3):
            weights, z, _ = nodes_of(tiny, model, x[row])
            posterior = Independent(Normal(*model.encode(x[row])), 1)
            prior = Independent(Normal(torch.zeros(2), torch.ones(2)), 1)
            elbo = weights @ log_likelihood(model, z, x[row]) - kl_divergence(
                posterior, prior
            )
            assert abs(float(value[row] - elbo)) < 1e-6
