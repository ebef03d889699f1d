"""The settings of a training run, with every "auto" resolved."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from sklearn_revae._model.images import ImageShape
from sklearn_revae._training.processes import OneProcess


@dataclass(frozen=True)
class MemberSettings:
    """What may differ from one member of the ensemble to the next.

    Parameters
    ----------
    noise : float
        Noise of a perturbed view, in standard deviations of the features.
    consistency_weight : float
        Weight of the cross-entropy between the class probabilities of a row and those of
        a perturbed view of it.
    label_weight : float
        Weight of log q(y|x) in the ELBO of labelled rows.
    """

    noise: float
    consistency_weight: float
    label_weight: float


@dataclass(frozen=True)
class ImageViews:
    """How random views of images are made.

    Parameters
    ----------
    function : callable
        Takes images (n, channels, height, width) in the units of X, and a generator;
        returns as many images.
    layout : ImageShape
        How a row holds an image.
    shift, scale : ndarray of float32, shape (n_features,)
        A scaled value times `scale`, plus `shift`, is the value in the units of X.
    """

    function: Callable
    layout: ImageShape
    shift: np.ndarray
    scale: np.ndarray


@dataclass
class Settings:
    """How to train.

    Parameters
    ----------
    members : sequence of MemberSettings
        The settings of each member.
    edit_weight : float
        Weight of the cross-entropy between the requested value of a label and the
        prediction of another member's classifier for an edited row.
    n_edits : int
        Number of rows that are edited in a step.
    edits_from : float
        The fraction of training after which edits become part of the loss of all
        networks. If 1, the decoder learns them when everything else has been trained, and
        they do not change predictions.
    spread : ndarray of float32, shape (n_features,)
        Standard deviation of each scaled feature, in which noise is measured.
    views : ImageViews or None
        How views are made that take the place of rows with noise; None adds noise.
    n_mc_samples : int
        Number of samples of q(z|x) per row.
    batch_size : int
        Number of rows in a batch.
    learning_rate : float
        The largest learning rate of the networks.
    n_epochs : int or None
        Number of epochs. None trains for `min_steps` at least, and until each labelled
        sample has been seen `labeled_passes` times, but not for more than
        :data:`~sklearn_revae._training.run.MOST_STEPS` steps because of the latter.
    min_steps, labeled_passes : int
        See `n_epochs`.
    decay : float
        The fraction of the steps, the last ones, over which the learning rate decays to
        zero; 0 if it stays constant.
    is_whole : bool
        Whether the run is all of the training: the members were not trained before, and
        are trained for more than an epoch of `partial_fit`.
    monitor : str or None
        The entry of the history that early stopping watches; None trains to the end.
    patience : int
        Number of epochs without improvement after which training stops.
    callbacks : list
        The user's own skorch callbacks, after those that show the progress.
    own_modules : bool
        Whether the user's own modules are trained: these may draw from torch's global
        generators.
    processes : OneProcess
        The processes that train together.
    """

    members: Sequence[MemberSettings]
    edit_weight: float
    n_edits: int
    edits_from: float
    spread: np.ndarray
    views: ImageViews | None
    n_mc_samples: int
    batch_size: int
    learning_rate: float
    n_epochs: int | None
    min_steps: int = 1
    labeled_passes: int = 0
    decay: float = 1.0
    is_whole: bool = False
    monitor: str | None = None
    patience: int = 10
    callbacks: list = field(default_factory=list)
    own_modules: bool = False
    processes: OneProcess = field(default_factory=OneProcess)
