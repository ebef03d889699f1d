"""The range of what is decoded: what `fit` saw, and what a column can be."""

import numpy as np

# Decoded real values leave the range in fit by at most its width, or this many scales.
_FEWEST_SCALES = 10.0
_LARGEST = np.finfo(np.float64).max


def decoded_range(scaling):
    """Smallest and largest decoded value of each column: two arrays (n_features,).

    Parameters
    ----------
    scaling : Scaling
        The fitted scaling of the columns.
    """
    seen_low, seen_high = scaling.seen_low_, scaling.seen_high_
    low, high = np.full_like(seen_low, -_LARGEST), np.full_like(seen_high, _LARGEST)
    clipped = scaling.clipped
    with np.errstate(over="ignore"):
        reach = np.maximum(seen_high - seen_low, _FEWEST_SCALES * scaling.scale_)
        low[clipped] = np.maximum(low, seen_low - reach)[clipped]
        high[clipped] = np.minimum(high, seen_high + reach)[clipped]
    low[scaling.counts | (scaling.kinds == "zero_inflated")] = 0.0
    within_unit = (seen_low >= 0) & (seen_high <= 1)
    if scaling.limits_:
        low[seen_low >= 0] = low[seen_low >= 0].clip(0.0)
        high[seen_high <= 0] = high[seen_high <= 0].clip(None, 0.0)
        high[within_unit] = high[within_unit].clip(None, 1.0)
    closed = scaling.closed_
    low[closed], high[closed] = seen_low[closed], seen_high[closed]
    # The exponential turns a small error in the logarithm into a huge one.
    logged = scaling._logged
    low[logged], high[logged] = seen_low[logged], seen_high[logged]
    pixel = np.isin(scaling.kinds, ["pixel"])
    if pixel.any():
        low[pixel], high[pixel] = seen_low[pixel].min(), seen_high[pixel].max()
    # Bounded columns of a table lie in [0, 1], or have a range of their own.
    own = scaling._bounded & ~pixel
    low[own] = np.where(within_unit, 0.0, seen_low)[own]
    high[own] = np.where(within_unit, 1.0, seen_high)[own]
    return low, high
