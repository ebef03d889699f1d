"""Tables as a Display needs them: a column at a time, numbers apart from categories."""

from numbers import Number

import narwhals as nw
import numpy as np

# Enough for the standard deviation of a column to a few percent.
_N_DRAWN = 1000


def column_names(estimator):
    """Names of the columns: those seen in fit, else x0, x1, ... as scikit-learn does."""
    names = getattr(estimator, "feature_names_in_", None)
    return names_for(names, estimator.n_features_in_)


def columns_of(X):
    """Columns of a table: arrays of floats where they are of numbers, else of objects.

    Parameters
    ----------
    X : data frame or array-like of shape (n_samples, n_features)
        The table; missing values become NaN among numbers and None among others.
    """
    if hasattr(X, "columns"):
        series = nw.from_native(X, eager_only=True).iter_columns()
        return [_numbers_or_objects(one.to_list()) for one in series]
    X = X.toarray() if hasattr(X, "toarray") else np.asarray(X)
    if X.dtype.kind in "iuf":
        return list(X.T.astype(np.float64))
    return [_numbers_or_objects(list(column)) for column in X.T]


def _numbers_or_objects(cells):
    missing = [_is_missing(cell) for cell in cells]
    known = [cell for cell, gone in zip(cells, missing, strict=True) if not gone]
    if all(isinstance(v, Number) and not isinstance(v, (bool, np.bool_)) for v in known):
        gaps = zip(cells, missing, strict=True)
        return np.array([np.nan if gone else cell for cell, gone in gaps], np.float64)
    objects = np.empty(len(cells), dtype=object)
    gaps = zip(cells, missing, strict=True)
    objects[:] = [None if gone else cell for cell, gone in gaps]
    return objects


def _is_missing(cell):
    if cell is None or type(cell).__name__ == "NAType":
        return True
    return isinstance(cell, (float, np.floating)) and bool(np.isnan(cell))


def is_missing(column):
    """Where a column of :func:`columns_of` has no value."""
    if column.dtype.kind == "f":
        return np.isnan(column)
    return np.array([cell is None for cell in column], dtype=bool)


def column_scales(estimator):
    """Standard deviation of each column over rows that the model draws, (n_features,).

    One for columns of categories, and for those that do not vary. The model's own rows
    give a scale even where a single row is looked at.
    """
    drawn, _ = estimator.sample(_N_DRAWN, random_state=0)
    columns = columns_of(drawn)
    spread = [np.std(c) if c.dtype.kind == "f" else 1.0 for c in columns]
    return np.array([s if s > 0 else 1.0 for s in spread])


def scales_for(scales, n_features):
    """`scales` as an array (n_features,), ones for None.

    Raises
    ------
    ValueError
        If there are more or fewer, or one is not above zero.
    """
    if scales is None:
        return np.ones(n_features)
    scales = np.asarray(scales, dtype=np.float64)
    if scales.shape != (n_features,) or not (scales > 0).all():
        raise ValueError(
            f"scales={scales} should be {n_features} numbers above zero, one a column."
        )
    return scales


def names_for(feature_names, n_features):
    """`feature_names` as a list of str, x0, x1, ... for None.

    Raises
    ------
    ValueError
        If there are more or fewer.
    """
    if feature_names is None:
        return [f"x{j}" for j in range(n_features)]
    if len(feature_names) != n_features:
        raise ValueError(
            f"feature_names has {len(feature_names)} entries, but the table has "
            f"{n_features} columns: pass one for each."
        )
    return [str(name) for name in feature_names]


def column_change(before, after, scale):
    """Change of a column, row by row: numbers in units of `scale`, categories 0 or 1.

    NaN where there is no value before or after.
    """
    if before.dtype.kind == "f" and after.dtype.kind == "f":
        return (after - before) / scale
    changed = np.array([a != b for a, b in zip(after, before, strict=True)], dtype=float)
    changed[is_missing(before) | is_missing(after)] = np.nan
    return changed


def change_units(columns, scales):
    """Second line of the label of an axis of changes: their units."""
    units = [] if scales is None else ["standard deviations"]
    if any(column.dtype.kind != "f" for column in columns):
        units.append("categories: share of rows")
    return f"\n[{'; '.join(units)}]" if units else ""


def mean_change(before, after, scale):
    """Mean of :func:`column_change` over the rows that tell; NaN if none does."""
    change = column_change(before, after, scale)
    known = change[~np.isnan(change)]
    return known.mean() if len(known) else np.nan


def differs(before, after):
    """Whether any row of a column is another than before, values for gaps included."""
    if (is_missing(before) != is_missing(after)).any():
        return True
    return bool(np.nan_to_num(column_change(before, after, 1.0)).any())


def mean_paths(columns, n_steps, scales):
    """Mean change of each column since the first step, (n_features, n_steps).

    Parameters
    ----------
    columns : list of ndarray of shape (n_samples * n_steps,)
        The columns, the steps of a row next to each other.
    n_steps : int
        Number of steps.
    scales : ndarray of shape (n_features,)
        What a column's change is divided by.
    """
    steps = [column.reshape(-1, n_steps).T for column in columns]
    return np.array(
        [
            [mean_change(step[0], later, scale) for later in step]
            for step, scale in zip(steps, scales, strict=True)
        ]
    )


def change_text(before, after):
    """A column before and after in one cell: means, or most frequent categories.

    Rows without a value before are left out, unless there are no others: what an edit
    fills in is no change.
    """
    known = ~is_missing(before)
    return f"{_summary(before)} → {_summary(after[known] if known.any() else after)}"


def _summary(column):
    known = column[~is_missing(column)]
    if len(known) == 0:
        return "missing"
    if column.dtype.kind == "f":
        return f"{known.mean():.4g}"
    cells = list(known)
    return str(max(dict.fromkeys(cells), key=cells.count))
