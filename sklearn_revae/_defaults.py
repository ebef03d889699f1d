"""Every "auto" rule of the estimators: a table of constants, and the rules that read it.

Three rules are elsewhere: the family and the kind of a feature (``_data/kinds.py``),
convolutions for pictures (``_model/build.py``) and the device (``_training/device.py``).
"""

import math
from numbers import Integral
from typing import NamedTuple

import numpy as np

from sklearn_revae._model.build import Architecture
from sklearn_revae._model.convolutions import convolves
from sklearn_revae._model.families import many_counts
from sklearn_revae._training.settings import Settings


class Default(NamedTuple):
    """A constant of an "auto" rule.

    Parameters
    ----------
    value : float
        The constant.
    measured_on : str
        The data sets on which it was chosen; empty if it was not measured.
    finding : str
        What was found there, or why the constant is reasonable. Accuracies are those of
        ``benchmarks/RESULTS.rst``.
    """

    value: float
    measured_on: str
    finding: str


TABLE = {
    "max_label_dim": Default(
        10,
        "digits",
        "With as many dimensions as a label has classes, the means of the classes can "
        "all be equally far apart: accuracy 0.936 with 10 dimensions, 0.904 with fewer.",
    ),
    "max_style_dim": Default(32, "", "Bounds the latent code of wide data."),
    "hidden_layer_size": Default(256, "", "The size of each of two hidden layers."),
    "batch_size": Default(200, "", "Number of rows in a batch."),
    "min_epochs": Default(10, "", "For large data, which make many steps per epoch."),
    "min_steps": Default(1000, "", "For small data, which make few steps per epoch."),
    "label_weight_per_feature": Default(
        0.5,
        "digits, breast_cancer, wine, Fashion-MNIST",
        "log p(x|z) grows with the number of features, and the term stands beside it.",
    ),
    "consistency_weight_per_feature": Default(
        0.5, "digits, breast_cancer, wine, Fashion-MNIST", "As for the label weight."
    ),
    "max_consistency_weight": Default(
        600.0,
        "drawn faces of 64 x 64 pixels",
        "Large pictures have more pixels than information. With half of the 12,288 "
        "features as weight, reconstructions were blurred.",
    ),
    "edit_weight_per_feature": Default(
        0.25,
        "Fashion-MNIST",
        "Twice as much made edits of garments little clearer, and much blurrier.",
    ),
    "max_edit_weight_convolutional": Default(
        1200.0,
        "drawn faces of 64 x 64 pixels",
        "With a quarter of the 12,288 features as weight, edits were speckled.",
    ),
    "max_edit_weight": Default(
        30.0,
        "Fashion-MNIST",
        "Edits train a fully connected encoder too. With a larger weight it agrees with "
        "the decoder on speckle: with a quarter of the 784 features, the edits did not "
        "show garments.",
    ),
    "count_feature_weight": Default(
        0.02,
        "pbmc",
        "The fraction of a feature as which a count feature enters the consistency and "
        "the edit weight, because one gene or word among hundreds carries little "
        "information. At full weight, edits of cells were implausible, and the "
        "consistency loss merged similar types of cells until one of them was predicted "
        "for all.",
    ),
    "correlated_noise": Default(
        0.6,
        "digits, Fashion-MNIST",
        "Noise of a perturbed view, in standard deviations, if all features share one "
        "scale, as pixels do. It is too large for satimage.",
    ),
    "independent_noise": Default(
        0.3,
        "iris, wine, breast_cancer",
        "Noise of a perturbed view of a table. 0.6 blurs classes that are close: with it "
        "iris lost two points and wine one; breast_cancer gained less than half a point.",
    ),
    "count_noise": Default(
        1.0,
        "pbmc",
        "Noise of a count feature, since counting itself causes most of its spread. The "
        "accuracy is 0.765, and 0.766 with 0.3.",
    ),
    "mixup_fraction": Default(
        0.3,
        "breast_cancer, german, yeast, vehicle, segment, iris",
        "The largest fraction of another row that is mixed into a perturbed view of a "
        "table. With few labels, a straighter decision boundary is the better guess: "
        "0.963 on breast_cancer, and 0.954 without it. Only labels with two classes, as "
        "the rows of a third class may lie between those of two: 0.907 on iris, and "
        "0.927 without it.",
    ),
    "min_labeled_for_mixup": Default(
        20,
        "breast_cancer",
        "With ten labelled rows, mixup biased predictions towards the larger class: "
        "accuracy 0.931, and 0.949 without it.",
    ),
    "alpha_linear": Default(
        0.1,
        "pbmc",
        "A linear encoder of counts has more weights than there are labels, and overfits "
        "the labelled cells without a penalty: accuracy 0.761, and 0.756 with 0.03.",
    ),
    "min_real_features_for_noise_weight_decay": Default(
        16,
        "breast_cancer, vehicle, segment, iris",
        "Some of many real features repeat others. Without the decay their learned noise "
        "vanishes, and the latents encode them instead of the classes. Among few "
        "features, small differences matter.",
    ),
    "noise_weight_decay": Default(
        1.0,
        "breast_cancer",
        "Keeps the learned noise above a third: accuracy 0.954, 0.950 with a decay of 3, "
        "0.945 without.",
    ),
}


def _default(name):
    return TABLE[name].value


def _resolve(value, default):
    """Return a parameter's value, or its default if the value is "auto"."""
    return default if isinstance(value, str) else value


def label_dim(n_values):
    """Latent dimensions per label: the largest number of classes, within [2, 10]."""
    return min(max(2, *n_values, 2), _default("max_label_dim"))


def style_dim(n_features):
    """Style dimensions: the square root of the number of features, within [2, 32]."""
    return min(max(2, math.ceil(math.sqrt(n_features))), _default("max_style_dim"))


def hidden_layer_sizes(columns):
    """Sizes of the hidden layers: two, or none if most features are counts.

    Linear maps separate the cells of pbmc best: accuracy 0.766, and 0.718 with two
    layers.
    """
    return () if many_counts(columns) else (_default("hidden_layer_size"),) * 2


def architecture_of(params, columns, n_values):
    """Return the sizes and modules of the networks, with every "auto" resolved.

    Parameters
    ----------
    params : estimator
        Holds the parameters.
    columns : list of Column
        The family and the number of levels of each column.
    n_values : list of int
        Number of values of each label.
    """
    sizes = _resolve(params.hidden_layer_sizes, hidden_layer_sizes(columns))
    return Architecture(
        (sizes,) if isinstance(sizes, Integral) else tuple(sizes),
        _resolve(params.label_dim, label_dim(n_values)),
        _resolve(params.style_dim, style_dim(len(columns))),
        params.label_classifier,
        _resolve(params.encoder, None),
        _resolve(params.decoder, None),
    )


def settings_of(params, codec, module, class_counts, n_rows, monitor):
    """Return the settings of a training run, with every "auto" resolved.

    Parameters
    ----------
    params : estimator
        Holds the parameters.
    codec : Codec
        Kinds and scales of the columns.
    module : ReVAE
        The module to train.
    class_counts : list of ndarray (n_values,)
        Number of labelled rows of each class, for every label.
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
    return Settings(
        **_loss_weights(params, codec, module.encoder, convolutional),
        **_perturbation(codec.scaling_, module.encoder, class_counts),
        edits_train_encoder=not convolutional,
        n_mc_samples=params.n_mc_samples,
        unlabeled_bound=params.unlabeled_bound,
        noise_weight_decay=_noise_weight_decay(codec.scaling_),
        batch_size=min(_resolve(params.batch_size, _default("batch_size")), n_rows),
        learning_rate=params.learning_rate_init,
        n_epochs=_resolve(params.max_iter, None),
        min_epochs=_default("min_epochs"),
        min_steps=_default("min_steps"),
        monitor=monitor,
        patience=params.n_iter_no_change,
        tol=params.tol,
        callbacks=list(params.callbacks or []),
        verbose=bool(params.verbose),
        own_modules=any(m != "auto" for m in (params.encoder, params.decoder)),
    )


def _loss_weights(params, codec, encoder, convolutional):
    """Weights of the terms of the loss, by the names of the settings."""
    n_features = codec.n_features
    n_counts = int(codec.scaling_.counts.sum())
    n_effective = n_features - (1 - _default("count_feature_weight")) * n_counts
    consistency_weight = min(
        _default("consistency_weight_per_feature") * n_effective,
        _default("max_consistency_weight"),
    )
    max_edit_weight = (
        "max_edit_weight_convolutional" if convolutional else "max_edit_weight"
    )
    edit_weight = min(
        _default("edit_weight_per_feature") * n_effective, _default(max_edit_weight)
    )
    return {
        "label_weight": _resolve(
            params.label_weight, _default("label_weight_per_feature") * n_features
        ),
        "consistency_weight": _resolve(params.consistency_weight, consistency_weight),
        "edit_weight": _resolve(params.edit_weight, edit_weight),
        "independence_weight": params.independence_weight,
        "alpha": _resolve(
            params.alpha, _default("alpha_linear") if encoder.is_linear else 0.0
        ),
    }


def _perturbation(scaling, encoder, class_counts):
    """How a perturbed view of a row is made, by the names of the settings."""
    correlated = bool(scaling.shared.all())
    noise = _default("correlated_noise" if correlated else "independent_noise")
    noise = np.where(scaling.counts, _default("count_noise"), noise)
    with_mixup = not (correlated or encoder.is_linear) and all(
        len(count) == 2 and count.sum() >= _default("min_labeled_for_mixup")
        for count in class_counts
    )
    return {
        "noise_scale": (noise * scaling.spread_).astype(np.float32),
        "correlated_noise": correlated,
        "mixup_fraction": _default("mixup_fraction") if with_mixup else 0.0,
    }


def _noise_weight_decay(scaling):
    """Weight decay of the learned noise scales, if there are many real features."""
    n_real = int((scaling.unbounded & ~scaling.shared).sum())
    if n_real < _default("min_real_features_for_noise_weight_decay"):
        return 0.0
    return _default("noise_weight_decay")
