"""One training run: settings in, trained weights and their history out."""

import contextlib
import copy
import math
from dataclasses import dataclass, field

import numpy as np
import torch

from sklearn_revae._model.convolutions import convolves
from sklearn_revae._random import generator
from sklearn_revae._training.batches import MixedBatches, Rows
from sklearn_revae._training.callbacks import KeepBest, Progress
from sklearn_revae._training.device import fitting_threads
from sklearn_revae._training.loss import SemiSupervisedLoss
from sklearn_revae._training.net import make_net

# "auto" trains at least this many epochs, and at least this many steps.
FEWEST_EPOCHS = 10
FEWEST_STEPS = 1000
# Labelled training rows whose accuracy a progress bar shows.
_SHOWN_ROWS = 1000
_SKORCH_KEYS = {
    "batches",
    "train_loss",
    "train_loss_best",
    "train_batch_count",
    "event_lr",
}


@dataclass
class Settings:
    """How to train; see the estimators' parameters of the same names."""

    label_weight: float
    consistency_weight: float
    noise_scale: np.ndarray
    correlated_noise: bool
    mixed_share: float
    n_mc_samples: int
    unlabeled_bound: str
    edit_weight: float
    independence_weight: float
    alpha: float
    noise_decay: float
    batch_size: int
    learning_rate: float
    n_epochs: object = "auto"
    decay: bool = True
    monitor: object = None
    patience: int = 10
    tol: float = 1e-4
    callbacks: list = field(default_factory=list)
    verbose: bool = False


@dataclass
class Result:
    """What a run leaves: one dict an epoch, and the optimizer's state."""

    history: list
    optimizer_state: dict


@torch.no_grad()
def module_accuracy(module, rows):
    """Accuracy of the module, as it stands, over the observed cells of `rows`."""
    was_training = module.training
    module.eval()
    predicted = torch.cat(
        [module.log_class_probabilities(x).argmax(-1) for x in rows.pieces()]
    )
    module.train(was_training)
    counted = (rows.codes >= 0) * rows.weight[:, None]
    return float((counted * (predicted == rows.codes)).sum() / counted.sum())


def train(module, rows, held_out, settings, seed, optimizer_state=None):
    """Train `module` in place on `rows`.

    Parameters
    ----------
    module : ReVAE
        The model, on the rows' device.
    rows : Rows
        Training rows.
    held_out : Rows or None
        Labelled rows that early stopping scores.
    settings : Settings
        How.
    seed : int
        Decides batches and noise.
    optimizer_state : dict, optional
        Of an earlier run to go on from.

    Returns
    -------
    Result
        Its history and the optimizer's state.
    """
    device = rows.x.device
    order = generator(seed)
    n_steps = len(MixedBatches(rows, settings.batch_size, order))
    n_epochs = settings.n_epochs
    if n_epochs == "auto":
        n_epochs = max(FEWEST_EPOCHS, math.ceil(FEWEST_STEPS / n_steps))
    noise_scale = module.likelihood.noise_of_inputs(
        torch.from_numpy(settings.noise_scale).to(rows.x.device, rows.x.dtype)
    )
    loss = SemiSupervisedLoss(
        settings.label_weight,
        settings.consistency_weight,
        noise_scale,
        settings.correlated_noise,
        settings.mixed_share,
        settings.n_mc_samples,
        settings.unlabeled_bound,
        settings.edit_weight,
        not convolves(module.encoder),
        settings.independence_weight,
        settings.alpha,
        generator(seed, device),
    )
    net = make_net(
        module,
        loss,
        order,
        device=device,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        n_decay_steps=n_epochs * n_steps if settings.decay else None,
        noise_decay=settings.noise_decay,
        callbacks=_callbacks(settings, rows, held_out, n_epochs),
    )
    net.initialize()
    if optimizer_state is not None:
        # Loading shares the tensors: a copy leaves the caller's state as it was.
        net.optimizer_.load_state_dict(copy.deepcopy(optimizer_state))
    with contextlib.ExitStack() as until_the_end:
        until_the_end.enter_context(fitting_threads(rows.x.numel()))
        until_the_end.callback(rows.close)
        if held_out is not None:
            until_the_end.callback(held_out.close)
            held_out.keep()
        net.train(rows, n_epochs)
    # skorch's own averages count the steps that were skipped as not finite.
    history = [
        {key: value for key, value in epoch.items() if key not in _SKORCH_KEYS}
        for epoch in net.history
    ]
    return Result(history, net.optimizer_.state_dict())


def _callbacks(settings, rows, held_out, n_epochs):
    """Early stopping and progress as asked for, and the user's own."""
    callbacks = []
    if settings.monitor is not None:
        score = None
        if held_out is not None:
            score = lambda module: module_accuracy(module, held_out)  # noqa: E731
        best = KeepBest(settings.monitor, score, settings.patience, settings.tol)
        callbacks.append(("keep_best", best))
    if settings.verbose:
        labeled = (rows.codes >= 0).any(-1).nonzero().squeeze(1)[:_SHOWN_ROWS]
        shown = held_out if held_out is not None else Rows(*rows[labeled])
        accuracy = None
        if len(shown):
            accuracy = lambda module: module_accuracy(module, shown)  # noqa: E731
        callbacks.append(("progress", Progress(n_epochs, accuracy)))
    return callbacks + list(settings.callbacks)
