"""Seeds and generators of random numbers, for any device."""

import numpy as np
import torch


def generator(seed, device="cpu"):
    """Make a generator of torch on `device`, apart from torch's global generators."""
    source = torch.Generator(device)
    source.manual_seed(seed)
    return source


def draw_seed(random_state):
    """Draw a seed from a NumPy RandomState, which advances: draw only what is used."""
    return int(random_state.randint(np.iinfo(np.int32).max))
