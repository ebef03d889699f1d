"""What X is: its container, names, kinds, levels, picture shape and scales."""

import copy

import numpy as np
import scipy.sparse

from sklearn_revae._data import reading
from sklearn_revae._data.bins import edges_of
from sklearn_revae._data.chunks import chunks
from sklearn_revae._data.column_kinds import ColumnKinds
from sklearn_revae._data.containers import (
    column_dtypes,
    new_rows,
    restore,
    restore_draws,
    restore_edits,
    template_of,
)
from sklearn_revae._data.exact import holds_large_integers
from sklearn_revae._data.far import warn_of_other_units
from sklearn_revae._data.kinds import (
    Levels,
    check_levels,
    check_support,
    chosen_families,
    infer_kinds,
    is_discrete,
    requested_families,
    requests_levels,
)
from sklearn_revae._data.misread import warn_of_standardised_pixels
from sklearn_revae._data.missing_codes import warn_of_codes
from sklearn_revae._data.names import written_name
from sklearn_revae._data.scaling import ScaledRows, Scaling
from sklearn_revae._data.statistics import count_spread, magnitude, statistics_of
from sklearn_revae._data.storage import Stored
from sklearn_revae._data.tables import Table
from sklearn_revae._data.tensors import named_columns
from sklearn_revae._data.unseen import warn_of_values
from sklearn_revae._model.families import FAMILIES, Column


class Codec:
    """Converts X as users pass it to the rows that the model sees, and back.

    `read` turns X into numbers in its own units, `fit` learns the kinds and the scales of
    its columns, `transform` returns scaled rows, and `inverse_transform` turns scaled
    rows into the container and the units of X.

    Parameters
    ----------
    likelihood : str, sequence of str or dict, default="auto"
        The family of each column; see the estimators' parameter.
    image_shape : sequence of int, optional
        Shape of the pictures, if the rows of X are pictures.

    Attributes
    ----------
    table_ : Table
        The coding of categories.
    picture_shape_ : tuple or None
        Shape of the pictures, if the rows of X are pictures.
    template_ : data frame, array or sparse matrix
        The container of X, without rows.
    var_names_ : list of str or None
        Names of the columns, if X was an AnnData object.
    kinds_, families_ : ndarray of str (n_features,)
        The kind of each column, and its likelihood.
    levels_ : dict of int to Levels
        The levels of the categorical and ordinal columns.
    codes_ : dict of int to tuple of float
        By column, far values such as 999999 that stand for missing values.
    missing_ : ndarray (n_features,)
        Fraction of missing values.
    mean_count_, count_spread_ : ndarray (n_features,)
        For counts, their mean and what :func:`count_spread` returns; otherwise 1.
    scaling_ : Scaling
        Location and scale of each column.
    """

    var_names_ = None

    def __init__(self, likelihood="auto", image_shape=None):
        self.likelihood = likelihood
        self.image_shape = image_shape

    @property
    def names(self):
        """Names of the columns, a list; None if X had no names."""
        names = reading.names_of(self.template_)
        return self.var_names_ if names is None else names

    @property
    def n_features(self):
        """Number of columns."""
        return len(self.families_)

    def name(self, j):
        """How messages write column `j`."""
        return written_name(self.names, j)

    def read(self, X, estimator):
        """Numbers (n, n_features) of X in its own units, NaN where missing.

        The first call learns the container of X and its categories.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            X as the user passed it.
        estimator : estimator
            Its `n_features_in_` and `feature_names_in_` are set in the first call, and
            compared in later ones.

        Returns
        -------
        ndarray, CSR matrix or Stored
            X itself, not a copy, if it holds rows of numbers already.

        Raises
        ------
        TypeError
            If X is not made of rows.
        ValueError
            For infinite values, by the name of their column, for pictures of another
            shape, and for everything that scikit-learn refuses.
        """
        first = not hasattr(self, "template_")
        named = named_columns(X)
        if first and named is not None:
            self.var_names_ = list(named.columns)
            reading.refuse_duplicates(self.var_names_)
        X = reading.as_container(X)
        table = Table() if first else self.table_
        self._check_coding(X, table)
        names = None if first else self.names
        if self._needs_coding(X, table, first):
            values = reading.read_table(
                X, table, estimator, first, names, self.likelihood
            )
            self._read_picture_shape(None, values.shape[1], first)
            if first and self.picture_shape_ is not None:
                self._refuse_categories(table, reading.names_of(X))
        else:
            found = reading.picture_shape(X, None if first else self.picture_shape_)
            n_features = np.shape(X)[1] if len(np.shape(X)) == 2 else None
            self._read_picture_shape(found, n_features, first)
            values = reading.read_numbers(X, estimator, first, names, named)
        if first:
            self.table_, self.template_ = table, template_of(X)
        return values

    @staticmethod
    def _check_coding(X, table):
        numeric = isinstance(X, Stored) or scipy.sparse.issparse(X)
        if table.categories_ and numeric:
            raise TypeError(
                f"X is a {type(X).__name__}, which holds numbers only, but the model was "
                "fitted on a table with categories. Pass such a table."
            )

    def _needs_coding(self, X, table, first):
        """Whether the columns of X have to be converted to numbers one by one."""
        if reading.holds_cells(X) or (table.categories_ and not isinstance(X, Stored)):
            return True
        # As floats, two of these integers may be one level.
        levels = first and requests_levels(self.likelihood)
        return levels and holds_large_integers(X)

    def _read_picture_shape(self, found, n_features, first):
        shape = reading.check_picture_shape(found, self.image_shape, n_features)
        if first:
            self.picture_shape_ = shape
        elif found is not None and self.picture_shape_ != shape:
            fitted = self.picture_shape_
            known = "a table" if fitted is None else f"pictures of shape {fitted}"
            raise ValueError(
                f"X holds pictures of shape {shape}, but the model was fitted on "
                f"{known}. Resize or reshape X."
            )

    def _refuse_categories(self, table, names):
        """Refuse pictures with columns that are not numbers, by the first one's name."""
        if table.categories_:
            j, categories = next(iter(table.categories_.items()))
            raise ValueError(
                f"image_shape={tuple(self.image_shape)} requires columns of numbers, the "
                f"pixels, but column {written_name(names, j)} of X holds categories such "
                f"as {categories[0]!r}. Convert it to numbers, or leave image_shape out."
            )

    def fit(self, values):
        """Learn kinds, families and scales from all rows, labelled or not.

        Parameters
        ----------
        values : ndarray, sparse matrix or Stored (n, n_features)
            What :meth:`read` returned, or some of its rows.

        Raises
        ------
        ValueError
            For an invalid `likelihood`, and for a column without any value, or with
            values that are too large or too small to be scaled, by its name.
        """
        requested = requested_families(self.likelihood, self.names, values.shape[1])
        statistics = self._statistics(values, requested)
        self._check(statistics, values.shape[1])
        self.missing_ = 1 - statistics.n_observed / values.shape[0]
        self.levels_ = self.table_.levels
        is_picture = self.picture_shape_ is not None
        self.kinds_ = infer_kinds(statistics, self.levels_, is_picture)
        if not self.levels_:
            warn_of_standardised_pixels(values, statistics)
        self.families_ = chosen_families(requested, self.kinds_)
        for j in np.flatnonzero(requested != "auto"):
            self._apply_request(j, statistics, values)
        self.scaling_ = self.make_scaling().fit(statistics)
        self.edges_ = edges_of(statistics.quantiles, self.scaling_)
        counts = self.scaling_.counts
        self.mean_count_ = np.where(counts, statistics.mean, 1.0)
        self.count_spread_ = count_spread(statistics, counts)
        return self

    def _statistics(self, values, requested):
        """Statistics of all columns, and the codes for missing values in `codes_`.

        Codes are as harmful as far values are, and the model can leave them out. Those
        of a column whose family is requested by itself are data.
        """
        statistics = statistics_of(values)
        by_name = not isinstance(self.likelihood, str)
        data = [is_discrete(f) or (by_name and f != "auto") for f in requested]
        found = {
            j: found
            for j, found in statistics.codes.items()
            if not (data[j] or j in self.table_.levels or self.picture_shape_)
        }
        self.codes_ = {j: codes for j, (codes, _) in found.items()}
        if found:
            warn_of_codes(found, self.name)
            statistics = statistics_of(values, self.codes_)
        return statistics

    def make_scaling(self):
        """Return the columns' scaling, not fitted."""
        return Scaling(self.kinds_, self.families_, self.levels_, self.names, self.codes_)

    def _check(self, statistics, n_features):
        empty = np.flatnonzero(statistics.n_observed == 0)
        if len(empty):
            cure = "Leave it out" if self.picture_shape_ is None else "Replace them by 0"
            raise ValueError(
                f"Column {self.name(empty[0])} of X has only missing values. {cure}."
            )
        finite = np.isfinite(statistics.mean) & np.isfinite(statistics.std)
        if not finite.all():
            j = np.flatnonzero(~finite)[0]
            raise ValueError(
                f"Column {self.name(j)} of X is too large to be scaled: it reaches "
                f"{magnitude(statistics)[j]:.3g}. Divide it by a constant first."
            )
        for j, levels in self.table_.levels.items():
            check_levels(levels.n, self.name(j))

    def _apply_request(self, j, statistics, values):
        """Learn the levels and the kind of column `j` for its requested family.

        Raises
        ------
        ValueError
            If the family cannot be the distribution of the column.
        """
        family = FAMILIES[self.families_[j]]
        check_support(family.name, self.name(j), statistics, j, self.kinds_[j])
        if family.discrete and j not in self.levels_:
            numbers = self._distinct_numbers(j, values)
            self.levels_[j] = Levels(len(numbers), family.name == "ordinal", numbers)
        if family.kind is not None:
            self.kinds_[j] = family.kind

    def _distinct_numbers(self, j, values):
        """The distinct numbers of column `j`, ascending, as floats."""
        numbers = np.concatenate([np.unique(c) for c in chunks(values, columns=[j])])
        numbers = np.unique(numbers[~np.isnan(numbers)])
        check_levels(len(numbers), self.name(j))
        floats = numbers.astype(np.float64)
        if len(np.unique(floats)) < len(floats):
            raise ValueError(
                f"Column {self.name(j)} of X has levels, up to {numbers[-1]}, that are "
                "equal in float64. Pass X as a data frame or an array in memory, which "
                "are read exactly, or subtract a constant from the column."
            )
        return floats

    def __getstate__(self):
        """State in which only the template holds the names."""
        state = vars(self).copy()
        if "scaling_" in state:
            state["scaling_"] = copy.copy(self.scaling_)
            state["scaling_"].names = None
        return state

    def __setstate__(self, state):
        """Restore a state of `__getstate__`."""
        vars(self).update(state)
        if "scaling_" in state:
            self.scaling_.names = self.names

    def table(self):
        """:class:`ColumnKinds` of these columns."""
        n_levels = [
            self.levels_[j].n if j in self.levels_ else 0 for j in range(self.n_features)
        ]
        names = self.names or range(self.n_features)
        return ColumnKinds(
            names, self.kinds_, self.families_, n_levels, self.missing_.tolist()
        )

    def model_columns(self):
        """What the model must know about each column, a list of Column."""
        mean, spread = self.mean_count_.tolist(), self.count_spread_.tolist()
        return [
            Column(
                FAMILIES[family].scaled_family or family,
                self.levels_[j].n if j in self.levels_ else 0,
                mean[j],
                spread[j],
                tuple(self.edges_.get(j, ())),
            )
            for j, family in enumerate(self.families_)
        ]

    def transform(self, X, estimator):
        """:class:`ScaledRows` of X. Warns about values that were not seen in fit."""
        values = self.read(X, estimator)
        warn_of_values(values, self.scaling_)
        return ScaledRows(values, self.scaling_)

    def for_more(self, values):
        """The codec for further training on `values`, which are warned of.

        Parameters
        ----------
        values : ndarray, sparse matrix or Stored (n, n_features)
            What :meth:`read` returned.
        """
        warn_of_values(values, self.scaling_)
        warn_of_other_units(values, self.scaling_)
        codec = copy.copy(self)
        codec.scaling_.keep_constant(values)
        return codec

    def inverse_transform(self, scaled, like):
        """Scaled rows (n, n_features) in the units, types and container of `like`."""
        return self.restore(self.scaling_.inverse_transform(scaled), like)

    def restore(self, values, like, own=None, kept=False):
        """Numbers in X's units (n, n_features) in the types and the container of `like`.

        Parameters
        ----------
        values : ndarray (n, n_features)
            Numbers, categories as codes.
        like : array-like of shape (n_samples, n_features)
            X as the user passed it.
        own : ndarray, sparse matrix or Stored (n, n_features), optional
            The numbers of `like`. Cells that equal them are returned exactly as `like`
            has them: float64 does not represent every integer.
        kept : ndarray of bool (n, n_features), optional
            Cells that are returned exactly as `like` has them.
        """
        if own is None:
            return restore(like, values, self.table_)
        return restore_edits(like, own, values, self.table_, kept)

    def restore_draws(self, draws, like, own, kept=False):
        """Several draws per row (n, n_draws, n_features) as one array in X's units."""
        return restore_draws(like, own, draws, self.table_, kept)

    def new_rows(self, scaled):
        """Scaled rows in the container of the training data."""
        values = self.scaling_.inverse_transform(scaled)
        return new_rows(self.template_, values, self.table_)

    def as_array(self, scaled, dtype):
        """Scaled rows as an array in X's units: of objects where X has categories."""
        values = self.scaling_.inverse_transform(scaled)
        if self.table_.categories_:
            return self.table_.as_objects(values)
        values = values.astype(dtype)
        shape = self.picture_shape_
        return values if shape is None else values.reshape(-1, *shape)

    def dtypes(self, like):
        """NumPy's type of each column of what :meth:`restore` returns for `like`."""
        return column_dtypes(like, self.n_features)
