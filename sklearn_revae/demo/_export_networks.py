"""The networks on a page that needs no server, as the script of the page runs them."""

from torch import nn

from sklearn_revae._model.convolutions import ImageDecoder
from sklearn_revae._model.images import FastFormat, ImagesToRows, RowsToImages


def norm_facts(module):
    """Settings of group normalisation, which are those of all layers."""
    norms = [part for part in module.modules() if isinstance(part, nn.GroupNorm)]
    return {"groups": norms[0].num_groups, "epsilon": norms[0].eps} if norms else {}


def style_layers(module, numbers):
    """The layers of the encoder, of whose outputs the page needs the mean of the style.

    Raises
    ------
    ValueError
        If there is a layer that the script does not know.
    """
    member = module.members[0]
    head, style = member.encoder.head, slice(member.characteristic_dim, member.latent_dim)
    last = {
        "kind": "linear",
        "weight": numbers.add(head.weight[style]),
        "bias": numbers.add(head.bias[style]),
    }
    read = nn.Sequential(member.encoder.encoding, member.encoder.body)
    return [*layers_of(read, numbers), last]


def layers_of(network, numbers):
    """The layers of a network, as the script runs them.

    Parameters
    ----------
    network : torch.nn.Module
        The decoder, or the body of the encoder.
    numbers : _Numbers
        The arrays of the page.

    Raises
    ------
    ValueError
        If there is a layer that the script does not know.
    """
    if isinstance(network, nn.Sequential):
        return [layer for part in network for layer in layers_of(part, numbers)]
    if isinstance(network, (nn.Identity, nn.Flatten, FastFormat)):
        return []
    for kind, layer in _PLAIN.items():
        if isinstance(network, layer):
            return [{"kind": kind}]
    if isinstance(network, RowsToImages):
        return [{"kind": "images", "parts": network.n_parts}]
    if isinstance(network, nn.Unflatten):
        return [{"kind": "grid", "grid": network.unflattened_size[1:]}]
    if isinstance(network, ImageDecoder):
        return [{"kind": "image", **_image_decoder(network, numbers)}]
    for kind, layer in _WEIGHTED.items():
        if isinstance(network, layer) and _is_usual(network):
            return [{"kind": kind, **_weighted(network, numbers)}]
    raise ValueError(
        f"The model has a layer of type {type(network).__name__}, which the page "
        "cannot compute. Fit the model with encoder and decoder 'auto' or 'published'."
    )


# Layers without weights, and with weights, by their names in the script.
_PLAIN = {"relu": nn.ReLU, "silu": nn.SiLU, "rows": ImagesToRows}
_WEIGHTED = {
    "linear": nn.Linear,
    "norm": nn.GroupNorm,
    "convolution": nn.Conv2d,
    "transposed": nn.ConvTranspose2d,
}


def _is_usual(layer):
    """Whether a layer has a bias, and no special settings if it is a convolution."""
    special = getattr(layer, "dilation", (1, 1)), getattr(layer, "groups", 1)
    return special == ((1, 1), 1) and layer.bias is not None


def _weighted(layer, numbers):
    """The weights of a layer, and the sizes of a convolution."""
    facts = {"weight": numbers.add(layer.weight), "bias": numbers.add(layer.bias)}
    if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
        facts |= {
            "kernel": layer.kernel_size,
            "stride": layer.stride,
            "padding": layer.padding,
        }
    if isinstance(layer, nn.ConvTranspose2d):
        facts["extra"] = layer.output_padding
    return facts


def _image_decoder(network, numbers):
    """The layers of the default decoder of images."""
    return {
        "grid": network.grid[1:],
        "first": _weighted(network.first, numbers),
        "stages": [
            {
                "size": stage.size,
                "convolution": _weighted(stage.convolution, numbers),
                "modulation": _weighted(stage.modulation, numbers),
            }
            for stage in network.stages
        ],
        "last": _weighted(network.last, numbers),
    }
