"""Export of what an estimator computes to a file in the format ONNX."""

import json
from os import PathLike
from typing import Literal

from sklearn.utils.validation import check_is_fitted

from sklearn_revae._files import replace_file
from sklearn_revae._regressor import ReVAERegressor
from sklearn_revae._torch_state import standard_settings
from sklearn_revae._typing import Storable
from sklearn_revae._version import __version__
from sklearn_revae.persistence._estimators import ESTIMATORS
from sklearn_revae.persistence._onnx_graphs import (
    InterventionGraph,
    LatentGraph,
    NumberGraph,
    NumberInterventionGraph,
    ProbabilityGraph,
)
from sklearn_revae.persistence._onnx_interface import Interface

_METHODS = ("predict_proba", "predict", "transform", "intervene")


@standard_settings()
def to_onnx(
    estimator: Storable,
    path: str | PathLike[str],
    what: Literal["predict_proba", "predict", "transform", "intervene"] = "predict_proba",
) -> None:
    """Write what a method computes to a file in the format ONNX.

    ONNX Runtime and other runtimes run such a file without PyTorch and without this
    package, in many programming languages. The file contains the scaling of X, the coding
    of categories and the treatment of missing values, so it takes X in the units of the
    training data.

    .. versionadded:: 0.2

    Parameters
    ----------
    estimator : ReVAEClassifier, ReVAERegressor or ReVAETransformer
        Fitted estimator.
    path : str or path-like
        The file to write, usually `*.onnx`. An existing file is replaced.
    what : {"predict_proba", "predict", "transform", "intervene"}, default="predict_proba"
        The method. "predict" is for regressors only; of a classifier, export
        "predict_proba" and take the most probable class.

    Raises
    ------
    ImportError
        If the package onnx is not installed. Install it with
        ``pip install sklearn-revae[onnx]``.
    ValueError
        If the estimator is of another class or does not have the method, if X has
        categories that are neither strings nor numbers, if a column has the name of
        another input or output, or if a module of your own cannot be exported.
    OSError
        If the file cannot be written.

    See Also
    --------
    save : Write the estimator itself, which can be trained further.

    Notes
    -----
    The inputs of the file are:

    - ``X``, double, of shape (n_samples, n_features), or of the shape of pictures, with
      NaN for missing values. If X is a table with categories, each column is an input
      instead, by its name (``x0``, ``x1``, ... in an array), of shape (n_samples, 1):
      strings for categories that are strings, where any string that is not a category
      stands for a missing value, and otherwise double.
    - for "intervene" of a classifier or transformer, ``value``, int64, of shape
      (n_samples, n_labels) or (1, n_labels): for each label, the index of the requested
      class in `classes_`, or -1 to leave the label out of `do`; and ``strength``, double,
      of shape (), the parameter of the same name.
    - for "intervene" of a regressor, ``value``, double, of the same shape: the requested
      numbers, NaN for targets that are left out of `do`.

    The outputs are ``probabilities``, or ``probabilities_<label>`` for each of several
    labels; ``predictions``; ``latents``; and, for "intervene", ``new_X``, or
    ``new_<column>`` for each column. Numbers are double, and they are not rounded to the
    dtype of X.

    "intervene" uses the method "transport" with `residual=True`, and a number as
    `strength`. The file contains neither the search that `strength="auto"`, the default
    in Python, makes for each sample, nor the other parameters. Of a regressor, it makes
    the first edit, which Python repeats until the requested number is predicted.

    The networks compute in single precision, while Python computes in double precision,
    so results differ in about the sixth digit, and a category changes where two are equal
    to this digit. Python refuses values of X that are infinite or extremely far from
    those in `fit`. The file does not.

    The metadata of the file hold a JSON object, under the key ``sklearn_revae``, with the
    method, the names of labels and columns, and the classes.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import onnxruntime
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_revae import ReVAEClassifier
    >>> from sklearn_revae.persistence import to_onnx
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ReVAEClassifier((32,), max_iter=20, random_state=0).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "iris.onnx")
    ...     to_onnx(model, path)
    ...     session = onnxruntime.InferenceSession(path)
    >>> (probabilities,) = session.run(None, {"X": X})
    >>> bool(np.allclose(probabilities, model.predict_proba(X), atol=1e-4))
    True
    """
    try:
        import onnx
    except ImportError as error:
        raise ImportError(
            "to_onnx requires the package onnx. Install it with: "
            "pip install sklearn-revae[onnx]"
        ) from error
    graph = _graph_of(estimator, what)
    interface = Interface(estimator._codec, graph)
    exported = onnx.load_model_from_string(interface.exported())
    interface.name_categories(exported, onnx.helper)
    _describe(exported, estimator, what)
    onnx.checker.check_model(exported)
    replace_file(path, exported.SerializeToString())


def _graph_of(estimator, what):
    """The module of a method.

    Raises
    ------
    ValueError
        If the estimator is not a fitted one of this package, or has no such method.
    """
    if type(estimator) not in ESTIMATORS.values():
        raise ValueError(
            f"estimator is a {type(estimator).__name__}, but only {sorted(ESTIMATORS)} "
            "can be exported, and no subclasses. Of a Pipeline, export this step, and "
            "pass the file what the steps before it return."
        )
    if what not in _METHODS:
        raise ValueError(f"what must be one of {list(_METHODS)}, got {what!r}.")
    check_is_fitted(estimator)
    numbers = isinstance(estimator, ReVAERegressor)
    has_method = hasattr(estimator, what) and (what != "predict" or numbers)
    if not has_method:
        raise ValueError(
            f"what={what!r} cannot be exported for a {type(estimator).__name__}. Of a "
            "classifier, export 'predict_proba', and of a regressor 'predict'; a "
            "transformer has neither."
        )
    if what == "intervene" and not estimator.label_names_:
        raise ValueError(
            "what='intervene' requires a model with labels, but this one was fitted "
            "without y."
        )
    if what == "intervene":
        return (NumberInterventionGraph if numbers else InterventionGraph)(estimator)
    graphs = {"predict": NumberGraph, "transform": LatentGraph}
    return graphs.get(what, ProbabilityGraph)(estimator)


def _describe(model, estimator, what):
    """Write into the metadata what the numbers of a file mean."""
    codec, labels = estimator._codec, estimator._labels
    classes = getattr(labels, "classes_", None)
    facts = {
        "method": what,
        "labels": list(estimator.label_names_),
        "classes": None if classes is None else [c.tolist() for c in classes],
        "columns": None if codec.names is None else [str(name) for name in codec.names],
    }
    entry = model.metadata_props.add()
    entry.key, entry.value = "sklearn_revae", json.dumps(facts, default=str)
    model.producer_name, model.producer_version = "sklearn_revae", __version__
