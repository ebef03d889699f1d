"""Which labelled samples early stopping holds out."""

import math

import numpy as np
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit


def held_out_samples(codes, fraction, seed):
    """Positions of labelled samples to hold out, ascending; None if they are too few.

    Parameters
    ----------
    codes : ndarray of int (n, L), or of float
        Label codes, -1 where not observed; the split is stratified by a single label. Or
        numbers, NaN where not observed.
    fraction : float
        Fraction of the labelled samples to hold out.
    seed : int
        Decides which.

    Returns
    -------
    ndarray of int or None
        None unless every class of a single label is left on both sides, or two numbers,
        without which R2 is not defined. With several labels, every class is left on the
        side of the training.
    """
    if codes.dtype.kind == "f":
        return _held_out_numbers(codes, fraction, seed)
    labeled = np.flatnonzero((codes >= 0).any(axis=1))
    n_held_out = math.ceil(fraction * len(labeled))
    strata = codes[labeled, 0] if codes.shape[1] == 1 else np.zeros(len(labeled))
    n_strata, sizes = np.unique(strata, return_counts=True)
    enough = len(labeled) > 0 and sizes.min() >= 2
    if not enough or not len(n_strata) <= n_held_out <= len(labeled) - len(n_strata):
        return None
    splitter = StratifiedShuffleSplit(1, test_size=n_held_out, random_state=seed)
    rest, held_out = (np.sort(labeled[i]) for i in next(splitter.split(strata, strata)))
    for column in codes.T:
        lost = (column[held_out] >= 0) & ~np.isin(column[held_out], column[rest])
        held_out = held_out[~lost]
    return held_out if len(held_out) else None


def _held_out_numbers(numbers, fraction, seed):
    """The same for labels that are numbers."""
    labeled = np.flatnonzero(~np.isnan(numbers).any(axis=1))
    n_held_out = math.ceil(fraction * len(labeled))
    if not 2 <= n_held_out <= len(labeled) - 2:
        return None
    splitter = ShuffleSplit(1, test_size=n_held_out, random_state=seed)
    _, held_out = next(splitter.split(labeled))
    return np.sort(labeled[held_out])
