"""Numbers in X's units to the scaled values that the model works on, and back.

Pixels share one scale, while the columns of a table, which differ in kind, get one each.
With few labels this decides the accuracy, so users never have to scale X.
"""

import numpy as np

from sklearn_revae._data.chunks import chunk_bounds, chunks, dense
from sklearn_revae._data.names import written_name
from sklearn_revae._data.statistics import magnitude
from sklearn_revae._model.families import FAMILIES

# In units of a column's scale: networks return NaN for values much farther away.
_FARTHEST = 1e15
_LARGEST = np.finfo(np.float64).max
_SMALLEST = np.finfo(np.float64).smallest_subnormal


class Scaling:
    """Location and scale of every column, by its kind and its family.

    Parameters
    ----------
    kinds, families : ndarray of str (n_features,)
        The kind of each column and its likelihood.
    levels : dict of int to Levels
        Of the categorical and ordinal columns.
    names : list or None
        Names of the columns, for messages.

    Attributes
    ----------
    shift_, scale_ : ndarray (n_features,)
        The model sees (x - shift_) / scale_, with log x where the support is positive.
    seen_low_, seen_high_ : ndarray (n_features,)
        The smallest and the largest value in `fit`.
    spread_ : ndarray (n_features,)
        Standard deviation of what the encoder reads of a column.
    """

    def __init__(self, kinds, families, levels, names=None):
        self.kinds = kinds
        self.families = families
        self.levels = levels
        self.names = names

    def _has(self, fact, *values):
        """Where a fact that the families state has one of these values."""
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
        """Which columns are counts: array of bool (n_features,)."""
        return self._has("support", "count")

    @property
    def unbounded(self):
        """Which columns are scaled to zero mean and unit variance: (n_features,)."""
        return self._has("support", "real", "positive")

    @property
    def shared(self):
        """Which columns share one scale within their family: (n_features,)."""
        return self._has("shared_scale", True)

    def fit(self, statistics):
        """Learn location and scale of each column from its statistics.

        Raises
        ------
        ValueError
            If the values of a column are too small to be scaled, by its name.
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
        # Rounding may leave a constant column a tiny standard deviation.
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
        """Smallest and largest value that decoding returns: two of (n_features,)."""
        seen_low, seen_high = self.seen_low_, self.seen_high_
        low, high = np.full_like(seen_low, -_LARGEST), np.full_like(seen_high, _LARGEST)
        low[self.counts] = 0.0
        # The exponential turns a small excess in the logarithm into a huge one.
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
        """`values` (..., n_features) clipped to the range in `fit`; levels unchanged."""
        clipped = np.clip(values, self.seen_low_, self.seen_high_)
        discrete = list(self.levels)
        clipped[..., discrete] = values[..., discrete]
        return clipped

    def log_volume(self, values):
        """Log of the volume in X's units of a unit of each scaled row: (n,).

        Over the observed values of columns that have a density; the others have
        probabilities, which do not depend on units.
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
        """The `logged` columns, with what is not positive replaced by a tiny number.

        The logarithm then exists for every X that is passed after fit.
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
            For a value too far from all values in fit, by the name of its column.
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
                    f"Column {written_name(self.names, j)} of X reaches {value:.3g}, too "
                    "far from the values in fit to compute with. Replace the value by "
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
            # What overflows is clipped below.
            values = scaled * self.scale_ + self.shift_
            values[..., logged] = np.exp(values[..., logged])
        values = values.clip(low, high)
        whole = np.isin(self.kinds, ["binary", "count"])
        values[..., whole] = np.rint(values[..., whole])
        for j, levels in self.levels.items():
            values[..., j] = levels.values(values[..., j])
        return values

    def add_change(self, own, before, after):
        """`own` rows changed as `after` differs from `before`, all in X's units.

        By the difference; by the ratio in positive columns; a level becomes that of
        `after` where the two differ. Missing values are taken from `after`.
        """
        logged = self._logged
        with np.errstate(over="ignore", invalid="ignore"):
            new = own + (after - before)
            ratio = after[..., logged] / before[..., logged]
            new[..., logged] = own[..., logged] * ratio
        new = new.clip(*self.range_)
        replaced = np.isin(self.kinds, ["binary"])
        replaced[list(self.levels)] = True
        new[..., replaced] = np.where(after == before, own, after)[..., replaced]
        return np.where(np.isnan(own), after, new)


def _root_mean_square(values):
    """Root mean square of numbers whose squares may exceed the range of a double."""
    largest = values.max()
    return largest and largest * np.sqrt(np.mean(np.square(values / largest)))
