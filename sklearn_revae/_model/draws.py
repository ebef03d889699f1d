"""Random draws for tensors on any device."""

import torch


def normal(shape, like, generator):
    """Draw from the standard normal distribution, for use with the tensor `like`.

    Parameters
    ----------
    shape : sequence of int
        Shape of the draws.
    like : tensor
        The draws have its dtype and are on its device.
    generator : torch.Generator
        Source of the draws: on the device of `like`, or on the CPU. One on the CPU gives
        the same draws whichever device `like` is on.
    """
    return _draw(torch.randn, shape, like, generator)


def uniform(shape, like, generator):
    """Draw uniformly from [0, 1); the parameters are those of :func:`normal`."""
    return _draw(torch.rand, shape, like, generator)


def _draw(function, shape, like, generator):
    device = generator.device
    if device.type == like.device.type:
        return function(shape, generator=generator, device=like.device, dtype=like.dtype)
    # Predictions on the CPU are made in double precision, and other precisions get other
    # numbers from a generator. Not every device has doubles: convert before the move.
    drawn = function(shape, generator=generator, device=device, dtype=torch.float64)
    return drawn.to(like.dtype).to(like.device)


def open_uniform(like, generator):
    """Draw from the open interval (0, 1), as many numbers as the tensor `like` holds."""
    smallest = torch.finfo(like.dtype).eps
    return uniform(like.shape, like, generator).clamp(smallest, 1 - smallest)


def gamma(concentration, generator):
    """Draw from Gamma(concentration, 1), once for every entry of a tensor."""
    # torch.distributions.Gamma calls this function as well, but without a generator.
    draws = torch._standard_gamma(concentration.cpu(), generator=_on_cpu(generator))
    return draws.to(concentration)


def poisson(rate, generator):
    """Draw from Poisson(rate), once for every entry of a tensor."""
    return torch.poisson(rate.cpu(), generator=_on_cpu(generator)).to(rate)


def _on_cpu(generator):
    """Return `generator`, or a generator on the CPU that it seeds.

    Not every device can draw from a gamma or a Poisson distribution.
    """
    if generator.device.type == "cpu":
        return generator
    seed = torch.randint(2**62, (1,), generator=generator, device=generator.device)
    return torch.Generator().manual_seed(int(seed))
