"""Families of counts: whole numbers from 0."""

import torch
from torch import nn

from sklearn_revae._model.draws import gamma, poisson
from sklearn_revae._model.families.base import Family

# A rate differs from the mean count of its column at most by a factor of exp(8) = 3,000.
_MAX_LOG_RATIO = 8.0
# With so many counts in a row, their total says how much was counted, not what.
MANY_COUNTS = 50


class Count(Family):
    """Base class of counts; the decoder returns the log of rate over mean count."""

    support = kind = "count"
    has_density = False

    def __init__(self, columns):
        super().__init__(columns)
        mean_count = torch.tensor([c.mean_count for c in columns])
        self.register_buffer("log_mean_count", mean_count.clamp(min=1e-3).log())
        self.register_buffer("spread", torch.tensor([c.spread for c in columns]))

    def features(self, x):
        mean_count = self.log_mean_count.exp()
        if len(mean_count) >= MANY_COUNTS:
            size = x.sum(-1, keepdim=True) / mean_count.sum()
            x = x / size.clamp(min=1e-3)
        return ((torch.log1p(x) - torch.log1p(mean_count)) / self.spread)[..., None]

    def log_rate(self, output):
        """Log of the expected count."""
        ratio = output[..., 0].clamp(-_MAX_LOG_RATIO, _MAX_LOG_RATIO)
        return self.log_mean_count + ratio

    def mean(self, output):
        return self.log_rate(output).exp()


class Poisson(Count):
    """Counts whose variance is their mean."""

    name = "poisson"

    def log_prob(self, output, x):
        log_rate = self.log_rate(output)
        return x * log_rate - log_rate.exp() - torch.lgamma(x + 1)

    def sample(self, output, generator):
        return poisson(self.mean(output), generator)


class NegativeBinomial(Count):
    """Counts with the larger variance mean + mean^2 / r; r is learned for each column."""

    name = "negative_binomial"
    default_for = "count"

    def __init__(self, columns):
        super().__init__(columns)
        self.log_size = nn.Parameter(torch.ones(len(columns)))

    def log_prob(self, output, x):
        log_rate = self.log_rate(output)
        log_size = self.log_size.clamp(-_MAX_LOG_RATIO, _MAX_LOG_RATIO)
        size = log_size.exp()
        log_total = torch.logaddexp(log_rate, log_size)
        return (
            torch.lgamma(x + size)
            - torch.lgamma(size)
            - torch.lgamma(x + 1)
            + size * (log_size - log_total)
            + x * (log_rate - log_total)
        )

    def sample(self, output, generator):
        rate = self.mean(output)
        size = self.log_size.exp().expand_as(rate)
        return poisson(rate * gamma(size, generator) / size, generator)
