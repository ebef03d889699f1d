"""p(x|z): one class a family, and their product over a row's columns.

A family turns the decoder's output for its columns, `output`, into the
log-density of the (scaled) values `x`. All take and return tensors of shape
(..., n_columns).
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

# Values arrive scaled to about unit variance: below this share of it, a learned
# noise would chase columns that are constant or copied until gradients explode.
MIN_NOISE_SCALE = 0.03
_START_NOISE_SCALE = 0.5


class Bernoulli(nn.Module):
    """Values in [0, 1]; for values between, the usual cross-entropy bound."""

    def __init__(self, n_columns):
        super().__init__()

    def log_prob(self, output, x):
        """Log-probability of `x` under logits `output`."""
        return -F.binary_cross_entropy_with_logits(
            output, x.expand_as(output), reduction="none"
        )

    def mean(self, output):
        """Probability of a one."""
        return torch.sigmoid(output)


class _LearnedNoise(nn.Module):
    """A location family around the decoder's output, with a learned scale.

    Parameters
    ----------
    n_columns : int
        Number of columns.
    shared : bool
        One scale for all columns, or one for each.
    """

    def __init__(self, n_columns, shared):
        super().__init__()
        start = math.log(math.expm1(_START_NOISE_SCALE - MIN_NOISE_SCALE))
        self.raw_scale = nn.Parameter(torch.full((1 if shared else n_columns,), start))

    @property
    def scale(self):
        return F.softplus(self.raw_scale) + MIN_NOISE_SCALE

    def mean(self, output):
        """Return the decoder's output itself."""
        return output


class Gaussian(_LearnedNoise):
    """Normal noise of learned standard deviation."""

    def log_prob(self, output, x):
        """Log-density of `x` around `output`."""
        scale = self.scale
        residual = (x - output) / scale
        return -0.5 * residual.square() - scale.log() - 0.5 * math.log(2 * math.pi)


class Laplace(_LearnedNoise):
    """Double-exponential noise of learned scale: tolerant of outlying pixels."""

    def log_prob(self, output, x):
        """Log-density of `x` around `output`."""
        scale = self.scale
        return -(x - output).abs() / scale - scale.log() - math.log(2)


def make_family(name, n_columns):
    """Likelihood of the family `name`, see :data:`FAMILIES`."""
    return FAMILIES[name](n_columns)


FAMILIES = {
    "bernoulli": Bernoulli,
    "gaussian": lambda n_columns: Gaussian(n_columns, shared=False),
    "shared_gaussian": lambda n_columns: Gaussian(n_columns, shared=True),
    "laplace": lambda n_columns: Laplace(n_columns, shared=True),
}


class ProductLikelihood(nn.Module):
    """Independent columns given z: each in the family named for it.

    Parameters
    ----------
    families : sequence of str
        For each column a key of :data:`FAMILIES`.
    """

    def __init__(self, families):
        super().__init__()
        names = sorted(set(families))
        self.families = nn.ModuleDict()
        for name in names:
            columns = [j for j, family in enumerate(families) if family == name]
            self.families[name] = make_family(name, len(columns))
            # One family for all columns needs no gathering.
            index = torch.tensor(columns) if len(names) > 1 else None
            self.register_buffer(f"columns_{name}", index)

    def _parts(self):
        for name, family in self.families.items():
            yield family, getattr(self, f"columns_{name}")

    def log_prob(self, output, x):
        """Log p(x|z) of every row, summed over its columns: (..., n_columns) -> (...)."""
        total = 0.0
        for family, columns in self._parts():
            if columns is None:
                return family.log_prob(output, x).sum(-1)
            total = total + family.log_prob(output[..., columns], x[..., columns]).sum(-1)
        return total

    def mean(self, output):
        """E[x|z], the shape of `output`."""
        result = torch.empty_like(output)
        for family, columns in self._parts():
            if columns is None:
                return family.mean(output)
            result[..., columns] = family.mean(output[..., columns])
        return result
