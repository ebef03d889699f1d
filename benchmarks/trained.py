"""Cache of trained networks: trained once, then read from disk."""

import hashlib
import json
from pathlib import Path

import torch
from sklearn.datasets import get_data_home

HOME = Path(get_data_home()) / "sklearn_revae_benchmarks"


def read_or_train(name, module, settings, train):
    """Read the weights of `module` from the data home, or train and write them.

    Parameters
    ----------
    name : str
        Name of the file, without the suffix.
    module : torch.nn.Module
        The module. It is returned in evaluation mode.
    settings : dict
        Everything that the trained weights depend on; part of the file name.
    train : callable
        Function that trains `module` in place.
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
