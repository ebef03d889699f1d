"""What kind of thing a column holds, told from its values, and a table that says so."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from typing import Any

import numpy as np

# Fewer columns than this are a table of measurements, not a picture or a spectrum.
_FEWEST_PIXELS = 16
_WIDEST_PIXEL = 255
# A column of whole numbers counts something where so large a share of it is zero.
_FEWEST_ZEROS = 0.05
# Whole numbers beyond this are keys or times: the model cannot count so far.
_LARGEST_COUNT = 1e12
# Beyond this skewness a positive column is looked at on the scale of its logarithm.
_LONG_TAIL = 2.0


def looks_like_pixels(summary):
    """Whether all columns share one bounded scale: [0, 1], or integers 0..255.

    Most columns of a picture reach into the upper half of the common range; a table's
    counts and measurements, on scales of their own, do not.
    """
    if len(summary.low) < _FEWEST_PIXELS or summary.low.min() < 0:
        return False
    top = summary.high.max()
    if top > 1 and (top > _WIDEST_PIXEL or not summary.whole.all()):
        return False
    varying = summary.high > summary.low
    return bool(varying.any() and np.mean(summary.high[varying] >= top / 2) >= 0.5)


def infer_kind(summary, j):
    """Kind of column `j` of a table's numbers."""
    if summary.zero_or_one[j] and summary.high[j] > summary.low[j]:
        return "binary"
    if (
        summary.whole[j]
        and summary.low[j] == 0
        and 1 < summary.high[j] <= _LARGEST_COUNT
        and summary.zeros[j] >= _FEWEST_ZEROS
    ):
        return "count"
    if (
        summary.low[j] > 0
        and summary.skew[j] > _LONG_TAIL
        and abs(summary.log_skew[j]) < summary.skew[j] / 2
    ):
        return "positive"
    return "real"


class ColumnKinds:
    """What each column of X was taken for; prints as a table.

    It is the `column_kinds_` of a fitted estimator. By index or name it gives the kind
    of one column; its length is the number of columns. All parameters are stored as
    attributes.

    .. versionadded:: 0.2

    Parameters
    ----------
    names : sequence of str or int
        The columns.
    kinds, likelihoods : sequence of str
        What each holds, and the family it was given.
    levels : sequence of int
        Number of levels of each, 0 where it has none.
    missing : sequence of float
        Share of missing values.

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
        place = self.names.index(column) if column in self.names else column
        return self.kinds[place]

    def __eq__(self, other):
        if not isinstance(other, ColumnKinds):
            return NotImplemented
        return vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def __array__(self, dtype=None, copy=None):
        return np.array(self.kinds, dtype=object if dtype is None else dtype)

    def rows(self) -> list[tuple[str, ...]]:
        """Cells of the table, a tuple of str a row; like neighbours share one.

        .. versionadded:: 0.2

        Returns
        -------
        rows : list of tuple of str
            Column, kind, likelihood, number of levels and share of missing values.

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
