"""Families of real and of positive numbers: a location is decoded, the noise learned."""

import math

import torch
from torch import distributions, nn
from torch.nn import functional as F

from sklearn_revae._model.draws import gamma, normal, open_uniform
from sklearn_revae._model.families.base import Family, inverse_softplus

# Values are scaled to about unit variance. Without this bound the learned noise of a
# column that is constant, or repeats another, would shrink until the gradients explode.
MIN_NOISE_SCALE = 0.03
_START_NOISE_SCALE = 0.5


class LearnedNoise(Family):
    """Base class of families with a decoded location and a learned scale per column."""

    def __init__(self, columns):
        super().__init__(columns)
        start = inverse_softplus(_START_NOISE_SCALE - MIN_NOISE_SCALE)
        n_scales = 1 if self.shared_scale else len(columns)
        self.raw_scale = nn.Parameter(torch.full((n_scales,), start))

    @property
    def scale(self):
        """Scale of the noise, (n,), or (1,) if it is shared."""
        return F.softplus(self.raw_scale) + MIN_NOISE_SCALE

    def _residual(self, output, x, scale):
        return (x - self.mean(output)) / scale


class Gaussian(LearnedNoise):
    """Normal noise, with one standard deviation per column."""

    name = "gaussian"
    default_for: str | tuple[str, ...] | None = ("real", "zero_inflated")

    def log_prob(self, output, x):
        scale = self.scale
        residual = self._residual(output, x, scale)
        # The constant is subtracted: if it were added, the rounding of its gradient would
        # depend on whether values may be missing.
        constant = scale.log() + 0.5 * math.log(2 * math.pi)
        return -0.5 * residual.square() - constant

    def sample(self, output, generator):
        mean = self.mean(output)
        return mean + self.scale * normal(mean.shape, mean, generator)


class SharedGaussian(Gaussian):
    """Normal noise, with one standard deviation for all columns."""

    name = "shared_gaussian"
    default_for = "pixel"
    shared_scale = True


class LogNormal(Gaussian):
    """Positive values whose logarithm is normal. The model only sees the logarithm."""

    name = "log_normal"
    support = kind = default_for = "positive"
    scaled_family = "gaussian"


class Laplace(LearnedNoise):
    """Double-exponential noise of one scale for all columns: robust to outliers."""

    name = "laplace"
    shared_scale = True

    def log_prob(self, output, x):
        scale = self.scale
        return -self._residual(output, x, scale).abs() - scale.log() - math.log(2)

    def sample(self, output, generator):
        mean = self.mean(output)
        centred = open_uniform(mean, generator) - 0.5
        return mean - self.scale * centred.sign() * torch.log1p(-2 * centred.abs())


class StudentT(LearnedNoise):
    """Heavy-tailed noise, with learned scales and degrees of freedom above 2."""

    name = "student_t"

    def __init__(self, columns):
        super().__init__(columns)
        start = torch.full((len(columns),), inverse_softplus(3.0))
        self.raw_freedom = nn.Parameter(start)

    @property
    def freedom(self):
        """Degrees of freedom, (n,)."""
        # The variance is finite above 2.
        return 2 + F.softplus(self.raw_freedom)

    def log_prob(self, output, x):
        return distributions.StudentT(
            self.freedom, output[..., 0], self.scale, validate_args=False
        ).log_prob(x)

    def sample(self, output, generator):
        mean = self.mean(output)
        freedom = self.freedom.expand_as(mean)
        chi_square = 2 * gamma(freedom / 2, generator)
        noise = normal(mean.shape, mean, generator) * (freedom / chi_square).sqrt()
        return mean + self.scale * noise
