"""The sizes of the networks: what a file stores of them, and the rules of older files.

A file stores the resolved sizes, so that "auto" may mean something else in a later
version of the package.
"""

import numpy as np
from torch import nn

from sklearn_revae._model.build import Architecture
from sklearn_revae._model.encoding import PiecewiseLinear
from sklearn_revae._model.images import convolves, convolves_on
from sklearn_revae.persistence._modules import OWN_MODULES
from sklearn_revae.persistence._parts import check

# Each layer takes far more memory than the number in a file that asks for it.
_MOST_LAYERS = 1000
# What "auto" meant before files stored the sizes: two hidden layers, or none if at least
# this many columns, and at least half of them, were counts.
_SIZES_OF_VERSION_1 = (256, 256)
_MANY_COUNTS_OF_VERSION_1 = 50


def hidden_layer_sizes(estimator):
    """Widths of the hidden layers of a fitted estimator's default networks, a list.

    Empty if both networks are convolutional or the user's own.
    """
    module = estimator.module_
    own_encoder, own_decoder = _own_modules(estimator)
    if own_encoder is None:
        return _widths(module.encoder.body)
    if own_decoder is None and isinstance(module.decoder[0], nn.Sequential):
        return _widths(module.decoder[0])[::-1]
    return []


def linear_members(estimator):
    """Whether the default encoder of each member of a fitted estimator is linear."""
    bodies = [member.encoder.body for member in estimator.module_.members]
    own, _ = _own_modules(estimator)
    return [
        own is None and any(isinstance(layer, nn.Identity) for layer in body)
        for body in bodies
    ]


def piecewise_members(estimator):
    """Whether the encoder of each member of a fitted estimator reads bins of numbers."""
    return [
        isinstance(member.encoder.encoding, PiecewiseLinear)
        for member in estimator.module_.members
    ]


def image_networks(estimator):
    """The default networks of a fitted estimator: "auto" or "published", for each one.

    The word "auto" means the networks that this version builds.
    """
    module = estimator.module_
    return [
        "published" if convolves(part) and not _normalises(part) else "auto"
        for part in (module.encoder.body, module.decoder)
    ]


def _normalises(module):
    return any(isinstance(part, nn.GroupNorm) for part in module.modules())


def _networks(estimator, state):
    """The modules of the user's own, and the names of the default networks otherwise."""
    named = state.get("image_networks")
    if named is None:
        # Files of version 1 hold the published networks of images.
        image = state["image"]
        named = ["published" if convolves_on(image) else "auto"] * len(OWN_MODULES)
    known = len(named) == len(OWN_MODULES) and set(named) <= {"auto", "published"}
    check(known, "image_networks")
    return [
        name if own is None else own
        for own, name in zip(_own_modules(estimator), named, strict=True)
    ]


def _own_modules(estimator):
    modules = [getattr(estimator, name) for name in OWN_MODULES]
    return [module if isinstance(module, nn.Module) else None for module in modules]


def _widths(layers):
    return [layer.out_features for layer in layers if isinstance(layer, nn.Linear)]


def architecture(estimator, state, families):
    """:class:`Architecture` of an estimator and the fitted state in its file.

    Parameters
    ----------
    estimator : estimator
        Holds the parameters.
    state : dict
        What the file says about the fitted estimator.
    families : ndarray of str (n_features,)
        The likelihood of each column.

    Raises
    ------
    ValueError
        If the state holds sizes that are impossible.
    """
    dims = state["latents"]
    check(len(dims) == 2 and all(type(n) is int and n >= 0 for n in dims), "latents")
    sizes = estimator.hidden_layer_sizes
    if isinstance(sizes, str):
        sizes = state.get("hidden_layer_sizes")
        if sizes is None:
            sizes = _sizes_of_version_1(families)
        whole = all(type(size) is int and size > 0 for size in sizes)
        check(whole, "hidden_layer_sizes")
    if np.size(sizes) > _MOST_LAYERS:
        raise ValueError(f"its hidden_layer_sizes has more than {_MOST_LAYERS} entries")
    kinds = []
    for name in ("linear_members", "piecewise_members"):
        flags = state.get(name, [False])
        check(flags and all(type(entry) is bool for entry in flags), name)
        kinds.append(tuple(flags))
    return Architecture(
        tuple(np.atleast_1d(sizes).astype(int).tolist()),
        *dims,
        *_networks(estimator, state),
        *kinds,
        estimator._label_model,
    )


def _sizes_of_version_1(families):
    n_counts = int(np.isin(families, ["poisson", "negative_binomial"]).sum())
    if n_counts >= _MANY_COUNTS_OF_VERSION_1 and 2 * n_counts >= len(families):
        return ()
    return _SIZES_OF_VERSION_1
