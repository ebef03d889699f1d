"""The callback that trains one model in several processes, as users see it."""

from skorch.callbacks import Callback


class DataParallel(Callback):
    """Lets several processes train one model together, each on a part of every batch.

    Pass it in the parameter `callbacks` of an estimator, and start the script with
    ``accelerate launch`` or ``torchrun``. Every process runs the whole script and calls
    `fit` with the same data and parameters. It computes the gradients of its part of each
    batch; the gradients are then summed over the processes, and all of them take the same
    step. In the end, every process has the same fitted estimator.

    Estimators without this callback are fitted by each process on its own.

    Parameters
    ----------
    n_parts : int, default=None
        Number of parts that each batch is split into, a multiple of the number of
        processes. None stands for the number of processes. Noise is drawn for each part
        separately, so the fitted model depends on `n_parts`. It does not depend on the
        number of processes, except for rounding errors.

    Raises
    ------
    ImportError
        By `fit`, if accelerate is not installed. Install it with
        ``pip install sklearn-revae[parallel]``.
    ValueError
        By `fit`, in every process, if the data, the parameters or the versions of this
        package or of PyTorch differ between the processes, if a batch has fewer samples
        than parts, if `n_parts` is not a multiple of the number of processes, or if
        `device` is not of the kind that accelerate has chosen.
    RuntimeError
        By `fit`, if `fit` has failed in another process, if the connection to it is lost,
        or if joblib runs this fit in a worker (``n_jobs=2``, for example). Also if a
        callback has ended the training in one process only.

    See Also
    --------
    Checkpoint : Makes a fit that is killed resumable.

    Notes
    -----
    `batch_size` is the size of the whole batch. Every process needs all of X, but only
    looks up its own part of a batch.

    The first process shows the progress bar, measures the score of early stopping, and
    writes the :class:`Checkpoint`, whose file every process must be able to read. Other
    callbacks are called in every process. If `random_state` is None, all processes use
    the seed that the first one draws.

    A process that waits for the others gives up after the timeout of their process group,
    half an hour on CPUs and ten minutes on GPUs. To set another one, create an
    ``accelerate.Accelerator`` with ``InitProcessGroupKwargs`` before `fit`.

    .. versionadded:: 0.2

    Examples
    --------
    One process can split batches as two processes do, and learns the same model:

    >>> from sklearn.datasets import load_iris
    >>> from sklearn_revae import DataParallel, ReVAEClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> parallel = DataParallel(n_parts=2)
    >>> model = ReVAEClassifier(max_iter=20, callbacks=[parallel], random_state=0)
    >>> model.fit(X, y).score(X, y) > 0.9
    True
    """

    def __init__(self, n_parts: int | None = None) -> None:
        self.n_parts = n_parts
