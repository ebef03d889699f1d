"""A model of the right shape for the data, from an estimator's parameters."""

import copy
import math

import torch

from sklearn_revae.model.label_model import LabelModel
from sklearn_revae.model.likelihoods import ProductLikelihood
from sklearn_revae.model.networks import (
    GaussianEncoder,
    mlp_decoder,
    mlp_encoder_body,
)
from sklearn_revae.model.revae import ReVAE

# A block as wide as the label has values holds their means at equal distances.
_WIDEST_LABEL_BLOCK = 10
_WIDEST_STYLE = 32


def default_label_dim(n_values):
    """Latents a label: as many as the largest label has values, from 2 to 10."""
    return min(max(2, *n_values, 2), _WIDEST_LABEL_BLOCK)


def default_style_dim(n_features):
    """Latents of no label: the root of the number of columns, from 2 to 32."""
    return min(max(2, math.ceil(math.sqrt(n_features))), _WIDEST_STYLE)


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


def build_model(params, n_features, n_values, families, generator):
    """ReVAE of `params` (an estimator) for rows of `n_features` and labels of `n_values`.

    Raises
    ------
    ValueError
        If a module given as encoder or decoder takes or returns another shape.
    """
    hidden = tuple(params.hidden_layer_sizes)
    label_dim, style_dim = params.label_dim, params.style_dim
    if label_dim == "auto":
        label_dim = default_label_dim(n_values)
    if style_dim == "auto":
        style_dim = default_style_dim(n_features)
    latent_dim = label_dim * len(n_values) + style_dim
    if latent_dim == 0:
        raise ValueError("style_dim=0 leaves a model without labels no latents at all.")

    if isinstance(params.encoder, torch.nn.Module):
        body = copy.deepcopy(params.encoder)
        example = torch.zeros(2, n_features)
        expected = "features of shape (n, any width); a linear layer follows"
        width = _try_out(body, "encoder", example, expected).shape[1]
    else:
        body, width = mlp_encoder_body(n_features, hidden, generator)
    if isinstance(params.decoder, torch.nn.Module):
        decoder = copy.deepcopy(params.decoder)
        example = torch.zeros(2, latent_dim)
        expected = f"shape (n, {n_features}), a value for each column of X"
        output = _try_out(decoder, "decoder", example, expected)
        if output.shape != (2, n_features):
            raise ValueError(
                f"decoder={type(decoder).__name__} returned shape {tuple(output.shape)} "
                f"for latents of shape (2, {latent_dim}); expected (2, {n_features})."
            )
    else:
        decoder = mlp_decoder(latent_dim, hidden, n_features, generator)
    return ReVAE(
        GaussianEncoder(body, width, latent_dim, generator),
        decoder,
        ProductLikelihood(families),
        LabelModel(n_values, label_dim, generator, params.label_classifier),
        style_dim,
    )
