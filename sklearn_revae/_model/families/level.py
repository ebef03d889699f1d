"""Families of categories, with and without an order."""

import torch
from torch import nn
from torch.nn import functional as F

from sklearn_revae._model.draws import open_uniform
from sklearn_revae._model.families.base import Family, inverse_softplus


class Levels(Family):
    """Base class for columns with the same number of levels, coded 0, 1, ..."""

    support = "level"
    has_density = False
    discrete = True

    def __init__(self, columns):
        super().__init__(columns)
        self.n_levels = columns[0].n_levels

    def log_probabilities(self, output):
        """Log-probability of each level: (..., n, n_levels)."""
        raise NotImplementedError

    def expectation(self, output):
        return self.log_probabilities(output).exp()

    def mean(self, output):
        return self.value(self.expectation(output))

    def edited(self, x, before, after):
        # Under the maximal coupling of both distributions, a level k stays as it is with
        # the probability min(1, after(k) / before(k)). It changes here if this is less
        # than one half, and becomes the level whose probability grows most.
        own = F.one_hot(x.long(), self.n_levels)
        leaves = (own * (after - 0.5 * before)).sum(-1) < 0
        return x, torch.where(leaves, (after - before).argmax(-1).to(x), x)

    def log_prob(self, output, x):
        log_levels = self.log_probabilities(output)
        codes = x.long().expand(log_levels.shape[:-1])
        return log_levels.gather(-1, codes[..., None])[..., 0]

    def sample(self, output, generator):
        # Log-probabilities plus Gumbel noise are largest at a draw from the levels.
        log_levels = self.log_probabilities(output)
        gumbel = -(-open_uniform(log_levels, generator).log()).log()
        return (log_levels + gumbel).argmax(-1).to(output)


class Categorical(Levels):
    """Levels without an order."""

    name = kind = default_for = "categorical"

    @property
    def n_inputs(self):
        """One indicator per level."""
        return self.n_levels

    n_outputs = n_inputs

    def features(self, x):
        return F.one_hot(x.long(), self.n_levels).to(x)

    def expected_features(self, output):
        return self.log_probabilities(output).exp()

    def log_probabilities(self, output):
        return output.log_softmax(-1)

    def value(self, expectation):
        return expectation.argmax(-1).to(expectation)


class Ordinal(Levels):
    """Ordered levels: learned cutpoints divide the axis of the decoded location."""

    name = kind = default_for = "ordinal"

    def __init__(self, columns):
        super().__init__(columns)
        n_cuts = max(self.n_levels - 1, 1)
        self.first_cut = nn.Parameter(torch.full((len(columns), 1), 0.5 - n_cuts / 2))
        gaps = torch.full((len(columns), n_cuts - 1), inverse_softplus(1.0))
        self.raw_gaps = nn.Parameter(gaps)

    def features(self, x):
        top = max(self.n_levels - 1, 1)
        return (2 * x / top - 1)[..., None]

    def expected_features(self, output):
        levels = torch.arange(self.n_levels, device=output.device, dtype=output.dtype)
        return self.features((self.log_probabilities(output).exp() * levels).sum(-1))

    def log_probabilities(self, output):
        if self.n_levels == 1:
            return torch.zeros_like(output)
        gaps = F.softplus(self.raw_gaps).cumsum(-1)
        cuts = torch.cat([self.first_cut, self.first_cut + gaps], dim=-1)
        below = cuts - output
        low, high = below[..., :-1], below[..., 1:]
        # log(sigmoid(high) - sigmoid(low)), without a difference of almost equal numbers.
        between = (
            F.logsigmoid(high) + F.logsigmoid(-low) + torch.log(-torch.expm1(low - high))
        )
        return torch.cat(
            [F.logsigmoid(below[..., :1]), between, F.logsigmoid(-below[..., -1:])],
            dim=-1,
        )

    def value(self, expectation):
        # The median level: at most half of the probability lies below it.
        cumulative = expectation.cumsum(-1)
        return (cumulative[..., :-1] < 0.5).sum(-1).to(expectation)
