"""What each parameter of the estimators may be."""

import math
from collections.abc import Sequence
from numbers import Integral, Real

import torch
from sklearn.utils._param_validation import Interval, StrOptions
from skorch.callbacks import Callback

from sklearn_revae._model.label_model import CLASSIFIERS
from sklearn_revae._model.objective import UNLABELED_BOUNDS

CONSTRAINTS = {
    "hidden_layer_sizes": [StrOptions({"auto"}), "array-like"],
    "label_dim": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "style_dim": [StrOptions({"auto"}), Interval(Integral, 0, None, closed="left")],
    "likelihood": [str, "array-like", dict],
    "label_weight": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
    "consistency_weight": [
        StrOptions({"auto"}),
        Interval(Real, 0, None, closed="left"),
    ],
    "edit_weight": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
    "independence_weight": [Interval(Real, 0, None, closed="left")],
    "alpha": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
    "label_classifier": [StrOptions(set(CLASSIFIERS))],
    "unlabeled_bound": [StrOptions(set(UNLABELED_BOUNDS))],
    "n_mc_samples": [Interval(Integral, 1, None, closed="left")],
    "encoder": [StrOptions({"auto"}), torch.nn.Module],
    "decoder": [StrOptions({"auto"}), torch.nn.Module],
    "image_shape": [None, "array-like"],
    "unlabeled_value": "no_validation",
    "max_iter": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "batch_size": [
        StrOptions({"auto"}),
        Interval(Integral, 1, None, closed="left"),
    ],
    "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
    "tol": [Interval(Real, 0, None, closed="left")],
    "warm_start": ["boolean"],
    "callbacks": [None, Sequence],
    "device": [str, torch.device],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
}


def check_parameters(estimator):
    """Refuse parameters of an estimator that are out of range.

    Raises
    ------
    ValueError
        Naming the parameter and its value.
    """
    estimator._validate_params()
    widths = estimator.hidden_layer_sizes
    widths = [] if isinstance(widths, str) else list(widths)
    if any(not isinstance(w, Integral) or w < 1 for w in widths):
        raise ValueError(f"hidden_layer_sizes must hold integers >= 1, got {widths}.")
    shape = estimator.image_shape
    if shape is not None and (
        len(shape) not in (2, 3)
        or any(not isinstance(side, Integral) or side < 1 for side in shape)
    ):
        raise ValueError(
            f"image_shape={shape!r} must be (height, width), with the channels first or "
            "last if there are any."
        )
    for callback in estimator.callbacks or []:
        # skorch takes them bare, or with a name.
        named = isinstance(callback, tuple) and len(callback) == 2
        if not isinstance(callback[1] if named else callback, Callback):
            raise ValueError(
                f"callbacks={estimator.callbacks!r} holds {callback!r}, which is neither "
                "a skorch callback nor a (name, callback) pair."
            )
    for name in (
        "label_weight",
        "consistency_weight",
        "edit_weight",
        "independence_weight",
        "alpha",
        "learning_rate_init",
    ):
        value = getattr(estimator, name)
        if value != "auto" and not math.isfinite(value):
            raise ValueError(f"{name} must be finite, got {value}.")
