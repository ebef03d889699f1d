"""The fitted module: its layers from the architecture, its weights from a file."""

import copy
import math
import re

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from sklearn_revae._model.build import build_model
from sklearn_revae._random import generator

# The parameters that may be modules of the user's own.
OWN_MODULES = ("encoder", "decoder")
# Initial weights may have this many numbers for each number in the file, and this many
# more.
_FACTOR, _MARGIN = 8, 2**24
_TEMPERATURE = "label_model.temperature"
# Even an empty tensor takes as much memory as this many numbers.
_LEAST = 256


class _Budget(TorchDispatchMode):
    """Refuses tensors that are larger than a file can fill, before they are made."""

    def __init__(self, n_numbers):
        super().__init__()
        self.left = _FACTOR * n_numbers + _MARGIN

    @classmethod
    def _should_skip_dynamo(cls):
        # Otherwise torch imports its compiler at the first tensor, which takes a second.
        return False

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        # Tensors made from a size. All others have the size of one that exists.
        size = args[0] if args and isinstance(args[0], (list, tuple)) else None
        if size is not None and all(isinstance(side, int) for side in size):
            self.left -= max(math.prod(size), _LEAST)
            if self.left < 0:
                raise ValueError(
                    "its hidden_layer_sizes, label_dim or style_dim require a larger "
                    "module than it has weights for"
                )
        return func(*args, **(kwargs or {}))


def weights_of(module):
    """Weights and buffers of a module, detached: a dict of str to Tensor.

    Raises
    ------
    ValueError
        If the module holds anything else, or weights without a shape.
    """
    weights = module.state_dict()
    for name, weight in weights.items():
        if not isinstance(weight, torch.Tensor) or torch.nn.parameter.is_lazy(weight):
            raise ValueError(
                f"{type(module).__name__} holds {name!r}, a {type(weight).__name__}, but "
                "only tensors can be stored in a file, and lazy ones not before they "
                "have a shape."
            )
        if weight.is_quantized or weight.is_sparse or weight.dtype.is_complex:
            raise ValueError(
                f"{type(module).__name__} holds {name!r}, which is quantised, sparse or "
                "complex, but only dense tensors of real numbers can be stored."
            )
    return weights


def fill(module, weights):
    """Set the weights of a module.

    Raises
    ------
    ValueError
        If their names, shapes or types differ from those of the module.
    """
    own = weights_of(module)
    # The order of tensors in a file is random.
    for name in [*own, *sorted(weights)]:
        has = [
            (tuple(w[name].shape), w[name].dtype) if name in w else None
            for w in (own, weights)
        ]
        if has[0] != has[1]:
            raise ValueError(
                f"{name!r} of {type(module).__name__} is {has[0]}, but {has[1]} in the "
                "file"
            )
    module.load_state_dict(weights)
    return module


def build(codec, n_values, architecture, weights):
    """Return the module of an architecture, filled with `weights`.

    Parameters
    ----------
    codec : Codec
        What X is.
    n_values : list of int
        Number of values of each label.
    architecture : Architecture
        Sizes of the networks, and the user's own modules.
    weights : dict of str to Tensor
        All weights of the module.

    Raises
    ------
    ValueError
        If the weights are not those of such a module, or it needs more of them.
    """
    columns = codec.model_columns()
    masked, shape = bool(codec.missing_.any()), codec.picture_shape_
    n_members = _n_members(weights)
    with _Budget(sum(weight.numel() for weight in weights.values())):
        module = build_model(
            columns, masked, shape, n_values, architecture, n_members, generator(0)
        )
    # Files of earlier versions hold no temperatures, which are 1 then.
    initial = {k: w for k, w in module.state_dict().items() if k.endswith(_TEMPERATURE)}
    fill(module, initial | {_renamed(name): weight for name, weight in weights.items()})
    own = any(architecture.own_modules)
    if not own and not all(torch.isfinite(w).all() for w in weights.values()):
        raise ValueError("some of its weights are NaN or infinite")
    if not all((w > 0).all() for k, w in weights.items() if k.endswith(_TEMPERATURE)):
        raise ValueError("some of its temperatures are not positive")
    return module


def _n_members(weights):
    """Number of ensemble members in a file, after a check that all have the same weights.

    Raises
    ------
    ValueError
        If a member lacks a weight that another one has.
    """
    names = {"": set()}
    for weight in weights:
        member = re.match(r"(others\.\d+\.)?", weight)[0]
        names.setdefault(member, set()).add(weight.removeprefix(member))
    for member, own in names.items():
        different = own ^ names[""]
        if different:
            name = min(different)
            raise ValueError(
                f"only one of {name!r} and {member + name!r} is in the file, but each "
                "ensemble member has the same weights"
            )
    return len(names)


def _renamed(name):
    """The name of a weight now, if files that were written earlier have another one."""
    return re.sub(
        r"^((?:others\.\d+\.)?likelihood\..*)\.log_typical$", r"\1.log_mean_count", name
    )


def probes(estimator, module):
    """What the user's own modules, as fitted, return for zeros: a dict by parameter.

    Two modules with weights of the same shapes may compute different functions.
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
        If there is none, with the class that was saved, `described`; or if it is not a
        module.
    """
    given = modules.get(name)
    bare = described.rpartition(".")[2]
    if given is None:
        raise ValueError(
            f"The {name} of the model was passed as a module, {described}, and a file "
            f"does not hold its code. Call load(path, modules={{{name!r}: {bare}}}) with "
            "the class, or with an instance of it if the class takes arguments."
        )
    if isinstance(given, type) and issubclass(given, torch.nn.Module):
        try:
            return given()
        except TypeError as error:
            raise ValueError(
                f"modules[{name!r}]={given.__name__} requires arguments ({error}). Pass "
                "an instance, made as for fit"
            ) from error
    if not isinstance(given, torch.nn.Module):
        raise ValueError(
            f"modules[{name!r}] must be a torch module or the class of one, got {given!r}"
        )
    return copy.deepcopy(given)
