"""Converts numbers in X's units to the scaled values that the model sees, and back.

Pixels share one scale, while the columns of a table, which differ in kind, are scaled
individually. With few labels the scaling decides the accuracy, so it is chosen here and
users do not have to scale X.
"""

import numpy as np

from sklearn_revae._data.chunks import chunk_bounds, chunks, dense
from sklearn_revae._data.names import written_name
from sklearn_revae._data.statistics import magnitude
from sklearn_revae._model.families import FAMILIES

# The largest scaled value: networks return NaN for values that are much larger.
_FARTHEST = 1e15
_LARGEST = np.finfo(np.float64).max
_SMALLEST = np.finfo(np.float64).smallest_subnormal


class Scaling:
    """Location and scale of every column, chosen by its kind and its family.

    Parameters
    ----------
    kinds, families : ndarray of str (n_features,)
        The kind of each column and its likelihood.
    levels : dict of int to Levels
        The levels of the categorical and ordinal columns.
    names : list or None
        Names of the columns, for messages.

    Attributes
    ----------
    shift_, scale_ : ndarray (n_features,)
        The model sees (x - shift_) / scale_; if the support is positive, it sees
        (log(x) - shift_) / scale_.
    seen_low_, seen_high_ : ndarray (n_features,)
        The smallest and the largest value in `fit`.
    spread_ : ndarray (n_features,)
        Standard deviation of what the encoder reads from each column.
    """

    def __init__(self, kinds, families, levels, names=None):
        self.kinds = kinds
        self.families = families
        self.levels = levels
        self.names = names

    def _has(self, fact, *values):
        """Mask of the columns whose family states one of these values for a fact."""
        known = [name for name, cls in FAMILIES.items() if getattr(cls, fact) in values]
        return np.isin(self.families, known)

    @property
    def _logged(self):
        return self._has("support", "positive")

    @property
    def _bounded(self):
        return self._has("support", "interval")

    @property
    def counts(self):
        """Mask of the columns that are counts: array of bool (n_features,)."""
        return self._has("support", "count")

    @property
    def unbounded(self):
        """Mask of the columns that are scaled to zero mean and unit variance."""
        return self._has("support", "real", "positive")

    @property
    def shared(self):
        """Mask of the columns that share one scale with all others of their family."""
        return self._has("shared_scale", True)

    def fit(self, statistics):
        """Learn location and scale of each column from its statistics.

        Raises
        ------
        ValueError
            If the values of a column are so close to each other that their standard
            deviation is zero in float64.
        """
        n_features = len(statistics.low)
        low = statistics.low.astype(np.float64)
        high = statistics.high.astype(np.float64)
        self.seen_low_, self.seen_high_ = low, high
        self.shift_, self.scale_ = np.zeros(n_features), np.ones(n_features)
        unbounded, logged = self.unbounded, self._logged
        self.shift_[unbounded] = statistics.mean[unbounded]
        self.scale_[unbounded] = statistics.std[unbounded]
        self.shift_[logged] = statistics.log_mean[logged]
        self.scale_[logged] = statistics.log_std[logged]
        # The mean of equal numbers may differ from them, which matters if they are huge.
        equal = unbounded & ~logged & (low == high)
        self.shift_[equal] = low[equal]
        # Because of rounding, a constant column may have a tiny standard deviation.
        rounding = 10 * np.finfo(np.float64).eps * magnitude(statistics)
        constant = statistics.std <= rounding
        # The squares of tiny numbers may be zero. Logarithms are never that close.
        vanished = (high > low) & (statistics.std == 0)
        self.scale_[unbounded & constant & ~vanished] = 0.0
        vanished &= unbounded & ~logged
        if vanished.any():
            j = np.flatnonzero(vanished)[0]
            raise ValueError(
                f"Column {written_name(self.names, j)} of X is too small to be scaled: "
                f"its values span {high[j] - low[j]:.3g}. Multiply it by a constant "
                "first."
            )
        for family in np.unique(self.families[self.shared]):
            member = self.families == family
            self.scale_[member] = _root_mean_square(self.scale_[member])

        bounded = self._bounded
        low, high = self.range_
        self.shift_[bounded] = low[bounded]
        self.scale_[bounded] = high[bounded] - low[bounded]
        self.scale_[self.scale_ == 0] = 1.0

        # Bounded columns share one standard deviation.
        self.spread_ = np.ones(n_features)
        if bounded.any():
            scaled = statistics.std[bounded] / self.scale_[bounded]
            self.spread_[bounded] = np.sqrt(np.mean(scaled**2))
        return self

    @property
    def range_(self):
        """Smallest and largest value that decoding returns: two arrays (n_features,)."""
        seen_low, seen_high = self.seen_low_, self.seen_high_
        low, high = np.full_like(seen_low, -_LARGEST), np.full_like(seen_high, _LARGEST)
        low[self.counts] = 0.0
        # The exponential turns a small error in the logarithm into a huge one.
        logged = self._logged
        low[logged], high[logged] = seen_low[logged], seen_high[logged]
        pixel = np.isin(self.kinds, ["pixel"])
        if pixel.any():
            low[pixel], high[pixel] = seen_low[pixel].min(), seen_high[pixel].max()
        # Bounded columns of a table lie in [0, 1], or have a range of their own.
        own = self._bounded & ~pixel
        within_unit = (seen_low >= 0) & (seen_high <= 1)
        low[own] = np.where(within_unit, 0.0, seen_low)[own]
        high[own] = np.where(within_unit, 1.0, seen_high)[own]
        return low, high

    def clip_to_seen(self, values):
        """`values` (..., n_features) clipped to the range in `fit`, except for levels."""
        clipped = np.clip(values, self.seen_low_, self.seen_high_)
        discrete = list(self.levels)
        clipped[..., discrete] = values[..., discrete]
        return clipped

    def log_volume(self, values):
        r"""Log of the scaling's Jacobian determinant, for each row.

        .. math::

           \log p(x) = \log p(s) - \sum_j \log \left|\frac{dx_j}{ds_j}\right|

        where :math:`x_j` is the value of column :math:`j` in X's units and :math:`s_j`
        the scaled one. The sum runs over the observed values of columns that have a
        density, because probabilities do not depend on units.

        Parameters
        ----------
        values : ndarray, sparse matrix or Stored (n, n_features)
            Rows in X's units, NaN where missing.

        Returns
        -------
        ndarray (n,)
            The sum for each row.
        """
        log_scale = np.where(self._has("has_density", True), np.log(self.scale_), 0.0)
        logged = self._logged
        volumes = []
        for chunk in chunks(values):
            volume = ~np.isnan(chunk) @ log_scale
            if logged.any():
                volume += np.nansum(np.log(self._positive(chunk, logged)), axis=1)
            volumes.append(volume)
        return np.concatenate(volumes)

    def _positive(self, chunk, logged):
        """The `logged` columns, with a tiny number in place of values below it.

        So the logarithm exists, whatever X is passed after fit.
        """
        tiny = np.exp(self.shift_[logged] - 10 * self.scale_[logged])
        tiny = np.maximum(tiny, _SMALLEST)
        positive = chunk[:, logged]
        return np.where(positive < tiny, tiny, positive)

    def transform(self, values, dtype=np.float32):
        """Scaled rows (n, n_features), NaN where missing.

        Raises
        ------
        ValueError
            For a value that is too far from all values in fit, by the name of its column.
        """
        scaled = np.empty(values.shape, dtype=dtype)
        bounded, counted, logged = self._bounded, self.counts, self._logged
        for start, stop in chunk_bounds(values):
            chunk = dense(values[start:stop]).astype(np.float64)
            if logged.any():
                chunk[:, logged] = np.log(self._positive(chunk, logged))
            for j, levels in self.levels.items():
                chunk[:, j] = levels.codes(chunk[:, j])
            with np.errstate(over="ignore"):
                chunk = (chunk - self.shift_) / self.scale_
            if bounded.any():
                chunk[:, bounded] = chunk[:, bounded].clip(0.0, 1.0)
            if counted.any():
                chunk[:, counted] = np.rint(chunk[:, counted]).clip(0.0, None)
            far = np.abs(chunk) > _FARTHEST
            if far.any():
                i, j = np.argwhere(far)[0]
                value = dense(values[start + i : start + i + 1])[0, j]
                raise ValueError(
                    f"Column {written_name(self.names, j)} of X holds {value:.3g}, which "
                    "is too far from the values in fit to compute with. Replace it by "
                    "NaN, which is treated as missing, or divide the column by a "
                    "constant before fit."
                )
            scaled[start:stop] = chunk
        return scaled

    def inverse_transform(self, scaled):
        """Values in X's units from scaled ones (..., n_features)."""
        logged = self._logged
        low, high = self.range_
        with np.errstate(over="ignore"):
            # Values that overflow are clipped below.
            values = scaled * self.scale_ + self.shift_
            values[..., logged] = np.exp(values[..., logged])
        values = values.clip(low, high)
        whole = np.isin(self.kinds, ["binary", "count"])
        values[..., whole] = np.rint(values[..., whole])
        for j, levels in self.levels.items():
            values[..., j] = levels.values(values[..., j])
        return values

    def add_change(self, own, before, after):
        """`own` rows with the change from `before` to `after` applied, all in X's units.

        The difference is added to real values. Positive values, whose logarithm is
        modelled, are multiplied by the ratio. Levels and binary values are those of
        `after` where it differs from `before`. Missing values are those of `after`. Where
        nothing changes, `own` values are returned exactly, even if they are out of range.
        """
        logged = self._logged
        with np.errstate(over="ignore", invalid="ignore"):
            new = own + (after - before)
            ratio = after[..., logged] / before[..., logged]
            new[..., logged] = own[..., logged] * ratio
        new = new.clip(*self.range_)
        replaced = np.isin(self.kinds, ["binary"])
        replaced[list(self.levels)] = True
        new[..., replaced] = after[..., replaced]
        new = np.where(after == before, own, new)
        return np.where(np.isnan(own), after, new)


def _root_mean_square(values):
    """Root mean square of numbers whose squares may exceed the range of float64."""
    largest = values.max()
    return largest and largest * np.sqrt(np.mean(np.square(values / largest)))


class ScaledRows:
    """Rows of X as the model sees them, scaled when they are indexed.

    Parameters
    ----------
    values : ndarray, sparse matrix or Stored (n, n_features)
        Rows in X's units.
    scaling : Scaling
        Their scaling.
    dtype : dtype
        Precision of the result.
    """

    def __init__(self, values, scaling, dtype=np.float64):
        self.values = values
        self.scaling = scaling
        self.dtype = dtype

    @property
    def shape(self):
        """(n, n_features)."""
        return self.values.shape

    def __len__(self):
        return self.values.shape[0]

    def __getitem__(self, index):
        return self.scaling.transform(self.values[index], self.dtype)
