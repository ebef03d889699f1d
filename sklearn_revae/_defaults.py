"""Every "auto" rule of the estimators: a table of constants, and the rules that read it.

Four rules are elsewhere: the family and the kind of a feature (``_data/kinds.py``), the
bins of numbers (``_data/bins.py``), convolutions for pictures (``convolves_on`` in
``_model/images.py``) and the device (``_training/device.py``).
"""

import math
from functools import partial
from itertools import cycle
from numbers import Integral
from typing import NamedTuple

import numpy as np

from sklearn_revae._members import are_counts, are_pixels, members_of
from sklearn_revae._model.build import Architecture
from sklearn_revae._model.images import (
    LARGEST_SIDE,
    SMALLEST_SIDE,
    convolves,
    convolves_on,
    image_layout,
)
from sklearn_revae._model.views import own_view, strong_view
from sklearn_revae._training.settings import ImageViews, MemberSettings, Settings


class Default(NamedTuple):
    """A constant of an "auto" rule.

    Parameters
    ----------
    value : float
        The constant.
    measured_on : str
        The data sets on which it was chosen; empty if it was not measured.
    finding : str
        What was found there when it was chosen, or why it is reasonable. Present
        accuracies are in ``benchmarks/RESULTS.rst``.
    """

    value: float
    measured_on: str
    finding: str


TABLE = {
    "max_label_dim": Default(
        100,
        "digits, 105 drawn classes",
        "With as many dimensions as classes, their means can all be equally far apart. "
        "105 classes, 3 labels each: accuracy 1.00 with 100 dimensions, 0.66 with 10.",
    ),
    "max_style_dim": Default(32, "", "Bounds the latent code of wide data."),
    "hidden_layer_size": Default(
        192,
        "14 sets, digits, 500 drawn classes",
        "The size of the only hidden layer. Two of 64 are less accurate by 0.0026 "
        "(standard error 0.0026) and slower, and 0.80 instead of 0.97 for 500 classes. "
        "Their style dimensions predict 0.54 of the digits, those of one layer 0.19.",
    ),
    "hidden_layer_size_counts": Default(
        64,
        "topics, blood cells",
        "The size if most features are counts. With 192, edits hardly change them: the "
        "correlation with the difference between two classes is 0.77 instead of 0.84 on "
        "blood cells, and edits of topics change nothing.",
    ),
    "n_mc_samples": Default(2, "", "Number of samples of z that estimate q(y|x)."),
    "batch_size": Default(96, "", "Number of rows in a batch."),
    "batch_size_convolutional": Default(128, "Fashion-MNIST", "Images in a batch."),
    "learning_rate": Default(
        0.01,
        "16 sets",
        "Along a cosine, 200 steps at 0.015 are less accurate than 300 by 0.0038.",
    ),
    "learning_rate_convolutional": Default(
        0.002, "Fashion-MNIST", "Convolutions need a smaller one."
    ),
    "decay": Default(
        0.5,
        "12 sets, digits",
        "The fraction of the steps over which the learning rate decays. With 0.3, a "
        "random forest recognises fewer edits of digits; with 1, tables need 300 steps.",
    ),
    "decay_convolutional": Default(1.0, "", "Edits are learned during training."),
    "min_steps": Default(
        250, "14 sets", "200: less accurate on Gaussians, splice and ionosphere."
    ),
    "labeled_passes": Default(
        20,
        "satimage, spambase",
        "How often each labelled sample is seen at least. All 4,504 samples of satimage "
        "labelled: accuracy 0.905 with 14 passes, 0.913 with 20.",
    ),
    "min_steps_pixels": Default(
        500, "digits", "400: a random forest recognises fewer edits."
    ),
    "min_steps_convolutional": Default(
        1000, "Fashion-MNIST", "24 labelled samples per class: accuracy 0.79 to 0.81."
    ),
    "label_weight_convolutional": Default(
        3000.0, "Fashion-MNIST", "Large pictures have more pixels than information."
    ),
    "consistency_weight_convolutional": Default(
        1500.0,
        "Fashion-MNIST",
        "The cross-entropy between an image and a strong view of it counts twice as much "
        "as that of the labels, relative to the frequency of labelled images in a batch.",
    ),
    "edit_weight_per_feature": Default(
        0.5,
        "digits",
        "For a single network: a random forest recognises 0.56 of its edits of digits, "
        "and 0.37 without. For ensembles it is 0, see `settings_of`.",
    ),
    "edit_weight_per_feature_convolutional": Default(
        0.25,
        "Fashion-MNIST",
        "Twice as much made edits of garments little clearer, and much blurrier.",
    ),
    "max_edit_weight": Default(
        30.0,
        "Fashion-MNIST",
        "With a quarter of the 784 features as weight, edits of garments were speckled.",
    ),
    "max_edit_weight_convolutional": Default(
        1200.0,
        "drawn faces of 64 x 64 pixels",
        "With a quarter of the 12,288 features as weight, edits were speckled.",
    ),
    "n_edits": Default(32, "digits, breast_cancer", "Number of rows edited in a step."),
    "n_edits_convolutional": Default(64, "", "Number of images edited in a step."),
    "edits_from_convolutional": Default(
        0.4,
        "digits, Fashion-MNIST",
        "The fraction of training after which edits become part of the loss of a single "
        "convolutional member. Fully connected members learn them after training, if at "
        "all: before, it cost accuracy, 0.90 instead of 0.92 on digits, 3 labels each.",
    ),
    "validation_fraction": Default(
        0.1, "", "Fraction of labelled samples that early stopping holds out."
    ),
}


def _default(name):
    return TABLE[name].value


def _resolve(value, default):
    """Return a parameter's value, or its default if the value is "auto"."""
    return default if isinstance(value, str) else value


def label_dim(n_values):
    """Latent dimensions per label: the largest number of classes, within [2, 100]."""
    return min(max(2, *n_values, 2), _default("max_label_dim"))


def style_dim(n_features):
    """Style dimensions: the square root of the number of features, within [2, 32]."""
    return min(max(2, math.ceil(math.sqrt(n_features))), _default("max_style_dim"))


def architecture_of(params, codec, n_values):
    """Return the sizes and modules of the networks, with every "auto" resolved.

    Parameters
    ----------
    params : estimator
        Holds the parameters.
    codec : Codec
        Kinds of the columns, and the shape of images.
    n_values : list of int
        Number of values of each label.

    Raises
    ------
    ValueError
        If a published network is requested for samples that it cannot read.
    """
    image = codec.picture_shape_
    for name in ("encoder", "decoder"):
        if _is(getattr(params, name), "published") and not convolves_on(image):
            held = "no images" if image is None else f"images of shape {image}"
            raise ValueError(
                f"{name}='published' requires images of {SMALLEST_SIDE} to "
                f"{LARGEST_SIDE} pixels per side, but X holds {held}. Pass image_shape "
                f"if the samples are flattened images, or {name}='auto'."
            )
    of = "_counts" if are_counts(codec) else ""
    sizes = _resolve(params.hidden_layer_sizes, _default(f"hidden_layer_size{of}"))
    sizes = (sizes,) if isinstance(sizes, Integral) else tuple(sizes)
    return Architecture(
        sizes,
        _resolve(params.label_dim, label_dim(n_values)),
        _resolve(params.style_dim, style_dim(codec.n_features)),
        params.encoder,
        params.decoder,
        tuple(member.linear for member in members_of(params, codec)),
        tuple(bool(sizes) and m.piecewise for m in members_of(params, codec)),
        params._label_model,
    )


def _is(value, text):
    """Whether a parameter's value is this string."""
    return isinstance(value, str) and value == text


def _own_modules(params):
    return not (isinstance(params.encoder, str) and isinstance(params.decoder, str))


def n_members_of(params, codec, n_values):
    """Number of ensemble members.

    Parameters
    ----------
    params : estimator
        Holds the parameters.
    codec : Codec
        Kinds of the columns, and the shape of images.
    n_values : list of int
        Number of values of each label.
    """
    one = _own_modules(params) or convolves_on(codec.picture_shape_) or not n_values
    return _resolve(params.n_members, 1 if one else len(members_of(params, codec)))


def validation_fraction_of(params):
    """Fraction of the labelled samples that early stopping holds out."""
    given = params.early_stopping
    whether = isinstance(given, bool | np.bool_)
    return _default("validation_fraction") if whether else float(given)


def settings_of(params, codec, module, n_rows, monitor):
    """Return the settings of a training run, with every "auto" resolved.

    Parameters
    ----------
    params : estimator
        Holds the parameters.
    codec : Codec
        Kinds and scales of the columns.
    module : Ensemble
        The module to train.
    n_rows : int
        Number of training rows.
    monitor : str or None
        The entry of the history that early stopping watches.

    Returns
    -------
    Settings
        How to train.
    """
    convolutional = convolves(module.encoder)
    of = "_convolutional" if convolutional else ""
    edit_weight = min(
        _default(f"edit_weight_per_feature{of}") * codec.n_features,
        _default(f"max_edit_weight{of}"),
    )
    if len(module.members) > 1 and not convolutional:
        # Samples move until the members recognise the edit. Decoders that have learned
        # edits also draw what only encoders see: edits of digits are then more than twice
        # as far from the nearest digit.
        edit_weight = 0.0
    return Settings(
        members=[
            _member_settings(params, member, codec, convolutional)
            for member, _ in zip(
                cycle(members_of(params, codec)), module.members, strict=False
            )
        ],
        edit_weight=_resolve(params.edit_weight, edit_weight),
        n_edits=_default(f"n_edits{of}"),
        edits_from=_default("edits_from_convolutional") if convolutional else 1.0,
        spread=codec.scaling_.spread_.astype(np.float32),
        views=_views(params, codec, module.likelihood),
        n_mc_samples=_default("n_mc_samples"),
        batch_size=min(_resolve(params.batch_size, _default(f"batch_size{of}")), n_rows),
        learning_rate=_resolve(params.learning_rate_init, _default(f"learning_rate{of}")),
        decay=_default(f"decay{of}"),
        n_epochs=_resolve(params.max_iter, None),
        min_steps=_min_steps(codec, of),
        labeled_passes=0 if convolutional else _default("labeled_passes"),
        monitor=monitor,
        patience=params.n_iter_no_change,
        callbacks=list(params.callbacks or []),
        # A callable of the user may draw from torch's global generators too.
        own_modules=_own_modules(params) or callable(params.views),
    )


def _views(params, codec, likelihood):
    """How views of images are made; None if rows get noise instead.

    Raises
    ------
    ValueError
        If the user's own views are requested for samples that are not images.
    """
    own, image, scaling = callable(params.views), codec.picture_shape_, codec.scaling_
    # A view has no use for the inputs of a category, and counts cannot be negative.
    suitable = bool((likelihood.input_widths == 1).all()) and not scaling.counts.any()
    if own and (image is None or not suitable):
        raise ValueError(
            f"views={params.views!r} requires images whose pixels are numbers. Pass "
            "image_shape if the samples are flattened images, or views='auto'."
        )
    if params.views is None or not (own or (suitable and convolves_on(image))):
        return None
    function = partial(own_view, params.views, scaling.range_) if own else strong_view
    shift, scale = (v.astype(np.float32) for v in (scaling.shift_, scaling.scale_))
    return ImageViews(function, image_layout(image), shift, scale)


def _min_steps(codec, of):
    """Smallest number of steps of the optimizer."""
    if not of and are_pixels(codec):
        of = "_pixels"
    return _default(f"min_steps{of}")


def _member_settings(params, member, codec, convolutional):
    """Settings of a member, in which the user's numbers replace those of the table."""
    consistency_weight = member.consistency_weight * codec.n_features
    label_weight = member.label_weight * codec.n_features
    if convolutional:
        consistency_weight = _default("consistency_weight_convolutional")
        label_weight = _default("label_weight_convolutional")
    return MemberSettings(
        member.noise,
        _resolve(params.consistency_weight, consistency_weight),
        _resolve(params.label_weight, label_weight),
    )
