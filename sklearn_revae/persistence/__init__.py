"""Save estimators in files that hold no code, and load them."""

from collections.abc import Mapping
from os import PathLike

from torch.nn import Module

from sklearn_revae._torch_state import standard_settings
from sklearn_revae._typing import Storable
from sklearn_revae._warning import warn_user
from sklearn_revae.persistence._errors import ModelFileError, UnstorableError
from sklearn_revae.persistence._estimators import ESTIMATORS, estimator_from, state_of
from sklearn_revae.persistence._file import read, write
from sklearn_revae.persistence._modules import OWN_MODULES
from sklearn_revae.persistence._onnx import to_onnx

__all__ = ["ModelFileError", "load", "save", "to_onnx"]


@standard_settings()
def save(estimator: Storable, path: str | PathLike[str]) -> None:
    """Write an estimator to a file that holds no code.

    The file is a safetensors file. Weights and arrays are its tensors, and everything
    else is JSON in its metadata. :func:`load` returns an estimator with the same results.

    At any moment, even if the process is killed or the power fails, the path holds the
    complete old file, if there was one, or the complete new one. A process that is killed
    may leave a file `.<16 digits>.tmp` beside it.

    .. versionadded:: 0.2

    Parameters
    ----------
    estimator : ReVAEClassifier, ReVAERegressor or ReVAETransformer
        The estimator. A file of one that is not fitted holds its parameters only.
    path : str or path-like
        The file to write, usually `*.safetensors`. An existing file is replaced, and the
        new one has its permissions.

    Raises
    ------
    ValueError
        If the estimator is of another class, such as a Pipeline; if it holds something
        that a file cannot hold, such as callbacks, a function as `views`, an arbitrary
        object as a parameter, or a data frame of a library other than pandas and polars;
        or if the fitted module cannot be built again, for example because
        `hidden_layer_sizes` was changed after `fit`. Nothing is written then.
    TypeError
        If `path` is neither a string nor path-like.
    OSError
        If the file cannot be written, or the path is that of a directory or a device. An
        existing file is left as it was.

    Warns
    -----
    UserWarning
        If the estimator is not fitted.

    See Also
    --------
    load : Read the file.

    Notes
    -----
    The file stores the parameters (including a RandomState as `random_state` and a
    torch.device as `device`), everything that `fit` has learned and recorded, and the
    output that `set_output` has chosen. It does not store the momentum of the optimizer,
    so the first steps of a further `partial_fit` differ, as they do after pickling. It
    does not store the device: the loaded model is on the CPU.

    The file holds no rows of X, but the latent codes of up to 1,000 training samples,
    from which these can be approximately reconstructed, and quantiles of the features.
    Treat it as confidentially as the data. The same holds for pickled estimators.

    If the encoder or the decoder is a torch module of your own, the file stores its
    weights but not its code. Pass the module to :func:`load`.

    The checksum detects damage. It is not a signature, because everybody with write
    access to the file can change the checksum too.

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
            f"estimator is a {type(estimator).__name__}, but only {sorted(ESTIMATORS)} "
            "can be saved, and no subclasses. Of a Pipeline, save this step, and fit the "
            "other steps again or save them by other means. Of a ReVAEImputer, save "
            "its attribute estimator_, whose method impute does the same."
        )
    if not hasattr(estimator, "module_"):
        warn_user(
            f"estimator is a {type(estimator).__name__} that is not fitted, so the file "
            "holds its parameters only, and the loaded estimator cannot predict. Call "
            "fit before save."
        )
    state, tensors = state_of(estimator)
    own = {name: getattr(estimator, name) for name in state["own_modules"]}
    try:
        estimator_from(state, tensors, own)
    except UnstorableError:
        raise
    except Exception as error:
        raise ValueError(
            f"The estimator cannot be restored from what a file would hold: "
            f"{_in_words(error)}. If you changed parameters after fit, change them back "
            "or fit again."
        ) from error
    write(path, state, tensors)


@standard_settings()
def load(
    path: str | PathLike[str], modules: Mapping[str, Module | type[Module]] | None = None
) -> Storable:
    """Read an estimator from a file that :func:`save` wrote, without running its code.

    Nothing is unpickled or evaluated, and nothing that the file names is imported. Files
    of all earlier versions of the format can be read.

    .. versionadded:: 0.2

    Parameters
    ----------
    path : str or path-like
        The file.
    modules : dict of str to torch module or class, default=None
        The modules for `"encoder"` and `"decoder"`, if these were torch modules of your
        own: the class, if it takes no arguments, or an instance, which is copied. They
        must compute what the fitted ones did, and are the only code that is run.

    Returns
    -------
    estimator : ReVAEClassifier, ReVAERegressor or ReVAETransformer
        The estimator, on the CPU. Its predictions, latent codes, interventions, draws and
        imputations are those of the saved one: identical on the same machine with the
        same versions of PyTorch and NumPy. It can be trained further with `partial_fit`,
        fitted again and cloned.

    Raises
    ------
    ModelFileError
        A ValueError: if the file is incomplete, was changed, was not written by
        :func:`save` or has a newer format; if it is a pickle, which is not opened; or if
        a module is missing in `modules`, differs from the saved one or is not needed.
    ValueError
        If `modules` is not such a dict.
    TypeError
        If `path` is neither a string nor path-like.
    ImportError
        If the model was fitted on a data frame whose library is not installed.
    OSError
        If the file cannot be read.

    See Also
    --------
    save : Write the file.

    Notes
    -----
    Reading takes memory in proportion to the length of the file, whatever the file says.

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
            f"modules must be a dict with keys among {list(OWN_MODULES)}, got "
            f"{modules!r}."
        )
    state, tensors = read(path)
    try:
        return estimator_from(state, tensors, given)
    except (ImportError, MemoryError):
        raise
    except Exception as error:
        # A file can be wrong in more ways than are worth a check each.
        raise ModelFileError(f"{path} cannot be loaded: {_in_words(error)}.") from error


def _in_words(error):
    text = str(error).rstrip(".")
    return text if isinstance(error, ValueError) else f"{type(error).__name__}: {text}"
