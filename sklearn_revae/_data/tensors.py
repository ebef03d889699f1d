"""PyTorch tensors and other objects that have to become arrays before they are read."""

import numpy as np
import torch

_NUMPY_FLOATS = (torch.float16, torch.float32, torch.float64)


def as_numpy(values):
    """Return a tensor, or a list of tensors, as arrays; arrays and frames as they are.

    Tensors may require gradients and be on any device. Floats of a type that NumPy does
    not have, such as bfloat16, become single precision, which holds them exactly. Objects
    that can become an array, but have no shape themselves, become an array too.

    Raises
    ------
    TypeError
        If a tensor is sparse, quantised or complex, or has no data.
    """
    if isinstance(values, (list, tuple)) and any(
        isinstance(value, torch.Tensor) for value in values
    ):
        return [as_numpy(value) for value in values]
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


def _unsupported_kind(tensor):
    """Why a tensor cannot become an array, None if it can."""
    if tensor.is_meta:
        return "meta"
    if tensor.is_quantized:
        return "quantized"
    if tensor.layout != torch.strided:
        return "sparse"
    return "complex" if tensor.is_complex() else None
