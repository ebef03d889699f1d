"""Tiny models in float64, and the ELBO of the paper computed by brute force."""

import functools
import itertools
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.distributions import Bernoulli, Categorical, Independent, Laplace, Normal

from sklearn_revae._model.families import Column
from sklearn_revae._model.label_model import LabelModel, pick
from sklearn_revae._model.likelihoods import ProductLikelihood
from sklearn_revae._model.networks import GaussianEncoder, make_layer
from sklearn_revae._model.objective import Bound, evidence_bound, style_divergence
from sklearn_revae._model.revae import ReVAE

N_COLUMNS = 3
N_VALUES = (2, 3)


def make_model(family="gaussian", n_values=N_VALUES, label_dim=1, style_dim=1, seed=7):
    """A ReVAE whose densities are smooth enough for quadrature to be exact."""
    generator = torch.Generator()
    latent_dim = label_dim * len(n_values) + style_dim

    def linear(n_in, n_out):
        return make_layer(nn.Linear, n_in, n_out, generator=generator)

    body = nn.Sequential(linear(N_COLUMNS, 4), nn.Tanh())
    decoder = nn.Sequential(linear(latent_dim, 4), nn.Tanh(), linear(4, N_COLUMNS))
    model = ReVAE(
        GaussianEncoder(body, 4, latent_dim, generator),
        decoder,
        ProductLikelihood([Column(family)] * N_COLUMNS),
        LabelModel(n_values, label_dim, generator),
        style_dim,
    ).double()

    # Every parameter set here, so that no starting value decides what is tested.
    labels = model.label_model
    labels.set_prior([torch.arange(1.0, n + 1) for n in n_values])
    generator.manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0.0, 0.5, generator=generator)
        # Posteriors of scale about a quarter, priors of about one that overlap.
        model.encoder.head.weight[latent_dim:] *= 0.3
        model.encoder.head.bias[latent_dim:].mul_(0.3).sub_(1.8)
        labels.means.mul_(2.0)
        labels.raw_scales.mul_(0.5).add_(0.5)
    return model


def make_x(family, n_rows):
    generator = torch.Generator().manual_seed(11)
    x = torch.randn(n_rows, N_COLUMNS, generator=generator, dtype=torch.float64)
    return (x > 0).double() if family == "bernoulli" else x


@functools.cache
def grid(n_nodes, dim):
    """Gauss-Hermite nodes (n_nodes^dim, dim) of N(0, I), and their weights."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(n_nodes)
    weights = weights / weights.sum()
    z = torch.tensor(list(itertools.product(nodes, repeat=dim)), dtype=torch.float64)
    products = itertools.product(weights, repeat=dim)
    return z, torch.tensor([np.prod(p) for p in products], dtype=torch.float64)


def sample_terms(model, x, codes, mean, scale, noise):
    """The package's terms of the ELBO for each of K samples of z, noise (K, n, ...).

    Each sample becomes the only one of a row, and so gets the weight 1.
    """
    n_samples, n_rows = noise.shape[:2]
    repeated = [tensor.repeat(n_samples, 1) for tensor in (x, codes, mean, scale)]
    bound = evidence_bound(model, *repeated, noise.flatten(0, 1)[None])
    terms = {
        name: getattr(bound, name).unflatten(0, (n_samples, n_rows))
        for name in ("log_likelihood", "unobserved_divergence", "observed_divergence")
    }
    log_classifier = model.label_model.predictions(model.blocks(mean + scale * noise))
    return SimpleNamespace(log_classifier=pick(log_classifier, codes), **terms)


def integrate(model, codes, mean, scale, terms, log_weights, detach_weight=True):
    """The package's ELBO, with weighted samples in place of samples of equal weight.

    `terms` are the package's terms of each sample. With equal weights this is the
    package's own estimate, which `test_estimate_is_the_mean_over_samples` checks.
    """

    def log_mean(log_values):
        shape = (-1,) + (1,) * (log_values.ndim - 1)
        return (log_values + log_weights.view(shape)).logsumexp(0)

    def average(values):
        log_w = log_weights[: len(values)]
        return torch.tensordot(log_w.softmax(0), values, dims=1)

    log_labels = terms.log_classifier.sum(-1)
    weight = (log_labels - log_mean(log_labels)).exp()
    if detach_weight:
        weight = weight.detach()
    return Bound(
        log_likelihood=average(
            weight[: len(terms.log_likelihood)] * terms.log_likelihood
        ),
        style_divergence=style_divergence(model.style(mean), model.style(scale)),
        unobserved_divergence=average(terms.unobserved_divergence),
        observed_divergence=average(weight * terms.observed_divergence),
        log_classifier=log_mean(terms.log_classifier).sum(-1),
        log_prior=pick(model.label_model.log_prior, codes).sum(-1),
        weight=weight[0].detach(),
    )


def quadrature_bound(model, x, codes, n_nodes, detach_weight=True):
    """The package's ELBO of the rows `x`, with quadrature nodes as weighted samples."""
    nodes, weights = grid(n_nodes, model.latent_dim)
    mean, scale = model.encode(x)
    noise = nodes[:, None, :].expand(-1, *mean.shape)
    terms = sample_terms(model, x, codes, mean, scale, noise)
    return integrate(model, codes, mean, scale, terms, weights.log(), detach_weight)


class Reference:
    """One row's densities at the nodes of a dense grid, by torch.distributions."""

    def __init__(self, model, x, codes, n_nodes):
        self.model, self.labels, self.codes = model, model.label_model, codes.tolist()
        nodes, self.weights = grid(n_nodes, model.latent_dim)
        mean, scale = model.encode(x[None])
        self.z = mean + scale * nodes
        self.log_posterior = Normal(mean, scale).log_prob(self.z).sum(-1)
        style = self.z[:, len(self.labels.n_values) * self.labels.dim :]
        self.log_style = Normal(0.0, 1.0).log_prob(style).sum(-1)
        self.log_x = self.log_likelihood(x)
        self.observed = [i for i, code in enumerate(self.codes) if code >= 0]
        self.unobserved = [i for i, code in enumerate(self.codes) if code < 0]

    def log_likelihood(self, x):
        output = self.model.decoder(self.z)
        ((name, family),) = self.model.likelihood.families.items()
        if name == "bernoulli":
            density = Bernoulli(logits=output)
        elif name == "laplace":
            density = Laplace(output, family.scale)
        else:
            density = Normal(output, family.scale)
        return density.log_prob(x).sum(-1)

    def block(self, label):
        dim = self.labels.dim
        return self.z[:, label * dim : (label + 1) * dim]

    def log_p_z(self, label, value):
        """log p(z_l | y_l = value) at every node."""
        means, scales = self.labels.means, self.labels.scales
        density = Independent(Normal(means[label, value], scales[label, value]), 1)
        return density.log_prob(self.block(label))

    def log_p_y(self, label, value):
        return self.labels.log_prior[label, value]

    def log_q_y(self, label, value):
        """log q(y_l = value | z_l) at every node, by Bayes' rule."""
        joint = [
            self.log_p_z(label, k) + self.log_p_y(label, k)
            for k in range(self.labels.n_values[label])
        ]
        classifier = Categorical(logits=torch.stack(joint, -1))
        return classifier.log_prob(torch.tensor(value))

    def expectation(self, values):
        return (self.weights * values).sum()

    def log_unobserved(self):
        """The unobserved labels' part of A, summed over all combinations of values."""
        zero = torch.zeros_like(self.weights)
        log_p = []
        values_of = [range(self.labels.n_values[label]) for label in self.unobserved]
        for values in itertools.product(*values_of):
            pairs = list(zip(self.unobserved, values, strict=True))
            log_p.append(
                sum((self.log_p_z(i, k) + self.log_p_y(i, k) for i, k in pairs), zero)
            )
        return torch.stack(log_p).logsumexp(0)

    def log_labels_given_z(self):
        """log q(y_O | z) at every node."""
        zero = torch.zeros_like(self.weights)
        return sum((self.log_q_y(i, self.codes[i]) for i in self.observed), zero)

    def integrand(self):
        """A(z) at every node."""
        given = sum(self.log_p_z(i, self.codes[i]) for i in self.observed)
        return (
            self.log_x
            + given
            + self.log_unobserved()
            + self.log_style
            - self.log_posterior
            - self.log_labels_given_z()
        )

    def log_labels_given_x(self):
        return self.expectation(self.log_labels_given_z().exp()).log()

    def weight(self):
        return (self.log_labels_given_z() - self.log_labels_given_x()).exp()

    def bound(self, label_weight=1.0):
        log_prior = sum(self.log_p_y(i, self.codes[i]) for i in self.observed)
        return (
            self.expectation(self.weight() * self.integrand())
            + label_weight * self.log_labels_given_x()
            + log_prior
        )


def gradient(value, model):
    """Gradient of a scalar with respect to all parameters, as one vector."""
    parts = torch.autograd.grad(
        value, list(model.parameters()), allow_unused=True, materialize_grads=True
    )
    return torch.cat([part.flatten() for part in parts])


def all_codes(n_values=N_VALUES):
    """Every mixture of observed and unobserved labels, one a row."""
    return torch.tensor(list(itertools.product(*(range(-1, n) for n in n_values))))


@pytest.fixture(scope="session")
def tiny():
    """Helpers: models, rows, grids, the ELBO of the package and of the reference."""
    return SimpleNamespace(
        model=make_model,
        x=make_x,
        grid=grid,
        bound=quadrature_bound,
        sample_terms=sample_terms,
        integrate=integrate,
        reference=Reference,
        gradient=gradient,
        all_codes=all_codes,
    )
