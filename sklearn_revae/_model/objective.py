r"""The ELBO of labelled, partly labelled and unlabelled rows, and two penalties.

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
from dataclasses import dataclass, fields

import torch

from sklearn_revae._model.draws import normal
from sklearn_revae._model.label_model import pick

UNLABELED_BOUNDS = ("marginal", "classifier")


@dataclass
class Bound:
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
        return (
            self.log_likelihood
            - self.style_divergence
            - self.unobserved_divergence
            - self.observed_divergence
            + label_weight * self.log_classifier
            + self.log_prior
        )

    def detached_means(self):
        """Mean of each term over the rows, without a gradient, by the term's name."""
        return {
            field.name: getattr(self, field.name).detach().mean()
            for field in fields(self)
        }


@dataclass
class SampleTerms:
    """What each of K samples of z adds to the terms of the ELBO.

    Attributes
    ----------
    log_likelihood : log p(x|z) of the decoded samples, (n_decoded, n).
    unobserved_divergence : log q(z_l|x) - log m_l(z_l), summed over unobserved labels,
        (K, n).
    observed_divergence : log q(z_l|x) + log q(y_l|z_l) - log p(z_l|y_l), summed over
        observed labels, (K, n).
    log_classifier : log q(y_l|z_l) of every observed label, and 0 for the others,
        (K, n, L).
    """

    log_likelihood: torch.Tensor
    unobserved_divergence: torch.Tensor
    observed_divergence: torch.Tensor
    log_classifier: torch.Tensor


def sample_posterior(mean, scale, n_samples, generator):
    """Draw samples (n_samples, n, latent_dim) of the posterior; differentiable."""
    return mean + scale * normal((n_samples, *mean.shape), mean, generator)


def normal_log_density(z, mean, scale):
    """Elementwise log N(z; mean, scale^2)."""
    return (
        -0.5 * ((z - mean) / scale).square() - scale.log() - 0.5 * math.log(2 * math.pi)
    )


def style_divergence(mean, scale):
    """KL(N(mean, scale^2) || N(0, I)), summed over the last axis."""
    return 0.5 * (mean.square() + scale.square() - 1 - 2 * scale.log()).sum(-1)


def _log_mean(log_values):
    """Log of the mean over the first axis of exp(log_values)."""
    return log_values.logsumexp(0) - math.log(len(log_values))


def sample_terms(model, x, codes, mean, scale, z, n_decoded, unlabeled_bound):
    """Compute the terms of the ELBO for each sample of z.

    Parameters are those of :func:`evidence_bound`.

    Returns
    -------
    SampleTerms
        The terms.
    """
    labels = model.label_model
    decoded_z = z[:n_decoded]
    blocks = model.blocks(z)
    observed = codes >= 0

    log_joint = labels.log_joint(blocks)
    log_classifier = labels.log_classifier(blocks)
    log_posterior = model.blocks(normal_log_density(z, mean, scale)).sum(-1)

    if unlabeled_bound == "marginal":
        log_unobserved = log_joint.logsumexp(-1)
    else:
        log_unobserved = (log_classifier.exp() * (log_joint - log_classifier)).sum(-1)
    unobserved = (log_posterior - log_unobserved).masked_fill(observed, 0.0)

    log_label = pick(log_classifier, codes)
    log_given_label = pick(log_joint, codes) - pick(labels.log_prior, codes)
    observed_part = (log_posterior + log_label - log_given_label).masked_fill(
        ~observed, 0.0
    )
    return SampleTerms(
        log_likelihood=model.likelihood.log_prob(model.decode(decoded_z), x),
        unobserved_divergence=unobserved.sum(-1),
        observed_divergence=observed_part.sum(-1),
        log_classifier=log_label,
    )


def evidence_bound(
    model, x, codes, mean, scale, z, *, n_decoded=1, unlabeled_bound="marginal"
):
    """Estimate the ELBO of every row from samples of its posterior.

    Parameters
    ----------
    model : ReVAE
        The model.
    x : tensor (n, n_features)
        Scaled rows.
    codes : long tensor (n, L)
        Code of each label, -1 where it is not observed.
    mean, scale : tensors (n, latent_dim)
        The posterior q(z|x), as returned by the encoder.
    z : tensor (K, n, latent_dim)
        Samples of the posterior. All of them enter q(y_O|x) and the terms of the labels,
        which only need the classifier. The samples in the numerator of w are among those
        in its denominator, so that w <= K.
    n_decoded : int, default=1
        How many of the samples, the first ones, are decoded.
    unlabeled_bound : {"marginal", "classifier"}, default="marginal"
        The term of unobserved labels: the marginal prior log m_l(z_l), or as published
        E_{q(y_l|z_l)}[log p(z_l, y_l) - log q(y_l|z_l)], which is looser unless the
        classifier is the Bayes classifier.

    Returns
    -------
    Bound
        The terms of the ELBO. No gradient flows through w. The omitted part is a
        score-function term whose size is that of log p(x|z): it would be unbiased, but
        its noise drowns everything else.
    """
    terms = sample_terms(model, x, codes, mean, scale, z, n_decoded, unlabeled_bound)
    log_all_labels = terms.log_classifier.sum(-1)
    weight = (log_all_labels - _log_mean(log_all_labels)).exp().detach()
    return Bound(
        log_likelihood=(weight[:n_decoded] * terms.log_likelihood).mean(0),
        style_divergence=style_divergence(model.style(mean), model.style(scale)),
        unobserved_divergence=terms.unobserved_divergence.mean(0),
        observed_divergence=(weight * terms.observed_divergence).mean(0),
        log_classifier=_log_mean(terms.log_classifier).sum(-1),
        log_prior=pick(model.label_model.log_prior, codes).sum(-1),
        weight=weight[0],
    )


def effective_sample_size(weight):
    """Effective sample size of weights, as a fraction of their number, in (0, 1].

    It is (sum w)^2 / (n sum w^2).
    """
    return weight.sum().square() / (len(weight) * weight.square().sum())


def dependence(latents, probabilities):
    """Dependence of latents on labels: their mean kernel alignment, in [0, 1].

    For each label this is the centred alignment of two kernels over the rows of a batch,
    a normalised Hilbert-Schmidt independence criterion. The kernel of the latents is
    Gaussian, so that only independent latents have a dependence of 0; that of the
    probabilities is linear.

    Parameters
    ----------
    latents : tensor (n, d)
        The latents that should be independent of the labels.
    probabilities : tensor (n, L, K)
        Probabilities of the labels' values; they get no gradient.

    References
    ----------
    A. Gretton et al., "Measuring Statistical Dependence with Hilbert-Schmidt Norms",
    ALT 2005; C. Cortes et al., "Algorithms for Learning Kernels Based on Centered
    Alignment", JMLR 2012.
    """
    squared = (latents.unsqueeze(0) - latents.unsqueeze(1)).square().sum(-1)
    # The usual width of the kernel: the size of the distances themselves.
    kernel = _centred(torch.exp(-squared / squared.detach().mean().clamp(min=1e-12)))
    by_label = probabilities.detach().transpose(0, 1)
    label_kernels = _centred(by_label @ by_label.transpose(1, 2))
    norms = kernel.norm() * label_kernels.flatten(1).norm(dim=1)
    return ((kernel * label_kernels).sum((1, 2)) / norms.clamp(min=1e-12)).mean()


def _centred(kernel):
    """Centre a kernel matrix (..., n, n) at the mean of its features."""
    rows = kernel.mean(-1, keepdim=True)
    return kernel - rows - kernel.mean(-2, keepdim=True) + rows.mean(-2, keepdim=True)


def consistency_loss(target, log_perturbed):
    """Cross-entropy (n,) of predictions from target probabilities, summed over labels.

    Parameters
    ----------
    target : tensor (n, L, K)
        Probabilities of the labels' values; they get no gradient.
    log_perturbed : tensor (n, L, K)
        Log-probabilities that are predicted for perturbed rows.
    """
    return -(target.detach() * log_perturbed).sum((-2, -1))
