"""The evidence lower bound, one function for labelled, partly and unlabelled rows.

With O the labels observed in a row and logm_l(z_l) = log sum_k p(z_l|k) p(k),

    A(z)  = log p(x|z) + sum_{l in O} log p(z_l|y_l) + sum_{l not in O} logm_l(z_l)
            + log N(z_s; 0, I) - log q(z|x) - log q(y_O|z_c)
    bound = E_{q(z|x)}[w A(z)] + log q(y_O|x) + log p(y_O),
    w     = q(y_O|z_c) / q(y_O|x),    q(y_O|x) = E_{q(z|x)} q(y_O|z_c).

Without observed labels w is 1 and this is the usual bound under the mixture prior.
q(z|x) is a product over latents, w depends on the observed labels' blocks alone, and
its mean is 1. So the style's part of A and the unobserved labels' parts need no w, and
the style's is a Kullback-Leibler divergence in closed form.
"""

import math
from dataclasses import dataclass, fields

import torch

from sklearn_revae._model.draws import normal
from sklearn_revae._model.label_model import pick

UNLABELED_BOUNDS = ("marginal", "classifier")


@dataclass
class Bound:
    """Terms of the bound, a tensor (n,) each, in nats.

    Attributes
    ----------
    log_likelihood : E[w log p(x|z)].
    style_divergence : KL(q(z_s|x) || N(0, I)).
    unobserved_divergence : E[log q(z_l|x) - logm_l(z_l)] over unobserved labels.
    observed_divergence : E[w (log q(z_l|x) + log q(y_l|z_l) - log p(z_l|y_l))] over
        observed labels.
    log_classifier : log q(y_O|x).
    log_prior : log p(y_O).
    weight : the importance weight w of the first sample, detached.
    """

    log_likelihood: torch.Tensor
    style_divergence: torch.Tensor
    unobserved_divergence: torch.Tensor
    observed_divergence: torch.Tensor
    log_classifier: torch.Tensor
    log_prior: torch.Tensor
    weight: torch.Tensor

    def value(self, label_weight=1.0):
        """The bound (n,), with log q(y_O|x) counted `label_weight` times."""
        return (
            self.log_likelihood
            - self.style_divergence
            - self.unobserved_divergence
            - self.observed_divergence
            + label_weight * self.log_classifier
            + self.log_prior
        )

    def detached_means(self):
        """Mean of each term over the rows, by the term's name."""
        return {
            field.name: getattr(self, field.name).detach().mean()
            for field in fields(self)
        }


def sample_posterior(mean, scale, n_samples, generator):
    """Draws (n_samples, n, latent_dim) from the posterior, differentiable."""
    return mean + scale * normal((n_samples, *mean.shape), mean, generator)


def normal_log_density(z, mean, scale):
    """Elementwise log N(z; mean, scale^2)."""
    return (
        -0.5 * ((z - mean) / scale).square() - scale.log() - 0.5 * math.log(2 * math.pi)
    )


def style_divergence(mean, scale):
    """KL(N(mean, scale^2) || N(0, I)) summed over the last axis."""
    return 0.5 * (mean.square() + scale.square() - 1 - 2 * scale.log()).sum(-1)


def _weighted_mean(values, log_node_weights):
    """Mean over the first axis, under normalised log-weights or plainly."""
    if log_node_weights is None:
        return values.mean(0)
    return torch.tensordot(log_node_weights.exp(), values, dims=1)


def _log_weighted_mean(log_values, log_node_weights):
    """Log of the mean over the first axis of exp(log_values)."""
    if log_node_weights is None:
        return log_values.logsumexp(0) - math.log(len(log_values))
    shape = (-1,) + (1,) * (log_values.ndim - 1)
    return (log_values + log_node_weights.view(shape)).logsumexp(0)


def evidence_bound(
    model,
    x,
    codes,
    mean,
    scale,
    z,
    *,
    n_decoded=1,
    unlabeled_bound="marginal",
    log_node_weights=None,
    detach_weight=True,
):
    """Evidence lower bound of every row.

    Parameters
    ----------
    model : ReVAE
        The model.
    x : tensor (n, n_features)
        Scaled rows.
    codes : long tensor (n, L)
        Code of each label, -1 where unobserved.
    mean, scale : tensors (n, latent_dim)
        The posterior q(z|x), as the encoder returned it.
    z : tensor (K, n, latent_dim)
        Samples of the posterior. All K serve q(y_O|x) and the labels' terms, and cost
        the classifier alone. The samples in w's numerator are among them, so that w <= K.
    n_decoded : int, default=1
        How many of the samples, the first ones, are decoded.
    unlabeled_bound : {"marginal", "classifier"}, default="marginal"
        For unobserved labels the marginal prior log p(z_l), or the published bound,
        E_{q(y_l|z_l)}[log p(z_l, y_l) - log q(y_l|z_l)], which is looser unless the
        classifier is the Bayes classifier.
    log_node_weights : tensor (K,), optional
        Log-weights, summing to one, when `z` are quadrature nodes; needs all decoded.
    detach_weight : bool, default=True
        Keep gradients out of w. The dropped part is a score-function term of the size
        of log p(x|z): unbiased, but it drowns all else.

    Returns
    -------
    Bound
        Its terms, (n,) each.
    """
    labels = model.label_model
    decoded = z[:n_decoded]
    blocks = model.blocks(z)
    observed = codes >= 0

    log_joint = labels.log_joint(blocks)
    log_classifier = labels.log_classifier(blocks)
    log_posterior = model.blocks(normal_log_density(z, mean, scale)).sum(-1)

    # (K, n, L), zero where unobserved.
    log_label = pick(log_classifier, codes)
    log_label_given_row = _log_weighted_mean(log_label, log_node_weights)
    log_all_labels = log_label.sum(-1)
    log_weight = log_all_labels - _log_weighted_mean(log_all_labels, log_node_weights)
    weight = log_weight.exp()
    if detach_weight:
        weight = weight.detach()

    if unlabeled_bound == "marginal":
        log_unobserved = log_joint.logsumexp(-1)
    else:
        log_unobserved = (log_classifier.exp() * (log_joint - log_classifier)).sum(-1)
    unobserved = (log_posterior - log_unobserved).masked_fill(observed, 0.0)

    log_prior = pick(labels.log_prior, codes)
    log_given_label = pick(log_joint, codes) - log_prior
    observed_part = (log_posterior + log_label - log_given_label).masked_fill(
        ~observed, 0.0
    )

    log_likelihood = model.likelihood.log_prob(model.decode(decoded), x)
    return Bound(
        log_likelihood=_weighted_mean(
            weight[:n_decoded] * log_likelihood, log_node_weights
        ),
        style_divergence=style_divergence(model.style(mean), model.style(scale)),
        unobserved_divergence=_weighted_mean(unobserved.sum(-1), log_node_weights),
        observed_divergence=_weighted_mean(
            weight * observed_part.sum(-1), log_node_weights
        ),
        log_classifier=log_label_given_row.sum(-1),
        log_prior=log_prior.sum(-1),
        weight=weight[0].detach(),
    )


def effective_sample_size(weight):
    """Share of `weight`'s samples that count, (sum w)^2 / (n sum w^2), in (0, 1]."""
    return weight.sum().square() / (len(weight) * weight.square().sum())


def dependence(latents, probabilities):
    """How much latents tell of labels: mean of the labels' kernel alignments, in [0, 1].

    The centred alignment of two kernels over a batch's rows, which is their normalised
    Hilbert-Schmidt independence criterion: Gaussian on the latents, so that it is 0 for
    independent ones alone, linear on the probabilities.

    Parameters
    ----------
    latents : tensor (n, d)
        Latents that should not tell.
    probabilities : tensor (n, L, K)
        Of the labels' values; taken as given.

    References
    ----------
    A. Gretton et al., "Measuring Statistical Dependence with Hilbert-Schmidt Norms",
    ALT 2005; C. Cortes et al., "Algorithms for Learning Kernels Based on Centered
    Alignment", JMLR 2012.
    """
    squared = (latents.unsqueeze(0) - latents.unsqueeze(1)).square().sum(-1)
    # The usual width: that of the distances themselves.
    kernel = _centred(torch.exp(-squared / squared.detach().mean().clamp(min=1e-12)))
    told = probabilities.detach().transpose(0, 1)
    of_labels = _centred(told @ told.transpose(1, 2))
    norms = kernel.norm() * of_labels.flatten(1).norm(dim=1)
    return ((kernel * of_labels).sum((1, 2)) / norms.clamp(min=1e-12)).mean()


def _centred(kernel):
    """A kernel's matrix (..., n, n) about the mean of its features."""
    rows = kernel.mean(-1, keepdim=True)
    return kernel - rows - kernel.mean(-2, keepdim=True) + rows.mean(-2, keepdim=True)


def consistency_loss(target, log_perturbed):
    """Cross-entropy (n,) of a perturbed row's labels to those it should have, over all.

    Probabilities (n, L, K), taken as given, and log-probabilities.
    """
    return -(target.detach() * log_perturbed).sum((-2, -1))
