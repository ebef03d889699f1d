"""The density of the latent codes of training samples."""

import math

import numpy as np
import torch

# In units of the scales of q(z|x). With 1, an absent digit is found slightly better, but
# test samples of digits are less probable by 25 nats than with 1.5; with 2, a table's are
# less probable, and the absent digits are found less well.
_WIDTH = 1.5
# The means are stored in half precision.
_ROUNDING = 1e-3


class LatentDensity:
    r"""A mixture of normal distributions, one at the code of each training sample.

    For each ensemble member, the density is

    .. math::

        \hat p(z) = \frac{1}{n} \sum_i N(z; \mu_i, (1.5 s)^2 I)

    where :math:`\mu_i` is the mean of q(z|x) of the training sample i, and s the root
    mean square of the scales of q(z|x), which differs from dimension to dimension.

    Parameters
    ----------
    means : ndarray (M, n, D)
        The means, for each of M members.
    scales : ndarray (M, D)
        The scales.
    """

    def __init__(self, means, scales):
        self.means, self.scales = means, scales

    @classmethod
    def of(cls, module, values, scaling, seed, codes):
        """The density of :class:`~sklearn_revae._interventions.drawing.StoredCodes`.

        The module, the samples, their scaling and the seed determined these codes.
        """
        return cls(codes.means, codes.scales)

    def __len__(self):
        """Number of the training samples."""
        return self.means.shape[1]

    def by_member(self, like):
        """Centres (n, D) and scales (D,) of each member, as tensors like another one."""
        return [
            (
                torch.from_numpy(means.astype(np.float64)).to(like),
                torch.from_numpy(_WIDTH * scales.astype(np.float64)).to(like),
            )
            for means, scales in zip(self.means, self.scales, strict=True)
        ]


def log_mixture(z, own, means, scales):
    """Log-density (S, n) of codes under a mixture at other samples' `means` (m, D).

    Parameters
    ----------
    z : tensor (S, n, D)
        Codes of n samples, S of each.
    own : tensor (n, D)
        Mean of q(z|x) of these samples. If it is among `means`, it is left out once: a
        sample would otherwise be as probable as it is similar to itself.
    means : tensor (m, D)
        Centres of the mixture.
    scales : tensor (D,)
        Scales of the mixture.
    """
    # Distances are differences of large numbers if codes are far from the origin.
    centre = means.mean(0)
    scaled, own_scaled, centres = ((v - centre) / scales for v in (z, own, means))
    exponents = -0.5 * centres.square().sum(-1)
    nearest = torch.addmm(exponents, own_scaled, centres.T).argmax(-1)
    exponents = torch.addmm(exponents, scaled.flatten(0, -2), centres.T)
    exponents = exponents.unflatten(0, z.shape[:-1])
    known = torch.isclose(own, means[nearest], rtol=_ROUNDING, atol=_ROUNDING).all(-1)
    known &= len(means) > 1
    rows = torch.arange(len(own), device=z.device)[known]
    exponents[:, rows, nearest[known]] = -math.inf
    log_sum = exponents.logsumexp(-1) - 0.5 * scaled.square().sum(-1)
    constant = 0.5 * len(scales) * math.log(2 * math.pi) + scales.log().sum()
    n_others = (len(means) - known.to(z)).log()
    return log_sum - constant - n_others
