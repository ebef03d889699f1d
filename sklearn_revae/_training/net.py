"""The skorch net: a training loop that recovers from losses that are not finite."""

import contextlib
import math
import signal
import threading

import torch
from skorch import NeuralNet
from skorch.callbacks import LRScheduler, PassthroughScoring
from skorch.utils import TeeGenerator
from torch.optim.lr_scheduler import LambdaLR

from sklearn_revae._training.batches import MixedBatches
from sklearn_revae._training.callbacks import (
    RecordBound,
    StopTraining,
    copied_state,
    summary_of,
)
from sklearn_revae._training.graphs import Graphs, can_be_graphs
from sklearn_revae._training.memory import Pieces
from sklearn_revae._training.optimizer import AdamW
from sklearn_revae._training.shares import Share, WholeBatch
from sklearn_revae._warning import warn_user

MAX_GRADIENT_NORM = 10.0
# Consecutive steps without a finite loss and gradient before a restart, and restarts
# before training gives up.
MAX_BAD_STEPS = 10
MAX_RESTARTS = 3
# The last good weights are copied after so many steps at the earliest.
_STEPS_BETWEEN_COPIES = 50
# torch sums a tensor of at most so many numbers on one thread.
_SMALL = 32_768
# Devices whose steps of the optimizer torch can take in one operation.
_FUSED = {"cpu", "cuda", "mps", "xpu"}
# A restart multiplies the learning rate by this factor.
LEARNING_RATE_CUT = 0.1
# The fraction of the steps over which the learning rate rises.
_WARMUP = 0.05
# The likelihood has one noise parameter per feature. At the learning rate of the networks
# it would lag behind them.
NOISE_LEARNING_RATE_FACTOR = 10.0


class NonFiniteTrainingError(ArithmeticError):
    """The loss or its gradient stayed NaN or infinite after every restart."""


def gradient_norm(parameters):
    """Norm of all gradients, bit for bit the same for any number of threads.

    torch sums a large tensor in an order that depends on the number of threads.
    """
    gradients = [p.grad.flatten() for p in parameters if p.grad is not None]
    if not gradients:
        return torch.zeros(())
    pieces = [piece for g in gradients for piece in g.split(_SMALL)]
    return torch.linalg.vector_norm(torch.stack(torch._foreach_norm(pieces)))


def warmup_and_decay(n_steps, decay):
    """Return the factor of the learning rate as a function of the step.

    It rises linearly over the first steps, and decays to zero along half a cosine over
    the fraction `decay` of the steps, the last ones.
    """
    n_warmup = max(1, round(_WARMUP * n_steps))

    def factor(step):
        decayed = (min(step / n_steps, 1.0) - (1.0 - decay)) / decay
        cosine = 0.5 * (1.0 + math.cos(math.pi * max(decayed, 0.0)))
        return min((step + 1) / n_warmup, 1.0) * cosine

    return factor


@contextlib.contextmanager
def keyboard_interrupts():
    """Collect the KeyboardInterrupts that Ctrl-C raises inside the block, in a list.

    The present handler of Ctrl-C still decides what happens. In any other than the main
    thread the list stays empty, because Ctrl-C only interrupts the main thread.
    """
    interrupts = []
    present = signal.getsignal(signal.SIGINT)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or not callable(present):
        yield interrupts
        return

    def handler(signum, frame):
        try:
            present(signum, frame)
        except KeyboardInterrupt as interrupt:
            interrupts.append(interrupt)
            raise

    signal.signal(signal.SIGINT, handler)
    try:
        yield interrupts
    finally:
        # A callback may have set a handler of its own, which then stays.
        if signal.getsignal(signal.SIGINT) is handler:
            signal.signal(signal.SIGINT, present)


class ReVAENet(NeuralNet):
    """skorch's training loop, for a module and a loss that exist already.

    Parameters
    ----------
    module : ReVAE
        The model, which is trained in place, on the device that it is on.
    criterion : SemiSupervisedLoss
        Its loss.
    order : torch.Generator
        On the CPU; decides the order of the rows.
    share : WholeBatch
        Which part of a batch this process computes.
    graphs : bool
        Whether steps are CUDA graphs.
    others : dict
        skorch's own parameters.
    """

    # Number of steps so far.
    steps_ = 0

    def __init__(self, module, *, criterion, order, share, graphs, **others):
        self.order = order
        self.share = share
        self.graphs = graphs
        super().__init__(module, criterion=criterion, **others)

    @property
    def _default_callbacks(self):
        # Names that a user is unlikely to give to a callback: skorch refuses equal ones.
        return [
            ("revae_train_loss", PassthroughScoring(name="train_loss", on_train=True)),
            ("revae_bound", RecordBound()),
        ]

    def get_split_datasets(self, X, y=None, **_):
        """Return all rows for training, and no rows to validate on.

        Early stopping holds its rows out before the net sees any.
        """
        return X, None

    def get_iterator(self, dataset, training=False):
        """Return batches that mix labelled and unlabelled rows."""
        share = self.share.of_index
        return MixedBatches(dataset, self.batch_size, self.order, self.steps_, share)

    def _zero_grad_optimizer(self, set_to_none=None):
        """Forget all gradients, faster than the optimizer does."""
        for group in self.optimizer_.param_groups:
            for parameter in group["params"]:
                parameter.grad = None

    def notify(self, method_name, **arguments):
        """Call a method of every callback; remember a KeyboardInterrupt that one raises.

        Raising it is skorch's way to stop training.
        """
        try:
            return super().notify(method_name, **arguments)
        except KeyboardInterrupt as error:
            self.interrupt_of_callback_ = error
            raise

    def train(self, rows, n_epochs, saved=None):
        """Train on `rows` for `n_epochs`, or until a callback stops the training.

        An interrupted training continues from `saved`, a
        :class:`~sklearn_revae._training.resumption.SavedPart`.

        Raises
        ------
        KeyboardInterrupt
            If the user pressed Ctrl-C, or anything but a callback raised it. skorch
            would end training as if a callback had stopped it.
        NonFiniteTrainingError
            If the loss or its gradient stayed NaN or infinite after every restart.
        MemoryError
            If the device has too little memory for a fraction of a batch.
        """
        self.restarts_ = self.bad_steps_ = self.steps_ = self.good_step_ = 0
        self.has_stepped_ = False
        self.pieces_ = Pieces(Graphs() if self.graphs else None)
        self.n_epochs_ = n_epochs
        self.interrupt_of_callback_ = None
        self.parameters_ = list(self.module_.parameters())
        self.good_state_ = copied_state(self.module_)
        self.notify("on_train_begin", X=rows, y=None)
        n_left = n_epochs if saved is None else saved.resume(self, n_epochs)
        try:
            with keyboard_interrupts() as interrupts:
                self.fit_loop(rows, epochs=n_left)
        except StopTraining:
            pass
        except KeyboardInterrupt as error:
            if error is not self.interrupt_of_callback_ or error in interrupts:
                raise
        finally:
            self.notify("on_train_end", X=rows, y=None)
        never = self.steps_ and not self.has_stepped_
        if never or self.bad_steps_ >= MAX_BAD_STEPS // 2:
            # The last steps were skipped, and too few were left for a restart.
            raise NonFiniteTrainingError
        if saved is not None:
            saved.finish(self)
        return self

    def train_step_single(self, batch, **_):
        """Compute the loss of a batch, the terms of its ELBO, and the gradients.

        The terms are those of the rows that this process computes.
        """
        if not self.module_.training:
            self._set_training(True)
        parts = self.share.parts(batch)
        loss, bound = self.pieces_.compute(self, parts)
        codes = torch.cat([part[1] for part in parts])
        summary = None if bound is None else summary_of(bound, codes)
        loss, summary = self.share.combine(self, len(codes), loss, summary)
        return {"loss": loss, "y_pred": None, "bound": bound, "summary": summary}

    def train_step(self, batch, **_):
        """Take a step of the optimizer, unless the loss or a gradient is not finite."""
        self._zero_grad_optimizer()
        self.steps_ += 1
        step = self.train_step_single(batch)
        self.notify(
            "on_grad_computed",
            named_parameters=TeeGenerator(self.get_all_learnable_params()),
            batch=batch,
            training=True,
        )
        parameters = self.parameters_
        loss, norm = torch.stack([step["loss"], gradient_norm(parameters)]).tolist()
        if math.isfinite(loss) and math.isfinite(norm):
            limit = MAX_GRADIENT_NORM * math.sqrt(self.module_.n_members)
            if norm > limit:
                gradients = [p.grad for p in parameters if p.grad is not None]
                torch._foreach_mul_(gradients, limit / norm)
            self._step_optimizer(None)
            self.has_stepped_ = True
            self.bad_steps_ = 0
        else:
            step["bound"] = step["summary"] = None
            self._skip_step()
        return step

    def _skip_step(self):
        """Count a bad step; after too many of them go back to the last good weights."""
        # Otherwise the schedule warns that it is called before the optimizer.
        self.optimizer_._opt_called = True
        self.bad_steps_ += 1
        if self.bad_steps_ < MAX_BAD_STEPS:
            return
        if self.restarts_ == MAX_RESTARTS:
            raise NonFiniteTrainingError
        self.restarts_ += 1
        warn_user(
            f"The loss or its gradient was NaN or infinite in {MAX_BAD_STEPS} steps in a "
            "row. Training continues from the last good weights at a tenth of the "
            "learning rate. Decrease learning_rate_init if this happens often.",
            RuntimeWarning,
        )
        self.bad_steps_ = 0
        self.module_.load_state_dict(self.good_state_)
        self.optimizer_.state.clear()
        for group in self.optimizer_.param_groups:
            group["lr"] *= LEARNING_RATE_CUT
        for _, callback in self.callbacks_:
            # The schedule computes every learning rate from a base, which is cut too.
            if isinstance(callback, LRScheduler):
                schedule = callback.lr_scheduler_
                schedule.base_lrs = [lr * LEARNING_RATE_CUT for lr in schedule.base_lrs]

    def on_epoch_end(self, net, **kwargs):
        """Remember the weights if the last step of the epoch was finite."""
        steps = self.steps_
        if self.bad_steps_ == 0 and steps - self.good_step_ >= _STEPS_BETWEEN_COPIES:
            self.good_step_ = steps
            self.good_state_ = copied_state(self.module_)


def make_net(module, loss, order, settings, n_steps, callbacks):
    """Return a net that trains a module in place.

    Parameters
    ----------
    module : StackedReVAE
        The members, on their device.
    loss : SemiSupervisedLoss
        Its loss.
    order : torch.Generator
        On the CPU; decides the order of the rows.
    settings : Settings
        The learning rate and its decay, the batch size, and the processes.
    n_steps : int
        Number of steps over which the learning rate decays.
    callbacks : list of (str, skorch.callbacks.Callback)
        Called beside those that record the history.
    """
    likelihood = {"lr": settings.learning_rate * NOISE_LEARNING_RATE_FACTOR}
    if settings.decay:
        factor = warmup_and_decay(n_steps, settings.decay)
        schedule = LRScheduler(LambdaLR, step_every="batch", lr_lambda=factor)
        callbacks = [("revae_learning_rate", schedule), *callbacks]
    device = next(module.parameters()).device
    processes, share = settings.processes, WholeBatch()
    if processes.n_parts is not None:
        share = Share(processes, loss.generator, settings.own_modules)
    return ReVAENet(
        module,
        criterion=loss,
        order=order,
        share=share,
        graphs=can_be_graphs(settings, device),
        optimizer=AdamW,
        optimizer__weight_decay=0.0,
        optimizer__fused=device.type in _FUSED,
        lr=settings.learning_rate,
        optimizer__param_groups=[("likelihood.*", likelihood)],
        batch_size=settings.batch_size,
        device=device,
        callbacks=callbacks,
        verbose=0,
    )
