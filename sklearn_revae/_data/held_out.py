"""Which labelled samples early stopping holds out."""

import math

import numpy as np
from sklearn.model_selection import StratifiedShuffleSplit


def held_out_samples(codes, fraction, seed):
    """Positions of labelled samples to hold out, ascending; None if they are too few.

    Parameters
    ----------
    codes : ndarray of int (n, L)
        Label codes, -1 where not observed. The split is stratified by a single label.
    fraction : float
        Fraction of the labelled samples to hold out.
    seed : int
        Decides which.

    Returns
    -------
    ndarray of int or None
        None unless every class is left on both sides.
    """
    labeled = np.flatnonzero((codes >= 0).any(axis=1))
    n_held_out = math.ceil(fraction * len(labeled))
    strata = codes[labeled, 0] if codes.shape[1] == 1 else np.zeros(len(labeled))
    n_strata, sizes = np.unique(strata, return_counts=True)
    enough = len(labeled) > 0 and sizes.min() >= 2
    if not enough or not len(n_strata) <= n_held_out <= len(labeled) - len(n_strata):
        return None
    splitter = StratifiedShuffleSplit(1, test_size=n_held_out, random_state=seed)
    _, held_out = next(splitter.split(strata, strata))
    return np.sort(labeled[held_out])
