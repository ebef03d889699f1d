"""Interventions through a Pipeline: its steps there, the model's edit, the steps back."""

from collections.abc import Sequence
from math import prod
from typing import Any, Literal, Unpack, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing

from sklearn_revae._data.chunks import dense, float_dtype
from sklearn_revae._data.containers import column_dtypes, restore, restore_draws
from sklearn_revae._data.frames import is_frame
from sklearn_revae._data.reading import names_of
from sklearn_revae._data.tables import Table, holds_objects
from sklearn_revae._interventions.constraints import Constraints
from sklearn_revae._interventions.inverse import active_steps, as_array, undo_steps
from sklearn_revae._interventions.report import InterventionReport, intervention_report
from sklearn_revae._typing import (
    ArrayRows,
    Bounds,
    Container,
    Direction,
    Do,
    EditOptions,
    LabelName,
    Method,
    ModelOrPipeline,
    RandomState,
    Rows,
)


@overload
def intervene(
    pipeline: ModelOrPipeline,
    X: Container,
    do: Do,
    *,
    n_samples: None = None,
    report: Literal[False] = False,
    **options: Unpack[EditOptions],
) -> Container: ...
@overload
def intervene(
    pipeline: ModelOrPipeline,
    X: Container,
    do: Do,
    *,
    n_samples: None = None,
    report: Literal[True],
    **options: Unpack[EditOptions],
) -> tuple[Container, InterventionReport]: ...
@overload
def intervene(
    pipeline: ModelOrPipeline,
    X: ArrayRows,
    do: Do,
    *,
    n_samples: int | None = None,
    report: Literal[False] = False,
    **options: Unpack[EditOptions],
) -> NDArray[Any]: ...
@overload
def intervene(
    pipeline: ModelOrPipeline,
    X: ArrayRows,
    do: Do,
    *,
    n_samples: int | None = None,
    report: Literal[True],
    **options: Unpack[EditOptions],
) -> tuple[NDArray[Any], InterventionReport]: ...
def intervene(
    pipeline: ModelOrPipeline,
    X: Rows,
    do: Do,
    *,
    method: Method = "transport",
    strength: float = 1.0,
    keep: ArrayLike | None = None,
    bounds: Bounds | None = None,
    direction: Direction | None = None,
    residual: bool = True,
    n_samples: int | None = None,
    report: bool = False,
    random_state: RandomState = None,
) -> Any:
    """Return rows as they would look with other labels, through a Pipeline.

    The steps before the model are applied, the model's own `intervene` edits what they
    give, and they are undone. Steps with an `inverse_transform` can be, and
    ColumnTransformers of such steps that drop no column and use none twice. It is an edit
    along what the data associates with the label, not a causal effect.

    .. versionadded:: 0.2

    Parameters
    ----------
    pipeline : Pipeline, ReVAEClassifier or ReVAETransformer
        Fitted; a Pipeline that ends with such a model, or the model itself.
    X : array-like of shape (n_samples, n_features)
        Rows, as the Pipeline takes them.
    do : dict, or a single value where there is one label
        `{label: value}`, as the model's own method takes it.
    method : {"transport", "sample", "mean"} or dict, default="transport"
        How the latents of a label move, as in the model's own method.
    strength : float, default=1.0
        Share of the way that the latents are moved.
    keep : array-like of str or int, default=None
        Columns of X, as the Pipeline takes it, that come back exactly as they went in.
    bounds : dict of column to (low, high), default=None
        Limits that these columns of the result obey, in X's units; None leaves a side
        open.
    direction : dict of column to {1, -1}, default=None
        Columns that may only rise (1) or only fall (-1) from what they are in X.
    residual : bool, default=True
        Add what the edit changes in the decoded row to the row that the model is given.
        What a step before it loses, a PCA of few components say, is not brought back.
    n_samples : int, default=None
        Number of draws a row; None takes the mean of the row's latents.
    report : bool, default=False
        Return an :class:`~sklearn_revae.InterventionReport` as well: of X and the result,
        both as the model sees them, in its own columns.
    random_state : int, RandomState instance or None, default=None
        Decides the draws.

    Returns
    -------
    X_new : array-like of shape (n_samples, n_features) \
            or (n_samples, `n_samples`, n_features)
        Of X's type and units; a DataFrame keeps its columns and index. With `n_samples`,
        an array. With `report=True` a tuple of this and the report.

    Raises
    ------
    ValueError
        For a step that cannot be undone, by its name, before any work, and for whatever
        the model's own method refuses.

    See Also
    --------
    ReVAEClassifier.intervene : The method, for a model by itself.

    References
    ----------
    .. [1] T. Joy et al., "Capturing Label Characteristics in VAEs", ICLR 2021,
       arXiv:2006.10102, section 3: interventions on the latents of a label.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.decomposition import PCA
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_revae import ReVAEClassifier, intervene
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ReVAEClassifier(max_iter=200, random_state=0)
    >>> pipeline = make_pipeline(PCA(3), model).fit(X, y)
    >>> as_virginica = intervene(pipeline, X[:3], 2, keep=[0])
    >>> pipeline.predict(as_virginica)
    array([2, 2, 2])
    >>> bool((as_virginica[:, 0] == X[:3, 0]).all())
    True
    """
    steps, model = _split(pipeline)
    if not steps:
        return model.intervene(
            X,
            do,
            method=method,
            strength=strength,
            keep=keep,
            bounds=bounds,
            direction=direction,
            residual=residual,
            n_samples=n_samples,
            report=report,
            random_state=random_state,
        )
    passage = _Passage(steps, X)
    constraints = passage.constraints(keep, bounds, direction)
    edited = model.intervene(
        passage.inside,
        do,
        method=method,
        strength=strength,
        residual=residual,
        n_samples=n_samples,
        random_state=random_state,
    )
    values = passage.undo(edited)
    passage.constrain(values, constraints)
    X_new = passage.restore(values, constraints.kept_)
    if not report:
        return X_new
    inside_new = passage.redo(values, constraints.kept_)
    baseline = passage.inside if residual else None
    found = intervention_report(model, passage.inside, inside_new, do, baseline=baseline)
    return X_new, found


@overload
def swap(
    pipeline: ModelOrPipeline,
    X: Container,
    donors: Rows,
    labels: LabelName | Sequence[LabelName] | None = None,
    *,
    keep: ArrayLike | None = None,
    residual: bool = True,
) -> Container: ...
@overload
def swap(
    pipeline: ModelOrPipeline,
    X: ArrayRows,
    donors: Rows,
    labels: LabelName | Sequence[LabelName] | None = None,
    *,
    keep: ArrayLike | None = None,
    residual: bool = True,
) -> NDArray[Any]: ...
def swap(
    pipeline: ModelOrPipeline,
    X: Rows,
    donors: Rows,
    labels: LabelName | Sequence[LabelName] | None = None,
    *,
    keep: ArrayLike | None = None,
    residual: bool = True,
) -> Any:
    """Rows with the characteristics that other rows have of some labels.

    Through a Pipeline, as :func:`intervene` goes.

    .. versionadded:: 0.2

    Parameters
    ----------
    pipeline : Pipeline, ReVAEClassifier or ReVAETransformer
        Fitted; a Pipeline that ends with such a model, or the model itself.
    X : array-like of shape (n_samples, n_features)
        Rows, as the Pipeline takes them.
    donors : array-like of shape (n_samples, n_features) or (1, n_features)
        The rows that give, one for each row of X or one for all.
    labels : str, int or sequence of these, default=None
        Labels by name or index; None takes all.
    keep : array-like of str or int, default=None
        Columns of X, as the Pipeline takes it, that come back exactly as they went in.
    residual : bool, default=True
        As in :func:`intervene`.

    Returns
    -------
    X_new : array-like of shape (n_samples, n_features)
        Of X's type and units; a DataFrame keeps its columns and index.

    Raises
    ------
    ValueError
        For a step that cannot be undone, by its name, before any work, and for whatever
        the model's own method refuses.

    References
    ----------
    .. [1] T. Joy et al., "Capturing Label Characteristics in VAEs", ICLR 2021,
       arXiv:2006.10102: characteristic swaps.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_revae import ReVAEClassifier, swap
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ReVAEClassifier(max_iter=200, random_state=0)
    >>> pipeline = make_pipeline(StandardScaler(), model).fit(X, y)
    >>> pipeline.predict(swap(pipeline, X[:3], X[-3:]))
    array([2, 2, 2])
    """
    steps, model = _split(pipeline)
    if not steps:
        return model.swap(X, donors, labels, keep=keep, residual=residual)
    passage = _Passage(steps, X)
    constraints = passage.constraints(keep, None, None)
    given = _transform(steps, donors)
    edited = model.swap(passage.inside, given, labels, residual=residual)
    return passage.restore(passage.undo(edited), constraints.kept_)


def traverse(
    pipeline: ModelOrPipeline,
    X: Rows,
    label: LabelName | Sequence[LabelName],
    *,
    steps: int = 10,
    span: float = 4.0,
    values: Sequence[Any] | None = None,
    residual: bool = True,
) -> NDArray[Any]:
    """Rows as a label goes from well inside one value to well inside another.

    Through a Pipeline, as :func:`intervene` goes.

    .. versionadded:: 0.2

    Parameters
    ----------
    pipeline : Pipeline, ReVAEClassifier or ReVAETransformer
        Fitted; a Pipeline that ends with such a model, or the model itself.
    X : array-like of shape (n_samples, n_features)
        Rows, as the Pipeline takes them.
    label : str, int or pair of these
        The label, by name or index, or two of them.
    steps : int, default=10
        Number of points, at least 2.
    span : float, default=4.0
        How far the line goes on beyond the two means, in standard deviations of the
        prior p(z_l|y_l) there; not negative.
    values : pair, default=None
        The values at both ends, a pair of such for two labels. None takes the first and
        the last class.
    residual : bool, default=True
        As in :func:`intervene`.

    Returns
    -------
    X_new : ndarray of shape (n_samples, `steps`, n_features) \
            or (n_samples, `steps`, `steps`, n_features)
        In X's units; of objects where X has categories. In a grid the first axis of
        steps is that of the first label.

    Raises
    ------
    ValueError
        For a step that cannot be undone, by its name, before any work, and for whatever
        the model's own method refuses.

    References
    ----------
    .. [1] T. Joy et al., "Capturing Label Characteristics in VAEs", ICLR 2021,
       arXiv:2006.10102: latent traversals.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_revae import ReVAEClassifier, traverse
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ReVAEClassifier(max_iter=200, random_state=0)
    >>> pipeline = make_pipeline(StandardScaler(), model).fit(X, y)
    >>> path = traverse(pipeline, X[:1], 0, steps=5, span=0.0)
    >>> pipeline.predict(path[0, [0, -1]])
    array([0, 2])
    """
    before, model = _split(pipeline)
    if not before:
        return model.traverse(
            X, label, steps=steps, span=span, values=values, residual=residual
        )
    passage = _Passage(before, X)
    edited = model.traverse(
        passage.inside, label, steps=steps, span=span, values=values, residual=residual
    )
    return passage.restore(passage.undo(edited))


def _split(pipeline):
    """The steps before the model, names and transformers, and the model."""
    steps, model = [], pipeline
    while isinstance(model, Pipeline):
        steps += active_steps(model.steps[:-1])
        model = model.steps[-1][1]
    if not hasattr(model, "intervene"):
        raise ValueError(
            f"pipeline ends with a {type(model).__name__}, which cannot intervene: pass "
            "a Pipeline that ends with a ReVAEClassifier or ReVAETransformer, or such a "
            "model."
        )
    return steps, model


def _transform(steps, X):
    for _, step in steps:
        X = step.transform(X)
    return X


class _Passage:
    """Rows on their way through the steps before a model, and edits on their way back.

    Parameters
    ----------
    steps : list of (str, transformer)
        The steps, fitted.
    X : array-like of shape (n_samples, n_features)
        Rows, as the first step takes them.

    Attributes
    ----------
    inside : array-like
        The rows as the model takes them.

    Raises
    ------
    ValueError
        If a step cannot be undone.
    """

    def __init__(self, steps, X):
        self._steps, self._X = steps, X
        self.inside = _transform(steps, X)
        # One row tells what steps alone do not: many promise an inverse and have none.
        first = as_array(_safe_indexing(self.inside, [0]))
        undone = undo_steps(steps, first, first)
        _check_columns(X, steps[0][1], undone.shape[1])
        self._table = Table()
        if is_frame(X) or holds_objects(X):
            names = names_of(X)
            self._values = self._table.fit(X, names).encode(X, names)
        else:
            self._values = dense(X)

    def constraints(self, keep, bounds, direction):
        """Constraints on the columns of X."""
        n_features = self._values.shape[1]
        categories = list(self._table.categories_)
        return Constraints(
            keep,
            bounds,
            direction,
            names_of(self._X),
            n_features,
            unordered=np.isin(np.arange(n_features), categories),
        )

    def undo(self, edited):
        """Edits (n, ..., n_inside) as numbers in X's units, (n, ..., n_features)."""
        edited = as_array(edited)
        points = edited.shape[1:-1]
        own = np.repeat(as_array(self.inside), prod(points), axis=0)
        rows = undo_steps(self._steps, edited.reshape(own.shape), own)
        if is_frame(self._X) or self._table.categories_:
            rows = _codes(rows, self._table)
        return rows.astype(np.float64).reshape(*edited.shape[:-1], -1)

    def constrain(self, values, constraints):
        """Bring numbers within the limits, in place."""
        if constraints.limits:
            dtypes = column_dtypes(self._X, values.shape[-1])
            if values.ndim > 2:
                dtypes = [float_dtype(self._values)] * len(dtypes)
            constraints.apply(values, self._values, dtypes)

    def restore(self, values, kept=()):
        """Numbers in X's container; several edits of each row as one array."""
        if values.ndim == 2:
            return restore(self._X, values, self._table, _kept_cells(values, kept))
        edits = values.reshape(len(values), -1, values.shape[-1])
        result = restore_draws(self._X, self._values, edits, self._table, kept)
        return result.reshape(values.shape)

    def redo(self, values, kept):
        """Edits as the model takes them; several of each row as one array."""
        if values.ndim == 2:
            return _transform(self._steps, self.restore(values, kept))
        shape, n_edits = values.shape, prod(values.shape[1:-1])
        # The steps want rows in X's container, whatever comes back to the user.
        X = _safe_indexing(self._X, np.repeat(np.arange(len(values)), n_edits))
        values = values.reshape(-1, values.shape[-1])
        rows = restore(X, values, self._table, _kept_cells(values, kept))
        inside = as_array(_transform(self._steps, rows))
        return inside.reshape(*shape[:-1], -1)


def _kept_cells(values, kept):
    """Cells of the columns that are kept: an array of bool like `values`."""
    cells = np.zeros(values.shape, dtype=bool)
    cells[:, list(kept)] = True
    return cells


def _check_columns(X, first, n_undone):
    """Refuse columns that would come back in the place of others."""
    names = getattr(first, "feature_names_in_", None)
    if is_frame(X) and names is not None and list(X.columns) != list(names):
        raise ValueError(
            f"X has the columns {list(X.columns)}, but the pipeline was fitted on "
            f"{list(names)}: pass those, in that order."
        )
    n_features = np.shape(X)[1]
    if n_undone != n_features:
        raise ValueError(
            f"The pipeline's steps take {n_features} columns, and come back with "
            f"{n_undone}: their inverse_transform is none."
        )


def _codes(rows, table):
    """Numbers for rows of X's cells; the table learns the categories that X lacks."""
    rows = np.array(rows, dtype=object)
    for j, known in table.categories_.items():
        if known and all(isinstance(value, (bool, np.bool_)) for value in known):
            # Truth values may have been scaled.
            numbers = rows[:, j].astype(np.float64)
            rows[:, j] = np.where(np.isnan(numbers), None, numbers >= 0.5)
        found = [value for value in rows[:, j] if value is not None and value == value]
        table.categories_[j] = list(dict.fromkeys([*known, *found]))
    return table.encode(rows)
