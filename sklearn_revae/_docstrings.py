"""The texts that the docstrings of the three estimators share."""

import inspect
import textwrap
import types

from sklearn_revae._parameters import PARAMETERS
from sklearn_revae._regressor_parameters import REGRESSOR_PARAMETERS

_ATTRIBUTES = """\
label_names_ : list of str
    Names of the labels: the column names of a DataFrame y, or the name of a Series y,
    otherwise `label_0`, `label_1`, ...
column_kinds_ : ColumnKinds
    The inferred type of each feature, as a table: its kind ("real", "positive",
    "zero_inflated", "binary", "categorical", "ordinal", "count", "bounded" or "pixel"),
    its likelihood, its number of categories and its fraction of missing values.
    `column_kinds_[j]` is the kind of one feature, by index or name.
likelihood_ : ndarray of str of shape (n_features,)
    The likelihood that is used for each feature.
label_dim_, style_dim_ : int
    Number of latent dimensions per label, and of those that belong to no label.
exclusions_ : list of pairs
    Pairs of label values, `((label, value), (label, value))`, that never occur together
    in the labelled data although they would be expected to under independence. When
    :meth:`intervene` sets one of them, the other is removed.
n_members_ : int
    Number of ensemble members.
label_weight_, consistency_weight_ : ndarray of shape (`n_members_`,)
    The loss weights of each ensemble member.
edit_weight_ : float
    The weight of the edit-consistency loss.
batch_size_ : int
    The batch size that is used.
n_iter_ : int
    Number of epochs trained.
loss_curve_ : list of float
    The loss that was minimised, the mean over each epoch: the negative ELBO with its
    weighted terms and the consistency loss, in nats per sample of scaled features.
history_ : list of dict
    For each epoch the mean `loss`, the mean ELBO (`bound`) and its terms, the largest
    importance weight (`weight_max`) and the effective fraction of samples
    (`weight_effective_share`).
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

_METHODS = {
    "X": """\
X : array-like of shape (n_samples, n_features)
    Samples, in any units.""",
    "labels": """\
Integers, strings or bools, with one column per label. `unlabeled_value`, None and
NaN mark entries that are not labelled. For a folder of images, y can also be a dict
or a pandas Series or DataFrame that is keyed by file name, see
:func:`sklearn_revae.datasets.list_images`; files that it does not name are not
labelled.""",
    "sample_weight": """\
sample_weight : array-like of shape (n_samples,), default=None
    Weights of the samples in the loss and in the class frequencies. Only their ratios
    matter. A sample of weight 0 is ignored entirely. If None, all weights are 1. For a
    folder of images, a dict or a pandas Series can name the file of each weight.""",
    "batch_weight": """\
sample_weight : array-like of shape (n_samples,), default=None
    Weights of the samples, as in :meth:`fit`: only their ratios within the batch
    matter. Batches count by their number of samples of positive weight.""",
    "batches": """\
X : array-like of shape (n_samples, n_features), iterator or DataLoader
    A batch of samples; or an iterator or a :class:`torch.utils.data.DataLoader`
    whose batches are tuples or lists (X, y) or (X, y, sample_weight). The model is
    trained for one epoch on each batch in turn. If a batch is invalid, the training
    on the batches before it is kept.""",
    "classes": """\
classes : array-like of shape (n_classes,), or list of such arrays, default=None
    All classes that y can hold; for several labels, a list with one array per label.
    Markers of unlabelled entries, which ``np.unique(y)`` also holds, are left out.""",
    "fit_errors": """\
FloatingPointError
    If the loss stays NaN or infinite after restarts at lower learning rates.
MemoryError
    If a GPU runs out of memory even for one eighth of a batch.""",
    "partial_fit_notes": """\
The scaling of the features is learned from the first batch and does not change after
that. The learning rate is constant. A pickle, ``copy.deepcopy`` and a file lose the
momentum of the optimizer, so that the first steps after them differ. Class frequencies
and `exclusions_` accumulate over all calls. `training_score_quantiles_` and the
covariances that :meth:`impute` uses are computed from a random sample of all samples
seen so far, the next time that they are needed. A pickle or a file does not hold the
random sample, and none is drawn from samples on disk in :meth:`fit`. The estimator then
keeps the values that it has until it has seen as many new samples, at most 4000.""",
}


def _described(parameters):
    """The entries of parameters in a numpydoc section, a str."""
    entries = []
    for name, parameter in parameters.items():
        kind, _, meaning = textwrap.dedent(parameter.text).partition("\n")
        entries.append(f"{name} : {kind}\n{textwrap.indent(meaning, '    ')}")
    return "\n".join(entries)


def _without(names, entries):
    """The entries of a numpydoc section, except for those that start with `names`."""
    kept, keeps = [], True
    for line in entries.splitlines():
        if not line.startswith(" "):
            keeps = not line.startswith(names)
        kept += [line] if keeps else []
    return "\n".join(kept)


_SHARED = {
    "parameters": _described(PARAMETERS),
    "attributes": _ATTRIBUTES,
    "regressor_parameters": _described(REGRESSOR_PARAMETERS),
    "regressor_attributes": _without(
        ("exclusions_ ",),
        _ATTRIBUTES.replace("the accuracy on held-out", "R2 on held-out").replace(
            "per label", "per target"
        ),
    ),
    "notes": _NOTES.strip(),
    **_METHODS,
}


def _filled(doc):
    """A docstring whose lines that only hold a name in braces are that shared text."""
    lines = []
    # Python 3.13 removes the indentation itself.
    for line in inspect.cleandoc(doc).splitlines():
        text = line.strip()
        shared = _SHARED.get(text[1:-1]) if text[:1] + text[-1:] == "{}" else None
        indent = line[: len(line) - len(line.lstrip())]
        lines.append(line if shared is None else textwrap.indent(shared, indent))
    return "\n".join(lines)


def document_estimator(cls):
    """Put the shared texts into the docstrings of an estimator class and its methods."""
    for documented in (cls, *vars(cls).values()):
        if documented is cls or inspect.isfunction(documented):
            documented.__doc__ = documented.__doc__ and _filled(documented.__doc__)
    return cls


def renamed(function, name):
    """Return a copy of a function that error messages call by another name."""
    result = types.FunctionType(
        function.__code__, function.__globals__, function.__name__
    )
    for attribute in ("defaults", "kwdefaults", "annotations", "doc", "module"):
        setattr(result, f"__{attribute}__", getattr(function, f"__{attribute}__"))
    result.__qualname__ = name
    return result
