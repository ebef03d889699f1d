"""What passes over X say of its columns, however many rows it has."""

from dataclasses import dataclass

import numpy as np

from sklearn_revae._rows import chunks, dense

# Shapes of distributions are told well enough by so many rows.
_SHAPE_ROWS = 20_000


@dataclass
class Summary:
    """Statistics of the observed values, an array (n_features,) each.

    Attributes
    ----------
    n_observed : number of values.
    low, high, mean, std : of the values; not finite where a column's squares overflow.
    skew : third standardised moment; 0 for constant columns.
    log_mean, log_std, log_skew : of the logarithm, NaN where values are not positive.
    log1p_std : of log(1 + x), NaN where values are negative.
    zeros : share of zeros.
    whole : whether all values are whole numbers.
    zero_or_one : whether all values are 0 or 1.
    """

    n_observed: np.ndarray
    low: np.ndarray
    high: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    skew: np.ndarray
    log_mean: np.ndarray
    log_std: np.ndarray
    log_skew: np.ndarray
    log1p_std: np.ndarray
    zeros: np.ndarray
    whole: np.ndarray
    zero_or_one: np.ndarray


def magnitude(summary):
    """Largest absolute value of each column."""
    return np.maximum(np.abs(summary.low), np.abs(summary.high))


def _moments(values):
    """Mean, standard deviation and skewness of each column, missing values left out."""
    there = ~np.isnan(values)
    n = np.maximum(there.sum(axis=0), 1)
    filled = np.where(there, values, 0.0)
    mean = filled.sum(axis=0) / n
    centred = np.where(there, values - mean, 0.0)
    std = np.sqrt(np.square(centred).sum(axis=0) / n)
    third = (centred**3).sum(axis=0) / n
    return mean, std, third / np.where(std > 0, std, 1.0) ** 3


def _some_rows(values):
    """Evenly spaced rows in double precision, all of them if they are few."""
    step = -(-values.shape[0] // _SHAPE_ROWS)
    return dense(values[::step]).astype(np.float64)


def summarise(values):
    """:class:`Summary` of `values`, read twice in chunks and a share of it once more."""
    n_features = values.shape[1]
    n_observed, total, squares, zeros = (np.zeros(n_features) for _ in range(4))
    low, high = np.full(n_features, np.nan), np.full(n_features, np.nan)
    whole = np.ones(n_features, dtype=bool)
    with np.errstate(all="ignore"):
        for chunk in chunks(values):
            low = np.fmin(low, np.fmin.reduce(chunk, axis=0))
            high = np.fmax(high, np.fmax.reduce(chunk, axis=0))
            zeros += (chunk == 0).sum(axis=0)
            if chunk.dtype.kind == "f":
                there = ~np.isnan(chunk)
                n_observed += there.sum(axis=0)
                total += np.where(there, chunk, 0.0).sum(axis=0, dtype=np.float64)
                whole &= ((chunk == np.rint(chunk)) | ~there).all(axis=0)
            else:
                n_observed += len(chunk)
                total += chunk.sum(axis=0, dtype=np.float64)
        mean = total / np.maximum(n_observed, 1)
        for chunk in chunks(values):
            centred = np.square(chunk - mean)
            squares += np.where(np.isnan(centred), 0.0, centred).sum(axis=0)
        some = _some_rows(values)
        log_mean, log_std, log_skew = _moments(np.log(np.where(some > 0, some, np.nan)))
        _, log1p_std, _ = _moments(np.log1p(np.where(some >= 0, some, np.nan)))
        _, _, skew = _moments(some)
    return Summary(
        n_observed=n_observed,
        low=low,
        high=high,
        mean=mean,
        std=np.sqrt(squares / np.maximum(n_observed, 1)),
        skew=skew,
        log_mean=np.where(low > 0, log_mean, np.nan),
        log_std=np.where(low > 0, log_std, np.nan),
        log_skew=np.where(low > 0, log_skew, np.nan),
        log1p_std=np.where(low >= 0, log1p_std, np.nan),
        zeros=zeros / np.maximum(n_observed, 1),
        whole=whole,
        zero_or_one=whole & (low >= 0) & (high <= 1),
    )
