"""The module anew from an estimator's parameters, its weights from a file."""

import copy
import dataclasses
import math
import re

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from sklearn_revae._defaults import architecture_of
from sklearn_revae._model.build import build_model
from sklearn_revae._random import generator

OWN_MODULES = ("encoder", "decoder")
# No perceptron is deeper; each layer costs far more than its numbers.
_MOST_LAYERS = 1000
# Starting weights may take so many numbers for each that the file holds, and these.
_FACTOR, _MARGIN = 8, 2**24
# What an empty tensor costs as well, in numbers.
_LEAST = 256


class _Budget(TorchDispatchMode):
    """Refuses to make larger tensors than a file can fill, before they are made."""

    def __init__(self, n_numbers):
        super().__init__()
        self.left = _FACTOR * n_numbers + _MARGIN

    @classmethod
    def _should_skip_dynamo(cls):
        # Else torch imports its compiler at the first tensor, which takes a second.
        return False

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        # Those made of a size alone: all others are of the size of some that exist.
        size = args[0] if args and isinstance(args[0], (list, tuple)) else None
        if size is not None and all(isinstance(side, int) for side in size):
            self.left -= max(math.prod(size), _LEAST)
            if self.left < 0:
                raise ValueError(
                    "its hidden_layer_sizes, label_dim or style_dim make a larger module "
                    "than its weights are of"
                )
        return func(*args, **(kwargs or {}))


def weights_of(module):
    """Weights and buffers of a module, detached: a dict of str to Tensor.

    Raises
    ------
    ValueError
        If the module keeps anything else, or weights without a shape.
    """
    weights = module.state_dict()
    for name, weight in weights.items():
        if not isinstance(weight, torch.Tensor) or torch.nn.parameter.is_lazy(weight):
            raise ValueError(
                f"{type(module).__name__} keeps {name!r}, a {type(weight).__name__}: a "
                "file holds tensors alone, and lazy ones only after they have a shape."
            )
        if weight.is_quantized or weight.is_sparse or weight.dtype.is_complex:
            raise ValueError(
                f"{type(module).__name__} keeps {name!r}, which is quantised, sparse or "
                "complex: a file holds plain tensors of real numbers."
            )
    return weights


def fill(module, weights):
    """Set a module's weights; their names, shapes and types have to be its own.

    Raises
    ------
    ValueError
        If they are not, by the first name that differs.
    """
    own = weights_of(module)
    for name in [*own, *weights]:
        has = [
            (tuple(w[name].shape), w[name].dtype) if name in w else None
            for w in (own, weights)
        ]
        if has[0] != has[1]:
            raise ValueError(
                f"{name!r} of {type(module).__name__} is {has[0]}, and {has[1]} in the "
                "file"
            )
    module.load_state_dict(weights)
    return module


def build(estimator, codec, n_values, sizes, weights):
    """Return the module of an estimator's parameters, filled with `weights`.

    Parameters
    ----------
    estimator : estimator
        Holds the parameters.
    codec : Codec
        The columns.
    n_values : list of int
        Number of values of each label.
    sizes : tuple of int
        Latent dimensions per label, and those of no label.
    weights : dict of str to Tensor
        All of them.

    Raises
    ------
    ValueError
        If they do not fit a module, or only a larger one than they can fill.
    """
    # "auto" is shorter than any list that is too long.
    if np.size(estimator.hidden_layer_sizes) > _MOST_LAYERS:
        raise ValueError(f"hidden_layer_sizes has more than {_MOST_LAYERS} entries")
    columns = codec.model_columns()
    architecture = dataclasses.replace(
        architecture_of(estimator, columns, n_values),
        label_dim=sizes[0],
        style_dim=sizes[1],
    )
    masked, shape = bool(codec.missing_.any()), codec.picture_shape_
    with _Budget(sum(weight.numel() for weight in weights.values())):
        module = build_model(columns, masked, shape, n_values, architecture, generator(0))
    fill(module, {_renamed(name): weight for name, weight in weights.items()})
    own = [isinstance(getattr(estimator, name), torch.nn.Module) for name in OWN_MODULES]
    if not any(own) and not all(torch.isfinite(w).all() for w in weights.values()):
        raise ValueError("some of its weights are NaN or infinite")
    return module


def _renamed(name):
    """The present name of a weight whose name in a file may be an older one."""
    return re.sub(r"^(likelihood\..*)\.log_typical$", r"\1.log_mean_count", name)


def probes(estimator, module):
    """What modules of the user's own, as fitted, answer to zeros: a dict by parameter.

    Weights alone do not tell a module from another of the same shapes.
    """
    parts = {
        "encoder": (module.encoder.body, module.likelihood.n_inputs),
        "decoder": (module.decoder, module.latent_dim),
    }
    answers = {}
    for name, (part, width) in parts.items():
        if isinstance(getattr(estimator, name), torch.nn.Module):
            part = copy.deepcopy(part).cpu().double().eval()
            with torch.no_grad():
                answer = part(torch.zeros(2, width, dtype=torch.float64))
            answers[name] = answer.numpy().copy()
    return answers


def own_module(name, described, modules):
    """Return a copy of the module that the caller passes for a parameter.

    Raises
    ------
    ValueError
        If there is none, or it can be none; `described` says what it was.
    """
    given = modules.get(name)
    bare = described.rpartition(".")[2]
    if given is None:
        raise ValueError(
            f"The model's {name} is a module of its user's own, {described}, and a file "
            f"holds no code: pass load(path, modules={{{name!r}: {bare}}}), the class, "
            "or an instance of it where it takes arguments."
        )
    if isinstance(given, type) and issubclass(given, torch.nn.Module):
        try:
            return given()
        except TypeError as error:
            raise ValueError(
                f"modules[{name!r}]={given.__name__} cannot be made without arguments "
                f"({error}): pass an instance, made as for fit."
            ) from error
    if not isinstance(given, torch.nn.Module):
        raise ValueError(
            f"modules[{name!r}]={given!r} is neither a torch module nor the class of one."
        )
    return copy.deepcopy(given)
