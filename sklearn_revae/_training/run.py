"""One training run: from settings to trained weights and their history."""

import contextlib
import copy
import math
from dataclasses import dataclass
from functools import partial

import torch

from sklearn_revae._model.label_model import LabelModel
from sklearn_revae._model.stacked import StackedReVAE
from sklearn_revae._random import generator, spawn_seeds
from sklearn_revae._torch_state import seeded_global_generators, without_subnormals
from sklearn_revae._training.batches import MixedBatches
from sklearn_revae._training.callbacks import KeepBest
from sklearn_revae._training.device import fitting_threads
from sklearn_revae._training.judges import ImageJudges
from sklearn_revae._training.left_out import leave_out
from sklearn_revae._training.loss import DecoderLoss, SemiSupervisedLoss
from sklearn_revae._training.net import make_net
from sklearn_revae._training.resumption import SavedPart

# Many labelled samples do not make the number of steps larger than this. An epoch of more
# samples takes more steps.
MOST_STEPS = 3000
# Number of epochs in which the decoder learns edits after training, per epoch of it.
# Twice as many change no figure of the edits of wine, breast_cancer and iris.
EDIT_EPOCHS = 0.25
# Entries of skorch's history that are left out.
_SKORCH_KEYS = {
    "batches",
    "train_loss",
    "train_loss_best",
    "train_batch_count",
    "event_lr",
}


@dataclass
class Result:
    """What a run leaves besides the trained weights.

    Parameters
    ----------
    history : list of dict
        One for each epoch.
    optimizer_state : tuple of dict
        The states of the optimizers of the model and of the decoder's edits, and the
        weights of the judges of edits.
    steps_per_epoch : int
        Number of steps of the optimizer in an epoch.
    auto_epochs : int
        Number of epochs that the settings choose if none is given.
    """

    history: list
    optimizer_state: tuple
    steps_per_epoch: int
    auto_epochs: int


@torch.no_grad()
def module_score(module, rows):
    """Score of a module, weighted, over all labels that are observed in `rows`.

    It is the accuracy of predicted classes, and the R2 of predicted numbers.
    """
    was_training = module.training
    module.eval()
    predictions = torch.cat([module.member_predictions(x) for x in rows.pieces()], dim=1)
    module.train(was_training)
    return module.label_model.score(predictions, rows.codes, rows.weight)


def train(module, rows, held_out, settings, seed, optimizer_state=None, saved=None):
    """Train `module` in place on `rows`.

    Parameters
    ----------
    module : Ensemble
        The model, on the device of the rows.
    rows : Rows
        Training rows.
    held_out : Rows or None
        Labelled rows whose accuracy early stopping watches.
    settings : Settings
        How to train.
    seed : int or sequence of int
        Determines the order of the rows and all noise.
    optimizer_state : tuple, optional
        The same at the end of an earlier run, to continue from.
    saved : SavedTraining, optional
        The checkpoint.

    Returns
    -------
    Result
        The history, the state of the optimizer, and how long the run was.
    """
    device = rows.x.device
    order_seed, noise_seed, modules_seed, edits_seed, judges_seed = spawn_seeds(seed, 5)
    order = generator(order_seed)
    batches = MixedBatches(rows, settings.batch_size, order)
    n_steps = len(batches)
    auto_epochs = math.ceil(_least_steps(batches, settings) / n_steps)
    n_epochs = auto_epochs if settings.n_epochs is None else settings.n_epochs
    spread = module.likelihood.noise_of_inputs(
        torch.from_numpy(settings.spread).to(device, rows.x.dtype)
    )
    rows, measured = leave_out(module, rows, n_epochs * n_steps, settings.is_whole)
    # Modules of the members may be in evaluation mode, as predictions leave them.
    stacked = StackedReVAE(module.members).train()
    noise = generator(noise_seed, device)
    judges = _judges(module, settings, spread, judges_seed, noise)
    all_steps, complete = n_epochs * n_steps, _is_complete(rows)
    loss = SemiSupervisedLoss(
        settings, spread, noise, all_steps, complete, measured.n_steps, judges
    )
    callbacks = _callbacks(settings, held_out)
    callbacks.append(("revae_measure", measured))
    part = _saved_part(saved, "model", settings, device, callbacks)
    net = make_net(stacked, loss, order, settings, all_steps, callbacks)
    net.initialize()
    earlier, earlier_edits, earlier_judges = optimizer_state or (None, None, {})
    _load_state(net.optimizer_, earlier)
    loss.load_state_dict(earlier_judges or loss.state_dict())
    with contextlib.ExitStack() as until_the_end:
        until_the_end.enter_context(fitting_threads(rows.x.numel()))
        until_the_end.enter_context(without_subnormals())
        if settings.own_modules:
            until_the_end.enter_context(seeded_global_generators(modules_seed, device))
        until_the_end.callback(rows.close)
        if held_out is not None:
            until_the_end.callback(held_out.close)
            held_out.keep()
        if saved is not None:
            until_the_end.enter_context(saved)
        net.train(rows, n_epochs, part)
        edits_state = None
        if _has_edits(module, settings) and settings.edits_from == 1:
            n_edit_epochs = math.ceil(EDIT_EPOCHS * len(net.history))
            edits_state = _train_decoder(
                stacked,
                rows,
                settings,
                spread,
                n_edit_epochs,
                edits_seed,
                earlier_edits,
                saved,
            )
    settings.processes.copy_from_first(stacked, loss)
    stacked.write_back(module.members)
    if measured.values_ is not None:
        module.set_measured(measured.values_)
    states = (net.optimizer_.state_dict(), edits_state, loss.state_dict())
    return Result(_history(net), states, n_steps, auto_epochs)


def _history(net):
    """The history without entries of skorch that nobody needs.

    skorch's own means include steps that were skipped because they were not finite.
    """
    return [
        {key: value for key, value in epoch.items() if key not in _SKORCH_KEYS}
        for epoch in net.history
    ]


def _has_edits(module, settings):
    """Whether training includes edits."""
    return module.label_model.n_labels > 0 and settings.edit_weight > 0


def _judges(module, settings, spread, seed, noise):
    """Judges of edits for a single network for images, or None."""
    labels = module.label_model
    if len(module.members) > 1 or settings.views is None:
        return None
    if not isinstance(labels, LabelModel) or not _has_edits(module, settings):
        return None
    layout, n_masks = settings.views.layout, int(module.likelihood.masked)
    return ImageJudges(labels, layout, n_masks, spread, generator(seed), noise)


def _least_steps(batches, settings):
    """Number of steps of the optimizer that the settings require."""
    passes = settings.labeled_passes * batches.steps_per_labeled_pass
    return max(settings.min_steps, min(passes, MOST_STEPS))


def _is_complete(rows):
    """Whether no value is missing; rows on a disk are not searched for missing values."""
    return isinstance(rows.x, torch.Tensor) and not bool(rows.x.isnan().any())


def _load_state(optimizer, state):
    if state is None:
        return
    rates = [group["lr"] for group in optimizer.param_groups]
    # Without a copy, training would change the tensors of the caller's state.
    optimizer.load_state_dict(copy.deepcopy(state))
    # The rate may have decayed to zero in the earlier run.
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        group["lr"] = rate


def _train_decoder(
    stacked, rows, settings, spread, n_epochs, seed, optimizer_state, saved
):
    """Teach the decoder edits; return the state of its optimizer."""
    order_seed, noise_seed = spawn_seeds(seed, 2)
    order = generator(order_seed)
    n_steps = n_epochs * len(MixedBatches(rows, settings.batch_size, order))
    noise = generator(noise_seed, rows.x.device)
    loss = DecoderLoss(settings, spread, noise, n_steps, _is_complete(rows))
    callbacks = []
    part = _saved_part(saved, "edits", settings, rows.x.device, callbacks)
    net = make_net(stacked, loss, order, settings, n_steps, callbacks)
    net.initialize()
    _load_state(net.optimizer_, optimizer_state)
    net.train(rows, n_epochs, part)
    return net.optimizer_.state_dict()


def _saved_part(saved, name, settings, device, callbacks):
    """Return a part of the checkpoint, put before the other callbacks; None without."""
    if saved is None:
        return None
    part = SavedPart(saved, name, device if settings.own_modules else None)
    callbacks.insert(0, ("revae_checkpoint", part))
    return part


def _score_of_first(processes, module, rows):
    """The score that the first process measures: all of them have to stop together."""
    return processes.of_first(module_score(module, rows=rows))


def _callbacks(settings, held_out):
    """The callback for early stopping, if wanted, and those of the settings."""
    callbacks = []
    if settings.monitor is not None:
        score = None
        if held_out is not None:
            score = partial(_score_of_first, settings.processes, rows=held_out)
        best = KeepBest(settings.monitor, score, settings.patience)
        callbacks.append(("revae_keep_best", best))
    return callbacks + list(settings.callbacks)
