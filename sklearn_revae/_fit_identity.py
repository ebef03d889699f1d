"""The data and parameters of a fit, to be compared with those of another one."""

import hashlib
import json
from collections.abc import Mapping

import numpy as np
import scipy.sparse
import torch
from torch import nn

from sklearn_revae._data.chunks import dense
from sklearn_revae._data.storage import Stored, rows_at
from sklearn_revae._training.resumption import SEED, WEIGHTS, difference
from sklearn_revae._version import __version__

# The checksum of samples on a disk covers this many of them.
_STORED_SAMPLES = 1000
# Parameters that do not change what is learned, and one that the seed stands for.
_LEFT_OUT = {"callbacks", "verbose", "random_state"}
# Parameters that decide what the first fit builds, and further training continues.
_STRUCTURE = (
    *("hidden_layer_sizes", "n_members", "label_dim", "style_dim", "likelihood"),
    *("encoder", "decoder", "image_shape", "unlabeled_value"),
)


def identity_of(estimator, samples, module, device, seed, n_epochs_before, n_parts):
    """Return a dict of strings and numbers, by the names that messages use.

    Parameters
    ----------
    estimator : BaseReVAE
        The estimator that is being fitted.
    samples : Samples
        Its samples.
    module : Ensemble
        The module, before it is trained.
    device : torch.device
        Where it will be trained.
    seed : int
        The seed that `random_state` gave.
    n_epochs_before : int
        Number of epochs of earlier fits that this one continues.
    n_parts : int or None
        Number of parts of a batch that several processes compute. They may train on
        devices with different numbers.
    """
    parameters = estimator.get_params(deep=False)
    identity = {"the class of the estimator": type(estimator).__qualname__}
    identity |= {
        name: _described(value)
        for name, value in parameters.items()
        if name not in _LEFT_OUT
    }
    return identity | {
        "X": _checksum(samples.values),
        "y": _checksum(samples.codes, samples.evidence),
        "sample_weight": _checksum(samples.weight),
        "the device": str(device if n_parts is None else device.type),
        "the number of parts of a batch": n_parts,
        "the version of sklearn_revae": __version__,
        "the version of PyTorch": str(torch.__version__),
        "the number of earlier epochs": n_epochs_before,
        SEED: seed,
        WEIGHTS: _checksum(*module.state_dict().values()),
    }


def structure_of(estimator):
    """The parameters that further training cannot change, as text by their names."""
    parameters = estimator.get_params(deep=False)
    values = [parameters.get(name) for name in _STRUCTURE]
    # Of a module its layers, because training continues from the fitted weights.
    values = [np.array(repr(v)) if isinstance(v, nn.Module) else v for v in values]
    return dict(zip(_STRUCTURE, map(_described, values), strict=True))


def refuse_other_structure(estimator, earlier):
    """Refuse to train further if one of these parameters has changed.

    Parameters
    ----------
    estimator : BaseReVAE
        The estimator, which has been fitted.
    earlier : dict
        What :func:`structure_of` returned at its first fit.

    Raises
    ------
    ValueError
        If a parameter has another value now.
    """
    now = structure_of(estimator)
    changed = [
        difference(name, value, now[name])
        for name, value in earlier.items()
        if value != now[name]
    ]
    if changed:
        raise ValueError(
            "Further training, by warm_start=True or partial_fit, keeps the networks of "
            f"the first fit, but {'; '.join(changed)} now. Set the earlier value, or "
            "call fit with warm_start=False to train from scratch."
        )


def _described(value):
    """A parameter as text that is the same in another process."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, nn.Module):
        return _checksum(np.array(repr(value)), *value.state_dict().values())
    if isinstance(value, Mapping):
        return json.dumps({str(k): _described(v) for k, v in value.items()})
    if isinstance(value, list | tuple):
        return f"({', '.join(map(_described, value))})"
    if callable(value):
        return f"{value.__module__}.{getattr(value, '__qualname__', type(value))}"
    if hasattr(value, "__array__") and not np.isscalar(value):
        return _checksum(np.asarray(value))
    return repr(value)


def _checksum(*arrays):
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        for part in _parts(array):
            digest.update(f"{part.dtype.str} {part.shape}".encode())
            if part.dtype.kind == "O":
                digest.update(repr(part.tolist()).encode())
            else:
                digest.update(np.ascontiguousarray(part).reshape(-1).view(np.uint8).data)
    return f"checksum {digest.hexdigest()}"


def _parts(array):
    """The plain arrays that an array of any kind consists of."""
    if isinstance(array, torch.Tensor):
        return [array.detach().cpu().numpy()]
    if scipy.sparse.issparse(array):
        return [array.data, array.indices, array.indptr, np.array(array.shape)]
    if isinstance(array, Stored):
        n_samples = array.shape[0]
        index = np.linspace(0, n_samples - 1, min(n_samples, _STORED_SAMPLES))
        return [dense(rows_at(array, index.astype(np.int64))[:]), np.array(array.shape)]
    return [np.asarray(array)]
