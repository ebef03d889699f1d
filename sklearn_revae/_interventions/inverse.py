"""Inversion of a pipeline's fitted steps: the output of a step to its input."""

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectorMixin
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
)

from sklearn_revae._data.chunks import dense
from sklearn_revae._data.frames import is_frame
from sklearn_revae._data.missing import is_missing


def active_steps(steps):
    """Steps of a pipeline that transform something."""
    return [(name, step) for name, step in steps if step not in (None, "passthrough")]


def as_array(rows):
    """A data frame, a sparse matrix or an array as an array."""
    return rows.to_numpy() if is_frame(rows) else dense(rows)


def invert_steps(steps, new, own):
    """Samples that `steps` transform to `new`.

    Parameters
    ----------
    steps : list of (str, transformer)
        Fitted steps.
    new : ndarray (n, n_outputs)
        Edited outputs of the last step.
    own : ndarray (n, n_outputs)
        Its outputs for the samples before the edit.

    Raises
    ------
    ValueError
        For a step that cannot be inverted, by its name.
    """
    active = active_steps(steps)
    for i, (name, step) in reversed(list(enumerate(active))):
        try:
            new = invert_step(step, new, own)
            # The input of the first step is not needed.
            own = invert_step(step, own, own) if i else own
        except Exception as error:
            raise ValueError(
                f"Step {name!r} ({type(step).__name__}) cannot be inverted: {error}"
            ) from error
    return new


def invert_step(step, new, own):
    """Input of a step for its output `new`, where `own` is the output before the edit."""
    if isinstance(step, Pipeline):
        return invert_steps(step.steps, new, own)
    if isinstance(step, ColumnTransformer):
        return _invert_columns(step, new, own)
    inverts = hasattr(step, "inverse_transform") and getattr(step, "add_indicator", True)
    if type(step).__name__.endswith("Imputer") and not inverts:
        raise ValueError(
            "it fills in missing values. Leave it out: the model reads missing values "
            "itself."
        )
    if not hasattr(step, "inverse_transform"):
        raise ValueError("it has no inverse_transform.")
    if isinstance(step, FunctionTransformer) and (
        step.func is not None and step.inverse_func is None
    ):
        raise ValueError("it has a func without an inverse_func.")
    if isinstance(step, SelectorMixin) and not step.get_support().all():
        lost = np.flatnonzero(~step.get_support()).tolist()
        raise ValueError(f"it drops the columns {lost}.")
    rare = getattr(step, "infrequent_categories_", None) or []
    if any(categories is not None for categories in rare):
        raise ValueError("it merges infrequent categories.")
    new = _numbers(new)
    encoder = getattr(step, "_encoder", None) if _has_bins(step, "onehot") else step
    if isinstance(encoder, OneHotEncoder):
        new = _one_hot(encoder, new, _numbers(own))
    if isinstance(step, OrdinalEncoder):
        new = _whole_codes(step, new)
    if _has_bins(step, "ordinal"):
        new = np.rint(new).clip(0, step.n_bins_ - 1)
    inverted = as_array(step.inverse_transform(new))
    if inverted.ndim != 2:
        raise ValueError("its inverse_transform does not return a two-dimensional array.")
    return inverted


def _has_bins(step, encode):
    """Whether a step replaces numbers by bins that it encodes in this way."""
    return isinstance(step, KBinsDiscretizer) and step.encode.startswith(encode)


def _numbers(rows):
    """Rows as floats, if they are numbers stored as objects."""
    try:
        return rows.astype(np.float64)
    except (TypeError, ValueError):
        return rows


def _invert_columns(step, new, own):
    """Input of a ColumnTransformer: each transformer is inverted for its own columns."""
    blocks, used = [], np.zeros(step.n_features_in_, dtype=int)
    for name, transformer, _ in step.transformers_:
        columns = step._transformer_to_input_indices[name]
        if len(columns) == 0 or (isinstance(transformer, str) and transformer == "drop"):
            continue
        used[columns] += 1
        place = step.output_indices_[name]
        weight = (step.transformer_weights or {}).get(name)
        parts = [rows[:, place] for rows in (new, own)]
        if weight is not None:
            parts = [_numbers(part) / weight for part in parts]
        blocks.append((columns, invert_steps([(name, transformer)], *parts)))
    for problem, wrong in (("drops", used == 0), ("uses twice", used > 1)):
        if wrong.any():
            names = getattr(step, "feature_names_in_", np.arange(len(used)))
            raise ValueError(f"it {problem} the columns {list(names[wrong])}.")
    numeric = all(block.dtype.kind in "iufb" for _, block in blocks)
    result = np.empty((len(new), len(used)), dtype=np.float64 if numeric else object)
    for columns, block in blocks:
        result[:, columns] = block
    return result


def _one_hot(encoder, new, own):
    """`new` with a single 1 for each feature, or without one for a dropped category."""
    result, start = np.zeros_like(new), 0
    for i, width in enumerate(encoder._n_features_outs):
        place = slice(start, start + width)
        start += width
        if width == 0:
            continue
        block, had = new[:, place], own[:, place]
        dropped = encoder.drop_idx_ is not None and encoder.drop_idx_[i] is not None
        # In a tie, a category that the edit raised wins against the sample's own.
        hot = np.eye(width)[(block - 1e-6 * had).argmax(axis=1)]
        highest = block.max(axis=1, keepdims=True)
        if dropped:
            result[:, place] = np.where(highest >= 0.5, hot, 0.0)
        else:
            result[:, place] = np.where(highest > 0, hot, had)
    return result


def _whole_codes(encoder, new):
    """`new` rounded to the nearest codes of categories other than missing values."""
    result = np.rint(new)
    for i, categories in enumerate(encoder.categories_):
        n_known = sum(not is_missing(value) for value in categories)
        result[:, i] = result[:, i].clip(0, n_known - 1)
    return result
