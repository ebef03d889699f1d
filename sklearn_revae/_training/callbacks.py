"""skorch callbacks: record the ELBO, show the progress, and stop training early."""

import copy
import multiprocessing
import sys
import threading
import time

import torch
from skorch.callbacks import Callback
from tqdm.auto import tqdm

from sklearn_revae._model.label_model import certain, observed
from sklearn_revae._model.objective import Bound, effective_sample_size
from sklearn_revae._training.batches import Rows

# Number of labelled training rows whose accuracy the bar shows.
_SHOWN_ROWS = 1000


class StopTraining(Exception):
    """Raised by a callback to end the training without an error."""


def summary_of(bound, codes):
    """Numbers of a batch that the history is computed from, (11,).

    They are the number of rows, the means of the six terms of the ELBO, and four numbers
    of the weights w of labelled rows: their sum, the sum of their squares, how many there
    are, and the largest one.

    Parameters
    ----------
    bound : Bound
        The terms of the ELBO.
    codes : tensor (n, L)
        The codes of the labels, or numbers.
    """
    *terms, weight = bound
    means = torch.stack(terms).detach().flatten(1).mean(1)
    labeled = observed(codes).any(-1).to(weight)
    weight = weight * labeled
    n_labeled = labeled.sum() * weight[..., 0].numel()
    of_weights = [weight.sum(), weight.square().sum(), n_labeled, weight.max()]
    n_rows = torch.full_like(means[:1], len(codes))
    return torch.cat([n_rows, means, torch.stack(of_weights)])


def joined(summaries):
    """The summary of a batch, from those of its parts, (n_parts, 11)."""
    n_rows, means, sums = summaries[:, :1], summaries[:, 1:7], summaries[:, 7:10]
    mean = (n_rows * means).sum(0) / n_rows.sum()
    return torch.cat([n_rows.sum(0), mean, sums.sum(0), summaries[:, 10:].amax(0)])


def copied_state(module):
    """A copy of a module's state, in a fraction of the time that `deepcopy` takes."""
    return {
        name: value.clone() if isinstance(value, torch.Tensor) else copy.deepcopy(value)
        for name, value in module.state_dict().items()
    }


def only_one(callbacks, kind):
    """Return the only callback of a class among an estimator's callbacks, or None.

    Raises
    ------
    ValueError
        If there are several.
    """
    plain = [c[1] if isinstance(c, tuple) else c for c in callbacks or []]
    found = [callback for callback in plain if isinstance(callback, kind)]
    if len(found) > 1:
        raise ValueError(
            f"callbacks hold {len(found)} instances of {kind.__name__}, but a fit can "
            "use one only. Remove the others."
        )
    return found[0] if found else None


class RecordBound(Callback):
    """Write the loss of each epoch, its ELBO, the terms and the weights w to the history.

    The loss is that of a member and a sample, as the ELBO is.
    """

    def on_epoch_begin(self, net, **kwargs):
        """Forget the previous epoch."""
        self.losses_, self.summaries_ = [], []

    def on_batch_end(self, net, batch=None, loss=None, summary=None, **kwargs):
        """Add a batch, unless its step was skipped because it was not finite."""
        if summary is None:
            return
        # What is minimised is a sum over the members, per feature.
        self.scale_ = batch[0].shape[1] / net.module_.n_members
        self.losses_.append(loss)
        self.summaries_.append(summary)

    def on_epoch_end(self, net, **kwargs):
        """Write the means over the epoch."""
        if not self.summaries_:
            return
        losses = torch.stack(self.losses_).cpu().numpy()
        summaries = torch.stack(self.summaries_).cpu().numpy()
        net.history.record("loss", float(losses.mean()) * self.scale_)
        terms = Bound(*summaries[:, 1:7].mean(0).tolist(), weight=None)
        net.history.record("bound", terms.value())
        for name, mean in terms._asdict().items():
            if name != "weight":
                net.history.record(name, mean)
        total, squares, n_labeled, largest = summaries[:, 7:].T
        if largest.max() > 0:
            net.history.record("weight_max", float(largest.max()))
            effective = effective_sample_size(total, squares, n_labeled)
            net.history.record("weight_effective_share", float(effective.mean()))


class KeepBest(Callback):
    """Stop when a score no longer improves, and restore the best weights.

    Parameters
    ----------
    monitor : str
        The entry of the history that is watched; larger is better.
    score : callable or None
        Called with the module after each epoch to compute `monitor`; None if the history
        has this entry already.
    patience : int
        Number of epochs without improvement after which training stops.
    """

    def __init__(self, monitor, score, patience):
        self.monitor = monitor
        self.score = score
        self.patience = patience

    def on_train_begin(self, net, **kwargs):
        """Forget the best score of an earlier run."""
        self.best_ = -float("inf")
        self.waited_ = 0
        self.best_state_ = None

    def on_epoch_end(self, net, **kwargs):
        """Score the epoch, keep its weights if it is the best, stop if none improved."""
        if self.score is not None:
            net.history.record(self.monitor, self.score(net.module_))
        current = net.history[-1].get(self.monitor, -float("inf"))
        self.waited_ += 1
        if current > self.best_:
            self.best_, self.waited_ = current, 0
            self.best_state_ = copied_state(net.module_)
        if self.waited_ >= self.patience:
            raise StopTraining

    def on_train_end(self, net, **kwargs):
        """Restore the best weights."""
        if self.best_state_ is not None:
            net.module_.load_state_dict(self.best_state_)


class DelayedProgress(Callback):
    """The bar of a training that is foreseeably long, if somebody may be watching it.

    It shows the loss and a score.

    Parameters
    ----------
    score : callable
        Called with the module and labelled training rows after each epoch, unless the
        history has a validation score.
    always : bool, default=False
        Whether every training has a bar from the beginning, which stays at the end.
    delay : float, default=5.0
        Training that takes longer, in seconds, gets a bar.
    """

    def __init__(self, score, always=False, delay=5.0):
        self.score = score
        self.always = always
        self.delay = delay

    def on_train_begin(self, net, X=None, **kwargs):
        """Start the clock, and open the bar if there is one for every training."""
        self.bar_, self.start_ = None, time.monotonic()
        self.watched_ = self.always or somebody_may_watch()
        self.rows_ = X
        if self.always:
            self._open(net)

    def on_batch_end(self, net, training=False, **kwargs):
        """Open the bar within the first epoch, if that takes long."""
        if self.watched_ and self.bar_ is None and self._elapsed() > self.delay:
            self._open(net)

    def on_epoch_end(self, net, **kwargs):
        """Advance the bar, or open it if the remaining epochs will take long."""
        n_done = len(net.history)
        whole = self._elapsed() / n_done * net.n_epochs_
        if self.watched_ and self.bar_ is None and whole > self.delay:
            self._open(net)
        if self.bar_ is not None:
            self.bar_.set_postfix(self._shown(net), refresh=False)
            self.bar_.update(n_done - self.bar_.n)

    def on_train_end(self, net, **kwargs):
        """Close the bar, and let go of the rows."""
        self.rows_ = None
        if self.bar_ is not None:
            self.bar_.close()

    def state_dict(self):
        """Return nothing: when training is resumed, the clock starts anew."""
        return {}

    def load_state_dict(self, state):
        """Do nothing."""

    def _elapsed(self):
        return time.monotonic() - self.start_

    def _open(self, net):
        self.bar_ = tqdm(
            total=net.n_epochs_, desc="ReVAE", unit="epoch", leave=self.always
        )
        self.bar_.start_t -= self._elapsed()
        rows, self.rows_ = self.rows_, None
        labeled = certain(rows.codes).any(-1).nonzero().squeeze(1)[:_SHOWN_ROWS]
        # During training, rows on a disk are being read for the next batches.
        readable = self.always or isinstance(rows.x, torch.Tensor)
        if readable and len(labeled):
            self.rows_ = Rows(*rows[labeled])

    def _shown(self, net):
        epoch = net.history[-1]
        shown = {"loss": f"{epoch.get('loss', float('nan')):.1f}"}
        name = net.module_.label_model.score_name
        if "validation_score" in epoch:
            shown[f"validation {name}"] = f"{epoch['validation_score']:.3f}"
        elif self.rows_ is not None:
            shown[f"training {name}"] = f"{self.score(net.module_, self.rows_):.3f}"
        return shown


def somebody_may_watch():
    """Whether this is the main thread of a program in a terminal or a notebook.

    The bars of several threads or processes would overwrite each other.
    """
    if threading.current_thread() is not threading.main_thread():
        return False
    if multiprocessing.parent_process() is not None:
        return False
    return sys.stderr is not None and (sys.stderr.isatty() or "ipykernel" in sys.modules)
