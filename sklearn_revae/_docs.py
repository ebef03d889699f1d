"""The text both estimators' docstrings share, put in where they name it."""

import inspect

_PARAMETERS = """\
hidden_layer_sizes : array-like of int or "auto", default="auto"
    Widths of the encoder's hidden layers; the decoder mirrors them. Without any, `()`,
    both are linear. "auto": (256, 256), and none where most columns are counts and there
    are at least 50 of them.
label_dim : int or "auto", default="auto"
    Number of latents a label. "auto": as many as the label with most classes has,
    between 2 and 10.
style_dim : int or "auto", default="auto"
    Number of latents that belong to no label. "auto": the root of `n_features`,
    between 2 and 32.
likelihood : str, array-like of str of shape (n_features,) or dict, default="auto"
    p(x|z) of each column, and with it the scaling; one name for all columns, a list of
    one for each, or a dict of some columns' by name or index. For real numbers
    "gaussian", "student_t" (heavy tails), or "shared_gaussian" and "laplace" (one scale
    and one noise for all columns, as pixels have); "log_normal" for positive ones. For
    values within bounds "bernoulli", "continuous_bernoulli" or "beta". For levels
    "categorical" or "ordinal", for counts "poisson" or "negative_binomial". "auto"
    takes strings, bools and categories as categorical, ordered categories as ordinal,
    numbers that are all zero or one as Bernoulli, rows of at least 16 columns within
    [0, 1] or of integers within 0..255 as pixels (shared Gaussian), whole numbers with
    many zeros as counts (negative binomial), positive ones with a long tail as
    log-normal, all else as Gaussian. See `column_kinds_` for what it took.
label_weight : float or "auto", default="auto"
    Weight of log q(y|x) in the bound of labelled rows, where 1 is the bound itself.
    "auto": half the number of columns, since log p(x|z) grows with them.
consistency_weight : float or "auto", default="auto"
    Weight of the cross-entropy, in nats, between a row's class probabilities and those
    of a copy with noise added. In tables whose labels have two values each, known of 20
    rows or more, copy and probabilities are mixed with up to 0.3 of another row's.
    "auto": half the number of columns, of which fifty columns of counts make one, at
    most 600. 0 trains on the bound alone.
edit_weight : float or "auto", default="auto"
    Weight of the cross-entropy, in nats, of edits: rows moved to another value of a
    label, decoded and encoded again, should be recognised as that value. It trains the
    decoder, and an encoder that is a perceptron. "auto": a quarter of the number of
    columns, of which fifty columns of counts make one, at most 30, and at most 1200
    where the encoder convolves. 0 saves two decodings and an encoding a step, and
    leaves many interventions without effect.
independence_weight : float, default=0.0
    Weight, in nats a row, of a penalty on what the style latents tell of the labels: the
    centred alignment of their kernels, between 0 and 1 (a normalised Hilbert-Schmidt
    independence criterion). See :func:`~sklearn_revae.label_leakage`.

    .. versionadded:: 0.2
alpha : float or "auto", default="auto"
    L2 penalty of the encoder's weights: half the sum of their squares, beside a row's
    loss in nats a column. "auto": 0.1 for an encoder without hidden layers, else 0.

    .. versionadded:: 0.2
label_classifier : {"bayes", "affine"}, default="bayes"
    q(y_l|z_l): the Bayes classifier of the conditional prior p(z_l|y_l), or the
    published affine map. The latter learns nothing from rows without labels.
unlabeled_bound : {"marginal", "classifier"}, default="marginal"
    The bound for labels not observed: under the marginal prior p(z_l), or as published,
    averaged over q(y_l|z_l). They are equal for `label_classifier="bayes"`; else the
    latter is looser.
n_mc_samples : int, default=8
    Samples of z a row for q(y|x). They cost the classifier alone; one is decoded.
encoder : "auto" or torch.nn.Module, default="auto"
    A module that maps scaled rows (n, n_inputs) to features (n, any width); a linear
    layer to the latents' means and scales follows. `n_inputs` is `n_features`, one
    more a level for categories, and `n_features` more, telling what is there, if values
    are missing. "auto" convolves pictures, and is a perceptron for all else. A module is
    copied, not changed.
decoder : "auto" or torch.nn.Module, default="auto"
    A module that maps latents (n, n_latents) to (n, n_features), with as many columns as
    levels for a category. It is copied, not changed.
image_shape : tuple of int, default=None
    Shape of the pictures that the rows of a 2-D X are: (height, width), with the
    channels last or first if there are any. An X of three or four dimensions needs
    none.
unlabeled_value : object, default=-1
    Value that marks unlabelled cells of y. None and NaN always do; None here means
    that nothing else does, so that -1 may be a class.
max_iter : int or "auto", default="auto"
    Number of epochs. "auto": at least 10, and enough for 1000 steps.
batch_size : int or "auto", default="auto"
    Rows a step. "auto": 200, or all rows if there are fewer.
learning_rate_init : float, default=0.003
    Largest learning rate of Adam; it rises over the first 5 % of steps and then decays
    to zero along a cosine.
early_stopping : bool, default=False
    Whether to stop when accuracy on held-out labelled rows no longer improves, and
    keep the best weights. With too few labelled rows to hold any out (fewer than two in
    a class) the training bound is watched instead; see `early_stopping_monitor_`.
validation_fraction : float, default=0.1
    Share of the labelled rows held out by early stopping.
n_iter_no_change : int, default=10
    Epochs without improvement before early stopping stops.
tol : float, default=1e-4
    Least improvement that counts for early stopping.
warm_start : bool, default=False
    Whether a further `fit` goes on from the present weights.
callbacks : list of skorch callbacks, default=None
    Called during training, after the estimator's own.
device : str or torch.device, default="auto"
    Where to train. "auto": CUDA, else MPS, else the CPU; data of fewer than ten million
    cells stays on the CPU, which is faster for it.
random_state : int, RandomState instance or None, default=None
    Decides starting weights, batches and noise.
verbose : bool, default=False
    Whether to show a progress bar with bound, accuracy and time left."""

_ATTRIBUTES = """\
label_names_ : list of str
    Names of the labels: y's column names, else `label_0`, `label_1`, ...
column_kinds_ : ColumnKinds
    What each column was taken for, a table: "real", "positive", "binary",
    "categorical", "ordinal", "count", "bounded" or "pixel", its likelihood, its number
    of levels, and its share of missing values. `column_kinds_[j]` is the kind of one
    column, by index or name.
likelihood_ : ndarray of str of shape (n_features,)
    The likelihood used for each column.
label_dim_, style_dim_ : int
    Number of latents a label, and of those that belong to none.
exclusions_ : list of pairs
    Values of different labels that exclude each other, `((label, value), (label,
    value))`: never seen together among the labelled rows, though chance would have it so
    otherwise. Who asks :meth:`intervene` for one of them gets rid of the other.
label_weight_, consistency_weight_, edit_weight_, alpha_ : float
    The weights used.
batch_size_ : int
    The batch size used.
n_iter_ : int
    Number of epochs trained.
loss_curve_ : list of float
    Minus the mean bound of each epoch, in nats a row of scaled columns.
history_ : list of dict
    For each epoch the mean `bound` and its terms, and the importance weights' largest
    value (`weight_max`) and effective share of samples (`weight_effective_share`).
early_stopping_monitor_ : {"validation_score", "bound"} or None
    What early stopping watched.
training_score_quantiles_ : ndarray of shape (101,)
    Percentiles 0, 1, ..., 100 of what `score_samples` says of at most 1000 training rows,
    in nats: where a row that is like them should lie.
device_ : str
    Where the model was trained.
module_ : torch.nn.Module
    The trained model.
n_features_in_ : int
    Number of columns seen in `fit`.
feature_names_in_ : ndarray of str of shape (`n_features_in_`,)
    Names of the columns; defined only when X has string names."""

_NOTES = """\
Notes
-----
With the labels O observed in a row, training maximises the one bound

    E_q(z|x)[w A(z)] + label_weight * log q(y_O|x) + log p(y_O),

A(z) = log p(x|z) + log p(z|y_O) - log q(z|x) - log q(y_O|z), w = q(y_O|z) / q(y_O|x).
It is equation (4) of [1]_ for labelled rows, and the ordinary evidence lower bound
for rows without labels. Labels are enumerated, never sampled.

References
----------
.. [1] T. Joy, S. M. Schmon, P. H. S. Torr, N. Siddharth, T. Rainforth, "Capturing Label
   Characteristics in VAEs", ICLR 2021, arXiv:2006.10102."""


def document_estimator(cls):
    """Put the shared parts into the docstring of an estimator class."""
    # Python 3.13 strips the indentation itself.
    cls.__doc__ = inspect.cleandoc(cls.__doc__)
    for name, text in (
        ("parameters", _PARAMETERS),
        ("attributes", _ATTRIBUTES),
        ("notes", _NOTES),
    ):
        cls.__doc__ = cls.__doc__.replace("{" + name + "}", text)
    return cls
