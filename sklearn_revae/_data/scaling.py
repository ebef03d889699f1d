"""X in the user's units to the scaled values the model works on, and back.

Columns of one kind share a scale, a table's unlike columns get one each: with few
labels this decides accuracy, so the kinds are told apart here and nobody scales by hand.
"""

import copy
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral

import numpy as np

from sklearn_revae._data.chunks import chunk_bounds, chunks, dense
from sklearn_revae._data.kinds import ColumnKinds, infer_kind, looks_like_pixels
from sklearn_revae._data.statistics import magnitude, summarise
from sklearn_revae._model.families import COUNTS, FAMILIES, Column

# A log-normal column is a Gaussian one of its logarithm.
LOG_NORMAL = "log_normal"
LIKELIHOODS = (*FAMILIES, LOG_NORMAL)
SHARED_SCALE = ("shared_gaussian", "laplace")
_UNBOUNDED = ("gaussian", "shared_gaussian", "laplace", "student_t", LOG_NORMAL)
_BOUNDED = ("bernoulli", "continuous_bernoulli", "beta")
_LEVELED = ("categorical", "ordinal")
_FAMILY_OF_KIND = {
    "binary": "bernoulli",
    "pixel": "shared_gaussian",
    "real": "gaussian",
    "positive": LOG_NORMAL,
    "count": "negative_binomial",
    "categorical": "categorical",
    "ordinal": "ordinal",
}
# What a family makes of a column, whatever it looked like.
_KIND_OF_FAMILY = {
    "categorical": "categorical",
    "ordinal": "ordinal",
    "poisson": "count",
    "negative_binomial": "count",
    LOG_NORMAL: "positive",
    "continuous_bernoulli": "bounded",
    "beta": "bounded",
}
# Columns of more values than this are names or keys, not categories.
_MOST_LEVELS = 1000
# So many times a column's scale: networks answer NaN to what lies much further away.
_FARTHEST = 1e15
_LARGEST = np.finfo(np.float64).max
_SMALLEST = np.finfo(np.float64).smallest_subnormal
# Warnings are to point at none of their lines.
_LIBRARIES = ("sklearn_revae", "sklearn", "joblib")


@dataclass
class Levels:
    """Values of a column that are told apart.

    Parameters
    ----------
    n : int
        Their number.
    ordered : bool, default=False
        Whether their order means something.
    numbers : ndarray (n,), optional
        The values, where the column holds numbers; else it holds codes 0, 1, ...
    """

    n: int
    ordered: bool = False
    numbers: np.ndarray | None = None


class Columns:
    """What was learned of the columns of X: their kind, family, place and scale.

    Parameters
    ----------
    likelihood : str, sequence of str or dict
        "auto" or a family for all columns, one for each, or a dict of some columns' by
        name or index; see :data:`LIKELIHOODS`.

    Attributes
    ----------
    kinds_ : ndarray of str (n_features,)
        What each column was taken for.
    families_ : ndarray of str (n_features,)
        The likelihood of each column.
    levels_ : dict of int to Levels
        Of the categorical and ordinal columns.
    shift_, scale_ : ndarray (n_features,)
        The model sees (X - shift_) / scale_, of log X where the family is log-normal.
    seen_low_, seen_high_ : ndarray (n_features,)
        The values of `fit` lie between these.
    spread_ : ndarray (n_features,)
        Standard deviation of what the encoder reads of a column.
    missing_ : ndarray (n_features,)
        Share of missing values.
    typical_, typical_spread_ : ndarray (n_features,)
        Of counts: their mean, and the standard deviation of log(1 + x); else 1.
    """

    def __init__(self, likelihood="auto"):
        self.likelihood = likelihood

    def fit(self, values, names=None, levels=None, image=None):
        """Tell kinds apart and learn the scales from all rows, labelled or not.

        Parameters
        ----------
        values : ndarray, sparse matrix or stored rows (n, n_features)
            NaN where missing.
        names : sequence of str, optional
            The columns' names, for messages and for a `likelihood` by name.
        levels : dict of int to Levels, optional
            Columns that hold codes of categories.
        image : bool, optional
            Whether all columns are pixels of one picture; None guesses.

        Raises
        ------
        ValueError
            For a bad `likelihood`, a column without any value, or one too large or too
            small to be scaled, by its name.
        """
        self._names = None if names is None else [str(name) for name in names]
        self.levels_ = dict(levels or {})
        summary = summarise(values)
        self.missing_ = 1 - summary.n_observed / values.shape[0]
        self._check(summary)
        asked = self._asked_families(values.shape[1])
        self.kinds_ = self._infer_kinds(summary, image)
        # One string a family, not one a column: a pickle holds it once.
        self.families_ = np.array(
            [
                _FAMILY_OF_KIND[kind] if family == "auto" else sys.intern(str(family))
                for kind, family in zip(self.kinds_, asked, strict=True)
            ],
            dtype=object,
        )
        for j in np.flatnonzero(asked != "auto"):
            self._overrule(j, summary, values)
        self._fit_scales(summary)
        counts, log1p_std = self._of(COUNTS), summary.log1p_std
        self.typical_ = np.where(counts, summary.mean, 1.0)
        self.typical_spread_ = np.where(counts & (log1p_std > 0), log1p_std, 1.0)
        return self

    def named(self, names):
        """The same columns by these names, or by their numbers where `names` is None."""
        columns = copy.copy(self)
        columns._names = None if names is None else [str(name) for name in names]
        return columns

    def name(self, j):
        """How messages call column `j`."""
        return str(j) if self._names is None else repr(self._names[j])

    def model_columns(self):
        """What the model must know of each column, a list of Column."""
        typical, spread = self.typical_.tolist(), self.typical_spread_.tolist()
        return [
            Column(
                "gaussian" if family == LOG_NORMAL else family,
                self.levels_[j].n if j in self.levels_ else 0,
                typical[j],
                spread[j],
            )
            for j, family in enumerate(self.families_)
        ]

    def table(self):
        """:class:`ColumnKinds` of these columns."""
        n_levels = [
            self.levels_[j].n if j in self.levels_ else 0 for j in range(len(self.kinds_))
        ]
        names = range(len(self.kinds_)) if self._names is None else self._names
        return ColumnKinds(
            names, self.kinds_, self.families_, n_levels, self.missing_.tolist()
        )

    def _check(self, summary):
        empty = np.flatnonzero(summary.n_observed == 0)
        if len(empty):
            raise ValueError(
                f"Column {self.name(empty[0])} of X has no value at all: every cell is "
                "missing. Leave the column out."
            )
        overflown = np.flatnonzero(~np.isfinite(summary.mean) | ~np.isfinite(summary.std))
        if len(overflown):
            j = overflown[0]
            raise ValueError(
                f"Column {self.name(j)} of X is too large to be scaled: it reaches "
                f"{magnitude(summary)[j]:.3g}. Divide it by a constant first."
            )
        for j, levels in self.levels_.items():
            self._check_levels(j, levels.n)

    def _check_levels(self, j, n_levels):
        if n_levels > _MOST_LEVELS:
            raise ValueError(
                f"Column {self.name(j)} of X has {n_levels} categories, more than "
                f"{_MOST_LEVELS}: group the rare ones, or leave the column out if it is "
                "a name or a key."
            )

    def _asked_families(self, n_features):
        """The family asked for each column, "auto" where none was."""
        given = self.likelihood
        if isinstance(given, str):
            families = [given] * n_features
        elif isinstance(given, Mapping):
            families = ["auto"] * n_features
            known = self._names or []
            for column, family in given.items():
                if column in known:
                    families[known.index(column)] = family
                elif isinstance(column, Integral) and 0 <= column < n_features:
                    families[column] = family
                else:
                    raise ValueError(
                        f"likelihood names {column!r}, which is no column of X: "
                        f"{known or f'0..{n_features - 1}'}."
                    )
        else:
            families = list(given)
            if len(families) != n_features:
                raise ValueError(
                    f"likelihood has {len(families)} entries, but X has {n_features} "
                    "columns: give one name for all columns, one for each, or a dict of "
                    "some."
                )
        unknown = sorted({str(f) for f in families} - {"auto", *LIKELIHOODS})
        if unknown:
            raise ValueError(
                f"likelihood names {unknown}: choose among {['auto', *LIKELIHOODS]}."
            )
        return np.array(families, dtype=object)

    def _infer_kinds(self, summary, image):
        n_features = len(summary.low)
        binary = summary.zero_or_one & (summary.high > summary.low)
        if image is None:
            numbers = not self.levels_ and not binary.all()
            image = numbers and looks_like_pixels(summary)
        if image:
            return np.full(n_features, "pixel", dtype=object)
        kinds = [
            infer_kind(summary, j)
            if j not in self.levels_
            else ("ordinal" if self.levels_[j].ordered else "categorical")
            for j in range(n_features)
        ]
        return np.array(kinds, dtype=object)

    def _overrule(self, j, summary, values):
        """Let column `j` be what its family asks for, or say why it cannot be."""
        family, low = self.families_[j], summary.low[j]
        problem = None
        if j in self.levels_ and family not in _LEVELED:
            problem, cure = "holds categories", "choose 'categorical' or 'ordinal'"
        elif family in COUNTS and (low < 0 or not summary.whole[j]):
            problem, cure = "is not of whole numbers from 0", "choose 'gaussian'"
        elif family == LOG_NORMAL and low <= 0:
            problem, cure = f"reaches {low:.4g}, not above 0", "choose 'gaussian'"
        if problem:
            raise ValueError(
                f"likelihood={family!r} does not fit column {self.name(j)} of X, which "
                f"{problem}: {cure}."
            )
        if family in _LEVELED and j not in self.levels_:
            numbers = np.unique(
                np.concatenate([np.unique(c) for c in chunks(values, columns=[j])])
            )
            numbers = numbers[~np.isnan(numbers)].astype(np.float64)
            self._check_levels(j, len(numbers))
            self.levels_[j] = Levels(len(numbers), family == "ordinal", numbers)
        self.kinds_[j] = _KIND_OF_FAMILY.get(family, self.kinds_[j])

    def _of(self, families):
        return np.isin(self.families_, families)

    def _fit_scales(self, summary):
        n_features = len(summary.low)
        low, high = summary.low.astype(np.float64), summary.high.astype(np.float64)
        self.seen_low_, self.seen_high_ = low, high
        self.shift_, self.scale_ = np.zeros(n_features), np.ones(n_features)
        unbounded, logged = self._of(_UNBOUNDED), self._of([LOG_NORMAL])
        self.shift_[unbounded] = summary.mean[unbounded]
        self.scale_[unbounded] = summary.std[unbounded]
        self.shift_[logged] = summary.log_mean[logged]
        self.scale_[logged] = summary.log_std[logged]
        # A constant column has nothing to scale; rounding may leave it a tiny spread.
        constant = summary.std <= 10 * np.finfo(np.float64).eps * magnitude(summary)
        # Squares too small for a double look like none; logarithms have others.
        vanished = (high > low) & (summary.std == 0)
        self.scale_[unbounded & constant & ~vanished] = 0.0
        vanished &= unbounded & ~logged
        if vanished.any():
            j = np.flatnonzero(vanished)[0]
            raise ValueError(
                f"Column {self.name(j)} of X is too small to be scaled: it spans "
                f"{high[j] - low[j]:.3g}. Multiply it by a constant first."
            )
        for family in SHARED_SCALE:
            member = self._of([family])
            if member.any():
                self.scale_[member] = _root_mean_square(self.scale_[member])

        bounded = self._of(_BOUNDED)
        low, high = self.range_
        self.shift_[bounded] = low[bounded]
        self.scale_[bounded] = high[bounded] - low[bounded]
        self.scale_[self.scale_ == 0] = 1.0

        # Standard deviations of features; those of bounded columns, which share theirs.
        self.spread_ = np.ones(n_features)
        if bounded.any():
            scaled = summary.std[bounded] / self.scale_[bounded]
            self.spread_[bounded] = np.sqrt(np.mean(scaled**2))

    @property
    def range_(self):
        """Lowest and highest of the values that are decoded: two of (n_features,)."""
        seen_low, seen_high = self.seen_low_, self.seen_high_
        low, high = np.full_like(seen_low, -_LARGEST), np.full_like(seen_high, _LARGEST)
        low[self._of(COUNTS)] = 0.0
        # An exponential makes little too much of a logarithm far too much of a value.
        logged = self._of([LOG_NORMAL])
        low[logged], high[logged] = seen_low[logged], seen_high[logged]
        pixel = np.isin(self.kinds_, ["pixel"])
        if pixel.any():
            low[pixel], high[pixel] = seen_low[pixel].min(), seen_high[pixel].max()
        # Bounded columns of a table lie in [0, 1] or have a range of their own.
        own = self._of(_BOUNDED) & ~pixel
        within_unit = (seen_low >= 0) & (seen_high <= 1)
        low[own] = np.where(within_unit, 0.0, seen_low)[own]
        high[own] = np.where(within_unit, 1.0, seen_high)[own]
        return low, high

    def within_seen(self, values):
        """`values` (..., n_features) no further out than those of `fit`.

        Levels are left as they are.
        """
        clipped = np.clip(values, self.seen_low_, self.seen_high_)
        leveled = list(self.levels_)
        clipped[..., leveled] = values[..., leveled]
        return clipped

    def unbounded(self):
        """Which columns have a continuous family on the whole line: (n_features,)."""
        return self._of(_UNBOUNDED)

    def log_volume(self, values):
        """Log of the volume a unit of each scaled row has in X's units: (n,).

        Over the observed values of continuous columns; others have probabilities.
        """
        continuous = self.unbounded() | self._of(["continuous_bernoulli", "beta"])
        log_scale = np.where(continuous, np.log(self.scale_), 0.0)
        logged = self._of([LOG_NORMAL])
        volumes = []
        for chunk in chunks(values):
            there = ~np.isnan(chunk)
            volume = there @ log_scale
            if logged.any():
                volume += np.nansum(np.log(self._positive(chunk)[:, logged]), axis=1)
            volumes.append(volume)
        return np.concatenate(volumes)

    def _positive(self, chunk):
        """Values whose logarithm exists, however a later X may look."""
        tiny = np.maximum(np.exp(self.shift_ - 10 * self.scale_), _SMALLEST)
        return np.where(chunk < tiny, tiny, chunk)

    def to_model(self, values, dtype=np.float32):
        """Scaled rows (n, n_features), NaN where missing.

        Raises
        ------
        ValueError
            For a value too far from all of fit, by the name of its column.
        """
        scaled = np.empty(values.shape, dtype=dtype)
        bounded, counted = self._of(_BOUNDED), self._of(COUNTS)
        logged = self._of([LOG_NORMAL])
        for start, stop in chunk_bounds(values):
            chunk = dense(values[start:stop]).astype(np.float64)
            if logged.any():
                chunk[:, logged] = np.log(self._positive(chunk)[:, logged])
            for j, levels in self.levels_.items():
                if levels.numbers is not None:
                    chunk[:, j] = self._codes(levels.numbers, chunk[:, j])
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
                    f"Column {self.name(j)} of X reaches {value:.3g}, too far from fit's "
                    "values to compute with: put NaN there, which counts as missing, or "
                    "divide the column by a constant before fit."
                )
            scaled[start:stop] = chunk
        return scaled

    @staticmethod
    def _codes(numbers, column):
        """Codes of a column's numbers; those unseen in fit count as missing."""
        codes = np.searchsorted(numbers, column).clip(max=len(numbers) - 1)
        return np.where(numbers[codes] == column, codes, np.nan)

    def report_unseen(self, values):
        """Warn, once a column, of numbers that fit has not seen among its levels."""
        for j, levels in self.levels_.items():
            if levels.numbers is None:
                continue
            found = [np.unique(chunk) for chunk in chunks(values, columns=[j])]
            strange = np.setdiff1d(np.concatenate(found), levels.numbers)
            strange = strange[~np.isnan(strange)]
            if len(strange):
                warn_unseen(self.name(j), strange.tolist())

    def from_model(self, values):
        """Values in X's units from scaled ones (..., n_features)."""
        logged = self._of([LOG_NORMAL])
        with np.errstate(over="ignore"):
            # What overflows is brought back below.
            values = values * self.scale_ + self.shift_
            values[..., logged] = np.exp(values[..., logged])
        values = values.clip(*self.range_)
        whole = np.isin(self.kinds_, ["binary", "count"])
        values[..., whole] = np.rint(values[..., whole])
        for j, levels in self.levels_.items():
            if levels.numbers is not None:
                values[..., j] = levels.numbers[values[..., j].astype(np.intp)]
        return values

    def carry_over(self, own, before, after):
        """`own` rows changed as `after` differs from `before`, all in X's units.

        By the difference; by the ratio where a column is positive; a level is taken over
        where it changed. What is missing is taken from `after`.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            new = own + (after - before)
            logged = self._of([LOG_NORMAL])
            ratio = after[..., logged] / before[..., logged]
            new[..., logged] = own[..., logged] * ratio
        new = new.clip(*self.range_)
        told_apart = np.isin(self.kinds_, ["binary"])
        told_apart[list(self.levels_)] = True
        new[..., told_apart] = np.where(after == before, own, after)[..., told_apart]
        return np.where(np.isnan(own), after, new)


class ModelRows:
    """Rows of X as the model sees them, converted when they are asked for.

    Parameters
    ----------
    values : ndarray or sparse matrix (n, n_features)
        Rows in X's units.
    columns : Columns
        How to scale them.
    dtype : dtype
        Precision of the result.
    """

    def __init__(self, values, columns, dtype=np.float64):
        self.values = values
        self.columns = columns
        self.dtype = dtype

    @property
    def shape(self):
        """(n, n_features)."""
        return self.values.shape

    def __len__(self):
        return self.values.shape[0]

    def __getitem__(self, index):
        return self.columns.to_model(self.values[index], self.dtype)


def _root_mean_square(values):
    """As its name says, of numbers whose squares may be beyond a double's range."""
    largest = values.max()
    return largest and largest * np.sqrt(np.mean(np.square(values / largest)))


def warn_unseen(column, found):
    """Warn of categories that were not there in fit, at the user's line."""
    shown = ", ".join(
        repr(value.item() if isinstance(value, np.generic) else value)
        for value in list(found)[:5]
    )
    more = ", ..." if len(found) > 5 else ""
    level, frame = 1, sys._getframe()
    while frame and frame.f_globals.get("__name__", "").split(".")[0] in _LIBRARIES:
        level, frame = level + 1, frame.f_back
    warnings.warn(
        f"Column {column} of X holds values that fit has not seen ({shown}{more}): they "
        "count as missing.",
        UserWarning,
        stacklevel=level,
    )
