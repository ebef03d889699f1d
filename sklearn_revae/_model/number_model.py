"""p(y), p(z_l|y_l), q(y_l|z_l) and log p(z_l), exactly, for labels that are numbers.

The classes here and in :mod:`~sklearn_revae._model.label_model` have the same methods, by
which the loss is the same for both.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from sklearn_revae._model.label_model import MIN_PRIOR_SCALE, observed

_LOG_TWO_PI = math.log(2 * math.pi)
# Length of the initial slopes: y then explains 4/5 of the variance along its line.
_START_SLOPE = 2.0


class NumberModel(nn.Module):
    r"""Standardised numbers, and how they and their characteristic latents are related.

    .. math::

        p(y_l) = N(y_l; 0, 1), \qquad
        p(z_l | y_l) = N(z_l; m_l + w_l y_l, \operatorname{diag}(s_l^2))

    The means :math:`m_l`, the slopes :math:`w_l` and the scales :math:`s_l` are learned.
    The predictor q(y_l|z_l) is the Gaussian posterior of the two, whose mean is linear in
    :math:`z_l` and whose variance :math:`v_l` is the same everywhere:

    .. math::

        v_l = (1 + \sum_j \frac{w_{lj}^2}{s_{lj}^2})^{-1}, \qquad
        E[y_l|z_l] = v_l \sum_j \frac{w_{lj} (z_{lj} - m_{lj})}{s_{lj}^2}

    The marginal prior p(z_l) is a Gaussian with the covariance
    :math:`w_l w_l^T + \operatorname{diag}(s_l^2)`.

    Parameters
    ----------
    n_values : sequence
        With an entry for each label, whatever it is. Empty for a model without labels.
    dim : int
        d, the number of characteristic dimensions of each label.
    generator : torch.Generator
        Source of the initial parameters.

    Attributes
    ----------
    noise : tensor (L,)
        Variance of y_l around predictions for rows that were not learned from, 0 where it
        was not measured. It takes the place of :math:`v_l` in the variance of a
        prediction: :math:`v_l` is far too small if the labels were learned by heart.
    """

    # No value of a number excludes another one.
    exclusions = ()
    # What `score` computes.
    score_name = "R2"

    def __init__(self, n_values, dim, generator):
        super().__init__()
        self.n_labels = n_labels = len(n_values)
        self.dim = dim
        slopes = torch.randn(n_labels, dim, generator=generator)
        self.slopes = nn.Parameter(_START_SLOPE * F.normalize(slopes, dim=-1))
        self.means = nn.Parameter(torch.zeros(n_labels, dim))
        self.register_buffer("noise", torch.zeros(n_labels))
        start = math.log(math.expm1(1.0 - MIN_PRIOR_SCALE))
        self.raw_scales = nn.Parameter(torch.full((n_labels, dim), start))

    def set_measured(self, noise):
        """Set the measured noise, (L,)."""
        self.noise.copy_(noise)

    def freeze(self):
        """Do nothing: what depends on the parameters only is computed quickly."""

    @property
    def scales(self):
        """Prior scales s_l, (L, d)."""
        return F.softplus(self.raw_scales) + MIN_PRIOR_SCALE

    @property
    def variance(self):
        """Variance v_l of y_l given z_l, (L,)."""
        return 1 / (1 + (self.slopes / self.scales).square().sum(-1))

    def variance_of(self, scale):
        """Variance of y_l if z_l is a Gaussian with this scale: (..., L, d) -> (..., L).

        It is v_l plus the variance of E[y_l|z_l], which is linear in z_l.
        """
        slope = self.variance.unsqueeze(-1) * self.slopes / self.scales.square()
        return self.variance + (slope * scale).square().sum(-1)

    def predicted_variance(self, scale):
        """Return :meth:`variance_of` with the measured noise in place of v_l."""
        noise = torch.where(self.noise > 0, self.noise, self.variance)
        return self.variance_of(scale) - self.variance + noise

    def beliefs(self, z):
        """E[y_l|z_l] and log p(z_l): (..., L, d) -> (..., L, 2)."""
        scales, variance = self.scales, self.variance
        deviation = (z - self.means) / scales
        mean = variance * (deviation * self.slopes / scales).sum(-1)
        # By the matrix determinant lemma and the Woodbury identity.
        log_volume = 2 * scales.log().sum(-1) - variance.log() + self.dim * _LOG_TWO_PI
        distance = deviation.square().sum(-1) - mean.square() / variance
        return torch.stack([mean, -0.5 * (distance + log_volume)], dim=-1)

    @staticmethod
    def log_marginal_of(beliefs):
        """Log p(z_l) of :meth:`beliefs`: (..., L, 2) -> (..., L)."""
        return beliefs[..., 1]

    def log_joint_at(self, beliefs, numbers):
        """Log p(z_l, y_l) of the numbers (n, L), 0 where unobserved."""
        mean, log_marginal = beliefs.unbind(-1)
        variance = self.variance
        distance = (numbers.nan_to_num() - mean).square() / variance
        log_posterior = -0.5 * (distance + variance.log() + _LOG_TWO_PI)
        return (log_marginal + log_posterior) * observed(numbers)

    @staticmethod
    def log_prior_at(numbers):
        """Log p(y_l) of the numbers (n, L), 0 where unobserved."""
        log_prior = -0.5 * (numbers.nan_to_num().square() + _LOG_TWO_PI)
        return log_prior * observed(numbers)

    @staticmethod
    def predictions_of(beliefs):
        """E[y_l|z_l] of :meth:`beliefs`: (..., L, 2) -> (..., L, 1)."""
        return beliefs[..., :1]

    def predictions(self, z):
        """E[y_l|z_l]: (..., L, d) -> (..., L, 1)."""
        return self.predictions_of(self.beliefs(z))

    @staticmethod
    def consistency_target(predictions):
        """What perturbed views should predict: the same, without a gradient."""
        return predictions.detach()

    @staticmethod
    def mismatch(target, predictions):
        """Squared difference of numbers and their targets: (..., L)."""
        return (target - predictions).square().sum(-1)

    def random_values(self, label, shape, generator):
        """Random numbers of a label, from p(y_l)."""
        return torch.randn(shape, generator=generator, device=generator.device)

    @staticmethod
    def values(numbers, predictions):
        """Return the numbers (..., L), the predicted ones where unobserved."""
        return torch.where(observed(numbers), numbers, predictions.squeeze(-1))

    @staticmethod
    def targets_of_edits(predictions, numbers, changed):
        """Predictions (..., L, 1) after an edit: the new numbers of changed labels.

        Parameters
        ----------
        predictions : tensor (..., L, 1)
            Predictions before the edit.
        numbers : tensor (..., L)
            The numbers after it.
        changed : tensor of bool (..., L)
            Whether a label was edited.
        """
        return torch.where(changed, numbers, predictions.squeeze(-1)).unsqueeze(-1)

    def transport(self, label, block, source, target):
        r"""Move latents along the line, until the predicted number is another one.

        .. math::

            z_l' = z_l + \frac{y_v - y_u}{1 - v_l} w_l

        Here :math:`y_u` is the present number and :math:`y_v` the new one. The deviation
        from the line stays the same. The denominator is the change of :math:`E[y_l|z_l]`
        for a step of length one along the line.

        Parameters
        ----------
        label : int
            The label.
        block : tensor (..., n, d)
            Characteristic latents of the label.
        source, target : tensors (..., n)
            The present number and the new number of each row.
        """
        step = (target - source) / (1 - self.variance[..., label])
        moved = block + step.unsqueeze(-1) * self.slopes[..., label, :]
        return torch.where((source == target).unsqueeze(-1), block, moved)

    @staticmethod
    def combined(predictions):
        """The mean (n, L) of the members' predictions (M, n, L, 1)."""
        return predictions.mean(0).squeeze(-1)

    @classmethod
    def score(cls, predictions, numbers, weight):
        """Mean over the labels of the R2 of the mean of the members' predictions.

        Parameters
        ----------
        predictions : tensor (M, n, L, 1)
            Numbers that the members predict.
        numbers : tensor (n, L)
            The standardised number of each label, NaN where it is not observed.
        weight : tensor (n,)
            Sample weights.
        """
        counted = observed(numbers) * weight[:, None]
        known = numbers.nan_to_num()
        mean = (counted * known).sum(0) / counted.sum(0)
        error = (counted * (known - cls.combined(predictions)).square()).sum(0)
        total = (counted * (known - mean).square()).sum(0)
        return float((1 - error / total).nanmean())
