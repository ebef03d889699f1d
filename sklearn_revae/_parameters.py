"""Each parameter of the estimators: which values it may have, and what it means."""

import inspect
import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, TypeVar

import torch
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from skorch.callbacks import Callback

from sklearn_revae._model.label_model import CLASSIFIERS
from sklearn_revae._model.objective import UNLABELED_BOUNDS

_AUTO = StrOptions({"auto"})
_AT_LEAST_ZERO = Interval(Real, 0, None, closed="left")
_AT_LEAST_ONE = Interval(Integral, 1, None, closed="left")


@dataclass(frozen=True)
class Parameter:
    """A parameter of the estimators.

    Parameters
    ----------
    constraints : list or "no_validation"
        The values that scikit-learn's parameter validation accepts.
    text : str
        Its entry in the docstring: the type in the first line, then the meaning.
    finite : bool, default=False
        Whether infinity and NaN are refused as well.
    """

    constraints: Any
    text: str
    finite: bool = False


PARAMETERS = {
    "hidden_layer_sizes": Parameter(
        [_AUTO, "array-like", _AT_LEAST_ONE],
        """\
        int, array-like of int or "auto", default="auto"
        Widths of the hidden layers of the encoder; the decoder mirrors them. An integer
        means one layer of that width, and `()` makes encoder and decoder linear. If
        "auto", (256, 256), or `()` where most features are counts and there are at least
        50 of them.""",
    ),
    "label_dim": Parameter(
        [_AUTO, _AT_LEAST_ONE],
        """\
        int or "auto", default="auto"
        Number of latent dimensions per label. If "auto", the largest number of classes of
        any label, clipped to [2, 10].""",
    ),
    "style_dim": Parameter(
        [_AUTO, Interval(Integral, 0, None, closed="left")],
        """\
        int or "auto", default="auto"
        Number of latent dimensions that belong to no label. If "auto", the square root
        of `n_features`, rounded up and clipped to [2, 32].""",
    ),
    "likelihood": Parameter(
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
        are all within [0, 1] or all integers within 0..255, "negative_binomial" for whole
        numbers with many zeros, "log_normal" for positive numbers with a long tail, and
        "gaussian" otherwise. `column_kinds_` shows what was inferred.""",
    ),
    "label_weight": Parameter(
        [_AUTO, _AT_LEAST_ZERO],
        """\
        float or "auto", default="auto"
        Weight of log q(y|x) in the ELBO of labelled samples, where 1 is the ELBO itself.
        If "auto", half the number of features, because log p(x|z) grows with them.""",
        finite=True,
    ),
    "consistency_weight": Parameter(
        [_AUTO, _AT_LEAST_ZERO],
        """\
        float or "auto", default="auto"
        Weight of the consistency loss: the cross-entropy, in nats, between the class
        probabilities of a sample and those of a perturbed view of it. In tables whose
        labels have two classes each, with 20 labelled samples or more, up to 0.3 of
        another sample is mixed into the view (mixup). If "auto", half the number of
        features, at most 600, where 50 count features count as one. 0 trains on the ELBO
        only.""",
        finite=True,
    ),
    "edit_weight": Parameter(
        [_AUTO, _AT_LEAST_ZERO],
        """\
        float or "auto", default="auto"
        Weight of the edit-consistency loss: samples edited to another value of a label,
        decoded and encoded again, should be classified as that value. It trains the
        decoder, and the encoder too if that is fully connected. If "auto", a quarter of
        the number of features, where 50 count features count as one, at most 30, and at
        most 1200 for convolutional networks. Setting it to 0 speeds up training, but
        interventions may then have little effect.""",
        finite=True,
    ),
    "independence_weight": Parameter(
        [_AT_LEAST_ZERO],
        """\
        float, default=0.0
        Weight, in nats per sample, of a penalty on the information about the labels in
        the style dimensions: the centred kernel alignment of the two, between 0 and 1 (a
        normalised Hilbert-Schmidt independence criterion). See
        :func:`~sklearn_revae.label_leakage`.

        .. versionadded:: 0.2""",
        finite=True,
    ),
    "alpha": Parameter(
        [_AUTO, _AT_LEAST_ZERO],
        """\
        float or "auto", default="auto"
        L2 penalty on the weights of the encoder: half the sum of their squares is added
        to the loss per feature, times `alpha`. If "auto", 0.1 for an encoder without
        hidden layers, otherwise 0.

        .. versionadded:: 0.2""",
        finite=True,
    ),
    "label_classifier": Parameter(
        [StrOptions(set(CLASSIFIERS))],
        """\
        {"bayes", "affine"}, default="bayes"
        The classifier q(y_l|z_l): the Bayes classifier of the conditional prior
        p(z_l|y_l), or the affine map of the published code. The affine map learns nothing
        from unlabelled samples.""",
    ),
    "unlabeled_bound": Parameter(
        [StrOptions(set(UNLABELED_BOUNDS))],
        """\
        {"marginal", "classifier"}, default="marginal"
        The ELBO for labels that are not observed: with the marginal prior p(z_l), or, as
        published, averaged over q(y_l|z_l). The two are equal for
        `label_classifier="bayes"`; otherwise the second is looser.""",
    ),
    "n_mc_samples": Parameter(
        [_AT_LEAST_ONE],
        """\
        int, default=8
        Number of Monte Carlo samples of z per sample that estimate q(y|x). They are
        cheap: each of them is classified, but only one is decoded.""",
    ),
    "encoder": Parameter(
        [_AUTO, torch.nn.Module],
        """\
        "auto" or torch.nn.Module, default="auto"
        A module that maps scaled samples (n, n_inputs) to (n, any width); a linear layer
        to the means and scales of the latent code follows. `n_inputs` is `n_features`,
        with one input per category for categorical features, and `n_features` more (a
        mask of the observed values) if values are missing. If "auto", convolutions for
        pictures, and fully connected layers otherwise. The module is copied, and left
        unchanged.""",
    ),
    "decoder": Parameter(
        [_AUTO, torch.nn.Module],
        """\
        "auto" or torch.nn.Module, default="auto"
        A module that maps latent codes (n, n_latents) to (n, n_features), with one output
        per category for categorical features. It is copied, and left unchanged.""",
    ),
    "image_shape": Parameter(
        [None, "array-like"],
        """\
        tuple of int, default=None
        Shape of the pictures that the rows of a two-dimensional X hold: (height, width),
        with the channels last or first if there are any. An X of three or four dimensions
        does not need it.""",
    ),
    "unlabeled_value": Parameter(
        "no_validation",
        """\
        object, default=-1
        The value that marks unlabelled entries of y. None and NaN always mark them; if
        `unlabeled_value` is None, nothing else does, so that -1 can be a class.""",
    ),
    "max_iter": Parameter(
        [_AUTO, _AT_LEAST_ONE],
        """\
        int or "auto", default="auto"
        Number of epochs. If "auto", at least 10, and enough for 1000 steps.""",
    ),
    "batch_size": Parameter(
        [_AUTO, _AT_LEAST_ONE],
        """\
        int or "auto", default="auto"
        Number of samples per step. If "auto", 200, or all samples if there are fewer.""",
    ),
    "learning_rate_init": Parameter(
        [Interval(Real, 0, None, closed="neither")],
        """\
        float, default=0.003
        Largest learning rate of Adam. The rate rises over the first 5 % of the steps and
        then decays to zero along a cosine.""",
        finite=True,
    ),
    "early_stopping": Parameter(
        ["boolean"],
        """\
        bool, default=False
        Whether to stop when the accuracy on held-out labelled samples no longer improves,
        and to keep the best weights. If there are too few labelled samples to hold any
        out (fewer than two in a class), the ELBO of the training samples is monitored
        instead; see `early_stopping_monitor_`.""",
    ),
    "validation_fraction": Parameter(
        [Interval(Real, 0, 1, closed="neither")],
        """\
        float, default=0.1
        Fraction of the labelled samples that early stopping holds out.""",
    ),
    "n_iter_no_change": Parameter(
        [_AT_LEAST_ONE],
        """\
        int, default=10
        Number of epochs without improvement after which early stopping stops.""",
    ),
    "tol": Parameter(
        [_AT_LEAST_ZERO],
        """\
        float, default=1e-4
        Smallest improvement that counts for early stopping.""",
    ),
    "warm_start": Parameter(
        ["boolean"],
        """\
        bool, default=False
        Whether a further call of `fit` continues from the present weights.""",
    ),
    "callbacks": Parameter(
        [None, Sequence],
        """\
        list of skorch callbacks, default=None
        Called during training, after the estimator's own callbacks.""",
    ),
    "device": Parameter(
        [str, torch.device],
        """\
        str or torch.device, default="auto"
        Where to train. If "auto", CUDA, else MPS, else the CPU; data with fewer than ten
        million values stays on the CPU, which is faster for it.""",
    ),
    "random_state": Parameter(
        ["random_state"],
        """\
        int, RandomState instance or None, default=None
        Determines initial weights, batches and noise. Pass an int for reproducible
        results.""",
    ),
    "verbose": Parameter(
        ["verbose"],
        """\
        bool, default=False
        Whether to show a progress bar with the ELBO, the accuracy and the time left.""",
    ),
}

CONSTRAINTS = {name: parameter.constraints for name, parameter in PARAMETERS.items()}

_ATTRIBUTES = """\
label_names_ : list of str
    Names of the labels: the column names of y, otherwise `label_0`, `label_1`, ...
column_kinds_ : ColumnKinds
    The inferred type of each feature, as a table: its kind ("real", "positive", "binary",
    "categorical", "ordinal", "count", "bounded" or "pixel"), its likelihood, its number
    of categories and its fraction of missing values. `column_kinds_[j]` is the kind of
    one feature, by index or name.
likelihood_ : ndarray of str of shape (n_features,)
    The likelihood that is used for each feature.
label_dim_, style_dim_ : int
    Number of latent dimensions per label, and of those that belong to no label.
exclusions_ : list of pairs
    Pairs of label values, `((label, value), (label, value))`, that never occur together
    in the labelled data although they would be expected to under independence. When
    :meth:`intervene` sets one of them, the other is removed.
label_weight_, consistency_weight_, edit_weight_, alpha_ : float
    The loss weights that are used.
batch_size_ : int
    The batch size that is used.
n_iter_ : int
    Number of epochs trained.
loss_curve_ : list of float
    Negative ELBO of each epoch, in nats per sample of scaled features.
history_ : list of dict
    For each epoch the mean ELBO (`bound`) and its terms, the largest importance weight
    (`weight_max`) and the effective fraction of samples (`weight_effective_share`).
early_stopping_monitor_ : {"validation_score", "bound"} or None
    What early stopping monitored: the accuracy on held-out samples, the ELBO, or nothing.
training_score_quantiles_ : ndarray of shape (101,)
    Percentiles 0, 1, ..., 100 of `score_samples`, in nats, over at most 1000 training
    samples. A sample that resembles the training data scores within their range.
device_ : str
    The device on which the model was trained.
module_ : torch.nn.Module
    The trained module.
n_features_in_ : int
    Number of features seen during `fit`.
feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
    Names of the features; defined only if X has feature names that are all strings."""

_NOTES = r"""
Notes
-----
Training maximises one lower bound on the log-likelihood, the same for labelled, partly
labelled and unlabelled samples:

.. math::

    E_{q(z|x)}[w A(z)] + \lambda \log q(y_O|x) + \log p(y_O)

.. math::

    A(z) = \log p(x|z) + \log p(z|y_O) - \log q(z|x) - \log q(y_O|z),
    \quad w = q(y_O|z) / q(y_O|x)

Here x is a sample, z its latent code, O the set of labels that are observed for it,
:math:`y_O` their values, q(z|x) the encoder's posterior, p(x|z) the likelihood that the
decoder gives, p(z|y) the conditional prior, q(y|z) the classifier, q(y|x) its mean over
q(z|x), p(y) the class frequencies and :math:`\lambda` the parameter `label_weight`. This
is equation (4) of [1]_ for labelled samples, and the ordinary evidence lower bound (ELBO)
for unlabelled samples. Labels are enumerated, never sampled.

References
----------
.. [1] T. Joy, S. M. Schmon, P. H. S. Torr, N. Siddharth, T. Rainforth, "Capturing Label
   Characteristics in VAEs", ICLR 2021, arXiv:2006.10102."""

_Fit = TypeVar("_Fit", bound=Callable[..., Any])


def validates_parameters(fit: _Fit) -> _Fit:
    """Validate the estimator's parameters before `fit`, as scikit-learn does.

    It is scikit-learn's own decorator, with a type that keeps the signature.
    """
    validated: Any = _fit_context(prefer_skip_nested_validation=True)(fit)
    return validated


def check_parameters(estimator):
    """Refuse parameters that scikit-learn's constraints cannot describe.

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is required.
    """
    widths = estimator.hidden_layer_sizes
    if not isinstance(widths, (str, Integral)) and any(
        not isinstance(w, Integral) or w < 1 for w in widths
    ):
        raise ValueError(
            f"hidden_layer_sizes must hold integers >= 1, got {list(widths)}."
        )
    shape = estimator.image_shape
    if shape is not None and (
        len(shape) not in (2, 3)
        or any(not isinstance(side, Integral) or side < 1 for side in shape)
    ):
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
    for name, parameter in PARAMETERS.items():
        value = getattr(estimator, name)
        if parameter.finite and value != "auto" and not math.isfinite(value):
            raise ValueError(f"{name} must be finite, got {value}.")


def _described(parameters):
    """The entries of parameters in a numpydoc section, a str."""
    entries = []
    for name, parameter in parameters.items():
        kind, _, meaning = textwrap.dedent(parameter.text).partition("\n")
        entries.append(f"{name} : {kind}\n{textwrap.indent(meaning, '    ')}")
    return "\n".join(entries)


def _shared_sections():
    return {
        "{parameters}": _described(PARAMETERS),
        "{attributes}": _ATTRIBUTES,
        "{notes}": _NOTES.strip(),
    }


def document_estimator(cls):
    """Put the shared sections into the docstring of an estimator class."""
    # Python 3.13 strips the indentation itself.
    cls.__doc__ = inspect.cleandoc(cls.__doc__)
    for placeholder, text in _shared_sections().items():
        cls.__doc__ = cls.__doc__.replace(placeholder, text)
    return cls
