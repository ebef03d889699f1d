"""The bins of numbers that encoders read, see :mod:`sklearn_revae._model.encoding`.

With few labels, bins help where a class has typical values in the middle of a feature's
range, or beyond a threshold. In wide tables, they are harmful: they multiply the number
of weights that few labels have to determine.
"""

import numpy as np

# Number of bins of a feature.
N_BINS = 8
# No feature has bins if more than this many could have them. On two Gaussians in 241
# features, with 3 to 30 labels per class, bins for all members cost 0.06 of accuracy.
MOST_BINNED = 64


def edges_of(quantiles, scaling):
    """Edges of the bins of each column, scaled.

    Parameters
    ----------
    quantiles : ndarray (N_BINS + 1, n_features)
        Quantiles of the values, in the units of X.
    scaling : Scaling
        Scales them.

    Returns
    -------
    dict of int to ndarray (N_BINS + 1,)
        By the position of the column, for columns that have bins.
    """
    binned = ~scaling.shared & (scaling.kinds != "binary")
    binned[list(scaling.levels)] = False
    columns = np.flatnonzero(binned)
    if len(columns) > MOST_BINNED:
        return {}
    scaled = scaling.transform(quantiles, np.float64)
    return {int(j): scaled[:, j] for j in columns}
