"""The skorch net: a training step on the bound that survives non-finite values."""

import copy
import dis
import math
import warnings

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, LRScheduler, PassthroughScoring
from skorch.utils import TeeGenerator
from torch.optim.lr_scheduler import LambdaLR

from sklearn_revae._training.batches import MixedBatches
from sklearn_revae._training.callbacks import RecordBound

MAX_GRADIENT_NORM = 10.0
MAX_BAD_STEPS = 10
MAX_RESTARTS = 3
LEARNING_RATE_CUT = 0.1
# The likelihood's noise has one parameter a column: at the networks' pace it lags behind.
NOISE_LEARNING_RATE_FACTOR = 10.0


class NonFiniteTrainingError(ArithmeticError):
    """Loss or gradient stayed NaN or infinite through every restart."""


def gradient_norm(parameters):
    """Norm of all gradients, the same to the bit for any number of threads.

    Torch's own sums large tensors in an order that depends on the threads at work.
    """
    squares = [
        p.grad.flatten(1).square().sum(-1)
        if p.ndim > 1 and len(p) > 1
        else p.grad.square()
        for p in parameters
        if p.grad is not None
    ]
    return torch.stack([_ordered_sum(s) for s in squares]).sum().sqrt()


def _ordered_sum(values, chunk=4096):
    """Sum in blocks too small for torch to share among threads."""
    flat = values.flatten()
    return torch.stack([part.sum() for part in flat.split(chunk)]).sum()


def warmup_and_decay(n_steps, warmup_share=0.05):
    """Learning-rate factor by step: a linear rise, then half a cosine down to zero."""
    n_warmup = max(1, round(warmup_share * n_steps))

    def factor(step):
        cosine = 0.5 * (1.0 + math.cos(math.pi * min(step / n_steps, 1.0)))
        return min((step + 1) / n_warmup, 1.0) * cosine

    return factor


def _stopped_by_callback(error):
    """Whether a callback raised this KeyboardInterrupt, skorch's way to stop early.

    Ctrl-C arrives between any two instructions, but never by a `raise` of a callback's.
    """
    levels = []
    level = error.__traceback__
    while level is not None:
        levels.append(level)
        level = level.tb_next
    code = levels[-1].tb_frame.f_code.co_code
    raised = code[levels[-1].tb_lasti] == dis.opmap["RAISE_VARARGS"]
    return raised and any(
        isinstance(level.tb_frame.f_locals.get("self"), Callback) for level in levels
    )


class ReVAENet(NeuralNet):
    """skorch's loop, with the bound as criterion.

    `module` is a :class:`~sklearn_revae._model.revae.ReVAE` and `criterion` a
    :class:`~sklearn_revae._training.loss.SemiSupervisedLoss`, both as instances.

    Parameters
    ----------
    module, criterion : torch.nn.Module
        The model and its loss.
    order : torch.Generator
        On the CPU; decides the order of the rows.
    others : dict
        skorch's own parameters.
    """

    def __init__(self, module, *, criterion, order, **others):
        self.order = order
        super().__init__(module, criterion=criterion, **others)

    @property
    def _default_callbacks(self):
        return [
            ("train_loss", PassthroughScoring(name="train_loss", on_train=True)),
            ("bound", RecordBound()),
        ]

    def get_split_datasets(self, X, y=None, **_):
        """Return all rows for training: early stopping holds rows out before."""
        return X, None

    def get_iterator(self, dataset, training=False):
        """Return batches of the rows, labelled and unlabelled mixed."""
        return MixedBatches(dataset, self.batch_size, self.order)

    def train(self, rows, n_epochs):
        """Train on `rows` for `n_epochs`; unlike skorch, let Ctrl-C through.

        Raises
        ------
        KeyboardInterrupt
            From the keyboard; where a callback raised it, training just ends.
        NonFiniteTrainingError
            Loss or gradient stayed non-finite.
        """
        self.restarts_ = self.bad_steps_ = 0
        self.good_state_ = copy.deepcopy(self.module_.state_dict())
        self.notify("on_train_begin", X=rows, y=None)
        try:
            self.fit_loop(rows, epochs=n_epochs)
        except KeyboardInterrupt as error:
            if not _stopped_by_callback(error):
                raise
        finally:
            self.notify("on_train_end", X=rows, y=None)
        skipped = self.bad_steps_ or self.restarts_
        if skipped and not any("bound" in epoch for epoch in self.history):
            # Too few steps for restarts, and not one of them was taken.
            raise NonFiniteTrainingError
        return self

    def train_step_single(self, batch, **_):
        """Loss of one batch, its terms, and the gradients."""
        self._set_training(True)
        loss, bound = self.criterion_(self.module_, *batch)
        loss.backward()
        return {"loss": loss.detach(), "y_pred": None, "bound": bound}

    def train_step(self, batch, **_):
        """Take one optimizer step, unless the loss or a gradient is not finite."""
        self._zero_grad_optimizer()
        step = self.train_step_single(batch)
        self.notify(
            "on_grad_computed",
            named_parameters=TeeGenerator(self.get_all_learnable_params()),
            batch=batch,
            training=True,
        )
        parameters = list(self.module_.parameters())
        norm = gradient_norm(parameters)
        if torch.isfinite(step["loss"] + norm).item():
            factor = (MAX_GRADIENT_NORM / norm).clamp(max=1.0)
            for parameter in parameters:
                if parameter.grad is not None:
                    parameter.grad.mul_(factor)
            self._step_optimizer(None)
            self.bad_steps_ = 0
        else:
            step["bound"] = None
            self._skip_step()
        return step

    def _skip_step(self):
        self.bad_steps_ += 1
        if self.bad_steps_ < MAX_BAD_STEPS:
            return
        if self.restarts_ == MAX_RESTARTS:
            raise NonFiniteTrainingError
        self.restarts_ += 1
        warnings.warn(
            f"Loss or gradient was NaN or infinite in {MAX_BAD_STEPS} steps running: "
            "training goes on from the last good weights at a tenth of the learning "
            "rate. Lower learning_rate_init if this happens often.",
            RuntimeWarning,
            stacklevel=2,
        )
        self.bad_steps_ = 0
        self.module_.load_state_dict(self.good_state_)
        self.optimizer_.state.clear()
        for group in self.optimizer_.param_groups:
            group["lr"] *= LEARNING_RATE_CUT
        for _, callback in self.callbacks_:
            # The schedule computes each rate from its base: cut that too.
            if isinstance(callback, LRScheduler):
                schedule = callback.lr_scheduler_
                schedule.base_lrs = [lr * LEARNING_RATE_CUT for lr in schedule.base_lrs]

    def on_epoch_end(self, net, **kwargs):
        """Remember the weights as good ones if the epoch ended on finite steps."""
        if self.bad_steps_ == 0:
            self.good_state_ = copy.deepcopy(self.module_.state_dict())


def make_net(
    module,
    criterion,
    order,
    *,
    device,
    batch_size,
    learning_rate,
    n_decay_steps,
    noise_decay,
    callbacks,
):
    """Net to train `module`; its rate decays over `n_decay_steps`, None keeps it.

    Raw scales of noise shrink by their rate times `noise_decay` a step. That draws the
    noise towards 0.7, and bounds it from below: 1 by a third. Nothing else shrinks.
    """
    likelihood = {"lr": learning_rate * NOISE_LEARNING_RATE_FACTOR}
    if n_decay_steps is not None:
        schedule = LRScheduler(
            LambdaLR, step_every="batch", lr_lambda=warmup_and_decay(n_decay_steps)
        )
        callbacks = [("learning_rate", schedule), *callbacks]
    return ReVAENet(
        module,
        criterion=criterion,
        order=order,
        optimizer=torch.optim.AdamW,
        optimizer__weight_decay=0.0,
        lr=learning_rate,
        optimizer__param_groups=[
            ("likelihood.*.raw_scale", {**likelihood, "weight_decay": noise_decay}),
            ("likelihood.*", likelihood),
        ],
        batch_size=batch_size,
        device=device,
        callbacks=callbacks,
        verbose=0,
    )
