"""The settings of a training run, with every "auto" resolved."""

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Settings:
    """How to train.

    Parameters
    ----------
    label_weight : float
        Weight of log q(y|x) in the ELBO of labelled rows.
    consistency_weight : float
        Weight of the cross-entropy between the class probabilities of a row and those of
        a perturbed view of it.
    edit_weight : float
        Weight of the cross-entropy between the requested value of a label and the
        classifier's prediction for an edited row.
    edits_train_encoder : bool
        Whether the edit loss trains the encoder too, or only the decoder.
    independence_weight : float
        Weight of the statistical dependence of the style latents on the labels.
    alpha : float
        Weight of the L2 penalty on the encoder's weights, added to the loss per feature.
    noise_scale : ndarray of float32, shape (n_features,)
        Standard deviation of the noise in a perturbed view, for each scaled feature.
    correlated_noise : bool
        Whether that noise has the covariance of the rows, or is independent.
    mixup_fraction : float
        The largest fraction of another row that is mixed into a perturbed view.
    n_mc_samples : int
        Number of samples of q(z|x) per row.
    unlabeled_bound : {"marginal", "classifier"}
        See :func:`~sklearn_revae._model.objective.evidence_bound`.
    noise_weight_decay : float
        Weight decay of the learned noise scales of the likelihood.
    batch_size : int
        Number of rows in a batch.
    learning_rate : float
        The largest learning rate of the networks.
    n_epochs : int or None
        Number of epochs; None trains for `min_epochs` and for `min_steps` at least.
    min_epochs, min_steps : int
        The smallest number of epochs, and of steps of the optimizer, if `n_epochs` is
        None.
    decay : bool
        Whether the learning rate decays to zero over the run, or stays constant.
    monitor : str or None
        The entry of the history that early stopping watches; None trains to the end.
    patience : int
        Number of epochs without improvement after which training stops.
    tol : float
        The smallest change that counts as an improvement.
    callbacks : list
        The user's own skorch callbacks.
    verbose : bool
        Whether to show a progress bar.
    own_modules : bool
        Whether the user's own modules are trained: these may draw from torch's global
        generators.
    """

    label_weight: float
    consistency_weight: float
    edit_weight: float
    edits_train_encoder: bool
    independence_weight: float
    alpha: float
    noise_scale: np.ndarray
    correlated_noise: bool
    mixup_fraction: float
    n_mc_samples: int
    unlabeled_bound: str
    noise_weight_decay: float
    batch_size: int
    learning_rate: float
    n_epochs: int | None
    min_epochs: int = 1
    min_steps: int = 1
    decay: bool = True
    monitor: str | None = None
    patience: int = 10
    tol: float = 1e-4
    callbacks: list = field(default_factory=list)
    verbose: bool = False
    own_modules: bool = False
