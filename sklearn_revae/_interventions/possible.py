"""Values that the columns of a Pipeline's input can have, as far as samples tell.

The model sees what the steps make of X. That a pixel is not negative, or a count whole,
has to be inferred: from the samples to edit, and from training samples, which the steps
restore with an error if they lose information, as a PCA does.
"""

import numpy as np

from sklearn_revae._data.kinds import looks_like_pixels
from sklearn_revae._data.statistics import statistics_of

# So few samples say little about the values of a column.
_FEW = 10
# Training samples are restored up to this multiple of the typical error.
_SLACK = 3.0
# Columns are pixels if so many of them look like it.
_MOST = 0.8
# Relative to the largest value: the rounding errors of steps that lose nothing.
_ROUNDING = 1e-6
# A value in a hundred may be restored with a larger error.
_FRACTIONS = (0.01, 0.99)


class PossibleValues:
    """Limits of columns, and which columns are of whole numbers.

    Attributes
    ----------
    low, high : ndarray (n_features,)
        Limits, infinite where there is none.
    whole : ndarray of bool (n_features,)
        Columns of whole numbers.
    """

    def __init__(self, n_features):
        self.low = np.full(n_features, -np.inf)
        self.high = np.full(n_features, np.inf)
        self.whole = np.zeros(n_features, dtype=bool)

    @classmethod
    def of(cls, own, restored, training=None, dtype=np.float64):
        """Infer them.

        Parameters
        ----------
        own : ndarray (n, n_features)
            Samples, NaN where missing and in columns of categories.
        restored : ndarray (n, n_features)
            The same samples, after the steps and back.
        training : ndarray (m, n_features), optional
            Training samples, after the steps and back. Without them, a few samples have
            no limits.
        dtype : dtype, default=float64
            The precision in which the steps compute.
        """
        possible = cls(own.shape[1])
        if training is None and len(own) < _FEW:
            return possible
        numbers = ~np.isnan(own).all(axis=0)
        if numbers.any():
            parts = own, restored, restored if training is None else training
            possible._learn(*(x[:, numbers] for x in parts), numbers, dtype)
        return possible

    def _learn(self, own, restored, training, numbers, dtype):
        lowest, highest = np.nanmin(own, axis=0), np.nanmax(own, axis=0)
        spread = np.nanstd(training, axis=0)
        # Steps that mix columns restore constants with the rounding errors of others.
        rounding = training.shape[1] * np.finfo(dtype).eps * np.nanmax(np.abs(training))
        varies = spread > rounding
        error = ((own - restored) / np.where(varies, spread, 1.0))[:, varies]
        typical = np.sqrt(np.nanmean(np.square(error))) if varies.any() else 0.0
        slack = np.where(varies, _SLACK * typical * spread, rounding)
        slack = slack + _ROUNDING * np.fmax(np.fmax(np.abs(lowest), highest), spread)
        seen_low, seen_high = np.nanquantile(training, _FRACTIONS, axis=0)
        above = (lowest >= 0) & (seen_low >= -slack)
        below = (lowest < 0) & (highest <= 0) & (seen_high <= slack)
        unit = above & (highest <= 1) & (seen_high <= 1 + slack)
        whole = (np.isnan(own) | (own == np.rint(own))).all(axis=0)
        distance = np.abs(training - np.rint(training))
        whole &= np.nanquantile(distance, _FRACTIONS[1], axis=0) <= slack
        if len(own) < _FEW and not (whole.mean() >= _MOST and len(whole) >= _FEW):
            # With a large error, no training sample would contradict.
            whole &= slack < 0.25
        high = np.where(unit, 1.0, np.where(below, 0.0, np.inf))
        mostly_whole = whole.mean() >= _MOST
        if above.mean() >= _MOST and _are_pixels(own, training, mostly_whole):
            above[:], high[:], whole[:] = True, highest.max(), mostly_whole
        self.low[numbers] = np.where(above, 0.0, -np.inf)
        self.high[numbers], self.whole[numbers] = high, whole

    def apply(self, values, own):
        """Values (n, ..., n_features) that are possible; those of `own` always are."""
        own = own.reshape(len(own), *(1,) * (values.ndim - 2), -1)
        clipped = values.clip(np.fmin(self.low, own), np.fmax(self.high, own))
        return np.where(self.whole & (clipped != own), np.rint(clipped), clipped)


def _are_pixels(own, training, whole):
    """Whether all columns seem to be pixels of one picture."""
    if np.nanmin(own) < 0:
        return False
    training = training.clip(0.0, np.nanmax(own))
    if whole:
        training = np.rint(training)
    return looks_like_pixels(statistics_of(np.concatenate([own, training])))
