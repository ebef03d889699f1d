"""Fitted models, alone or at the end of a Pipeline, as the displays see them."""

import math

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_revae._interventions.inverse import as_array, invert_steps
from sklearn_revae._interventions.passage import split


def fitted_model(estimator, classes=True):
    """Return the steps before a fitted model, and the model.

    Parameters
    ----------
    estimator : ReVAEClassifier, ReVAETransformer or Pipeline
        The model, or a Pipeline that ends with one.
    classes : bool, default=True
        Whether its labels have to be classes.

    Raises
    ------
    ValueError
        If a Pipeline ends with another estimator, or with one for numbers.
    """
    check_is_fitted(estimator)
    return split(estimator, classes)


def image_shape_of(estimator, given=None):
    """Return the shape of the images that flat samples are, None if they are a table.

    Parameters
    ----------
    estimator : ReVAEClassifier, ReVAETransformer or Pipeline
        The fitted model. Without an `image_shape` of its own, its samples are images if
        all features are pixels without names and would fill a square.
    given : tuple of int, optional
        The shape that the user has passed.
    """
    _, model = split(estimator)
    if given is not None or model.image_shape is not None:
        return model.image_shape if given is None else given
    if model._codec.picture_shape_ is not None:
        return model._codec.picture_shape_
    n_features = estimator.n_features_in_
    side = math.isqrt(n_features)
    named = hasattr(estimator, "feature_names_in_")
    pixels = set(model.column_kinds_) == {"pixel"} and model.n_features_in_ == n_features
    return (side, side) if pixels and not named and side**2 == n_features else None


def draw(estimator, n_samples, do=None, random_state=None, noise=True):
    """Return samples that a model draws, in the units of the Pipeline that it ends."""
    steps, model = split(estimator)
    drawn, _ = model.sample(n_samples, do, noise=noise, random_state=random_state)
    if not steps:
        return drawn
    drawn = np.asarray(as_array(drawn))
    return invert_steps(steps, drawn, drawn)
