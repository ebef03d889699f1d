"""A model of the right shape for the data, from an estimator's parameters."""

import copy
import math

import torch

from sklearn_revae._model.convolutions import (
    SMALLEST_SIDE,
    ImageShape,
    check_image_shape,
    conv_decoder,
    conv_encoder_body,
)
from sklearn_revae._model.families import many_counts
from sklearn_revae._model.label_model import LabelModel
from sklearn_revae._model.likelihoods import ProductLikelihood
from sklearn_revae._model.networks import (
    GaussianEncoder,
    mlp_decoder,
    mlp_encoder_body,
)
from sklearn_revae._model.revae import ReVAE

# A block as wide as the label has values holds their means at equal distances.
_WIDEST_LABEL_BLOCK = 10
_WIDEST_STYLE = 32


def default_label_dim(n_values):
    """Latents a label: as many as the largest label has values, from 2 to 10."""
    return min(max(2, *n_values, 2), _WIDEST_LABEL_BLOCK)


def default_style_dim(n_features):
    """Latents of no label: the root of the number of columns, from 2 to 32."""
    return min(max(2, math.ceil(math.sqrt(n_features))), _WIDEST_STYLE)


def default_hidden_layer_sizes(columns):
    """Two wide layers; none for counts by the many, where linear maps tell best."""
    return () if many_counts(columns) else (256, 256)


def _try_out(module, name, example, expected):
    """What `module` returns for `example`, or an error in the parameter's own terms."""
    module.eval()
    try:
        with torch.no_grad():
            output = module(example)
    except Exception as error:
        raise ValueError(
            f"{name}={type(module).__name__} failed on an input of shape "
            f"{tuple(example.shape)}: {error}. It should return {expected}."
        ) from error
    fits = isinstance(output, torch.Tensor) and output.ndim == 2
    if not fits or len(output) != len(example):
        shape = tuple(getattr(output, "shape", ()))
        raise ValueError(
            f"{name}={type(module).__name__} returned {type(output).__name__} of shape "
            f"{shape} for an input of shape {tuple(example.shape)}; expected {expected}."
        )
    return output


def image_layout(shape):
    """Layout of pictures of `shape`: (H, W), (H, W, C) or (C, H, W).

    The channels are the last axis where that has 1, 3 or 4 entries, else the first where
    that has; of other numbers the smaller.
    """
    if len(shape) == 2:
        return ImageShape(*shape)
    first, last = shape[0], shape[-1]
    usual = (1, 3, 4)
    if last in usual or (first not in usual and last <= first):
        return ImageShape(shape[0], shape[1], last, channels_last=True)
    return ImageShape(shape[1], shape[2], first)


def _convolved_layout(params, image):
    """Layout of pictures that convolutions read, or None."""
    if image is None:
        return None
    if isinstance(params.encoder, torch.nn.Module) and isinstance(
        params.decoder, torch.nn.Module
    ):
        return None
    layout = image_layout(image)
    if min(layout.height, layout.width) < SMALLEST_SIDE:
        # Nothing to halve: a perceptron reads them whole.
        return None
    check_image_shape(layout)
    return layout


def _encoder_body(params, likelihood, layout, widths, generator):
    """What stands before the encoder's last layer, and the width of what it returns."""
    if isinstance(params.encoder, torch.nn.Module):
        body = copy.deepcopy(params.encoder)
        example = torch.zeros(2, likelihood.n_inputs)
        expected = "features of shape (n, any width); a linear layer follows"
        return body, _try_out(body, "encoder", example, expected).shape[1]
    if layout is not None:
        return conv_encoder_body(layout, generator, n_masks=int(likelihood.masked))
    return mlp_encoder_body(likelihood.n_inputs, widths, generator)


def _decoder(params, likelihood, layout, latent_dim, widths, generator):
    n_outputs = likelihood.n_outputs
    if isinstance(params.decoder, torch.nn.Module):
        decoder = copy.deepcopy(params.decoder)
        example = torch.zeros(2, latent_dim)
        expected = f"shape (n, {n_outputs}), the likelihood's numbers for each column"
        output = _try_out(decoder, "decoder", example, expected)
        if output.shape != (2, n_outputs):
            raise ValueError(
                f"decoder={type(decoder).__name__} returned shape {tuple(output.shape)} "
                f"for latents of shape (2, {latent_dim}); expected (2, {n_outputs})."
            )
        return decoder
    if layout is not None:
        return conv_decoder(latent_dim, layout, generator)
    return mlp_decoder(latent_dim, widths, n_outputs, generator)


def build_model(params, columns, masked, image, n_values, generator):
    """ReVAE of `params` (an estimator) for rows of `columns` and labels of `n_values`.

    Parameters
    ----------
    params : estimator
        Holds the parameters.
    columns : sequence of Column
        What the model must know of each column.
    masked : bool
        Whether the encoder is told which values are missing.
    image : tuple or None
        Shape of the pictures that rows are.
    n_values : sequence of int
        Number of values of each label.
    generator : torch.Generator
        Source of all starting weights.

    Raises
    ------
    ValueError
        If a module given as encoder or decoder takes or returns another shape, or
        pictures are too large for the convolutions.
    """
    label_dim, style_dim = params.label_dim, params.style_dim
    widths = params.hidden_layer_sizes
    if isinstance(widths, str):
        widths = default_hidden_layer_sizes(columns)
    widths = tuple(widths)
    if label_dim == "auto":
        label_dim = default_label_dim(n_values)
    if style_dim == "auto":
        style_dim = default_style_dim(len(columns))
    latent_dim = label_dim * len(n_values) + style_dim
    if latent_dim == 0:
        raise ValueError("style_dim=0 leaves a model without labels no latents at all.")
    likelihood = ProductLikelihood(columns, masked)
    layout = _convolved_layout(params, image)
    if likelihood.n_outputs != len(columns):
        # Columns of several numbers are no pixels of a picture.
        layout = None
    body, width = _encoder_body(params, likelihood, layout, widths, generator)
    decoder = _decoder(params, likelihood, layout, latent_dim, widths, generator)
    return ReVAE(
        GaussianEncoder(body, width, latent_dim, generator),
        decoder,
        likelihood,
        LabelModel(n_values, label_dim, generator, params.label_classifier),
        style_dim,
    )
