"""Networks of the benchmarks: trained once, then read from disk."""

import hashlib
import json
from pathlib import Path

import torch
from sklearn.datasets import get_data_home

from sklearn_revae._model.convolutions import ImageShape

# Avatars, as make_avatars gives them.
PICTURES = ImageShape(64, 64, 3, channels_last=True)
HOME = Path(get_data_home()) / "sklearn_revae_benchmarks"
_CHUNK = 500


def as_rows(pictures):
    """Flat rows in [0, 1] of pictures (n, 64, 64, 3) of whole numbers up to 255."""
    return torch.as_tensor(pictures).flatten(1).float() / 255


@torch.no_grad()
def in_chunks(function, *arrays):
    """Return `function` of arrays, rows by rows, one behind the other."""
    pieces = [torch.as_tensor(array).split(_CHUNK) for array in arrays]
    return torch.cat([function(*piece) for piece in zip(*pieces, strict=True)]).numpy()


def read_or_train(name, module, settings, train):
    """Read the weights of `module` from the data home, or train and write them.

    Parameters
    ----------
    name : str
        Of the file.
    module : torch.nn.Module
        Left in evaluation mode.
    settings : dict
        All that decides the weights: others are another file.
    train : callable
        Trains `module` in place.
    """
    key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]
    path = HOME / f"{name}-{key}.pt"
    if path.exists():
        module.load_state_dict(torch.load(path, weights_only=True))
    else:
        train(module)
        path.parent.mkdir(exist_ok=True)
        torch.save(module.state_dict(), path)
    return module.eval()
