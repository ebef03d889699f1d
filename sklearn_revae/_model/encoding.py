r"""The piecewise linear encoding of numbers, which encoders read beside the numbers.

The quantiles :math:`b_0 < \dots < b_T` of a feature bound T bins. Of a number x, an
encoder also reads how far it has come through each bin,

.. math::

    \frac{1}{\sqrt T} \left( \operatorname{clip} \left(
    \frac{x - b_{t-1}}{b_t - b_{t-1}}, 0, 1 \right) - \frac12 \right)

for t = 1, ..., T. A network can then treat low, typical and high values differently
without having to learn thresholds first. The factor before the bracket makes all bins of
a feature together weigh about as much as the number itself.

The encoding is that of Gorishniy, Rubachev, Babenko, "On Embeddings for Numerical
Features in Tabular Deep Learning", NeurIPS 2022, arXiv:2203.05556, section 3.2, but for
the factor and the offset that centres it.
"""

import math

import torch
from torch import nn

# Bins that are narrower than this many standard deviations are left out: in them the
# encoding would jump.
_NARROWEST = 1e-3


class PiecewiseLinear(nn.Module):
    """Appends the encoding of some inputs to all inputs: (..., n) -> (..., n + n_bins).

    Parameters
    ----------
    source : tensor of int (m,)
        The inputs that have bins.
    slope, offset : tensors (m, T)
        What an input is multiplied by for each of its bins, and what is added then; 0 for
        bins that are left out.
    limit : float
        Limits the result on both sides.
    """

    def __init__(self, source, slope, offset, limit):
        super().__init__()
        self.limit = limit
        # They follow from the edges of the bins, which are stored with the columns.
        self.register_buffer("source", source, persistent=False)
        self.register_buffer("slope", slope, persistent=False)
        self.register_buffer("offset", offset, persistent=False)

    @property
    def n_bins(self):
        """Number of bins, of all inputs together."""
        return self.slope.shape[-2:].numel()

    def forward(self, x):
        """Append the encoding to `x`."""
        read = x if len(self.source) == x.shape[-1] else x[..., self.source]
        steps = torch.addcmul(self.offset, read[..., None], self.slope)
        steps = steps.clamp(-self.limit, self.limit)
        return torch.cat([x, steps.flatten(-2)], dim=-1)


def piecewise_encoding(columns, likelihood):
    """The encoding of the columns that have edges; None if no column has two bins.

    Parameters
    ----------
    columns : sequence of Column
        The columns, with the edges of their bins.
    likelihood : ProductLikelihood
        Knows what the encoder reads of a row.
    """
    binned = [j for j, column in enumerate(columns) if column.edges]
    if not binned:
        return None
    known = torch.tensor([columns[j].edges for j in binned], dtype=torch.float32)
    edges = known.new_zeros(known.shape[1], len(columns))
    edges[:, binned] = known.T
    source = (likelihood.input_widths.cumsum(0) - likelihood.input_widths)[binned].long()
    read = likelihood.features(edges, complete=True)[:, source].sort(dim=0).values.T
    low, width = read[:, :-1], read.diff(dim=1)
    wide = width > _NARROWEST
    several = wide.sum(1) > 1
    if not several.any():
        return None
    factor = 1 / math.sqrt(low.shape[1])
    slope = torch.where(wide, factor / width, 0.0)
    offset = torch.where(wide, -factor / 2 - low * slope, 0.0)
    return PiecewiseLinear(source[several], slope[several], offset[several], factor / 2)
