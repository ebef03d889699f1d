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
# A confident batch may predict a class for none of its rows.
_MIN_FREQUENCY = 1e-6
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

    Attributes
    ----------
    temperature : tensor (L,)
        What :meth:`log_mean` divides by. It is set, not learned; 1 changes nothing.
    """

    # What `score` computes.
    score_name = "accuracy"

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
        self.register_buffer("temperature", torch.ones(n_labels))
        # What codes below -1 stand for, see `set_evidence`.
        self.register_buffer("log_evidence", None, persistent=False)
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

    @torch.no_grad()
    def move_apart(self, factor):
        """Multiply all distances between the means by `factor`."""
        self.means.mul_(factor)

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

    def set_evidence(self, evidence):
        """Say what the codes below -1 of the next training stand for.

        Parameters
        ----------
        evidence : tensor (R, K) or None
            Likelihood of each value: row r is that of the code -2 - r. None if there is
            no such code.
        """
        if evidence is not None:
            evidence = evidence.to(self.log_prior).log().clamp(min=_LOG_ZERO)
        self.log_evidence = evidence

    def _evidence_at(self, codes):
        """Log-likelihood of the values (..., L, K), 0 for codes from -1."""
        rows = self.log_evidence[(-2 - codes).clamp(min=0)]
        return torch.where((codes < -1).unsqueeze(-1), rows, 0.0)

    def _log_sum_at(self, log_values, codes):
        """Log of the sum of exp(log_values) over the possible values, (..., L).

        It is 0 where the code is -1, and weighted by the evidence where it is below.
        """
        exact = pick(log_values, codes)
        if self.log_evidence is None:
            return exact
        summed = (log_values + self._evidence_at(codes)).logsumexp(-1)
        return torch.where(codes < -1, summed, exact)

    def set_measured(self, temperature):
        """Set the temperatures (L,) of :meth:`log_mean`."""
        self.temperature.copy_(temperature)

    def freeze(self):
        """Compute what depends on the parameters only: they will not change any more."""
        self._frozen = self._coefficients()

    def _coefficients(self):
        """Log p(z_l | y_l = k) is linear in z and z^2: the matrix and the constant."""
        scales = self.scales
        inverse = 1.0 / scales
        centre = self.means * inverse
        constant = torch.addcmul(scales.log(), centre, centre, value=0.5).sum(-1)
        constant = -0.5 * self.dim * math.log(2 * math.pi) - constant
        of_powers = torch.cat([centre * inverse, -0.5 * inverse.square()], dim=-1)
        # Those of stacked members, (M, 1, L, K, 2d), are matrices (M, L, 2d, K).
        of_labels = of_powers if of_powers.ndim == 3 else of_powers.squeeze(-4)
        return of_labels.transpose(-1, -2), constant

    def beliefs(self, z):
        """What z_l says about y_l, log p(z_l, y_l = k): (..., L, d) -> (..., L, K)."""
        matrix, constant = self._frozen or self._coefficients()
        # A matrix product avoids a tensor of shape (..., K, d).
        powers = torch.cat([z, z.square()], dim=-1).transpose(-3, -2)
        log_joint = (powers @ matrix).transpose(-3, -2) + (constant + self.log_prior)
        if not self._padded:
            return log_joint
        return log_joint.masked_fill(self.absent, _LOG_ZERO)

    @staticmethod
    def log_marginal_of(beliefs):
        """Log p(z_l) of :meth:`beliefs`: (..., L, K) -> (..., L)."""
        return beliefs.logsumexp(-1)

    def log_joint_at(self, beliefs, codes):
        """Log p(z_l, y_l) of the codes of the labels (n, L), 0 where unobserved."""
        return self._log_sum_at(beliefs, codes)

    def log_prior_at(self, codes):
        """Log p(y_l) of the codes of the labels (n, L), 0 where unobserved."""
        return self._log_sum_at(self.log_prior, codes)

    @staticmethod
    def predictions_of(beliefs):
        """Log q(y_l = k | z_l) of :meth:`beliefs`, of the same shape."""
        return beliefs.log_softmax(-1)

    def predictions(self, z):
        """Log q(y_l = k | z_l): (..., L, d) -> (..., L, K)."""
        return self.predictions_of(self.beliefs(z))

    def consistency_target(self, predictions):
        """What perturbed views should predict, without a gradient; see `aligned`."""
        return aligned(predictions, self.log_prior)

    @staticmethod
    def mismatch(target, predictions):
        """Cross-entropy of log-probabilities and their targets: (..., L)."""
        return -(target.detach() * predictions).sum(-1)

    def random_values(self, label, shape, generator):
        """Random codes of a label, all equally probable."""
        device = generator.device
        return torch.randint(
            self.n_values[label], shape, generator=generator, device=device
        )

    def values(self, codes, predictions):
        """Return the codes (..., L), the most probable ones where none is certain."""
        if self.log_evidence is not None:
            predictions = predictions + self._evidence_at(codes)
        return torch.where(certain(codes), codes, predictions.argmax(-1))

    @staticmethod
    def targets_of_edits(predictions, codes, changed):
        """Probabilities (..., L, K) after an edit: certain for changed labels.

        Parameters
        ----------
        predictions : tensor (..., L, K)
            Log-probabilities before the edit.
        codes : long tensor (..., L)
            The codes after it.
        changed : tensor of bool (..., L)
            Whether a label was edited.
        """
        wanted = F.one_hot(codes, predictions.shape[-1]).to(predictions)
        return torch.where(changed.unsqueeze(-1), wanted, predictions.exp())

    def transport(self, label, block, source, target):
        r"""Move latents by the affine map that takes p(z_l|source) to p(z_l|target).

        .. math::

            z_l' = m_v + s_v \, \frac{z_l - m_u}{s_u}

        Here :math:`m_u, s_u` are the mean and the scale of the prior of the source, and
        :math:`m_v, s_v` those of the target. How a row shows the label, which is its
        deviation from the mean in units of the scale, stays the same.

        Parameters
        ----------
        label : int
            The label.
        block : tensor (..., n, d)
            Characteristic latents of the label.
        source, target : long tensors (..., n)
            The present code and the new code of each row.
        """
        means, scales = self.means[..., label, :, :], self.scales[..., label, :, :]
        standardised = (block - _at(means, source)) / _at(scales, source)
        moved = _at(means, target) + _at(scales, target) * standardised
        # A row whose value stays must not change by a rounding error.
        return torch.where((source == target).unsqueeze(-1), block, moved)

    def log_mean(self, predictions):
        r"""Log-probabilities (n, L, K) of the ensemble, with calibrated confidence.

        .. math::

            p(y_l = k | x) \propto
            \left( \frac{1}{M} \sum_m q_m(y_l = k | x) \right)^{1 / T_l}

        The temperatures :math:`T_l` do not change which value is the most probable.

        Parameters
        ----------
        predictions : tensor (M, n, L, K)
            Log-probabilities :math:`\log q_m` that the members predict.
        """
        if len(predictions) == 1:
            # Temperatures are measured for ensembles only.
            return predictions[0]
        log_mean = predictions.logsumexp(0) - math.log(len(predictions))
        return (log_mean / self.temperature[:, None]).log_softmax(-1)

    @staticmethod
    def combined(predictions):
        """The codes (n, L) that members with predictions (M, n, L, K) agree on."""
        return predictions.logsumexp(0).argmax(-1)

    @classmethod
    def score(cls, predictions, codes, weight):
        """Weighted accuracy of the mean of the members' predictions, a float.

        Parameters
        ----------
        predictions : tensor (M, n, L, K)
            Log-probabilities that the members predict.
        codes : long tensor (n, L)
            The code of each label, -1 where it is not observed.
        weight : tensor (n,)
            Sample weights.
        """
        counted = certain(codes) * weight[:, None]
        correct = cls.combined(predictions) == codes
        return float((counted * correct).sum() / counted.sum())


def observed(labels):
    """Which labels (..., L) are observed: codes other than -1, or numbers but NaN."""
    return ~labels.isnan() if labels.is_floating_point() else labels != -1


def certain(labels):
    """Which labels (..., L) have one possible value: codes from 0, or numbers but NaN."""
    return ~labels.isnan() if labels.is_floating_point() else labels >= 0


def _at(parameter, codes):
    """Entries of a parameter (K, d) at codes (..., n): a tensor (..., n, d).

    A parameter of stacked members, (M, 1, K, d), is that of the rows of each member.
    """
    if parameter.ndim == 2:
        return parameter[codes]
    return torch.take_along_dim(parameter.squeeze(-3), codes.unsqueeze(-1), dim=-2)


def pick(values, codes):
    """Entry of `values` (..., L, K) at the code of each label, (..., L).

    It is 0 where the code is negative.
    """
    # A product with an indicator is several times as fast as `gather` and its gradient.
    values_at = torch.arange(values.shape[-1], device=codes.device)
    return (values * (codes.unsqueeze(-1) == values_at)).sum(-1)


def aligned(log_probabilities, log_prior):
    """Class probabilities of a batch, half-way corrected towards the class frequencies.

    If many rows agree on a class, it becomes less probable in all of them. Without the
    correction, a consistency loss can end with one class predicted for every row.

    Parameters
    ----------
    log_probabilities : tensor (n, L, K)
        Log-probabilities of the labels' values.
    log_prior : tensor (L, K)
        Log of their frequencies, p(y_l).

    Returns
    -------
    tensor (n, L, K)
        The corrected probabilities, which get no gradient.

    References
    ----------
    D. Berthelot et al., "ReMixMatch: Semi-Supervised Learning with Distribution Matching
    and Augmentation Anchoring", ICLR 2020.
    """
    log_probabilities = log_probabilities.detach()
    frequency = log_probabilities.exp().mean(-3, keepdim=True).clamp(min=_MIN_FREQUENCY)
    excess = log_prior - frequency.log()
    return torch.add(log_probabilities, excess, alpha=0.5).softmax(-1)
