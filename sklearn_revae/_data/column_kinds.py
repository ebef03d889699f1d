"""The table of the inferred type of every column: the attribute `column_kinds_`."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from typing import Any

import numpy as np

from sklearn_revae._data.names import feature_index, is_integer


class ColumnKinds:
    """The inferred type of every column of X; prints as a table.

    It is the attribute `column_kinds_` of a fitted estimator. Indexing it by the name or
    the position of a column gives the kind of that column, and its length is the number
    of columns. If the columns are named by integers, an integer is a name and not a
    position. All parameters are stored as attributes.

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

    def __getitem__(self, column: Any) -> Any:
        if isinstance(column, slice):
            return self.kinds[column]
        n, numbered = len(self), self.names == list(range(len(self)))
        named = any(map(is_integer, self.names)) and not numbered
        if is_integer(column) and not named and -n <= column < 0:
            return self.kinds[column]
        names = None if numbered else self.names
        return self.kinds[feature_index(column, names, n, "The index of column_kinds_")]

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
            (kind, likelihood, str(levels or ""), _percent(missing))
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


def _percent(fraction):
    """A fraction in percent; only 0 and 1 are rounded to none and all."""
    text = f"{fraction:.0%}" if fraction else ""
    if fraction < 1 and text in ("0%", "100%"):
        text = f"{min(100 * fraction, 99.9):.3g}%"
    return text
