"""Tables one column at a time: reading them, and measuring how an edit changes them."""

from numbers import Number

import narwhals as nw
import numpy as np

from sklearn_revae._data.missing import is_missing, where_missing
from sklearn_revae._data.names import short_name
from sklearn_revae.inspection._checks import check_length
from sklearn_revae.inspection._models import draw

# Three digits are enough to compare most numbers. More than these are rounding errors.
_MOST_DIGITS = 7
# Enough samples to estimate a standard deviation to within a few percent.
_N_SAMPLES_FOR_SCALES = 1000


def column_names(estimator):
    """Return the feature names seen in fit, a list of str, or x0, x1, ... without any.

    scikit-learn has no `feature_names_in_` for columns that are named by tuples.
    """
    names = getattr(estimator, "feature_names_in_", None)
    if names is None and hasattr(estimator, "_codec"):
        names = estimator._codec.names
    if names is None:
        names = [f"x{j}" for j in range(estimator.n_features_in_)]
    return [str(name) for name in names]


def columns_of(X):
    """Split a table into its columns.

    Parameters
    ----------
    X : DataFrame or array-like of shape (n_samples, n_features)
        The table.

    Returns
    -------
    columns : list of ndarray of shape (n_samples,)
        Numeric columns as floats with NaN for missing values, other columns as objects
        with None for missing values.
    """
    if hasattr(X, "columns"):
        columns = nw.from_native(X, eager_only=True).iter_columns()
        return [_numbers_or_objects(column.to_list()) for column in columns]
    X = X.toarray() if hasattr(X, "toarray") else np.asarray(X)
    if X.dtype.kind in "iuf":
        return list(X.T.astype(np.float64))
    return [_numbers_or_objects(list(column)) for column in X.T]


def _numbers_or_objects(cells):
    observed = [cell for cell in cells if not is_missing(cell)]
    is_numeric = all(
        isinstance(cell, Number) and not isinstance(cell, (bool, np.bool_))
        for cell in observed
    )
    column = np.empty(len(cells), dtype=np.float64 if is_numeric else object)
    missing_value = np.nan if is_numeric else None
    column[:] = [missing_value if is_missing(cell) else cell for cell in cells]
    return column


def column_scales(estimator):
    """Return the standard deviation of each feature, (n_features,).

    It is estimated from samples that the model draws, so that changes of a single sample
    can be scaled too. It is 1 for categorical and for constant features.
    """
    drawn = draw(estimator, _N_SAMPLES_FOR_SCALES, random_state=0)
    columns = columns_of(drawn)
    spread = [np.std(c) if c.dtype.kind == "f" else 1.0 for c in columns]
    return np.array([s if s > 0 else 1.0 for s in spread])


def table_options(estimator, X_is_table):
    """Return the `feature_names` and `scales` of a display that an estimator makes.

    Both are None where X holds images.
    """
    if not X_is_table:
        return {"feature_names": None, "scales": None}
    return {"feature_names": column_names(estimator), "scales": column_scales(estimator)}


def scales_for(scales, n_features):
    """Return `scales` as an array (n_features,), of ones if it is None.

    Raises
    ------
    ValueError
        If there is not one positive number per feature.
    """
    if scales is None:
        return np.ones(n_features)
    scales = np.asarray(scales, dtype=np.float64)
    if scales.shape != (n_features,) or not (scales > 0).all():
        raise ValueError(
            f"scales must hold one positive number per feature ({n_features}), got "
            f"{scales}."
        )
    return scales


def names_for(feature_names, n_features):
    """Return `feature_names` as figures write them, or x0, x1, ... if it is None.

    Raises
    ------
    ValueError
        If there is not one name per feature.
    """
    if feature_names is None:
        return [f"x{j}" for j in range(n_features)]
    check_length(feature_names, "feature_names", n_features, "feature")
    return [short_name(name) for name in feature_names]


def column_change(before, after, scale):
    """Change of a feature for each sample (n,).

    Numeric changes are divided by `scale`. A categorical change is 1 if the category
    differs, else 0. Where either value is missing the change is NaN.
    """
    if before.dtype.kind == "f" and after.dtype.kind == "f":
        return (after - before) / scale
    changed = np.array([a != b for a, b in zip(after, before, strict=True)], dtype=float)
    changed[where_missing(before) | where_missing(after)] = np.nan
    return changed


def change_units(columns, scales):
    """Units of changes, as the second line of an axis label; empty without units."""
    units = [] if scales is None else ["standard deviations"]
    if any(column.dtype.kind != "f" for column in columns):
        units.append("categorical: fraction changed")
    return f"\n[{'; '.join(units)}]" if units else ""


def mean_change(before, after, scale):
    """Mean of :func:`column_change` over the samples where it is defined, else NaN."""
    change = column_change(before, after, scale)
    defined = change[~np.isnan(change)]
    return defined.mean() if len(defined) else np.nan


def differs(before, after):
    """Whether any value of a column has changed, or was missing on one side only."""
    if (where_missing(before) != where_missing(after)).any():
        return True
    return bool(np.nan_to_num(column_change(before, after, 1.0)).any())


def mean_paths(columns, n_steps, scales):
    """Mean change of each feature since the first step, (n_features, n_steps).

    Parameters
    ----------
    columns : list of ndarray of shape (n_samples * n_steps,)
        The features; the steps of one sample are adjacent.
    n_steps : int
        Number of steps.
    scales : ndarray of shape (n_features,)
        Values by which the changes of each feature are divided.
    """
    steps = [column.reshape(-1, n_steps).T for column in columns]
    return np.array(
        [
            [mean_change(step[0], later, scale) for later in step]
            for step, scale in zip(steps, scales, strict=True)
        ]
    )


def change_text(before, after):
    """Summary of a column before and after: its mean or its most frequent category.

    Both are taken over the samples whose value before is observed, because filling in a
    missing value is not a change. If no value before is observed, the summary of `after`
    is taken over all samples.
    """
    observed = ~where_missing(before)
    compared = after[observed] if observed.any() else after
    ends = _summary(before), _summary(compared)
    for digits in range(3, _MOST_DIGITS + 1):
        texts = [_text(end, digits) for end in ends]
        if texts[0] != texts[1]:
            break
    return " → ".join(texts)


def _summary(column):
    """The mean of a column, or its most frequent category."""
    observed = column[~where_missing(column)]
    if len(observed) == 0:
        return "missing"
    if column.dtype.kind == "f":
        return float(observed.mean())
    cells = list(observed)
    return str(max(dict.fromkeys(cells), key=cells.count))


def _text(value, digits):
    """A summary with so many digits; a large number keeps all before the point."""
    if isinstance(value, str):
        return value
    large = 1000 <= abs(value) < 1e6
    return f"{value:.{digits - 3}f}" if large else f"{value:.{digits}g}"
