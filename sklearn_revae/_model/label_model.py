"""p(y), p(z_l|y_l), q(y_l|z_l) and log p(z_l), exactly, by enumerating the values of y_l.

Labels are stacked along an axis of length L, and their values along the last axis, of
length K = max K_l. Labels with fewer values are padded; a padded value has probability
zero everywhere.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

# Without this bound the ELBO diverges when a prior shrinks onto its rows.
MIN_PRIOR_SCALE = 0.1
_START_SEPARATION = 2.0
# Finite, so that 0 * log 0 is 0 in sums over padded values, and not NaN.
_LOG_ZERO = -1e30


def separated_means(n_values, dim, generator):
    """Initial means (n_values, dim), far apart: both ends of random orthogonal axes."""
    radius = _START_SEPARATION * math.sqrt(2)
    if n_values > 2 * dim:
        # There are fewer ends of axes than values, but random means differ as well.
        return torch.randn(n_values, dim, generator=generator) * radius
    axes = torch.linalg.qr(torch.randn(dim, dim, generator=generator))[0]
    return torch.cat([axes, -axes])[:n_values] * radius


class LabelModel(nn.Module):
    r"""The labels, and how they and their characteristic latents depend on each other.

    .. math::

        p(z_l | y_l = k) = N(z_l; m_{lk}, \operatorname{diag}(s_{lk}^2))

    The means :math:`m_{lk}` and scales :math:`s_{lk}` are learned, the class frequencies
    p(y_l) are set. The classifier q(y_l|z_l) is the Bayes classifier of the two.

    Parameters
    ----------
    n_values : sequence of int
        K_l, the number of values of each label. Empty for a model without labels.
    dim : int
        d, the number of characteristic dimensions of each label.
    generator : torch.Generator
        Source of the initial parameters.
    """

    def __init__(self, n_values, dim, generator):
        super().__init__()
        self.n_values = tuple(n_values)
        self.dim = dim
        n_labels, widest = len(self.n_values), max(self.n_values, default=0)
        means = torch.zeros(n_labels, widest, dim)
        absent = torch.ones(n_labels, widest, dtype=torch.bool)
        self._padded = len(set(self.n_values)) > 1
        for label, n in enumerate(self.n_values):
            means[label, :n] = separated_means(n, dim, generator)
            absent[label, :n] = False
        self.means = nn.Parameter(means)
        start = math.log(math.expm1(1.0 - MIN_PRIOR_SCALE))
        self.raw_scales = nn.Parameter(torch.full_like(means, start))
        self.register_buffer("absent", absent)
        self.register_buffer("log_prior", torch.zeros(n_labels, widest))
        self.set_prior([torch.ones(n) for n in self.n_values])
        # Values of labels that exclude each other, see `edits.implied`.
        self.exclusions = ()
        self._frozen = ()

    @property
    def n_labels(self):
        """Number of labels, L."""
        return len(self.n_values)

    @property
    def scales(self):
        """Prior scales s_lk, (L, K, d)."""
        return F.softplus(self.raw_scales) + MIN_PRIOR_SCALE

    def set_prior(self, counts):
        """Set p(y_l) to the smoothed frequencies of values.

        Parameters
        ----------
        counts : sequence of tensor (K_l,)
            How often each value occurs, for each label.
        """
        self.log_prior.fill_(_LOG_ZERO)
        for label, count in enumerate(counts):
            smoothed = count.to(self.log_prior) + 1.0
            self.log_prior[label, : len(count)] = (smoothed / smoothed.sum()).log()

    def freeze(self):
        """Compute what depends on the parameters only: they will not change any more."""
        self._frozen = self._coefficients()

    def _coefficients(self):
        """Coefficients of log p(z_l | y_l = k): of z^2, of z, and the constant."""
        variance = self.scales.square()
        precision = 1.0 / variance
        constant = (
            self.means.square() * precision + variance.log() + math.log(2 * math.pi)
        ).sum(-1)
        return precision, self.means * precision, constant

    def log_conditional(self, z):
        """Log p(z_l | y_l = k) for every k: (..., L, d) -> (..., L, K)."""
        # With the square expanded, matrix products avoid a tensor of shape (..., K, d).
        precision, weighted, constant = self._frozen or self._coefficients()
        quadratic = torch.einsum("...ld,...lkd->...lk", z.square(), precision)
        cross = torch.einsum("...ld,...lkd->...lk", z, weighted)
        log_density = -0.5 * (quadratic + constant) + cross
        if not self._padded:
            return log_density
        return log_density.masked_fill(self.absent, _LOG_ZERO)

    def log_joint(self, z):
        """Log p(z_l, y_l = k) for every k: (..., L, d) -> (..., L, K)."""
        return self.log_conditional(z) + self.log_prior

    def log_marginal(self, z):
        """Log p(z_l), y_l summed out: (..., L, d) -> (..., L)."""
        return self.log_joint(z).logsumexp(-1)

    def log_classifier(self, z):
        """Log q(y_l = k | z_l) for every k: (..., L, d) -> (..., L, K)."""
        return self.log_joint(z).log_softmax(-1)


def pick(values, codes):
    """Entry of `values` (..., L, K) at the code of each label, (..., L).

    It is 0 where the code is -1.
    """
    # A product with an indicator is several times as fast as `gather` and its gradient.
    values_at = torch.arange(values.shape[-1], device=codes.device)
    return (values * (codes.unsqueeze(-1) == values_at)).sum(-1)
