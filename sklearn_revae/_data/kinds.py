"""Kinds of columns, how they are inferred, and which family a column gets."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sklearn_revae._data.names import feature_index
from sklearn_revae._model.families import FAMILIES, MANY_COUNTS, default_families

# Fewer columns than this are a table of measurements, not a picture or a spectrum.
FEWEST_PIXELS = 16
_WIDEST_PIXEL = 255
# Whole numbers that never exceed a smaller number than this are counts or grades.
_NARROWEST_PIXEL = 15
# The standard deviation of pixels, as a fraction of their common range, is at least this
# large: 0.28 in digits and 0.30 in Fashion-MNIST. Where a scaler has given the columns of
# a table one range, it is smaller: 0.14 in breast_cancer, 0.06 in spambase.
_LEAST_CONTRAST = 0.2
# A picture may have a few pixels that are only black or white.
_MOST_BINARY = 0.25
# Scalers return numbers that exceed 0 and 1 by a rounding error.
_ROUNDING = 1e-6
# Of pixels that a scaler has changed, smaller differences, as fractions of the range, and
# smaller deviations from whole steps are rounding errors.
_SMALLEST_STEP = 1e-4
_STEP_ERROR = 0.05
# A non-negative column of whole numbers is a count, and one of other numbers is inflated
# by zeros, if at least this fraction of it is zero.
_FEWEST_ZEROS = 0.05
# Many columns of 0 and 1 are counts if at least this fraction of them and of the counts
# beside them are counts.
_FEWEST_COUNTS = 0.1
# Larger whole numbers are identifiers or times, not counts.
_LARGEST_COUNT = 1e12
# The logarithm of a positive column is modelled if its skewness is larger than this.
_LONG_TAIL = 2.0
# A column with more categories than this holds names or keys.
_MOST_LEVELS = 1000


@dataclass
class Levels:
    """The values of a categorical or ordinal column.

    Parameters
    ----------
    n : int
        How many there are.
    ordered : bool, default=False
        Whether their order has a meaning.
    numbers : ndarray (n,), optional
        The values, ascending, if the column holds numbers. None if it holds the codes
        0, 1, ... of a :class:`~sklearn_revae._data.tables.Table`.
    """

    n: int
    ordered: bool = False
    numbers: np.ndarray | None = None

    def codes(self, column):
        """Codes of a column of numbers; values that fit has not seen become NaN."""
        if self.numbers is None:
            return column
        codes = np.searchsorted(self.numbers, column).clip(max=self.n - 1)
        return np.where(self.numbers[codes] == column, codes, np.nan)

    def values(self, codes):
        """Numbers of a column of codes."""
        return codes if self.numbers is None else self.numbers[codes.astype(np.intp)]


def check_levels(n_levels, name):
    """Refuse a column with too many categories.

    Raises
    ------
    ValueError
        With the name of the column and the largest number of categories.
    """
    if n_levels > _MOST_LEVELS:
        raise ValueError(
            f"Column {name} of X has {n_levels} categories, but at most {_MOST_LEVELS} "
            "are supported. Group rare categories, or leave the column out if it is a "
            "name or an identifier."
        )


def infer_kinds(statistics, levels, image):
    """Kind of every column, an array of str.

    Parameters
    ----------
    statistics : Statistics
        Of the columns.
    levels : dict of int to Levels
        Of the columns that hold categories.
    image : bool
        Whether all columns are known to be pixels of one picture; if not, it is inferred.
    """
    n_features = len(statistics.low)
    binary = statistics.zero_or_one & (statistics.high > statistics.low)
    if not image:
        few_binary = binary.mean() <= _MOST_BINARY
        image = not levels and few_binary and looks_like_pixels(statistics)
    if image:
        return np.full(n_features, "pixel", dtype=object)
    kinds = [
        infer_kind(statistics, j)
        if j not in levels
        else ("ordinal" if levels[j].ordered else "categorical")
        for j in range(n_features)
    ]
    return _as_counts(np.array(kinds, dtype=object), statistics)


def looks_like_pixels(statistics):
    """Whether all columns have one common bounded scale: [0, 1], or integers 0..255.

    The pixels of a picture use much of the common range. The columns of a table, with
    ranges of their own, do not, and neither do words, which most documents lack.
    """
    low, top = statistics.low.min(), statistics.high.max()
    if len(statistics.low) < FEWEST_PIXELS or low < -_ROUNDING * top:
        return False
    if top > 1 + _ROUNDING and not (_is_pixel_top(top) and statistics.whole.all()):
        return False
    varying = statistics.std[statistics.high > statistics.low]
    return len(varying) > 0 and np.sqrt(np.mean(varying**2)) >= _LEAST_CONTRAST * top


def _is_pixel_top(top):
    return _NARROWEST_PIXEL <= top <= _WIDEST_PIXEL


def looks_like_pixel_steps(rows):
    """Whether columns are pixels, and each column was shifted and scaled by itself.

    The values of such a column are evenly spaced, as integers within 0..255 are.

    Parameters
    ----------
    rows : ndarray (n, n_features)
        Rows, NaN where missing.
    """
    variances, top = [], 0.0
    for column in rows.T:
        levels = np.unique(column[~np.isnan(column)])
        if len(levels) < 2:
            continue
        steps = np.diff(levels)
        smallest = steps[steps > _SMALLEST_STEP * (levels[-1] - levels[0])].min()
        numbers = (column - levels[0]) / smallest
        if np.nanmax(np.abs(numbers - np.rint(numbers))) > _STEP_ERROR:
            return False
        variances.append(np.nanvar(numbers))
        top = max(top, np.nanmax(numbers))
    contrast = np.sqrt(np.mean(variances)) if variances else 0.0
    return bool(_is_pixel_top(round(top)) and contrast >= _LEAST_CONTRAST * top)


def infer_kind(statistics, j):
    """Kind of column `j` of a table, which holds numbers."""
    if statistics.zero_or_one[j] and statistics.high[j] > statistics.low[j]:
        return "binary"
    if statistics.low[j] == 0 and statistics.zeros[j] >= _FEWEST_ZEROS:
        if not statistics.whole[j]:
            return "zero_inflated"
        if 1 < statistics.high[j] <= _LARGEST_COUNT:
            return "count"
    if (
        statistics.low[j] > 0
        and statistics.skew[j] > _LONG_TAIL
        and abs(statistics.log_skew[j]) < statistics.skew[j] / 2
    ):
        return "positive"
    return "real"


def _as_counts(kinds, statistics):
    """`kinds`, in which the columns of a table of counts are all counts.

    Most words occur at most once in a document, and some occur in all documents.
    """
    counts = kinds == "count"
    candidate = statistics.whole & (statistics.low == 0)
    candidate &= (statistics.high <= _LARGEST_COUNT) & np.isin(
        kinds, ["binary", "count", "real"]
    )
    n = candidate.sum()
    if n >= MANY_COUNTS and 2 * n >= len(kinds) and counts.sum() >= _FEWEST_COUNTS * n:
        kinds[candidate] = "count"
    return kinds


def requested_families(likelihood, names, n_features):
    """The family that the user requests for each column, "auto" for none: array of str.

    Parameters
    ----------
    likelihood : str, sequence of str or dict
        The estimators' parameter.
    names : list or None
        Names of the columns.
    n_features : int
        Number of columns.

    Raises
    ------
    ValueError
        For an unknown family or column, and for a list of another length.
    """
    if isinstance(likelihood, str):
        families = [likelihood] * n_features
    elif isinstance(likelihood, Mapping):
        families = ["auto"] * n_features
        for column, family in likelihood.items():
            families[feature_index(column, names, n_features, "likelihood")] = family
    else:
        families = list(likelihood)
        if len(families) != n_features:
            raise ValueError(
                f"likelihood has {len(families)} entries, but X has {n_features} "
                "columns. Pass one name for all columns, a list with one name per "
                "column, or a dict from column to name."
            )
    unknown = sorted({str(f) for f in families} - {"auto", *FAMILIES})
    if unknown:
        raise ValueError(
            f"likelihood names {unknown}, but the known families are "
            f"{['auto', *FAMILIES]}."
        )
    return np.array(families, dtype=object)


def is_discrete(family):
    """Whether a requested family, or "auto", is one of levels."""
    return family in FAMILIES and FAMILIES[family].discrete


def requests_levels(likelihood):
    """Whether the parameter names a family of levels for any column."""
    if isinstance(likelihood, Mapping):
        likelihood = likelihood.values()
    names = [likelihood] if isinstance(likelihood, str) else list(likelihood)
    return any(is_discrete(str(family)) for family in names)


def requested_levels(likelihood, names, n_features):
    """The columns for which the user requests a family of levels, a set of positions.

    Parameters and errors are those of :func:`requested_families`.
    """
    requested = requested_families(likelihood, names, n_features)
    return {j for j, family in enumerate(requested) if is_discrete(family)}


def chosen_families(requested, kinds):
    """The family of each column: the requested one, or the default for its kind."""
    default = default_families()
    # Interned: a pickle then holds one string per family and not one per column.
    return np.array(
        [
            default[kind] if family == "auto" else sys.intern(str(family))
            for kind, family in zip(kinds, requested, strict=True)
        ],
        dtype=object,
    )


def check_support(family, name, statistics, j, kind):
    """Refuse a requested family that cannot be the distribution of column `j`.

    `kind` is the kind that was inferred. Pixels have a range of their own, which is
    scaled to [0, 1].

    Raises
    ------
    ValueError
        With the family, the column, what it holds and a family that fits.
    """
    support, low = FAMILIES[family].support, statistics.low[j]
    problem = None
    if kind in ("categorical", "ordinal") and support != "level":
        problem = "holds categories", "'categorical' or 'ordinal'"
    elif support == "count" and (low < 0 or not statistics.whole[j]):
        problem = "holds values other than non-negative integers", "'gaussian'"
    elif support == "positive" and low <= 0:
        problem = f"holds {low:.4g}, which is not positive", "'gaussian'"
    elif (
        support == "interval"
        and not (FAMILIES[family].has_density or kind == "pixel")
        and (low < -_ROUNDING or statistics.high[j] > 1 + _ROUNDING)
    ):
        problem = "holds numbers outside of [0, 1]", "'continuous_bernoulli' or 'beta'"
    if problem:
        raise ValueError(
            f"likelihood={family!r} does not fit column {name} of X, which "
            f"{problem[0]}. Choose {problem[1]} for it."
        )
