"""skorch callbacks: record the ELBO, show the progress, and stop training early."""

import copy

import torch
from skorch.callbacks import Callback
from tqdm.auto import tqdm

from sklearn_revae._model.objective import Bound, effective_sample_size


class StopTraining(Exception):
    """Raised by a callback to end the training without an error."""


class RecordBound(Callback):
    """Write the ELBO of each epoch, its terms and the weights w to the history."""

    def on_epoch_begin(self, net, **kwargs):
        """Forget the previous epoch."""
        self.terms_, self.effective_, self.largest_ = [], [], []

    def on_batch_end(self, net, batch=None, training=False, bound=None, **kwargs):
        """Add a batch, unless its step was skipped because it was not finite."""
        if bound is None:
            return
        *terms, weight = bound
        self.terms_.append(torch.stack(terms).detach().flatten(1).mean(1))
        _, codes, _ = batch
        if codes.shape[1]:
            labeled = (codes >= 0).any(-1)
            weight = weight * labeled
            n_labeled = labeled.sum() * weight[..., 0].numel()
            self.effective_.append(effective_sample_size(weight, n_labeled))
            self.largest_.append(weight.max())

    def on_epoch_end(self, net, **kwargs):
        """Write the means over the epoch."""
        if not self.terms_:
            return
        terms = Bound(*torch.stack(self.terms_).mean(0).tolist(), weight=None)
        net.history.record("bound", terms.value())
        for name, mean in terms._asdict().items():
            if name != "weight":
                net.history.record(name, mean)
        if self.largest_ and (largest := float(torch.stack(self.largest_).max())) > 0:
            net.history.record("weight_max", largest)
            effective = float(torch.stack(self.effective_).mean())
            net.history.record("weight_effective_share", effective)


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
            self.best_state_ = copy.deepcopy(net.module_.state_dict())
        if self.waited_ >= self.patience:
            raise StopTraining

    def on_train_end(self, net, **kwargs):
        """Restore the best weights."""
        if self.best_state_ is not None:
            net.module_.load_state_dict(self.best_state_)


class Progress(Callback):
    """A tqdm bar over the epochs that shows the ELBO, and an accuracy if there is one.

    Parameters
    ----------
    n_epochs : int
        Length of the bar.
    accuracy : callable or None
        Called with the module after each epoch.
    """

    def __init__(self, n_epochs, accuracy):
        self.n_epochs = n_epochs
        self.accuracy = accuracy

    def on_train_begin(self, net, **kwargs):
        """Open the bar."""
        self.bar_ = tqdm(total=self.n_epochs, desc="ReVAE", unit="epoch")

    def on_epoch_end(self, net, **kwargs):
        """Advance the bar by an epoch."""
        shown = {"bound": f"{net.history[-1].get('bound', float('nan')):.1f}"}
        if self.accuracy is not None:
            shown["accuracy"] = f"{self.accuracy(net.module_):.3f}"
        self.bar_.set_postfix(shown, refresh=False)
        self.bar_.update()

    def on_train_end(self, net, **kwargs):
        """Close the bar."""
        self.bar_.close()
