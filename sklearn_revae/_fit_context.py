"""What surrounds a fit: attributes are put back if it fails, and callbacks are called."""

import contextlib
import copy

import torch
from skorch.callbacks import Callback

from sklearn_revae._data.storage import Stored
from sklearn_revae._model.copies import copied
from sklearn_revae._sample_statistics import SampleStatistics
from sklearn_revae._training.callbacks import DelayedProgress, StopTraining
from sklearn_revae._training.history import loss_of
from sklearn_revae._training.run import Result, module_score

try:
    from sklearn.callback import CallbackSupportMixin as CallbackSupport
except ImportError:

    class CallbackSupport:  # type: ignore[no-redef]
        """Stands for the mixin that scikit-learn has since version 1.9."""

        def _init_callback_context(self, **options):
            pass


@contextlib.contextmanager
def unchanged_on_failure(estimator):
    """Put every attribute of an estimator back if the block raises, Ctrl-C included."""
    before = estimator.__dict__.copy()
    try:
        yield
    except BaseException:
        estimator.__dict__.clear()
        estimator.__dict__.update(before)
        raise


def watchers(estimator, data, samples, module, device, settings):
    """Return the callbacks of a run that do not come from the parameter `callbacks`.

    Parameters
    ----------
    estimator : BaseReVAE
        The estimator that is being fitted.
    data : tuple
        X and y, as the user passed them.
    samples : Samples
        The same samples, validated.
    module : Ensemble
        The module that is being trained.
    device : torch.device
        Its device.
    settings : Settings
        How the run trains. Only the first of its processes shows a bar.
    """
    found = []
    if settings.processes.is_first and estimator.verbose:
        always = not isinstance(estimator.verbose, str)
        found.append(("revae_delayed_progress", DelayedProgress(module_score, always)))
    if hasattr(estimator, "_callback_fit_ctx"):
        told = _Told(estimator, data, samples, module, device, settings)
        found.append(("revae_scikit_learn", told))
    return found


class _Told(Callback):
    """Tells the callbacks that scikit-learn's `set_callbacks` has set of each epoch.

    The parameters are those of :func:`watchers`.
    """

    def __init__(self, estimator, data, samples, module, device, settings):
        self.estimator, self.samples = estimator, samples
        self.data = dict(zip(("X", "y"), data, strict=True))
        self.module, self.device, self.settings = module, device, settings
        self.context = estimator._callback_fit_ctx
        self.epoch_ = None

    def on_train_begin(self, net, **_):
        """Begin the task of the fit."""
        self.context.max_subtasks = net.n_epochs_
        self.context.call_on_fit_task_begin(estimator=self.estimator, **self.data)

    def on_epoch_begin(self, net, **_):
        """Begin the task of an epoch."""
        self.epoch_ = self.context.subcontext(task_name="epoch")
        self.epoch_.call_on_fit_task_begin(estimator=self.estimator, **self.data)

    def on_epoch_end(self, net, **_):
        """End the task of an epoch, and the training if a callback asks for that."""
        if self._end_epoch(net):
            raise StopTraining

    def on_train_end(self, net, **_):
        """End the task of the fit, and that of an epoch that was cut short."""
        if self.epoch_ is not None:
            self._end_epoch(net)
        self._end(self.context, net)

    def _end_epoch(self, net):
        epoch, self.epoch_ = self.epoch_, None
        return self._end(epoch, net)

    def _end(self, context, net):
        return context.call_on_fit_task_end(
            estimator=self.estimator,
            **self.data,
            reconstruction_attributes=lambda: self._attributes(net),
        )

    @torch.no_grad()
    def _attributes(self, net):
        """The attributes of an estimator whose fit had stopped now."""
        module = copied(self.module)
        net.module_.write_back(module.members)
        history = [{"loss": loss_of(epoch)} for epoch in net.history]
        fitted = copy.copy(self.estimator)
        fitted._settle(module, self.device, self.settings, Result(history, None, 0, 0))
        # Statistics of samples on a disk would cost a pass over it in each epoch.
        stored = isinstance(self.samples.values, Stored)
        fitted._sample_statistics = (
            SampleStatistics.of_nothing()
            if stored
            else fitted._statistics_after(self.samples, False, False)
        )
        return vars(fitted)
