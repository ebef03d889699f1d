"""Tensors, AnnData and other objects that have to become arrays before they are read."""

import numpy as np
import scipy.sparse
import torch
from sklearn import get_config

_NUMPY_FLOATS = (torch.float16, torch.float32, torch.float64)


def as_numpy(values):
    """Return a tensor, or a list of tensors, as arrays; arrays and frames as they are.

    Of an AnnData object, or its attribute `raw`, the matrix X is returned as it is.
    Tensors may require gradients and be on any device. Floats of a type that NumPy does
    not have, such as bfloat16, become single precision, which holds them exactly. Objects
    that can become an array, but have no shape themselves, become an array too.

    Raises
    ------
    TypeError
        If a tensor is sparse, quantised or complex, or has no data.
    ValueError
        If an AnnData object has no matrix X in memory or in a dense array on disk.
    """
    if isinstance(values, (list, tuple)) and any(
        isinstance(value, torch.Tensor) for value in values
    ):
        return [as_numpy(value) for value in values]
    if _is_annotated(values):
        return _matrix_of(values)
    if not isinstance(values, torch.Tensor):
        converts = hasattr(values, "__array__") and not hasattr(values, "shape")
        return np.asarray(values) if converts else values
    kind = _unsupported_kind(values)
    if kind is not None:
        raise TypeError(
            f"A {kind} tensor of type {values.dtype} was passed, which is not supported. "
            "Pass a dense tensor of real numbers."
        )
    values = values.detach().cpu().resolve_neg()
    if values.is_floating_point() and values.dtype not in _NUMPY_FLOATS:
        values = values.to(torch.float32)
    return values.numpy()


def like(X, values):
    """Return an array as a tensor, if X is one and scikit-learn dispatches array APIs.

    As from scikit-learn's own estimators, it is on the device of X, and floats have the
    type of those of X. Otherwise, and if it holds neither numbers nor bools, the array is
    returned as it is.
    """
    is_tensor = isinstance(X, torch.Tensor) and get_config()["array_api_dispatch"]
    if not is_tensor or values.dtype.kind not in "biuf":
        return values
    tensor = torch.from_numpy(values)
    both_floats = X.is_floating_point() and tensor.is_floating_point()
    return tensor.to(X.device, X.dtype if both_floats else tensor.dtype)


def named_columns(values):
    """Return a frame without rows whose columns an AnnData object names, else None."""
    if not _is_annotated(values):
        return None
    # Its annotation of the columns is a frame that is indexed by their names.
    return values.var.iloc[:, :0].T


def _is_annotated(values):
    """Whether an object is an AnnData or its `raw`, without importing anndata."""
    return type(values).__module__.startswith("anndata.") and hasattr(values, "var_names")


def _matrix_of(annotated):
    """The matrix of an AnnData object, in the class of SciPy or NumPy that it extends."""
    X, kind = annotated.X, type(annotated).__name__
    if X is None:
        raise ValueError(
            f"The matrix X of the {kind} object is None. Pass one of its layers, such as "
            "adata.layers['counts']."
        )
    if scipy.sparse.issparse(X):
        # A view of AnnData has a class of its own, which results should not have.
        of_scipy = [c for c in type(X).__mro__ if c.__module__.startswith("scipy.")]
        return of_scipy[0](X)
    if not isinstance(X, np.ndarray) and not hasattr(X, "chunks"):
        raise ValueError(
            f"The matrix X of the {kind} object is a {type(X).__name__}, which is stored "
            "on disk and not supported. Pass adata.to_memory()."
        )
    return X.view(np.ndarray) if isinstance(X, np.ndarray) else X


def _unsupported_kind(tensor):
    """Why a tensor cannot become an array, None if it can."""
    if tensor.is_meta:
        return "meta"
    if tensor.is_quantized:
        return "quantized"
    if tensor.layout != torch.strided:
        return "sparse"
    return "complex" if tensor.is_complex() else None
