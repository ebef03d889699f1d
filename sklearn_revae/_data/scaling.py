"""Converts numbers in X's units to the scaled values that the model sees, and back.

Pixels share one scale, while the columns of a table, which differ in kind, are scaled
individually. With few labels the scaling decides the accuracy, so it is chosen here and
users do not have to scale X.
"""

import numpy as np

from sklearn_revae._data.chunks import chunk_bounds, chunks, dense
from sklearn_revae._data.clipping import clip, log_slope, unclip, unclip_decoded
from sklearn_revae._data.far import reach, warn_of_far
from sklearn_revae._data.limits import decoded_range
from sklearn_revae._data.missing_codes import without_codes
from sklearn_revae._data.names import written_name
from sklearn_revae._data.statistics import magnitude, root_mean_square
from sklearn_revae._model.families import FAMILIES

# Beyond this clipped value, 4.5 scales from the centre, clipping is steep.
STEEP = 3.0
_ROUNDING = 1e-6
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
    codes : dict of int to tuple of float, optional
        By column, the values that stand for missing values.

    Attributes
    ----------
    counts, unbounded, shared : ndarray of bool (n_features,)
        Masks of the columns that are counts, of those that are centred and divided by
        their spread, and of those that share one scale with all others of their family.
    shift_, scale_ : ndarray (n_features,)
        The model sees z = (x - shift_) / scale_ or, if the support is positive,
        z = (log(x) - shift_) / scale_; smoothly clipped where `clipped` is true.
    clips_ : bool
        Whether columns are clipped. They are not in models of format 1 that were fitted
        before clipping was introduced.
    limits_ : bool
        Whether decoded values keep to what `fit` saw: to one sign, or to [0, 1]. They do
        not in models that were saved before these limits were introduced.
    whole_ : ndarray of bool (n_features,)
        The unbounded columns of whole numbers, whose decoded values are rounded.
    closed_ : ndarray of bool (n_features,)
        The unbounded columns with many values at both ends of their range, such as
        percentages: decoded values do not leave it. All are False in models that were
        saved before.
    seen_low_, seen_high_ : ndarray (n_features,)
        The smallest and the largest value in `fit`.
    constant_ : ndarray of bool (n_features,)
        The columns with a scale of their own that had one value in `fit`. Any value is
        read as this one, because nothing was learned about others. All are False in
        models that were saved before.
    spread_ : ndarray (n_features,)
        Standard deviation of what the encoder reads from each column.
    """

    clips_ = False
    limits_ = False

    def __init__(self, kinds, families, levels, names=None, codes=None):
        self.kinds = kinds
        self.families = families
        self.levels = levels
        self.names = names
        self.codes = codes or {}
        self._logged = self._has("support", "positive")
        self._bounded = self._has("support", "interval")
        self.counts = self._has("support", "count")
        self.unbounded = self._logged | self._has("support", "real")
        self.shared = self._has("shared_scale", True)
        self.whole_ = np.zeros(len(families), dtype=bool)
        self.closed_ = np.zeros(len(families), dtype=bool)
        self.constant_ = np.zeros(len(families), dtype=bool)

    def _has(self, fact, value):
        """Mask of the columns whose family states this value for a fact."""
        known = [name for name, cls in FAMILIES.items() if getattr(cls, fact) == value]
        return np.isin(self.families, known)

    @property
    def clipped(self):
        """Mask of the columns that are smoothly clipped; pixels are bounded anyway."""
        return self.unbounded & (self.kinds != "pixel") & self.clips_

    def fit(self, statistics):
        """Learn location and scale of each column from its statistics.

        Raises
        ------
        ValueError
            If the values of a column are so close to each other that their standard
            deviation is zero in float64.
        """
        self.clips_ = self.limits_ = True
        self.whole_ = statistics.whole & self.unbounded
        self.closed_ = statistics.closed & self.clipped
        n_features = len(statistics.low)
        low = statistics.low.astype(np.float64)
        high = statistics.high.astype(np.float64)
        self.seen_low_, self.seen_high_ = low, high
        self.constant_ = (low == high) & ~self.shared & (self.kinds != "pixel")
        self.constant_[list(self.levels)] = False
        self.shift_, self.scale_ = np.zeros(n_features), np.ones(n_features)
        unbounded, logged = self.unbounded, self._logged
        self.shift_[unbounded] = statistics.mean[unbounded]
        self.scale_[unbounded] = statistics.std[unbounded]
        robust = self.clipped
        self.shift_[robust] = statistics.centre[robust]
        # The rows that the spread is computed from may lack a column's rare values.
        robust &= statistics.spread > 0
        self.scale_[robust] = statistics.spread[robust]
        self.shift_[logged] = statistics.log_centre[logged]
        self.scale_[logged] = statistics.log_spread[logged]
        # The mean of equal numbers may differ from them, which matters if they are huge.
        equal = unbounded & ~logged & (low == high)
        self.shift_[equal] = low[equal]
        self._refuse_vanished(statistics, unbounded, logged)
        for family in np.unique(self.families[self.shared]):
            member = self.families == family
            self.scale_[member] = root_mean_square(self.scale_[member])

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

    def _refuse_vanished(self, statistics, unbounded, logged):
        """Give constant columns the scale 0, and refuse those with a vanishing spread."""
        low, high = self.seen_low_, self.seen_high_
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

    @property
    def range_(self):
        """Smallest and largest value that decoding returns: two arrays (n_features,)."""
        return decoded_range(self)

    def without_codes(self, values):
        """Values (..., n_features) in X's units with NaN for codes of missing values."""
        return without_codes(values, self.codes)

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
        the scaled, and possibly clipped, one. The sum runs over the observed values of
        columns that have a density, because probabilities do not depend on units.

        Parameters
        ----------
        values : ndarray, sparse matrix or Stored (n, n_features)
            Rows in X's units, NaN where missing.

        Returns
        -------
        ndarray (n,)
            The sum for each row.
        """
        has_density = self._has("has_density", True)
        log_scale = np.where(has_density, np.log(self.scale_), 0.0)
        logged, clipped = self._logged, self.clipped & has_density
        volumes = []
        for chunk in chunks(values):
            chunk = self._with_constants(self.without_codes(chunk))
            volume = ~np.isnan(chunk) @ log_scale
            if logged.any():
                volume += np.nansum(np.log(self._positive(chunk, logged)), axis=1)
            if clipped.any():
                z = self._standardised(chunk, clipped)
                volume += np.nansum(log_slope(z), axis=1)
            volumes.append(volume)
        return np.concatenate(volumes)

    def _positive(self, chunk, logged):
        """The `logged` columns, with a tiny number in place of values below it.

        So the logarithm exists, whatever X is passed after fit.
        """
        tiny = np.exp(self.shift_[logged] - 10 * self.scale_[logged])
        tiny = np.minimum(np.maximum(tiny, _SMALLEST), self.seen_low_[logged])
        positive = chunk[..., logged]
        return np.where(positive < tiny, tiny, positive)

    def _with_constants(self, values):
        """Values (..., n_features) with the constant of `fit` in constant columns."""
        if not self.constant_.any():
            return values
        read = self.constant_ & ~np.isnan(values)
        return np.where(read, self.seen_low_, values)

    def keep_constant(self, values):
        """Read columns as they are that are constant in `fit`, but not in `values`."""
        for chunk in chunks(values) if self.constant_.any() else ():
            chunk = self.without_codes(chunk)
            same = (chunk == self.seen_low_) | np.isnan(chunk)
            self.constant_ = self.constant_ & same.all(axis=0)

    def _standardised(self, values, columns, farthest=None):
        """Values (..., n_features) of the mask `columns`, centred and scaled.

        Values that are too far to compute with are the farthest ones that are not, which
        :func:`~sklearn_revae._data.far.reach` returns.
        """
        values = self._with_constants(values)
        chosen = values[..., columns].astype(np.float64)
        logged = columns & self._logged
        if logged.any():
            chosen[..., logged[columns]] = np.log(self._positive(values, logged))
        farthest = (reach(self) if farthest is None else farthest)[columns]
        with np.errstate(over="ignore"):
            scaled = (chosen - self.shift_[columns]) / self.scale_[columns]
        return scaled.clip(-farthest, farthest)

    def transform(self, values, dtype=np.float32):
        """Scaled rows (n, n_features), NaN where missing.

        Warns
        -----
        UserWarning
            Of a value that is too far from all values in fit, by the name of its column.
        """
        scaled = np.empty(values.shape, dtype=dtype)
        bounded, counted, clipped = self._bounded, self.counts, self.clipped
        everything, farthest = np.ones(len(self.scale_), dtype=bool), reach(self)
        for start, stop in chunk_bounds(values):
            chunk = self.without_codes(dense(values[start:stop])).astype(np.float64)
            for j, levels in self.levels.items():
                chunk[:, j] = levels.codes(chunk[:, j])
            chunk = self._standardised(chunk, everything, farthest)
            far = np.isfinite(farthest) & (np.abs(chunk) == farthest)
            if far.any():
                warn_of_far(far, dense(values[start:stop]), self)
            if bounded.any():
                chunk[:, bounded] = chunk[:, bounded].clip(0.0, 1.0)
            if counted.any():
                chunk[:, counted] = np.rint(chunk[:, counted]).clip(0.0, None)
            if clipped.any():
                chunk[:, clipped] = clip(chunk[:, clipped])
            scaled[start:stop] = chunk
        return scaled

    def _rounded(self, values):
        """Values (..., n_features) in X's units, rounded in columns of whole numbers."""
        return np.where(self.whole_, np.rint(values), values)

    def inverse_transform(self, scaled, exact=False):
        """Values in X's units from scaled ones (..., n_features).

        With `exact`, unbounded values are not rounded to whole numbers: their differences
        are added to others, as :meth:`add_change` does. Binary values are then the
        probabilities of 1, which that method compares.
        """
        logged, clipped = self._logged, self.clipped
        low, high = self.range_
        scaled = np.array(scaled, dtype=np.float64)
        scaled[..., clipped] = unclip_decoded(scaled[..., clipped])
        with np.errstate(over="ignore"):
            # Values that overflow are clipped below.
            values = scaled * self.scale_ + self.shift_
            values[..., logged] = np.exp(values[..., logged])
        values = values.clip(low, high)
        # Draws are in single precision, in which 0 has a rounding error.
        zero = (self.kinds == "zero_inflated") & (values < _ROUNDING * self.scale_)
        values = np.where(zero, 0.0, values)
        whole = np.isin(self.kinds, ["count"] if exact else ["binary", "count"])
        values[..., whole] = np.rint(values[..., whole])
        values = np.where(self.constant_, self.seen_low_, values)
        for j, levels in self.levels.items():
            values[..., j] = levels.values(values[..., j])
        return values if exact else self._rounded(values)

    def add_change(self, own, before, after):
        """`own` rows with the change from `before` to `after` applied, all in X's units.

        The difference is added to real values. Positive values, whose logarithm is
        modelled, are multiplied by the ratio. If `before` or `after` is far from the
        centre, where small changes of clipped values stand for large ones, a value
        changes by no more than if the difference were added to the clipped value. Levels
        are those of `after` where it differs from `before`. A binary value changes if its
        probability falls by more than half. Missing values are those of `after`. Where
        nothing changes, `own` values are returned exactly, even if they are out of range.
        """
        own = self.without_codes(own)
        logged, clipped = self._logged, self.clipped
        with np.errstate(over="ignore", invalid="ignore"):
            new = own + (after - before)
            ratio = after[..., logged] / before[..., logged]
            new[..., logged] = own[..., logged] * ratio
        low, high = self.range_
        if clipped.any():
            new[..., clipped] = self._smaller_change(own, before, after, new)
            # An edit does not pull values from outside of the range into it.
            low = np.where(clipped, np.fmin(low, own), low)
            high = np.where(clipped, np.fmax(high, own), high)
        new = new.clip(low, high)
        levels, binary = list(self.levels), np.isin(self.kinds, ["binary"])
        new[..., levels] = after[..., levels]
        flags = (values[..., binary] for values in (own, before, after))
        new[..., binary] = _changed_flags(*flags)
        new = np.where(after == before, own, self._rounded(new))
        filled = np.where(binary, np.rint(after), self._rounded(after))
        return np.where(np.isnan(own), filled, new)

    def _smaller_change(self, own, before, after, new):
        """Clipped columns of `new`, or the same change of clipped values if smaller."""
        columns = self.clipped
        s, s_before, s_after = (
            clip(self._standardised(values, columns)) for values in (own, before, after)
        )
        with np.errstate(over="ignore", invalid="ignore"):
            other = unclip(s + (s_after - s_before)) * self.scale_[columns]
            other = other + self.shift_[columns]
            logged = self._logged[columns]
            other[..., logged] = np.exp(other[..., logged])
            own, new = own[..., columns], new[..., columns]
            smaller = np.abs(other - own) < np.abs(new - own)
        smaller &= np.maximum(np.abs(s_before), np.abs(s_after)) > STEEP
        return np.where(smaller, other, new)


def _changed_flags(own, before, after):
    """Values 0 and 1, changed where their probability falls by more than half.

    `before` and `after` are probabilities of 1; see `Levels.edited`, which says why.
    """
    one = own > 0.5
    before, after = (np.where(one, p, 1 - p) for p in (before, after))
    return np.where(after < 0.5 * before, ~one, own)


class ScaledRows:
    """Rows of X as the model sees them, scaled in double precision when indexed.

    Parameters
    ----------
    values : ndarray, sparse matrix or Stored (n, n_features)
        Rows in X's units.
    scaling : Scaling
        Their scaling.
    """

    def __init__(self, values, scaling):
        self.values = values
        self.scaling = scaling
        self.chunk_rows = getattr(values, "chunk_rows", 1)

    @property
    def shape(self):
        """(n, n_features)."""
        return self.values.shape

    def __len__(self):
        return self.values.shape[0]

    def __getitem__(self, index):
        return self.scaling.transform(self.values[index], np.float64)
