"""Samples on their way through the steps before a model, and edits on their way back."""

from math import prod

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples

from sklearn_revae._data.chunks import dense, float_dtype
from sklearn_revae._data.containers import (
    column_dtypes,
    restore_draws,
    restore_edits,
)
from sklearn_revae._data.frames import is_frame
from sklearn_revae._data.missing import is_missing
from sklearn_revae._data.reading import names_of
from sklearn_revae._data.tables import Table, holds_objects
from sklearn_revae._interventions.constraints import Constraints
from sklearn_revae._interventions.inverse import active_steps, as_array, invert_steps
from sklearn_revae._interventions.possible import PossibleValues

_LARGEST = np.finfo(np.float64).max
# An edit that cannot be inverted is halved until so little of it is left.
_LEAST_PART = 2.0**-8
# So many samples are transformed there and back first.
_N_TRIED = 100
# So many training samples say which values are possible.
_MOST_TRAINING_ROWS = 500


def split(pipeline, classes=False):
    """The steps before the model, pairs of name and transformer, and the model.

    Parameters
    ----------
    pipeline : Pipeline or estimator
        A Pipeline that ends with a model, or the model.
    classes : bool, default=False
        Whether its labels have to be classes.

    Raises
    ------
    ValueError
        If the last step is not an estimator of this package, or not of classes.
    """
    steps, model = [], pipeline
    while isinstance(model, Pipeline):
        steps += active_steps(model.steps[:-1])
        model = model.steps[-1][1]
    if not hasattr(model, "intervene"):
        fitted = ("best_estimator_", "estimator_")
        inside = [f"its attribute {name}, or" for name in fitted if hasattr(model, name)]
        raise ValueError(
            f"pipeline ends with a {type(model).__name__}, which has no method "
            f"intervene: pass {' '.join([*inside[:1], 'a'])} Pipeline that ends with a "
            "ReVAEClassifier or ReVAETransformer, or such an estimator."
        )
    if classes:
        check_classes(model)
    return steps, model


def check_classes(model):
    """Refuse a model whose labels are numbers.

    Raises
    ------
    ValueError
        With the name of its class.
    """
    if not hasattr(type(model), "classes_"):
        raise ValueError(
            f"The model is a {type(model).__name__}, but labels that are classes are "
            "required: pass a ReVAEClassifier or a ReVAETransformer."
        )


def transform(steps, X):
    """X, transformed by the steps."""
    for _, step in steps:
        X = step.transform(X)
    return X


class Passage:
    """The samples of X as the model sees them, and edits as the user sees them.

    Parameters
    ----------
    steps : list of (str, transformer)
        The fitted steps before the model.
    X : array-like of shape (n_samples, n_features)
        Samples, as the first step expects them.
    model : estimator
        The model behind the steps.

    Attributes
    ----------
    inside : array-like
        The samples as the model sees them.

    Raises
    ------
    ValueError
        If a step cannot be inverted.
    """

    def __init__(self, steps, X, model):
        self._steps, self._X = steps, X
        self.inside = transform(steps, X)
        # Some steps have an inverse_transform that fails: try it with few samples first.
        # SimpleImputer needs one without a missing value.
        few = np.arange(min(_N_TRIED, _num_samples(self.inside)))
        first = as_array(_safe_indexing(self.inside, few))
        inverted = invert_steps(steps, first, first)
        _check_columns(X, steps[0][1], inverted.shape[1])
        self._table = Table()
        if is_frame(X) or holds_objects(X):
            names = names_of(X)
            self._values = self._table.fit(X, names).encode(X, names)
        else:
            self._values = dense(X)
        inside = as_array(self.inside)
        self._unedited = self._inverted(inside, inside)
        self._possible = self._possible_values(model)

    def _possible_values(self, model):
        """:class:`PossibleValues` of the columns of X."""
        training, codec = model._sample_statistics.reservoir.rows, model._codec
        if training is not None:
            if codec.table_.categories_ or codec.picture_shape_ is not None:
                training = None
            else:
                training = dense(training[:_MOST_TRAINING_ROWS])
                training = self._inverted(training, training)
        own = self._values.astype(np.float64)
        own[:, list(self._table.categories_)] = np.nan
        dtype = as_array(self.inside).dtype
        dtype = dtype if dtype.kind == "f" else np.float64
        return PossibleValues.of(own, self._unedited, training, dtype)

    def constraints(self, keep=None, bounds=None, direction=None):
        """:class:`Constraints` on the columns of X."""
        n_rows, n_features = self._values.shape
        categories = list(self._table.categories_)
        return Constraints(
            keep,
            bounds,
            direction,
            names_of(self._X),
            n_features,
            n_rows,
            integer=self._possible.whole,
            categorical=np.isin(np.arange(n_features), categories),
        )

    def invert(self, edited):
        """Edits (n, ..., n_inside) as numbers in the units of X, (n, ..., n_features).

        A value that the edit does not change is exactly that of X, without the rounding
        errors of the steps.
        """
        edited = as_array(edited)
        points = edited.shape[1:-1]
        own = np.repeat(as_array(self.inside), prod(points), axis=0)
        rows = self._nearest(edited.reshape(own.shape), own)
        rows = rows.reshape(*edited.shape[:-1], -1)
        shape = (len(rows), *(1,) * len(points), -1)
        same = _same(rows, self._unedited.reshape(shape))
        rows = np.where(same, self._values.reshape(shape), rows)
        return self._possible.apply(rows, self._values)

    def _nearest(self, edited, own):
        """Inverted edits (n, n_inside), or less of an edit that cannot be inverted.

        Some steps map all numbers to an interval, as PowerTransformer does.
        """
        rows = self._inverted(edited, own)
        unedited = np.repeat(self._unedited, len(own) // len(self._unedited), axis=0)
        # There is no half of an edit of cells that are not all numbers.
        part = 1.0 if edited.dtype.kind == "f" else 0.0
        while (lost := np.isnan(rows) & ~np.isnan(unedited)).any() and part > _LEAST_PART:
            part /= 2
            bad = lost.any(axis=1)
            less = own[bad] + part * (edited[bad] - own[bad])
            rows[bad] = np.where(lost[bad], self._inverted(less, own[bad]), rows[bad])
        return np.where(lost, unedited, rows)

    def _inverted(self, edited, own):
        """Edits (n, n_inside) of rows `own` as numbers in the units of X."""
        with np.errstate(over="ignore"):
            # What overflows is clipped below, as the model itself does.
            rows = invert_steps(self._steps, edited, own)
        if is_frame(self._X) or self._table.categories_:
            rows = _codes(rows, self._table)
        return rows.astype(np.float64).clip(-_LARGEST, _LARGEST)

    def unchanged(self, values, most):
        """Cells (n, n_features) that edits of at most `most` inner columns leave.

        Raises
        ------
        ValueError
            If the steps mix columns.
        """
        same = _same(values, self._values)
        n_changed = (~same).sum(axis=1).max()
        if n_changed > most:
            raise ValueError(
                f"max_columns={most} limits the columns that the model sees, and the "
                f"steps before it mix columns: {n_changed} columns of X would change in "
                "one sample. Leave out such steps, which the model does not need, or "
                "max_columns."
            )
        return same

    def constrain(self, values, constraints):
        """Bring numbers within the limits, in place."""
        if constraints.limits:
            dtypes = column_dtypes(self._X, values.shape[-1])
            if values.ndim > 2:
                dtypes = [float_dtype(self._values)] * len(dtypes)
            constraints.apply(values, self._values, dtypes)

    def restore(self, values, kept=False):
        """Numbers in the container of X; several edits of each sample as one array."""
        if values.ndim == 2:
            return self._restored(self._X, self._values, values, kept)
        edits = values.reshape(len(values), -1, values.shape[-1])
        result = restore_draws(self._X, self._values, edits, self._table, kept)
        return result.reshape(values.shape)

    def _restored(self, X, own, values, kept):
        """Numbers in the container of X, where cells equal to `own` are those of X."""
        return restore_edits(X, own, values, self._table, kept)

    def transformed(self, values, kept):
        """Edits as the model sees them; several of each sample as one array."""
        if values.ndim == 2:
            return transform(self._steps, self.restore(values, kept))
        # The steps expect the container of X, although draws are returned as an array.
        repeated = np.repeat(np.arange(len(values)), prod(values.shape[1:-1]))
        rows = self._restored(
            _safe_indexing(self._X, repeated),
            self._values[repeated],
            values.reshape(-1, values.shape[-1]),
            kept[repeated],
        )
        inside = as_array(transform(self._steps, rows))
        return inside.reshape(*values.shape[:-1], -1)


def _check_columns(X, first, n_restored):
    """Refuse columns that would be returned in the place of others."""
    names = getattr(first, "feature_names_in_", None)
    if is_frame(X) and names is not None and list(X.columns) != list(names):
        raise ValueError(
            f"X has the columns {list(X.columns)}, but the pipeline was fitted on "
            f"{list(names)}: pass those, in that order."
        )
    n_features = np.shape(X)[1]
    if n_restored != n_features:
        raise ValueError(
            "The pipeline's inverse_transform does not restore the original columns "
            f"({n_features} in, {n_restored} out): use steps that keep all columns."
        )


def _same(values, others):
    """Where numbers are the same; missing ones are."""
    return (values == others) | (np.isnan(values) & np.isnan(others))


def _codes(rows, table):
    """Numbers for rows of cells; the table learns the categories that X lacks."""
    rows = np.array(rows, dtype=object)
    for j, known in table.categories_.items():
        if known and all(isinstance(value, (bool, np.bool_)) for value in known):
            # Bools may have been scaled.
            numbers = rows[:, j].astype(np.float64)
            rows[:, j] = np.where(np.isnan(numbers), None, numbers >= 0.5)
        found = [value for value in rows[:, j] if not is_missing(value)]
        table.categories_[j] = list(dict.fromkeys([*known, *found]))
    return table.encode(rows)
