"""Seeds and generators of random numbers, for any device."""

import torch


def generator(seed, device="cpu"):
    """A generator of random numbers of its own, which leaves torch's global one alone."""
    source = torch.Generator(device)
    source.manual_seed(seed)
    return source
