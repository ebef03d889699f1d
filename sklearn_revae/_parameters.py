"""Each parameter of the estimators: which values it may have, and what it means."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal, TypeVar

import numpy as np
import torch
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from skorch.callbacks import Callback

from sklearn_revae._data.names import is_integer

# In the order in which the page of an estimator shows the groups.
Group = Literal["common", "architecture", "training", "advanced"]

_AUTO = StrOptions({"auto"})
_AT_LEAST_ZERO = Interval(Real, 0, None, closed="left")
_AT_LEAST_ONE = Interval(Integral, 1, None, closed="left")


@dataclass(frozen=True)
class Parameter:
    """A parameter of the estimators.

    Parameters
    ----------
    group : {"common", "architecture", "training", "advanced"}
        The group in which the page of an estimator shows it.
    constraints : list or "no_validation"
        The values that scikit-learn's parameter validation accepts.
    text : str
        Its entry in the docstring: the type in the first line, then the meaning.
    """

    group: Group
    constraints: Any
    text: str


PARAMETERS = {
    "hidden_layer_sizes": Parameter(
        "architecture",
        [_AUTO, "array-like", _AT_LEAST_ONE],
        """\
        int, array-like of int or "auto", default="auto"
        Widths of the hidden layers of the encoder; the decoder mirrors them. An integer
        means one layer of that width, and `()` makes encoder and decoder linear. If
        "auto", (192,), and (64,) if most features are counts.""",
    ),
    "n_members": Parameter(
        "architecture",
        [_AUTO, _AT_LEAST_ONE],
        """\
        int or "auto", default="auto"
        Number of ensemble members: models of the same architecture with different initial
        weights and different regularisation, which are trained at the same time. Unless
        all features are pixels, one of five has a linear encoder, and two read numbers in
        bins as well. Predicted probabilities are the mean over the members. If "auto", 5
        for fully connected networks, and 1 for convolutional networks, for modules of
        your own and for data without labels.

        .. versionadded:: 0.2""",
    ),
    "label_dim": Parameter(
        "architecture",
        [_AUTO, _AT_LEAST_ONE],
        """\
        int or "auto", default="auto"
        Number of latent dimensions per label. If "auto", the largest number of classes of
        any label, clipped to [2, 100].""",
    ),
    "style_dim": Parameter(
        "architecture",
        [_AUTO, Interval(Integral, 0, None, closed="left")],
        """\
        int or "auto", default="auto"
        Number of latent dimensions that belong to no label. If "auto", the square root
        of `n_features`, rounded up and clipped to [2, 32].""",
    ),
    "likelihood": Parameter(
        "common",
        [str, "array-like", dict],
        """\
        str, array-like of str of shape (n_features,) or dict, default="auto"
        The family of p(x|z) of each feature, which also decides its scaling: one name for
        all features, a list with one name per feature, or a dict from some features, by
        name or index, to their family. The families are: for real numbers "gaussian",
        "student_t" (heavy tails), and "shared_gaussian" and "laplace" (one scale and one
        noise for all features, as pixels need); for positive numbers "log_normal"; for
        values within bounds "bernoulli", "continuous_bernoulli" and "beta"; for
        categories "categorical" and "ordinal"; for counts "poisson" and
        "negative_binomial". If "auto", the family is inferred: "categorical" for strings,
        bools and categories, "ordinal" for ordered categories, "bernoulli" for numbers
        that are all 0 or 1, "shared_gaussian" (pixels) for at least 16 features that
        use much of the range [0, 1] or of integers within 0..255, "negative_binomial" for
        whole numbers with many zeros, "log_normal" for positive numbers with a long tail,
        and "gaussian" otherwise. `column_kinds_` shows what was inferred. Far values
        such as 999 are not treated as codes for missing values in a feature whose family
        a list or a dict states.""",
    ),
    "label_weight": Parameter(
        "advanced",
        [_AUTO, _AT_LEAST_ZERO],
        """\
        float or "auto", default="auto"
        Weight of log q(y|x) in the ELBO of labelled samples, where 1 is the ELBO itself;
        a number applies to all ensemble members. If "auto", between 0.5 and 50 times the
        number of features, because log p(x|z) grows with them, and different from member
        to member; between 0.5 and 5 times that number if most features are counts, 20
        times that number if all features are pixels, and 3000 for convolutional networks.
        See `label_weight_`.""",
    ),
    "consistency_weight": Parameter(
        "advanced",
        [_AUTO, _AT_LEAST_ZERO],
        """\
        float or "auto", default="auto"
        Weight of the consistency loss: the cross-entropy, in nats, between the class
        probabilities of a sample and those of a perturbed view of it; a number applies
        to all ensemble members. If "auto", between 0 and 10 times the number of
        features, and different from member to member; between 0 and 5 times that number
        if most features are counts, 5 times that number if all features are pixels, and
        1500 for convolutional networks. See `consistency_weight_`. 0 trains on the ELBO
        and the edit-consistency loss only.""",
    ),
    "edit_weight": Parameter(
        "advanced",
        [_AUTO, _AT_LEAST_ZERO],
        """\
        float or "auto", default="auto"
        Weight of the edit-consistency loss: samples edited to another value of a label,
        decoded and encoded again, should be classified as that value by another
        ensemble member, or by small classifiers that are trained beside a single
        convolutional network. It trains the decoder only. If "auto", 0 for several fully
        connected networks, which decide together how far a sample moves. A single one
        needs it for interventions to have an effect: 0.5 times the number of features, at
        most 30. For convolutional networks, 0.25 times that number, at most 1200.""",
    ),
    "class_weight": Parameter(
        "common",
        [StrOptions({"balanced"}), dict, list, None],
        """\
        dict, "balanced", list of these or None, default=None
        Weights of the classes, {class: weight}; other classes have weight 1. "balanced"
        gives each class a weight that is inversely proportional to its frequency among
        the labelled samples. For several labels, a list with one entry per label, or
        "balanced" for all of them. The weight of a labelled sample is multiplied by the
        weights of its classes, in the loss and in the class frequencies. Only the ratios
        of the weights matter in `fit`: the labelled samples together, and each unlabelled
        sample, keep their weight. In `partial_fit` the weights are used as they are,
        because a batch may lack classes.

        .. versionadded:: 0.2""",
    ),
    "encoder": Parameter(
        "architecture",
        [StrOptions({"auto", "published"}), torch.nn.Module],
        """\
        "auto", "published" or torch.nn.Module, default="auto"
        A module that maps scaled samples (n, n_inputs) to (n, any width); a linear layer
        to the means and scales of the latent code follows. `n_inputs` is `n_features`,
        with one input per category for categorical features, and `n_features` more (a
        mask of the observed values) if values are missing. If "auto", convolutions with
        group normalisation for images of 16 to 128 pixels per side, and fully connected
        layers otherwise. "published" is the convolutional network of the paper, which
        normalises nothing. The module is copied, and left unchanged.

        .. versionchanged:: 0.2
           "auto" no longer means the paper's network for images.""",
    ),
    "decoder": Parameter(
        "architecture",
        [StrOptions({"auto", "published"}), torch.nn.Module],
        """\
        "auto", "published" or torch.nn.Module, default="auto"
        A module that maps latent codes (n, n_latents) to (n, n_features), with one output
        per category for categorical features. It is copied, and left unchanged. If
        "auto", convolutions for images that the latent code scales and shifts at every
        resolution, and fully connected layers otherwise. "published" is the
        convolutional network of the paper.""",
    ),
    "image_shape": Parameter(
        "common",
        [None, "array-like"],
        """\
        tuple of int, default=None
        Shape of the images that the rows of a two-dimensional X hold: (height, width),
        with the channels last or first if there are any. An X of three or four dimensions
        does not need it.""",
    ),
    "views": Parameter(
        "advanced",
        [_AUTO, None, callable],
        """\
        "auto", None or callable, default="auto"
        Random views of images, which the consistency loss compares with the images
        themselves. If "auto", images of at least 16 pixels per side are shifted,
        rotated and scaled a little, a square is cut out, and contrast and brightness are
        changed; samples that are not images get noise instead. None always adds noise.
        A callable takes a tensor of images (n, channels, height, width) in the units of
        X and returns another one of that shape: pass one that also mirrors the images
        if a mirrored image has the same labels.

        .. versionadded:: 0.2""",
    ),
    "unlabeled_value": Parameter(
        "common",
        "no_validation",
        """\
        int, float, str or None, default=-1
        The value that marks unlabelled entries of y. None and NaN always mark them; if
        `unlabeled_value` is None, nothing else does, so that -1 can be a class.""",
    ),
    "max_iter": Parameter(
        "common",
        [_AUTO, _AT_LEAST_ONE],
        """\
        int or "auto", default="auto"
        Number of epochs. If "auto", enough for 250 steps, 500 if all features are pixels,
        and for 20 passes over the labelled samples, but not more than 3000 steps for
        these. For convolutional networks, enough for 1000 steps.""",
    ),
    "batch_size": Parameter(
        "training",
        [_AUTO, _AT_LEAST_ONE],
        """\
        int or "auto", default="auto"
        Number of samples per step. If "auto", 96, and 128 for convolutional
        networks; all samples if there are fewer.""",
    ),
    "learning_rate_init": Parameter(
        "training",
        [_AUTO, Interval(Real, 0, None, closed="neither")],
        """\
        float or "auto", default="auto"
        Learning rate of Adam. It rises over the first 5 % of the steps, and decays to
        zero over the second half, or over all later steps for convolutional networks. If
        "auto", 0.01, and 0.002 for convolutional networks.""",
    ),
    "early_stopping": Parameter(
        "training",
        ["boolean", Interval(Real, 0, 1, closed="neither")],
        """\
        bool or float, default=False
        Whether to stop when the accuracy on held-out labelled samples no longer improves,
        and to keep the best weights. A float is the fraction of the labelled samples that
        is held out, True holds out 0.1. If there are too few labelled samples to hold any
        out (for a single label, fewer than two in a class), the ELBO of the training
        samples is monitored instead; see `early_stopping_monitor_`. With several labels,
        a sample is not held out if a class would be missing in the training samples.
        `partial_fit` ignores it.""",
    ),
    "n_iter_no_change": Parameter(
        "training",
        [_AT_LEAST_ONE],
        """\
        int, default=10
        Number of epochs without improvement after which early stopping stops.""",
    ),
    "warm_start": Parameter(
        "training",
        ["boolean"],
        """\
        bool, default=False
        Whether a further call of `fit` continues from the present weights. The networks,
        the classes, the kinds of the features and all scaling stay those of the first
        call.""",
    ),
    "callbacks": Parameter(
        "training",
        [None, Sequence],
        """\
        list of skorch callbacks, default=None
        Called during training, after the estimator's own callbacks. A
        :class:`~sklearn_revae.Checkpoint` makes a fit that is killed resumable.""",
    ),
    "device": Parameter(
        "common",
        [str, torch.device],
        """\
        str or torch.device, default="auto"
        Where to train. If "auto", CUDA, else MPS, else the CPU; data with fewer than ten
        million values stay on the CPU, where the same seed gives the same model.""",
    ),
    "random_state": Parameter(
        "common",
        ["random_state"],
        """\
        int, RandomState instance or None, default=None
        Determines initial weights, batches and noise. Pass an int for reproducible
        results.""",
    ),
    "verbose": Parameter(
        "common",
        [_AUTO, "verbose"],
        """\
        bool or "auto", default="auto"
        Whether to show a progress bar with the loss, the accuracy on
        the held-out labelled samples, or else on training samples, and the time left. If
        "auto", the bar appears in a terminal or a notebook once it is foreseeable that
        the training takes more than five seconds.

        .. versionchanged:: 0.2
           The default is "auto" and no longer False.""",
    ),
}

CONSTRAINTS = {name: parameter.constraints for name, parameter in PARAMETERS.items()}

_Fit = TypeVar("_Fit", bound=Callable[..., Any])


def validates_parameters(fit: _Fit) -> _Fit:
    """Validate the estimator's parameters before `fit`, as scikit-learn does.

    It is scikit-learn's own decorator, with a type that keeps the signature.
    """
    validated: Any = _fit_context(prefer_skip_nested_validation=True)(fit)
    return validated


def _holds_sizes(values):
    """Whether an array-like holds only integers of at least 1."""
    return np.iterable(values) and all(is_integer(v) and v >= 1 for v in values)


def check_parameters(estimator):
    """Refuse parameters that scikit-learn's constraints cannot describe.

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is required.
    """
    widths = estimator.hidden_layer_sizes
    if (
        not isinstance(widths, str)
        and not is_integer(widths)
        and not _holds_sizes(widths)
    ):
        raise ValueError(
            "hidden_layer_sizes must be an integer >= 1 or a list of such integers, got "
            f"{widths!r}."
        )
    shape = estimator.image_shape
    if shape is not None and not (_holds_sizes(shape) and len(shape) in (2, 3)):
        raise ValueError(
            f"image_shape must be (height, width), with the channels first or last if "
            f"there are any, got {shape!r}."
        )
    for callback in estimator.callbacks or []:
        # skorch accepts a callback by itself, or in a pair with a name.
        named = isinstance(callback, tuple) and len(callback) == 2
        if not isinstance(callback[1] if named else callback, Callback):
            raise ValueError(
                "callbacks must hold skorch callbacks or (name, callback) pairs, got "
                f"{callback!r} in {estimator.callbacks!r}."
            )
