"""The callback that makes a fit resumable, as users see it."""

import os
from numbers import Real

from skorch.callbacks import Callback

from sklearn_revae._training.callbacks import only_one


class Checkpoint(Callback):
    """Saves the state of a training, so that a killed `fit` can be resumed.

    Pass it in the parameter `callbacks` of an estimator. If the process is killed, call
    `fit` with the same data and parameters in a new process: training continues where the
    file was written last. On one CPU, it ends in exactly the weights, the history and the
    predictions of a training that was never interrupted.

    The file is written after the first step that ends `every` seconds after the last
    write, and when the process receives SIGTERM, before the signal takes effect. It is
    replaced in one step, so that it is complete whenever the process is killed. `fit`
    removes it at the end; save the fitted estimator with
    :func:`sklearn_revae.persistence.save`. If `fit` ends with an error, the file stays.

    Parameters
    ----------
    path : str or path-like
        The file. Its folder must exist. Only one `fit` at a time may use it: do not pass
        an estimator with a checkpoint to a grid search.
    every : float, default=60.0
        Seconds between writes; 0 writes the file before every step.

    Raises
    ------
    ValueError
        By `fit`, if the file is not a checkpoint or is damaged, or if it belongs to a fit
        with other data, other parameters, or another version of PyTorch or of this
        package.
    OSError
        By `fit`, if the folder of the file does not exist, or the path is that of a
        directory or a device.

    Warns
    -----
    RuntimeWarning
        By `fit`, if the file cannot be written, for example because the disk is full.
        Training then continues.

    Notes
    -----
    The state consists of the weights, the optimizer, the position in the learning-rate
    schedule, all generators of random numbers, the history and the state of early
    stopping. The state of other callbacks is what their `state_dict` returns, or else
    those of their attributes whose names end with an underscore and that are numbers,
    strings, tensors, or lists and dicts of these.

    If `random_state` is None, the resumed training uses the seed of the interrupted one.
    `partial_fit` neither reads nor writes checkpoints. Only the main thread of a process
    can notice SIGTERM.

    The data is compared by a checksum; of data on a disk, the checksum covers 1,000
    samples, and the labels and weights of all.

    .. versionadded:: 0.2

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_revae import Checkpoint, ReVAEClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     checkpoint = Checkpoint(Path(folder, "iris.checkpoint"), every=30)
    ...     model = ReVAEClassifier(max_iter=20, callbacks=[checkpoint], random_state=0)
    ...     model.fit(X, y).score(X, y) > 0.9
    True
    """

    def __init__(self, path: str | os.PathLike[str], every: float = 60.0) -> None:
        self.path = path
        self.every = every


def checkpoint_of(callbacks):
    """Return the only :class:`Checkpoint` among an estimator's callbacks, or None.

    Raises
    ------
    ValueError
        If there are several, or if `every` is not a number of seconds.
    """
    found = only_one(callbacks, Checkpoint)
    if found is None:
        return None
    every = found.every
    if not isinstance(every, Real) or isinstance(every, bool) or not every >= 0:
        raise ValueError(
            f"every={every!r} of Checkpoint must be a number of seconds, 0 or larger."
        )
    return found
