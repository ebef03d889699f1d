"""The ELBO of samples, a lower bound on log p(x), and its quantiles in training."""

import numpy as np
import torch

from sklearn_revae._data.codec import ScaledRows
from sklearn_revae._data.storage import sample_rows
from sklearn_revae._inference.chunked import apply
from sklearn_revae._model.objective import evidence_bound
from sklearn_revae._random import generator
from sklearn_revae._torch_state import standard_settings

_N_DRAWS = 16
# Quantiles are those of a subsample. Wide samples take long to decode: fewer of them are
# used, with fewer draws, as their scores differ by far more than draws do.
_QUANTILE_ROWS = 1000
_QUANTILE_CELLS = 200_000
_FEWEST_ROWS = 100
_WIDE = 256
_WIDE_DRAWS = 4


@standard_settings()
def row_bounds(module, x, n_draws=_N_DRAWS):
    """ELBO of every row, treated as unlabelled: a lower bound on log p(x).

    It is the mean of the members' bounds, and so a bound on the log of their mean
    density. On digits without nines, the mean distinguishes nines from the others with an
    area under the ROC curve of 0.957, single members with 0.934 to 0.955.

    Parameters
    ----------
    module : Ensemble
        The trained module.
    x : ScaledRows (n, n_features)
        The rows, with NaN for missing values.
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
    # The same draws serve all rows and all calls. Pairs of opposite draws have mean zero.
    noise = torch.cat([noise, -noise])

    def bound(module, rows):
        unobserved = torch.full(
            (len(rows), module.label_model.n_labels), -1, device=rows.device
        )
        bounds = [
            evidence_bound(
                member,
                rows,
                unobserved,
                *member.encode(rows),
                noise.to(rows),
                n_decoded=len(noise),
            ).value()
            for member in module.members
        ]
        return torch.stack(bounds).mean(0)

    return apply(module, bound, x) - x.scaling.log_volume(x.values)


def bound_quantiles(module, values, scaling, seed):
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

    Returns
    -------
    ndarray (101,)
    """
    n_features = values.shape[1]
    n_taken = max(_QUANTILE_CELLS // n_features, _FEWEST_ROWS)
    rows = sample_rows(values, min(n_taken, _QUANTILE_ROWS), seed)
    taken = ScaledRows(rows, scaling)
    n_draws = _N_DRAWS if n_features <= _WIDE else _WIDE_DRAWS
    bounds = row_bounds(module, taken, n_draws)
    return np.percentile(bounds, np.arange(101))
