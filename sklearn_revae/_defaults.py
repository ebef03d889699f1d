"""What "auto" means: training settings from an estimator's parameters and its data."""

import math
from numbers import Integral

import numpy as np

from sklearn_revae._model.build import Architecture
from sklearn_revae._model.convolutions import convolves
from sklearn_revae._model.families import many_counts
from sklearn_revae._training.run import Settings

# With as many dimensions as a label has values, their means can be equally far apart.
_WIDEST_LABEL_BLOCK = 10
_WIDEST_STYLE = 32

_LARGEST_BATCH = 200
# Chosen on digits, breast_cancer, wine and Fashion-MNIST.
_WEIGHT_PER_COLUMN = 0.5
# Noise beside the columns' own spread: more on tables blurs classes that lie close.
_CORRELATED_NOISE = 0.6
_INDEPENDENT_NOISE = 0.3
# A noisy copy of a table's row takes at most so much of another row, and of its labels:
# with few labels a boundary that runs straight is the better one. Only where labels have
# two values, as the rows of a third may lie between those of two; and not with fewest
# labels, where it drew rows to the larger class.
_MIXED_SHARE = 0.3
_FEWEST_TO_MIX = 20
# Most of a count's spread is the noise of counting.
_NOISE_OF_COUNTS = 1.0
# Twice as much made edits of garments little clearer and their drawing much blurrier.
_EDIT_WEIGHT_PER_COLUMN = 0.25
# A count of one gene or word among hundreds says little. At full weight edits of blood
# cells drew what no cell is, and noisy copies drew kinds of cells that shade into one
# another together, until one of them took the rows of all.
_SHARE_OF_COUNTS = 0.02
# Large pictures have more pixels than news: with half and a quarter of 12,288 drawn faces
# came out blurred and edits of them speckled.
_MOST_CONSISTENCY, _MOST_EDIT = 600.0, 1200.0
# A perceptron's encoder learns from edits too, and with more than this it agrees with the
# decoder on speckle: a quarter of 784 drew no garment of Fashion-MNIST.
_MOST_EDIT_OF_PERCEPTRON = 30.0
# A linear encoder of counts has more weights than there are labels, as a logistic
# regression has; without a penalty it learned the labelled cells by heart.
_ALPHA_OF_LINEAR = 0.1
# Of so many real columns some repeat others. Learned to be next to nothing, their noise
# gives them the latents, and the classes go without. In few columns it is small
# differences that tell.
_MANY_REAL = 16
_NOISE_DECAY = 1.0


def _given(value, default):
    return default if isinstance(value, str) else value


def label_dim(n_values):
    """Latent dimensions per label: the most values that a label has, from 2 to 10."""
    return min(max(2, *n_values, 2), _WIDEST_LABEL_BLOCK)


def style_dim(n_features):
    """Style dimensions: the square root of the number of columns, from 2 to 32."""
    return min(max(2, math.ceil(math.sqrt(n_features))), _WIDEST_STYLE)


def hidden_layer_sizes(columns):
    """Two wide layers; none for mostly counts, which linear maps separate best."""
    return () if many_counts(columns) else (256, 256)


def architecture_of(params, columns, n_values):
    """Sizes and modules of the networks, with every "auto" resolved.

    Parameters
    ----------
    params : estimator
        Holds the parameters.
    columns : list of Column
        What the model knows about each column.
    n_values : list of int
        Number of values of each label.
    """
    widths = _given(params.hidden_layer_sizes, hidden_layer_sizes(columns))
    return Architecture(
        (widths,) if isinstance(widths, Integral) else tuple(widths),
        _given(params.label_dim, label_dim(n_values)),
        _given(params.style_dim, style_dim(len(columns))),
        params.label_classifier,
        None if isinstance(params.encoder, str) else params.encoder,
        None if isinstance(params.decoder, str) else params.decoder,
    )


def settings_of(params, codec, module, class_counts, n_rows, monitor):
    """Training settings, everything "auto" decided.

    Parameters
    ----------
    params : estimator
        Holds the parameters.
    codec : Codec
        Kinds and scales of the columns.
    module : ReVAE
        What is to be trained.
    class_counts : list of ndarray (n_values,)
        How often each value of each label is known.
    n_rows : int
        Number of training rows.
    monitor : str or None
        What early stopping watches.

    Returns
    -------
    Settings
        How to train.
    """
    scaling = codec.scaling_
    # log p(x|z) grows with the columns, and these weights must stand beside it.
    n_features = codec.n_features
    counts = scaling.counts
    n_telling = n_features - (1 - _SHARE_OF_COUNTS) * int(counts.sum())
    shared = scaling.shared
    correlated = bool(shared.all())
    noise = _CORRELATED_NOISE if correlated else _INDEPENDENT_NOISE
    noise = np.where(counts, _NOISE_OF_COUNTS, noise)
    n_real = int((scaling.unbounded & ~shared).sum())
    convolved, linear = convolves(module.encoder), module.encoder.is_linear
    mixed = not (correlated or linear) and all(
        len(count) == 2 and count.sum() >= _FEWEST_TO_MIX for count in class_counts
    )
    most_edit = _MOST_EDIT if convolved else _MOST_EDIT_OF_PERCEPTRON
    return Settings(
        label_weight=_given(params.label_weight, _WEIGHT_PER_COLUMN * n_features),
        consistency_weight=_given(
            params.consistency_weight,
            min(_WEIGHT_PER_COLUMN * n_telling, _MOST_CONSISTENCY),
        ),
        noise_scale=(noise * scaling.spread_).astype(np.float32),
        correlated_noise=correlated,
        mixed_share=_MIXED_SHARE if mixed else 0.0,
        n_mc_samples=params.n_mc_samples,
        unlabeled_bound=params.unlabeled_bound,
        edit_weight=_given(
            params.edit_weight, min(_EDIT_WEIGHT_PER_COLUMN * n_telling, most_edit)
        ),
        independence_weight=params.independence_weight,
        alpha=_given(params.alpha, _ALPHA_OF_LINEAR if linear else 0.0),
        noise_decay=_NOISE_DECAY if n_real >= _MANY_REAL else 0.0,
        batch_size=min(_given(params.batch_size, _LARGEST_BATCH), n_rows),
        learning_rate=params.learning_rate_init,
        n_epochs=params.max_iter,
        monitor=monitor,
        patience=params.n_iter_no_change,
        tol=params.tol,
        callbacks=list(params.callbacks or []),
        verbose=bool(params.verbose),
    )
