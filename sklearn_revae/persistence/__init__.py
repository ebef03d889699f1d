"""Estimators in files that hold no code: save and load."""

from collections.abc import Mapping
from os import PathLike

from torch.nn import Module

from sklearn_revae._torch_state import standard_settings
from sklearn_revae._typing import Model
from sklearn_revae.persistence._estimators import ESTIMATORS, estimator_from, state_of
from sklearn_revae.persistence._file import ModelFileError, read, write
from sklearn_revae.persistence._modules import OWN_MODULES
from sklearn_revae.persistence._values import UnstorableError

__all__ = ["ModelFileError", "load", "save"]


@standard_settings()
def save(estimator: Model, path: str | PathLike[str]) -> None:
    """Write an estimator to a file that holds no code.

    One safetensors file: weights and arrays are its tensors, all else is JSON in its
    metadata. :func:`load` gives an estimator that answers the same. At any moment, even
    if the process is killed or the power fails, the file is the old one, if there was
    one, or the new one, never a part; a process that is killed may leave a file
    `.<16 digits>.tmp` beside it.

    .. versionadded:: 0.2

    Parameters
    ----------
    estimator : ReVAEClassifier or ReVAETransformer
        Fitted or not.
    path : str or path-like
        The file, `*.safetensors` by custom; one that is there is replaced.

    Raises
    ------
    ValueError
        Before anything is written: for another estimator, a Pipeline say; for what a file
        cannot hold, by its name (callbacks, a parameter that is no plain value, a frame
        or column type of an unusual library); and if parameters were changed after `fit`
        such that they no longer make the fitted module.
    OSError
        If the file cannot be written; the old one is then left as it was.

    See Also
    --------
    load : The way back.

    Notes
    -----
    What is kept: parameters, a RandomState as `random_state` and a torch.device as
    `device` included; all that `fit` has learned and recorded; the output that
    `set_output` has set. What is not: the optimizer's momentum, as with pickle, so that
    the first steps of a further `partial_fit` differ; the device, as the loaded model is
    on the CPU; attributes that are not the estimator's own, which are refused.

    An encoder or decoder that is a torch module of one's own is kept as weights, and as
    the name of its class, for messages alone. To load it, pass it.

    The checksum tells damage. It is no signature: who can write the file can write the
    checksum as well.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_revae import ReVAEClassifier
    >>> from sklearn_revae.persistence import load, save
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ReVAEClassifier(max_iter=2, random_state=0).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(model, Path(folder, "iris.safetensors"))
    ...     loaded = load(Path(folder, "iris.safetensors"))
    >>> bool((loaded.predict_proba(X) == model.predict_proba(X)).all())
    True
    """
    if type(estimator) not in ESTIMATORS.values():
        raise ValueError(
            f"estimator is a {type(estimator).__name__}; a file holds one of "
            f"{sorted(ESTIMATORS)}, and no class derived from them. Of a Pipeline save "
            "this step, and make the others anew or keep them by other means."
        )
    state, tensors = state_of(estimator)
    own = {name: getattr(estimator, name) for name in OWN_MODULES}
    try:
        estimator_from(state, tensors, own)
    except UnstorableError:
        raise
    except Exception as error:
        raise ValueError(
            f"The estimator cannot be made again from what a file would hold: "
            f"{_in_words(error)}. If parameters were changed after fit, set them back, "
            "or fit again."
        ) from error
    write(path, state, tensors)


@standard_settings()
def load(
    path: str | PathLike[str], modules: Mapping[str, Module | type[Module]] | None = None
) -> Model:
    """Estimator from a file that :func:`save` wrote; no code in it is run.

    Nothing is unpickled, evaluated or imported by a name that the file gives. Files of
    all earlier versions of the format can be read.

    .. versionadded:: 0.2

    Parameters
    ----------
    path : str or path-like
        The file.
    modules : dict of str to torch module or class, default=None
        For `"encoder"` and `"decoder"`, where these were torch modules of one's own: the
        class, if it takes no arguments, or an instance, which is copied. They must take
        the file's weights and compute what the fitted ones did; they are the one code
        that runs. Not looked at where the file needs none.

    Returns
    -------
    estimator : ReVAEClassifier or ReVAETransformer
        On the CPU. Its predictions, latents, interventions, draws and imputations are
        those of the saved one, to the bit on the same machine and versions of PyTorch and
        NumPy; `partial_fit`, `fit`, `get_params` and `clone` work on.

    Raises
    ------
    ModelFileError
        A ValueError. If the file is cut short, was changed, is of something else, or of a
        newer format; if it is a pickle, which is not opened; if a module is missing in
        `modules`, or is not the one that was saved.
    ValueError
        For a `modules` that is no dict of these.
    ImportError
        If the model was fitted on a data frame whose library is not installed.
    OSError
        If the file cannot be read.

    See Also
    --------
    save : Writes the file.

    Notes
    -----
    Memory is asked for in proportion to the file's length, whatever the file says.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.datasets import load_iris
    >>> from torch import nn
    >>> from sklearn_revae import ReVAETransformer
    >>> from sklearn_revae.persistence import load, save
    >>> X, _ = load_iris(return_X_y=True)
    >>> model = ReVAETransformer(encoder=nn.Linear(4, 3), max_iter=2).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(model, Path(folder, "iris.safetensors"))
    ...     loaded = load(
    ...         Path(folder, "iris.safetensors"), modules={"encoder": nn.Linear(4, 3)}
    ...     )
    >>> bool((loaded.transform(X) == model.transform(X)).all())
    True
    """
    given = {} if modules is None else modules
    if not isinstance(given, Mapping) or not set(given) <= {*OWN_MODULES}:
        raise ValueError(
            f"modules={modules!r} should be a dict with the keys {list(OWN_MODULES)}."
        )
    state, tensors = read(path)
    try:
        return estimator_from(state, tensors, given)
    except (ImportError, MemoryError):
        raise
    except Exception as error:
        # A file's words can be wrong in more ways than are worth a check each.
        raise ModelFileError(f"{path} cannot be loaded: {_in_words(error)}.") from error


def _in_words(error):
    text = str(error).rstrip(".")
    return text if isinstance(error, ValueError) else f"{type(error).__name__}: {text}"
