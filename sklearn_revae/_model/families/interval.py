"""Families of values in [0, 1]."""

import torch
from torch import distributions, nn
from torch.nn import functional as F

from sklearn_revae._model.draws import gamma, open_uniform
from sklearn_revae._model.families.base import Family, inverse_softplus

# Beta densities may be infinite at 0 and 1, so that values keep this distance from them.
_EDGE = 1e-3


class Bernoulli(Family):
    """Values 0 and 1. For values in between, `log_prob` is the negative cross-entropy."""

    name = "bernoulli"
    support = "interval"
    default_for = "binary"
    has_density = False

    def log_prob(self, output, x):
        return -F.binary_cross_entropy_with_logits(
            output[..., 0], x.expand_as(output[..., 0]), reduction="none"
        )

    def mean(self, output):
        return torch.sigmoid(output[..., 0])

    def sample(self, output, generator):
        mean = self.mean(output)
        return (open_uniform(mean, generator) < mean).to(mean)


class ContinuousBernoulli(Bernoulli):
    """Values in [0, 1], with the Bernoulli's cross-entropy normalised to a density."""

    name = "continuous_bernoulli"
    kind = "bounded"
    has_density = True

    def log_prob(self, output, x):
        return self._distribution(output).log_prob(x)

    def mean(self, output):
        return self._distribution(output).mean

    def sample(self, output, generator):
        return self._distribution(output).icdf(open_uniform(output[..., 0], generator))

    def _distribution(self, output):
        return distributions.ContinuousBernoulli(
            logits=output[..., 0], validate_args=False
        )


class Beta(Family):
    """Values in (0, 1): the mean is decoded, the concentration learned per feature."""

    name = "beta"
    support = "interval"
    kind = "bounded"

    filler = 0.5

    def __init__(self, columns):
        super().__init__(columns)
        start = torch.full((len(columns),), inverse_softplus(5.0))
        self.raw_concentration = nn.Parameter(start)

    def _shapes(self, output):
        mean = self.mean(output).clamp(_EDGE, 1 - _EDGE)
        concentration = F.softplus(self.raw_concentration) + 0.1
        return mean * concentration, (1 - mean) * concentration

    def mean(self, output):
        return torch.sigmoid(output[..., 0])

    def log_prob(self, output, x):
        a, b = self._shapes(output)
        return distributions.Beta(a, b, validate_args=False).log_prob(
            x.clamp(_EDGE, 1 - _EDGE)
        )

    def sample(self, output, generator):
        first, second = (gamma(shape, generator) for shape in self._shapes(output))
        return first / (first + second)
