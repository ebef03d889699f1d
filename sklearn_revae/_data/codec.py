"""What X is: its container, names, kinds, levels, picture shape and scales."""

import copy

import numpy as np
import scipy.sparse

from sklearn_revae._data import reading
from sklearn_revae._data.chunks import chunks, dense
from sklearn_revae._data.containers import (
    column_dtypes,
    new_rows,
    restore,
    restore_draws,
    template_of,
)
from sklearn_revae._data.kinds import (
    ColumnKinds,
    Levels,
    check_levels,
    check_support,
    chosen_families,
    infer_kinds,
    requested_families,
)
from sklearn_revae._data.names import feature_index, written_name
from sklearn_revae._data.scaling import Scaling
from sklearn_revae._data.statistics import magnitude, statistics_of
from sklearn_revae._data.storage import Stored
from sklearn_revae._data.tables import Table
from sklearn_revae._data.unseen import warn_unseen
from sklearn_revae._model.families import FAMILIES, Column


class Codec:
    """The correspondence between X as users pass it and the rows that the model sees.

    `read` turns X into numbers in its own units, `fit` learns the kinds and the scales of
    its columns, `transform` gives scaled rows, and `inverse_transform` turns scaled rows
    into the container and the units of X.

    Parameters
    ----------
    likelihood : str, sequence of str or dict, default="auto"
        The family of each column; see the estimators' parameter.
    image_shape : sequence of int, optional
        Shape of the pictures that the rows of X are.

    Attributes
    ----------
    table_ : Table
        The coding of categories.
    picture_shape_ : tuple or None
        Shape of the pictures that the rows of X are.
    template_ : data frame, array or sparse matrix
        The container of X, without rows.
    kinds_, families_ : ndarray of str (n_features,)
        The kind of each column, and its likelihood.
    levels_ : dict of int to Levels
        Of the categorical and ordinal columns.
    missing_ : ndarray (n_features,)
        Fraction of missing values.
    mean_count_, count_spread_ : ndarray (n_features,)
        Of counts: their mean, and the standard deviation of log(1 + x); otherwise 1.
    scaling_ : Scaling
        Location and scale of each column.
    """

    def __init__(self, likelihood="auto", image_shape=None):
        self.likelihood = likelihood
        self.image_shape = image_shape

    @property
    def names(self):
        """Names of the columns, a list; None if X was not a frame."""
        return reading.names_of(self.template_)

    @property
    def n_features(self):
        """Number of columns."""
        return len(self.families_)

    def name(self, j):
        """How messages write column `j`."""
        return written_name(self.names, j)

    def index(self, feature, argument):
        """Position of a column that an argument names; see :func:`feature_index`."""
        return feature_index(feature, self.names, self.n_features, argument)

    def read(self, X, estimator):
        """Numbers (n, n_features) of X in its own units, NaN where missing.

        The first call learns the container of X and its categories.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            X as the user passed it.
        estimator : estimator
            Whose `n_features_in_` and `feature_names_in_` scikit-learn's own functions
            set in the first call, and compare in later ones.

        Returns
        -------
        ndarray, CSR matrix or Stored
            X itself, not a copy, where it holds rows of numbers already.

        Raises
        ------
        TypeError
            If X is not made of rows.
        ValueError
            For infinite values, by the name of their column, pictures of another shape,
            and everything that scikit-learn refuses.
        """
        first = not hasattr(self, "template_")
        X = reading.as_container(X)
        table = Table() if first else self.table_
        self._check_coding(X, table)
        if reading.holds_cells(X) or (table.categories_ and not isinstance(X, Stored)):
            values = reading.read_table(X, table, estimator, first)
            self._read_picture_shape(None, values.shape[1], first)
        else:
            found = reading.picture_shape(X)
            n_features = np.shape(X)[1] if len(np.shape(X)) == 2 else None
            self._read_picture_shape(found, n_features, first)
            values = reading.read_numbers(X, estimator, first)
        if first:
            self.table_, self.template_ = table, template_of(X)
        return values

    @staticmethod
    def _check_coding(X, table):
        numeric = isinstance(X, Stored) or scipy.sparse.issparse(X)
        if table.categories_ and numeric:
            raise TypeError(
                f"X is a {type(X).__name__}, which holds numbers only, but the model was "
                "fitted to a table with categories. Pass such a table."
            )

    def _read_picture_shape(self, found, n_features, first):
        shape = reading.check_picture_shape(found, self.image_shape, n_features)
        if first:
            self.picture_shape_ = shape
        elif found is not None and self.picture_shape_ != shape:
            fitted = self.picture_shape_
            known = "rows of columns" if fitted is None else f"pictures of shape {fitted}"
            raise ValueError(
                f"X holds pictures of shape {shape}, but the model was fitted to "
                f"{known}. Resize or reshape X."
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
            For a bad `likelihood`, a column without any value, or one with values too
            large or too small to be scaled, by its name.
        """
        statistics = statistics_of(values)
        self._check(statistics, values.shape[1])
        self.missing_ = 1 - statistics.n_observed / values.shape[0]
        self.levels_ = self.table_.levels
        requested = requested_families(self.likelihood, self.names, values.shape[1])
        image = True if self.picture_shape_ is not None else None
        if image is None and scipy.sparse.issparse(values):
            # Nobody keeps pictures in a sparse matrix.
            image = False
        self.kinds_ = infer_kinds(statistics, self.levels_, image)
        self.families_ = chosen_families(requested, self.kinds_)
        for j in np.flatnonzero(requested != "auto"):
            self._apply_request(j, statistics, values)
        self.scaling_ = self.make_scaling().fit(statistics)
        counts, spread = self.scaling_.counts, statistics.log1p_std
        self.mean_count_ = np.where(counts, statistics.mean, 1.0)
        self.count_spread_ = np.where(counts & (spread > 0), spread, 1.0)
        return self

    def make_scaling(self):
        """Return the columns' scaling, not fitted."""
        return Scaling(self.kinds_, self.families_, self.levels_, self.names)

    def _check(self, statistics, n_features):
        empty = np.flatnonzero(statistics.n_observed == 0)
        if len(empty):
            raise ValueError(
                f"Column {self.name(empty[0])} of X has only missing values. Leave the "
                "column out."
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
        """Make column `j` what its requested family needs, or refuse the family."""
        family = FAMILIES[self.families_[j]]
        check_support(family.name, self.name(j), statistics, j, j in self.levels_)
        if family.discrete and j not in self.levels_:
            numbers = np.unique(
                np.concatenate([np.unique(c) for c in chunks(values, columns=[j])])
            )
            numbers = numbers[~np.isnan(numbers)].astype(np.float64)
            check_levels(len(numbers), self.name(j))
            self.levels_[j] = Levels(len(numbers), family.name == "ordinal", numbers)
        if family.kind is not None:
            self.kinds_[j] = family.kind

    def __getstate__(self):
        """State without the second copy of the names, which the template holds."""
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
        """What the model has to know about each column, a list of Column."""
        mean, spread = self.mean_count_.tolist(), self.count_spread_.tolist()
        return [
            Column(
                FAMILIES[family].scaled_family or family,
                self.levels_[j].n if j in self.levels_ else 0,
                mean[j],
                spread[j],
            )
            for j, family in enumerate(self.families_)
        ]

    def transform(self, X, estimator):
        """Scaled rows of X: :class:`ScaledRows`. Warns of values not seen in fit."""
        values = self.read(X, estimator)
        self.warn_of_unseen_numbers(values)
        return ScaledRows(values, self.scaling_)

    def warn_of_unseen_numbers(self, values):
        """Warn, once per column, of numbers that are not among the levels seen in fit."""
        for j, levels in self.levels_.items():
            if levels.numbers is None:
                continue
            found = [np.unique(chunk) for chunk in chunks(values, columns=[j])]
            unseen = np.setdiff1d(np.concatenate(found), levels.numbers)
            unseen = unseen[~np.isnan(unseen)]
            if len(unseen):
                warn_unseen(self.name(j), unseen.tolist())

    def inverse_transform(self, scaled, like):
        """Scaled rows (n, n_features) in the units, types and container of `like`."""
        return self.restore(self.scaling_.inverse_transform(scaled), like)

    def restore(self, values, like, own=None, kept=()):
        """Numbers in X's units (n, n_features) in the types and the container of `like`.

        Parameters
        ----------
        values : ndarray (n, n_features)
            Numbers, categories as codes.
        like : array-like of shape (n_samples, n_features)
            X as the user passed it.
        own : ndarray, sparse matrix or Stored (n, n_features), optional
            The numbers of `like`. Cells that equal them come back exactly as they are.
        kept : sequence of int, optional
            Columns that come back exactly as they are.
        """
        unchanged = None
        if own is not None:
            own = dense(own)
            unchanged = values == own
            if len(kept):
                unchanged[:, list(kept)] = True
        return restore(like, values, self.table_, unchanged)

    def restore_draws(self, draws, like, own, kept=()):
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


class ScaledRows:
    """Rows of X as the model sees them, converted when they are indexed.

    Parameters
    ----------
    values : ndarray, sparse matrix or Stored (n, n_features)
        Rows in X's units.
    scaling : Scaling
        Their scaling.
    dtype : dtype
        Precision of the result.
    """

    def __init__(self, values, scaling, dtype=np.float64):
        self.values = values
        self.scaling = scaling
        self.dtype = dtype

    @property
    def shape(self):
        """(n, n_features)."""
        return self.values.shape

    def __len__(self):
        return self.values.shape[0]

    def __getitem__(self, index):
        return self.scaling.transform(self.values[index], self.dtype)
