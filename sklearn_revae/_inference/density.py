"""Lower bounds on log p(x) of samples, and their quantiles in training."""

import math
from itertools import cycle

import numpy as np
import torch

from sklearn_revae._data.codec import ScaledRows
from sklearn_revae._data.storage import sample_rows
from sklearn_revae._inference.chunked import apply, for_inference
from sklearn_revae._inference.latent_density import log_mixture
from sklearn_revae._model.objective import evidence_bound
from sklearn_revae._random import generator
from sklearn_revae._torch_state import standard_settings

_N_DRAWS = 16
# Only the first of them are used for the density of latent codes, whose cost grows with
# the number of training samples.
_N_LATENT_DRAWS = 2
# Quantiles are those of a subsample. Wide samples take long to decode: fewer of them are
# used, with fewer draws, as their scores differ by far more than draws do.
_QUANTILE_ROWS = 1000
_QUANTILE_CELLS = 200_000
_FEWEST_ROWS = 100
_WIDE = 256
_WIDE_DRAWS = 4


@standard_settings()
def row_bounds(module, x, latent_density=None, n_draws=_N_DRAWS):
    r"""Lower bounds on log p(x) of rows whose labels are treated as unknown.

    Of the model :math:`p(x) = \int p(x|z) \hat p(z) \, dz`, where :math:`\hat p(z)` is
    `latent_density`, the bound is

    .. math::

        E_{q(z|x)}[\log p(x|z) + \log \hat p(z)] - E_{q(z|x)}[\log q(z|x)]

    The prior of the labels and of the style latents, which training assumes, also covers
    latent codes that no training sample has. On digits without nines, the density of the
    training samples' codes distinguishes nines from the others with an area under the ROC
    curve of 0.979 (mean of five splits), the prior with 0.951.

    The result is the mean of the members' bounds, and so a bound on the log of their mean
    density.

    Parameters
    ----------
    module : Ensemble
        The trained module.
    x : ScaledRows (n, n_features)
        The rows, with NaN for missing values.
    latent_density : LatentDensity, optional
        The density of latent codes. Without it, the prior that training assumes is used:
        the bound is the ELBO of unlabelled rows.
    n_draws : int
        Number of draws from q(z|x) to average over; an even number.

    Returns
    -------
    ndarray (n,)
        In nats, for the density of x in the units of X.
    """
    noise = torch.randn(
        (n_draws // 2, 1, module.latent_dim),
        generator=generator(0),
        dtype=torch.float64,
    )
    # The same draws serve all rows and all calls. Pairs of opposite draws, which follow
    # each other, have mean zero.
    noise = torch.stack([noise, -noise], dim=1).flatten(0, 1)
    width, parts = 1, cycle([None])
    if latent_density is not None:
        parameter = next(for_inference(module).parameters())
        parts = latent_density.by_member(parameter)
        width = -(-_N_LATENT_DRAWS * len(latent_density) // x.shape[1])

    def bound(module, rows):
        bounds = [
            _bound(member, rows, noise.to(rows), part)
            for member, part in zip(module.members, parts, strict=False)
        ]
        return torch.stack(bounds).mean(0)

    return apply(module, bound, x, copies=width) - x.scaling.log_volume(x.values)


def _bound(member, rows, noise, part):
    """Bound (n,) of one member, whose codes have the density `part`, or the prior."""
    mean, scale = member.encode(rows)
    if part is None:
        unobserved = torch.full((len(rows), member.label_model.n_labels), -1)
        unobserved = unobserved.to(rows.device)
        bound = evidence_bound(
            member, rows, unobserved, mean, scale, noise, n_decoded=len(noise)
        )
        return bound.value()
    z = mean + scale * noise
    log_likelihood = member.likelihood.log_prob(member.decode(z), rows).mean(0)
    log_density = log_mixture(z[:_N_LATENT_DRAWS], mean, *part).mean(0)
    entropy = (scale.log() + 0.5 * (1 + math.log(2 * math.pi))).sum(-1)
    return log_likelihood + log_density + entropy


def bound_quantiles(module, values, scaling, seed, latent_density):
    """Percentiles 0, 1, ..., 100 of :func:`row_bounds` in a subsample of the rows.

    Parameters
    ----------
    module : ReVAE
        The trained module.
    values : ndarray, sparse matrix or stored rows (n, n_features)
        Training rows in the units of X.
    scaling : Scaling
        Their scaling.
    seed : int
        Decides which rows are in the subsample.
    latent_density : LatentDensity or None
        The density of latent codes.

    Returns
    -------
    ndarray (101,)
    """
    n_features = values.shape[1]
    n_taken = max(_QUANTILE_CELLS // n_features, _FEWEST_ROWS)
    rows = sample_rows(values, min(n_taken, _QUANTILE_ROWS), seed)
    taken = ScaledRows(rows, scaling)
    n_draws = _N_DRAWS if n_features <= _WIDE else _WIDE_DRAWS
    bounds = row_bounds(module, taken, latent_density, n_draws)
    return np.percentile(bounds, np.arange(101))
