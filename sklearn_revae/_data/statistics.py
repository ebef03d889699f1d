"""Statistics of the features of X, from one pass over its samples, in chunks."""

from dataclasses import dataclass

import numpy as np

from sklearn_revae._data.bins import N_BINS
from sklearn_revae._data.chunks import chunks
from sklearn_revae._data.missing_codes import repeated_codes, without_codes
from sklearn_revae._data.robust import centre_and_spread, quantiles
from sklearn_revae._model.families import MANY_COUNTS

# Medians, skewness and statistics of logarithms are computed from at most this many
# rows, and this many values.
_SHAPE_ROWS = 20_000
_SHAPE_CELLS = 16_000_000
# A scale is closed if this fraction of the values, and so many of them, lie at each end.
_FRACTION_AT_END, _FEWEST_AT_END = 0.02, 10
# Number of values that are copied to double precision at once.
_SLAB_CELLS = 2_000_000


@dataclass
class Statistics:
    """Statistics of the observed values of each feature.

    Attributes
    ----------
    n_observed : ndarray (n_features,)
        Number of observed values.
    low, high : ndarray (n_features,)
        Smallest and largest value.
    mean, std : ndarray (n_features,)
        Mean and standard deviation; not finite where the sum of squares overflows.
    skew : ndarray (n_features,)
        Skewness; 0 for constant features.
    centre, spread : ndarray (n_features,)
        Median, and root mean square distance from it without far values.
    log_centre, log_spread, log_skew : ndarray (n_features,)
        The same statistics of log(x); NaN unless all values are positive.
    log1p_std : ndarray (n_features,)
        Standard deviation of log(1 + x); NaN if a value is negative.
    quantiles : ndarray (N_BINS + 1, n_features)
        The smallest and the largest value, and quantiles at equal distances between them.
    zeros : ndarray (n_features,)
        Fraction of zeros.
    whole : ndarray of bool (n_features,)
        Whether all values are whole numbers, up to rounding.
    zero_or_one : ndarray of bool (n_features,)
        Whether all values are 0 or 1, up to rounding.
    closed : ndarray of bool (n_features,)
        Whether many values equal the smallest one, and many the largest one.
    codes : dict of int to (tuple of float, float)
        Columns with far values that look like codes for missing values: these values, and
        the fraction of the observed values that equal one.
    """

    n_observed: np.ndarray
    low: np.ndarray
    high: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    skew: np.ndarray
    centre: np.ndarray
    spread: np.ndarray
    log_centre: np.ndarray
    log_spread: np.ndarray
    log_skew: np.ndarray
    log1p_std: np.ndarray
    quantiles: np.ndarray
    zeros: np.ndarray
    whole: np.ndarray
    zero_or_one: np.ndarray
    closed: np.ndarray
    codes: dict


def magnitude(statistics):
    """Largest absolute value of each feature."""
    return np.maximum(np.abs(statistics.low), np.abs(statistics.high))


def _std_and_skew(values):
    """Standard deviation and skewness of each column, ignoring missing values."""
    observed = ~np.isnan(values)
    n = np.maximum(observed.sum(axis=0), 1)
    filled = np.where(observed, values, 0.0)
    mean = filled.sum(axis=0) / n
    centred = np.where(observed, values - mean, 0.0)
    std = np.sqrt(np.square(centred).sum(axis=0) / n)
    # np.power is much slower for third powers.
    third = (np.square(centred) * centred).sum(axis=0) / n
    return std, third / np.where(std > 0, std, 1.0) ** 3


def _slabs(n_rows, n_features):
    """Slices of columns that are narrow enough for several copies in double precision."""
    width = max(1, _SLAB_CELLS // n_rows)
    return [slice(start, start + width) for start in range(0, n_features, width)]


_SHAPES = (
    "skew",
    "centre",
    "spread",
    "log_centre",
    "log_spread",
    "log_skew",
    "log1p_std",
)


def _shapes(some):
    """Statistics of the rows `some` that need several passes, a dict by name."""
    shapes = {name: np.empty(some.shape[1]) for name in _SHAPES}
    shapes["codes"] = {}
    shapes["closed"] = np.zeros(some.shape[1], dtype=bool)
    shapes["quantiles"] = np.empty((N_BINS + 1, some.shape[1]))
    for slab in _slabs(*some.shape):
        part = some[:, slab].astype(np.float64)
        # Missing values are the last ones of each column.
        part.sort(axis=0)
        n = np.isfinite(part).sum(axis=0)
        edges = shapes["quantiles"][:, slab] = quantiles(part, n, N_BINS)
        fewest = np.maximum(_FRACTION_AT_END * n, _FEWEST_AT_END)
        at_ends = [(part == end).sum(axis=0) >= fewest for end in edges[[0, -1]]]
        shapes["closed"][slab] = np.all(at_ends, axis=0)
        logs = np.log(np.where(part > 0, part, np.nan))
        _, shapes["skew"][slab] = _std_and_skew(part)
        _, shapes["log_skew"][slab] = _std_and_skew(logs)
        log1p = np.log1p(np.where(part >= 0, part, np.nan))
        shapes["log1p_std"][slab], _ = _std_and_skew(log1p)
        shapes["centre"][slab], shapes["spread"][slab] = centre_and_spread(part, n)
        log_centre, log_spread = centre_and_spread(logs, n)
        shapes["log_centre"][slab], shapes["log_spread"][slab] = log_centre, log_spread
        for j, found in repeated_codes(part, n).items():
            shapes["codes"][slab.start + j] = found
    return shapes


def _is_whole(chunk):
    """Whether floats are missing or whole numbers, up to the rounding of a scaler."""
    nearest = np.rint(chunk)
    rounding = 4 * np.finfo(chunk.dtype).eps * np.abs(nearest)
    return (np.abs(chunk - nearest) <= rounding) | np.isnan(chunk)


class _Moments:
    """Number, mean and sum of squared deviations of values, accumulated over chunks."""

    def __init__(self, n_features):
        self.n, self.mean, self.squares = (np.zeros(n_features) for _ in range(3))

    def add(self, chunk):
        if chunk.dtype.kind == "f":
            observed = ~np.isnan(chunk)
            n = observed.sum(axis=0)
            total = np.where(observed, chunk, 0.0).sum(axis=0, dtype=np.float64)
        else:
            n = np.full(chunk.shape[1], len(chunk))
            total = chunk.sum(axis=0, dtype=np.float64)
        mean = total / np.maximum(n, 1)
        centred = np.square(chunk - mean)
        if chunk.dtype.kind == "f":
            centred[np.isnan(centred)] = 0.0
        # Each chunk has its own mean: Chan, Golub and LeVeque (1983) combine the two.
        both = np.maximum(self.n + n, 1)
        apart = mean - self.mean
        self.squares += centred.sum(axis=0) + apart * (self.n * n / both) * apart
        self.mean += apart * (n / both)
        self.n += n


def statistics_of(values, codes=None):
    """Compute :class:`Statistics` of `values` in one pass, chunk by chunk.

    Parameters
    ----------
    values : ndarray, sparse matrix or Stored (n, n_features)
        Rows in X's units.
    codes : dict of int to tuple of float, optional
        By column, the values that count as missing.
    """
    n_rows, n_features = values.shape
    moments, zeros = _Moments(n_features), np.zeros(n_features)
    low, high = np.full(n_features, np.nan), np.full(n_features, np.nan)
    whole = np.ones(n_features, dtype=bool)
    n_shapes = min(_SHAPE_ROWS, max(_SHAPE_CELLS // n_features, 1))
    step, seen, some = -(-n_rows // n_shapes), 0, []
    with np.errstate(all="ignore"):
        for chunk in chunks(values):
            chunk = without_codes(chunk, codes)
            low = np.fmin(low, np.fmin.reduce(chunk, axis=0))
            high = np.fmax(high, np.fmax.reduce(chunk, axis=0))
            zeros += (chunk == 0).sum(axis=0)
            if chunk.dtype.kind == "f":
                whole &= _is_whole(chunk).all(axis=0)
            moments.add(chunk)
            # Every `step`-th row, copied so that the chunk itself can be freed.
            some.append(chunk[-seen % step :: step].copy())
            seen += len(chunk)
        shapes = _shapes(np.concatenate(some))
    shapes["closed"] &= low == shapes["quantiles"][0]
    shapes["closed"] &= high == shapes["quantiles"][-1]
    for name in ("log_centre", "log_spread", "log_skew"):
        shapes[name][~(low > 0)] = np.nan
    shapes["log1p_std"][~(low >= 0)] = np.nan
    return Statistics(
        n_observed=moments.n,
        low=low,
        high=high,
        mean=moments.mean,
        std=np.sqrt(moments.squares / np.maximum(moments.n, 1)),
        zeros=zeros / np.maximum(moments.n, 1),
        whole=whole,
        zero_or_one=whole & (low >= 0) & (np.rint(high) <= 1),
        **shapes,
    )


def root_mean_square(values):
    """Root mean square of numbers whose squares may exceed the range of float64."""
    largest = values.max()
    return largest and largest * np.sqrt(np.mean(np.square(values / largest)))


def count_spread(statistics, counts):
    """Return the standard deviation of log(1 + x) of each count, and 1 for other columns.

    Many counts share one, the root mean square. Rare counts vary little, and mostly by
    chance: a scale of their own would make that as large as the differences between
    frequent ones.

    Parameters
    ----------
    statistics : Statistics
        Those of all columns.
    counts : ndarray of bool (n_features,)
        Which columns are counts.

    Returns
    -------
    ndarray (n_features,)
    """
    spread = statistics.log1p_std
    # Because of rounding, the logarithms of equal counts may have a tiny spread.
    varying = counts & (spread > 0) & (statistics.high > statistics.low)
    if varying.sum() >= MANY_COUNTS:
        spread = np.full(len(spread), root_mean_square(spread[varying]))
    return np.where(varying, spread, 1.0)
