"""How likely rows are: the bound on log p(x), and what the training rows had of it."""

import numpy as np
import torch
from sklearn.utils.random import sample_without_replacement

from sklearn_revae._data.codec import ScaledRows
from sklearn_revae._data.storage import rows_at
from sklearn_revae._inference.chunked import apply
from sklearn_revae._model.objective import evidence_bound
from sklearn_revae._random import generator
from sklearn_revae._torch_state import standard_settings

_N_DRAWS = 16
# A low quantile needs no more rows; wide ones are decoded slowly, and get fewer, with
# fewer draws: they differ by far more than draws do.
_QUANTILE_ROWS = 1000
_QUANTILE_CELLS = 200_000
_FEWEST_ROWS = 100
_WIDE = 256
_WIDE_DRAWS = 4


@standard_settings()
def row_bounds(module, x, unlabeled_bound, n_draws=_N_DRAWS):
    """Lower bound on log p(x) of every row, in nats, its labels unknown: (n,).

    Parameters
    ----------
    module : ReVAE
        The trained module.
    x : ScaledRows (n, n_features)
        Rows, NaN where missing.
    unlabeled_bound : {"marginal", "classifier"}
        The bound, as :func:`evidence_bound` takes it.
    n_draws : int
        Number of draws from q(z|x) that the bound is averaged over; even.
    """
    noise = torch.randn(
        (n_draws // 2, 1, module.latent_dim),
        generator=generator(0),
        dtype=torch.float64,
    )
    # Fixed, and in pairs of opposites: the same for every row and every call.
    noise = torch.cat([noise, -noise])

    def bound(module, rows):
        mean, scale = module.encode(rows)
        unobserved = torch.full(
            (len(rows), module.label_model.n_labels), -1, device=rows.device
        )
        return evidence_bound(
            module,
            rows,
            unobserved,
            mean,
            scale,
            mean + scale * noise.to(rows),
            n_decoded=len(noise),
            unlabeled_bound=unlabeled_bound,
        ).value()

    return apply(module, bound, x) - x.scaling.log_volume(x.values)


def bound_quantiles(module, values, scaling, unlabeled_bound, seed):
    """Percentiles 0, 1, ..., 100 of :func:`row_bounds` over a sample of rows: (101,).

    Parameters are those of :func:`row_bounds`; `seed` decides which rows are taken.
    """
    n_rows, n_features = values.shape
    n_taken = max(_QUANTILE_CELLS // n_features, _FEWEST_ROWS)
    n_taken = min(n_taken, _QUANTILE_ROWS, n_rows)
    index = np.sort(sample_without_replacement(n_rows, n_taken, random_state=seed))
    taken = ScaledRows(rows_at(values, index), scaling)
    n_draws = _N_DRAWS if n_features <= _WIDE else _WIDE_DRAWS
    bounds = row_bounds(module, taken, unlabeled_bound, n_draws)
    return np.percentile(bounds, np.arange(101))
