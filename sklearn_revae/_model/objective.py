r"""The ELBO of labelled, partly labelled and unlabelled rows, and consistency.

Let :math:`O` be the set of labels that are observed in a row, :math:`z_l` the
characteristic latents of label :math:`l`, :math:`z_s` the style latents, and
:math:`\log m_l(z_l) = \log \sum_k p(z_l|k) p(k)` the marginal prior of a label. Then

.. math::

    A(z) &= \log p(x|z) + \sum_{l \in O} \log p(z_l|y_l) + \sum_{l \notin O} \log m_l(z_l)
    + \log N(z_s; 0, I) - \log q(z|x) - \log q(y_O|z) \\
    \mathrm{ELBO} &= E_{q(z|x)}[w(z) A(z)] + \log q(y_O|x) + \log p(y_O) \\
    w(z) &= q(y_O|z) / q(y_O|x), \qquad q(y_O|x) = E_{q(z|x)}[q(y_O|z)]

If no label is observed, the weight :math:`w` is 1, and this is the usual ELBO under the
mixture prior. The posterior :math:`q(z|x)` is a product over the latents, :math:`w`
depends on the characteristic latents of observed labels only, and its mean is 1.
Therefore the terms of :math:`z_s` and of the unobserved labels need no weight, and that
of :math:`z_s` is a Kullback-Leibler divergence in closed form.
"""

import math
from typing import NamedTuple

import torch

from sklearn_revae._model.draws import normal
from sklearn_revae._model.label_model import observed


class Bound(NamedTuple):
    """The terms of the ELBO of each row, tensors (n,) in nats.

    Attributes
    ----------
    log_likelihood : E[w log p(x|z)].
    style_divergence : KL(q(z_s|x) || N(0, I)).
    unobserved_divergence : E[log q(z_l|x) - log m_l(z_l)], summed over unobserved labels.
    observed_divergence : E[w (log q(z_l|x) + log q(y_l|z_l) - log p(z_l|y_l))], summed
        over observed labels.
    log_classifier : log q(y_O|x).
    log_prior : log p(y_O).
    weight : the importance weight w of the first sample of z, without a gradient.
    """

    log_likelihood: torch.Tensor
    style_divergence: torch.Tensor
    unobserved_divergence: torch.Tensor
    observed_divergence: torch.Tensor
    log_classifier: torch.Tensor
    log_prior: torch.Tensor
    weight: torch.Tensor

    def value(self, label_weight=1.0):
        """The ELBO (n,), with log q(y_O|x) multiplied by `label_weight`."""
        gain = self.log_likelihood + label_weight * self.log_classifier + self.log_prior
        divergence = (
            self.style_divergence + self.unobserved_divergence + self.observed_divergence
        )
        return gain - divergence


def sample_posterior(mean, scale, n_samples, generator):
    """Draw samples (n_samples, n, latent_dim) of the posterior."""
    return mean + scale * normal((n_samples, *mean.shape), mean, generator)


def style_divergence(mean, scale):
    """KL(N(mean, scale^2) || N(0, I)), summed over the last axis."""
    return 0.5 * (mean.square() + scale.square() - 1 - 2 * scale.log()).sum(-1)


def _log_mean(log_values):
    """Log of the mean over the first axis of exp(log_values)."""
    return log_values.logsumexp(0) - math.log(len(log_values))


def evidence_bound(model, x, codes, mean, scale, noise, *, n_decoded=1):
    """Estimate the ELBO of every row from samples of its posterior.

    Parameters
    ----------
    model : ReVAE
        The model.
    x : tensor (n, n_features)
        Scaled rows.
    codes : long tensor (n, L)
        Code of each label, -1 where it is not observed; or a tensor of numbers, NaN
        where the label is not observed.
    mean, scale : tensors (n, latent_dim)
        The posterior q(z|x), as returned by the encoder.
    noise : tensor (K, n, latent_dim), or of a shape that broadcasts to it
        Standard normal draws, from which the samples of the posterior are made.
    n_decoded : int, default=1
        How many of the samples, the first ones, are decoded.

    Returns
    -------
    Bound
        The terms of the ELBO.
    """
    z = mean + scale * noise
    beliefs = model.label_model.beliefs(model.blocks(z))
    log_likelihood = model.likelihood.log_prob(model.decode(z[:n_decoded]), x)
    return bound_of_samples(model, codes, mean, scale, noise, beliefs, log_likelihood)


def bound_of_samples(model, codes, mean, scale, noise, beliefs, log_likelihood):
    """Combine what samples of the posterior have in common with x and y to the ELBO.

    Parameters
    ----------
    model, codes, mean, scale, noise
        As for :func:`evidence_bound`.
    beliefs : tensor (K, n, L, ...)
        What the label model returns for z. All samples enter q(y_O|x) and the terms of
        the labels. The samples in the numerator of w are among those in its denominator,
        so that w <= K.
    log_likelihood : tensor (n_decoded, n)
        Log p(x|z) of the first samples.

    Returns
    -------
    Bound
        The terms of the ELBO. No gradient flows through w. The omitted part is a
        score-function term whose size is that of log p(x|z): it would be unbiased, but
        its noise drowns everything else.
    """
    labels, n_samples = model.label_model, len(beliefs)
    is_observed = observed(codes).to(mean.dtype)
    log_marginal = labels.log_marginal_of(beliefs)
    block_scale, style_scale = model.parts(scale)
    # Log q(z_l|x) at z = mean + scale * noise.
    log_unit = -0.5 * (model.blocks(noise).square() + math.log(2 * math.pi)).sum(-1)
    divergence = log_unit - block_scale.log().sum(-1) - log_marginal
    log_classifier = labels.log_joint_at(beliefs, codes) - log_marginal * is_observed
    log_prior = labels.log_prior_at(codes)
    # The weight of each sample in a mean over the samples.
    fraction = log_classifier.detach().sum(-1).softmax(0)
    of_observed = fraction.unsqueeze(-1) * is_observed
    of_unobserved = (1 - is_observed) / n_samples
    weight = fraction * n_samples
    # q(y_l|z_l) is the Bayes classifier: log p(z_l|y_l) - log q(y_l|z_l) is the log of
    # the marginal prior less log p(y_l).
    return Bound(
        log_likelihood=(weight[: len(log_likelihood)] * log_likelihood).mean(0),
        style_divergence=style_divergence(model.style(mean), style_scale),
        unobserved_divergence=(of_unobserved * divergence).sum((0, -1)),
        observed_divergence=(of_observed * (divergence + log_prior)).sum((0, -1)),
        log_classifier=_log_mean(log_classifier).sum(-1),
        log_prior=log_prior.sum(-1).expand_as(weight[0]),
        weight=weight[0],
    )


def effective_sample_size(total, squares, n):
    """Effective sample size of `n` weights, as a fraction of `n`, in (0, 1].

    It is (sum w)^2 / (n sum w^2).

    Parameters
    ----------
    total, squares, n : tensor or ndarray
        The sum of the weights, that of their squares, and their number.
    """
    return total * total / (n * squares)
