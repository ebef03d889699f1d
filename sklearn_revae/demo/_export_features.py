"""The features on a page that needs no server: their values, scales and names."""

import numpy as np
import torch

from sklearn_revae._data.chunks import dense
from sklearn_revae._interventions.blending import LIMITS, blended_layout
from sklearn_revae._model.families import (
    FAMILIES,
    Bernoulli,
    Beta,
    ContinuousBernoulli,
    Count,
    Ordinal,
)
from sklearn_revae._model.images import image_layout
from sklearn_revae.demo._tables import cell_text

# Which function of the script gives the mean of a family.
_MEANS = {
    Bernoulli: "sigmoid",
    Beta: "sigmoid",
    ContinuousBernoulli: "continuous",
    Count: "count",
}


def feature_facts(session, numbers):
    """The samples, and how what the decoder returns becomes values in the units of X.

    Parameters
    ----------
    session : Session
        The model and its samples.
    numbers : _Numbers
        The arrays of the page.

    Raises
    ------
    ValueError
        For images whose features are not all pixels, or are of several likelihoods.
    """
    scaling, codec = session.model._codec.scaling_, session.model._codec
    is_image = session.images is not None
    own = _image_facts(session) if is_image else _table_facts(session.model, session)
    level = np.isin(np.arange(codec.n_features), list(codec.levels_))
    fixed, ends = scaling.constant_, scaling.range_
    low, high = (np.where(fixed, scaling.seen_low_, end) for end in ends)
    columns = {
        "shift": scaling.shift_,
        "scale": scaling.scale_,
        "low": low,
        "high": high,
        "whole": scaling.whole_,
        "unit": scaling.scale_ * scaling.spread_,
        "logged": scaling._logged,
        "clipped": scaling.clipped,
        "bounded": scaling._bounded,
        "count": np.isin(codec.kinds_, ["count"]),
        "binary": np.isin(codec.kinds_, ["binary"]),
        "level": level,
    }
    samples = dense(codec.read(session.shown, session.model))
    if not is_image:
        samples = scaling.without_codes(samples).astype(np.float64)
        for j, levels in codec.levels_.items():
            samples[:, j] = levels.codes(samples[:, j])
    kept = samples.dtype == np.uint8 or not is_image
    dtype = samples.dtype if kept else np.float32
    return {
        **own,
        "nSamples": len(samples),
        "samples": numbers.add(samples, dtype),
        **{
            name: numbers.add(_short(values), np.float64)
            for name, values in columns.items()
        },
    }


def _short(values):
    """One number in place of an array whose numbers are all equal."""
    return values[:1] if (values == values[0]).all() else values


def _image_facts(session):
    """The layout of images, and their only likelihood.

    Raises
    ------
    ValueError
        For images whose features are not all pixels, or are of several likelihoods.
    """
    scaling, codec = session.model._codec.scaling_, session.model._codec
    if (scaling._logged | scaling.clipped | scaling.counts).any() or codec.levels_:
        raise ValueError(
            "The features of the model are not all pixels, as its column_kinds_ says, "
            "but export_html requires pixels. Fit the model with image_shape= set."
        )
    names = sorted(set(session.model.likelihood_.tolist()))
    means = {_mean_of(FAMILIES[name]) for name in names}
    if len(means) > 1:
        raise ValueError(
            f"The model has the likelihoods {names}, but export_html requires one "
            "likelihood for all pixels. Fit the model with likelihood= set to one of "
            "them."
        )
    shape = session.images.shape or tuple(session.X.shape[1:])
    layout = image_layout(shape)
    return {
        "image": {
            "height": layout.height,
            "width": layout.width,
            "channels": layout.channels,
            "channelsLast": layout.channels_last or layout.channels == 1,
        },
        "limits": session.images.limits,
        "blend": None if blended_layout(session.model.module_) is None else LIMITS,
        "mean": means.pop(),
        "probability": [0],
    }


def _mean_of(family):
    """Name of the function of the script that gives the mean of a family."""
    known = [name for base, name in _MEANS.items() if issubclass(family, base)]
    return known[-1] if known else "real"


def _table_facts(model, session):
    """Each feature of a table: its place in what the decoder returns, and its texts."""
    columns = model._codec.model_columns()
    features, start, place = [], 0, 0
    for j, (name, column) in enumerate(zip(session.feature_names, columns, strict=True)):
        family = FAMILIES[column.family]
        outputs = family([column]).n_outputs
        feature = {"name": str(name), "start": start, "outputs": outputs, "place": place}
        feature |= {"mean": _mean_of(family), "width": column.n_levels}
        if issubclass(family, Ordinal):
            feature["ordered"] = True
        if issubclass(family, Count):
            feature["logMean"] = float(family([column]).log_mean_count[0])
        texts = _texts(model._codec, j)
        features.append(feature | ({"texts": texts} if texts else {}))
        start += outputs
        place += max(column.n_levels, 1)
    widths = [max(column.n_levels, 1) for column in columns]
    probability = np.repeat([column.n_levels > 0 for column in columns], widths)
    return {"features": features, "probability": probability.astype(int).tolist()}


def _texts(codec, j):
    """Texts of the levels of feature `j`; None if it holds numbers."""
    if j in codec.table_.categories_:
        return [cell_text(value) for value in codec.table_.categories_[j]]
    if j in codec.levels_:
        return [cell_text(value) for value in codec.levels_[j].numbers.tolist()]
    dtypes = codec.dtypes(codec.template_)
    return ["False", "True"] if dtypes[j].kind == "b" else None


def cuts(likelihood):
    """Cutpoints of the levels of ordinal features, a list for each feature."""
    n_features = len(likelihood.discrete)
    found = [[] for _ in range(n_features)]
    for family, members in likelihood._parts():
        if not isinstance(family, Ordinal) or family.n_levels == 1:
            continue
        gaps = torch.nn.functional.softplus(family.raw_gaps).cumsum(-1)
        ends = torch.cat([family.first_cut, family.first_cut + gaps], dim=-1).tolist()
        places = range(n_features) if members is None else members.tolist()
        for place, values in zip(places, ends, strict=True):
            found[place] = values
    return found
