"""Kinds of features: how they are inferred, which family each gets, and their table."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Any

import numpy as np

from sklearn_revae._data.names import feature_index, is_integer
from sklearn_revae._model.families import FAMILIES, default_families

# Fewer columns than this are a table of measurements, not a picture or a spectrum.
_FEWEST_PIXELS = 16
_WIDEST_PIXEL = 255
# A column of whole numbers is a count if at least this fraction of it is zero.
_FEWEST_ZEROS = 0.05
# Larger whole numbers are identifiers or times, not counts.
_LARGEST_COUNT = 1e12
# A positive column that is more skewed than this is modelled by its logarithm.
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
        The values, where the column holds numbers; otherwise it holds codes 0, 1, ...
    """

    n: int
    ordered: bool = False
    numbers: np.ndarray | None = None

    def codes(self, column):
        """Codes of a column of numbers; those that fit has not seen become missing."""
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
        Naming the column and the largest number.
    """
    if n_levels > _MOST_LEVELS:
        raise ValueError(
            f"Column {name} of X has {n_levels} categories, but at most {_MOST_LEVELS} "
            "are supported. Group rare categories, or leave the column out if it is a "
            "name or an identifier."
        )


def infer_kinds(statistics, levels, image=None):
    """Kind of every column, an array of str.

    Parameters
    ----------
    statistics : Statistics
        Of the columns.
    levels : dict of int to Levels
        Of the columns that hold categories.
    image : bool, optional
        Whether all columns are pixels of one picture; None infers it.
    """
    n_features = len(statistics.low)
    binary = statistics.zero_or_one & (statistics.high > statistics.low)
    if image is None:
        image = not levels and not binary.all() and looks_like_pixels(statistics)
    if image:
        return np.full(n_features, "pixel", dtype=object)
    kinds = [
        infer_kind(statistics, j)
        if j not in levels
        else ("ordinal" if levels[j].ordered else "categorical")
        for j in range(n_features)
    ]
    return np.array(kinds, dtype=object)


def requested_families(likelihood, names, n_features):
    """The family that the user requests for each column, "auto" for none: array of str.

    Raises
    ------
    ValueError
        For an unknown family or column, and a list of another length.
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
            f"likelihood names {unknown}, but the known ones are {['auto', *FAMILIES]}."
        )
    return np.array(families, dtype=object)


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


def check_support(family, name, statistics, j, has_categories):
    """Refuse a requested family that cannot be one of column `j`.

    Raises
    ------
    ValueError
        Naming the family, the column, what it holds and a family that fits.
    """
    support, low = FAMILIES[family].support, statistics.low[j]
    problem = None
    if has_categories and support != "level":
        problem = "holds categories", "'categorical' or 'ordinal'"
    elif support == "count" and (low < 0 or not statistics.whole[j]):
        problem = "does not hold whole numbers >= 0 only", "'gaussian'"
    elif support == "positive" and low <= 0:
        problem = f"reaches {low:.4g}, but has to be above 0", "'gaussian'"
    if problem:
        raise ValueError(
            f"likelihood={family!r} does not fit column {name} of X, which "
            f"{problem[0]}. Choose {problem[1]} for it."
        )


def looks_like_pixels(statistics):
    """Whether all columns have one common bounded scale: [0, 1], or integers 0..255.

    Most columns of a picture reach into the upper half of the common range. The columns
    of a table, with scales of their own, do not.
    """
    if len(statistics.low) < _FEWEST_PIXELS or statistics.low.min() < 0:
        return False
    top = statistics.high.max()
    if top > 1 and (top > _WIDEST_PIXEL or not statistics.whole.all()):
        return False
    varying = statistics.high > statistics.low
    return bool(varying.any() and np.mean(statistics.high[varying] >= top / 2) >= 0.5)


def infer_kind(statistics, j):
    """Kind of column `j` of a table, which holds numbers."""
    if statistics.zero_or_one[j] and statistics.high[j] > statistics.low[j]:
        return "binary"
    if (
        statistics.whole[j]
        and statistics.low[j] == 0
        and 1 < statistics.high[j] <= _LARGEST_COUNT
        and statistics.zeros[j] >= _FEWEST_ZEROS
    ):
        return "count"
    if (
        statistics.low[j] > 0
        and statistics.skew[j] > _LONG_TAIL
        and abs(statistics.log_skew[j]) < statistics.skew[j] / 2
    ):
        return "positive"
    return "real"


class ColumnKinds:
    """The inferred type of every column of X; prints as a table.

    It is the attribute `column_kinds_` of a fitted estimator. Indexing it by the name or
    the position of a column gives the kind of that column, and its length is the number
    of columns. All parameters are stored as attributes.

    .. versionadded:: 0.2

    Parameters
    ----------
    names : sequence of str or int
        The columns.
    kinds, likelihoods : sequence of str
        The kind of each column, and its likelihood.
    levels : sequence of int
        Number of categories of each column, 0 where it has none.
    missing : sequence of float
        Fraction of missing values in each column, from 0 to 1.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_revae import ReVAETransformer
    >>> X = pd.DataFrame({"age": [31.5, 40.0, None], "smokes": [True, False, True]})
    >>> kinds = ReVAETransformer(max_iter=1).fit(X).column_kinds_
    >>> kinds
    column  kind         likelihood   levels  missing
    age     real         gaussian             33%
    smokes  categorical  categorical  2
    >>> kinds["age"]
    'real'
    """

    _HEADER = ("column", "kind", "likelihood", "levels", "missing")

    def __init__(
        self,
        names: Sequence[Any],
        kinds: Sequence[str],
        likelihoods: Sequence[str],
        levels: Sequence[int],
        missing: Sequence[float],
    ) -> None:
        self.names = list(names)
        self.kinds = list(kinds)
        self.likelihoods = list(likelihoods)
        self.levels = list(levels)
        self.missing = list(missing)

    def __len__(self) -> int:
        return len(self.kinds)

    def __iter__(self) -> Iterator[str]:
        return iter(self.kinds)

    def __getitem__(self, column: Any) -> str:
        if column in self.names:
            return self.kinds[self.names.index(column)]
        if is_integer(column) and any(map(is_integer, self.names)):
            n = len(self)
            column = feature_index(column % n, self.names, n, "column_kinds_")
        return self.kinds[column]

    def __eq__(self, other):
        if not isinstance(other, ColumnKinds):
            return NotImplemented
        return vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def __array__(self, dtype=None, copy=None):
        return np.array(self.kinds, dtype=object if dtype is None else dtype)

    def rows(self) -> list[tuple[str, ...]]:
        """Rows of the table as tuples of str; equal neighbours form one row.

        .. versionadded:: 0.2

        Returns
        -------
        rows : list of tuple of str
            Column, kind, likelihood, number of categories and fraction of missing values.

        Examples
        --------
        >>> from sklearn_revae import ColumnKinds
        >>> ColumnKinds("ab", ["real"] * 2, ["gaussian"] * 2, [0, 0], [0, 0]).rows()
        [('a .. b (2)', 'real', 'gaussian', '', '')]
        """
        texts = [
            (kind, likelihood, str(levels or ""), f"{missing:.0%}" if missing else "")
            for kind, likelihood, levels, missing in zip(
                self.kinds, self.likelihoods, self.levels, self.missing, strict=True
            )
        ]
        rows: list[tuple[str, ...]] = []
        for text, members in groupby(range(len(self)), key=texts.__getitem__):
            first, *others = members
            name = str(self.names[first])
            if others:
                name = f"{name} .. {self.names[others[-1]]} ({1 + len(others)})"
            rows.append((name, *text))
        return rows

    def __repr__(self) -> str:
        table = [self._HEADER, *self.rows()]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        return "\n".join(
            "  ".join(
                cell.ljust(width) for cell, width in zip(row, widths, strict=True)
            ).rstrip()
            for row in table
        )

    def _repr_html_(self):
        def line(cells, tag):
            return "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells)

        body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in self.rows())
        head = line(self._HEADER, "th")
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
