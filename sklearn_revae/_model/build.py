"""Builds a model: from features, labels and sizes to a module with initial weights."""

import copy
from dataclasses import dataclass
from itertools import cycle, islice

import torch

from sklearn_revae._model.convolutions import image_decoder, image_encoder_body
from sklearn_revae._model.encoding import piecewise_encoding
from sklearn_revae._model.ensemble import Ensemble
from sklearn_revae._model.images import check_image_shape, convolves_on, image_layout
from sklearn_revae._model.label_model import LabelModel
from sklearn_revae._model.likelihoods import ProductLikelihood
from sklearn_revae._model.networks import (
    GaussianEncoder,
    mlp_decoder,
    mlp_encoder_body,
)
from sklearn_revae._model.published import published_decoder, published_encoder_body
from sklearn_revae._model.revae import ReVAE
from sklearn_revae._torch_state import seeded_global_generators

# How much further apart than for other samples the classes start in the latent space of
# images. Where they are close, the decoder hardly heeds them: with 1, 0.56 of the edits
# of drawn faces are recognised, with 1.75, 0.97. In ensembles, which choose the strength
# of edits, 1.75 is worse than 1: 0.91 instead of 0.96 on digits.
_IMAGE_SEPARATION = 2.0


@dataclass(frozen=True)
class Architecture:
    """Sizes of the networks, and the user's modules that replace them.

    Parameters
    ----------
    hidden_layer_sizes : tuple of int
        Widths of the hidden layers of the default encoder.
    label_dim, style_dim : int
        Number of latent dimensions per label, and of those that belong to no label.
    encoder, decoder : torch.nn.Module or {"auto", "published"}
        The user's own modules. "auto" builds the default networks; "published" builds
        those of the paper where the default ones are convolutional.
    linear : tuple of bool, default=(False,)
        Whether the encoder of each member is linear, if it is the default one and fully
        connected. They are repeated if there are more members.
    piecewise : tuple of bool, default=(False,)
        Whether this encoder of each member also reads the piecewise linear encoding of
        the columns that have edges.
    label_model : type, default=LabelModel
        The class of the label model: LabelModel for classes, NumberModel for numbers.
    """

    hidden_layer_sizes: tuple
    label_dim: int
    style_dim: int
    encoder: torch.nn.Module | str = "auto"
    decoder: torch.nn.Module | str = "auto"
    linear: tuple = (False,)
    piecewise: tuple = (False,)
    label_model: type = LabelModel

    @property
    def own_modules(self):
        """Whether encoder and decoder are the user's own modules, a pair of bools."""
        return tuple(isinstance(m, torch.nn.Module) for m in (self.encoder, self.decoder))


def _own_module(given, name, n_inputs, expected, generator):
    """Copy a module of the user's own, in single precision, and try the copy out.

    Parameters
    ----------
    given : torch.nn.Module
        The module; it is not changed.
    name : {"encoder", "decoder"}
        The parameter that it was passed as.
    n_inputs : int
        Width of its input.
    expected : str
        What it has to return, for error messages.
    generator : torch.Generator
        Its seed decides what the module draws: the weights of a lazy layer, for example.

    Returns
    -------
    module : torch.nn.Module
        The copy.
    width : int
        Width of its output.

    Raises
    ------
    ValueError
        If the module does not work in single precision, in which it is trained, and in
        double precision, in which it predicts, or returns another shape; or if it has no
        weights, on the device "meta".
    """
    if any(tensor.is_meta for tensor in (*given.parameters(), *given.buffers())):
        raise ValueError(
            f"{name}={type(given).__name__} has parameters on the device 'meta', which "
            "have no values. Make it on the CPU, or call its method "
            "to_empty(device='cpu') and initialise it."
        )
    with seeded_global_generators(generator.initial_seed()):
        module = copy.deepcopy(given).to("cpu", torch.float32).eval()
        for part in module.modules():
            # A first layer must not change what other members, or the loss, read.
            if getattr(part, "inplace", False):
                part.inplace = False
        width = _output_width(module, name, torch.zeros(2, n_inputs), expected)
        double = copy.deepcopy(module).double()
        for n_rows in (2, 1):
            example = torch.zeros(n_rows, n_inputs, dtype=torch.float64)
            _output_width(double, name, example, expected)
    return module, width


def _output_width(module, name, example, expected):
    """Width of what `module` returns for `example`, or an error that names `name`."""
    described = f"{name}={type(module).__name__}"
    given = f"an input of shape {tuple(example.shape)} and type {example.dtype}"
    try:
        with torch.no_grad():
            output = module(example)
    except Exception as error:
        raise ValueError(
            f"{described} failed on {given}: {error}. {_cure(module, example, expected)}"
        ) from error
    is_matrix = isinstance(output, torch.Tensor) and output.ndim == 2
    if not is_matrix or len(output) != len(example) or output.shape[1] == 0:
        raise ValueError(
            f"{described} returned {type(output).__name__} of shape "
            f"{tuple(getattr(output, 'shape', ()))} for {given}; expected {expected}."
        )
    if output.dtype != example.dtype:
        raise ValueError(
            f"{described} returned type {output.dtype} for {given}. "
            f"{_cure(module, example, expected)}"
        )
    return output.shape[1]


def _cure(module, example, expected):
    """What a user can do about a module that fails on `example`."""
    plain = [
        f"{place}.{name}".lstrip(".")
        for place, part in module.named_modules()
        for name, value in vars(part).items()
        if isinstance(value, torch.Tensor)
    ]
    both = (
        "A model is trained in single precision and predicts in double precision, so its "
        "modules have to work in both."
    )
    if plain:
        return (
            f"{both} Plain attributes keep their type and device when a module is "
            f"converted: make the attributes {plain} parameters (torch.nn.Parameter) or "
            "buffers (register_buffer)."
        )
    if example.dtype == torch.float64:
        return (
            f"{both} Tensors that its forward method makes need the type of the input "
            "(dtype=x.dtype), and tensors that it keeps have to be parameters "
            "(torch.nn.Parameter) or buffers (register_buffer)."
        )
    return f"It should return {expected}."


def _convolved_layout(architecture, image):
    """Layout of the images if convolutional networks read them, else None."""
    if image is None:
        return None
    if all(architecture.own_modules):
        return None
    layout = image_layout(image)
    if not convolves_on(image):
        # Too small to be halved; fully connected networks read them.
        return None
    check_image_shape(layout)
    return layout


def _encoder_body(architecture, likelihood, layout, encoding, linear, generator):
    """Make the encoder without its last layer; returns it and the width of its output.

    The default one also reads the bins of `encoding`, if it is not None.
    """
    if architecture.own_modules[0]:
        expected = "features of shape (n, any width >= 1)"
        if likelihood.masked:
            expected += (
                ". X has missing values, so that a mask of the observed values, with one "
                f"input per feature, makes {likelihood.n_inputs} inputs"
            )
        return _own_module(
            architecture.encoder, "encoder", likelihood.n_inputs, expected, generator
        )
    if layout is not None:
        published = architecture.encoder == "published"
        make_body = published_encoder_body if published else image_encoder_body
        return make_body(layout, generator, n_masks=int(likelihood.masked))
    n_inputs = likelihood.n_inputs + (0 if encoding is None else encoding.n_bins)
    return mlp_encoder_body(n_inputs, architecture.hidden_layer_sizes, generator, linear)


def _decoder(architecture, likelihood, layout, latent_dim, generator):
    """Make the decoder."""
    n_outputs = likelihood.n_outputs
    if architecture.own_modules[1]:
        expected = f"shape (n, {n_outputs}), the likelihood's parameters of every feature"
        decoder, width = _own_module(
            architecture.decoder, "decoder", latent_dim, expected, generator
        )
        if width != n_outputs:
            raise ValueError(
                f"decoder={type(decoder).__name__} returned shape (2, {width}) for "
                f"latents of shape (2, {latent_dim}); expected (2, {n_outputs})."
            )
        return decoder
    if layout is not None:
        published = architecture.decoder == "published"
        make_decoder = published_decoder if published else image_decoder
        return make_decoder(latent_dim, layout, generator)
    return mlp_decoder(latent_dim, architecture.hidden_layer_sizes, n_outputs, generator)


def build_model(columns, masked, image, n_values, architecture, n_members, generator):
    """Build an ensemble with initial weights.

    Parameters
    ----------
    columns : sequence of Column
        What the model has to know about each feature.
    masked : bool
        Whether the encoder also reads a mask of the observed values.
    image : tuple or None
        Shape of the images, if the samples are images.
    n_values : sequence of int
        Number of classes of each label; anything for labels that are numbers.
    architecture : Architecture
        Sizes of the networks of a member, and the user's own modules.
    n_members : int
        Number of members.
    generator : torch.Generator
        Source of all initial weights.

    Returns
    -------
    Ensemble

    Raises
    ------
    ValueError
        If the user's encoder or decoder does not work, or returns another shape, or if
        the images are too large for the convolutional networks.
    """
    kinds = islice(
        zip(cycle(architecture.linear), cycle(architecture.piecewise), strict=False),
        n_members,
    )
    first, *others = (
        _build_member(columns, masked, image, n_values, architecture, *kind, generator)
        for kind in kinds
    )
    return Ensemble(first, others)


def _build_member(
    columns, masked, image, n_values, architecture, linear, piecewise, generator
):
    """Build one member; see :func:`build_model`."""
    latent_dim = architecture.label_dim * len(n_values) + architecture.style_dim
    if latent_dim == 0:
        raise ValueError(
            "style_dim=0 leaves a model without labels with no latent dimension. Set "
            "style_dim to at least 1."
        )
    likelihood = ProductLikelihood(columns, masked)
    layout = _convolved_layout(architecture, image)
    if likelihood.n_outputs != len(columns):
        # A pixel has one parameter; some of these features need several.
        layout = None
    encoding = None
    if piecewise and layout is None and not architecture.own_modules[0]:
        encoding = piecewise_encoding(columns, likelihood)
    body, width = _encoder_body(
        architecture, likelihood, layout, encoding, linear, generator
    )
    decoder = _decoder(architecture, likelihood, layout, latent_dim, generator)
    encoder = GaussianEncoder(body, width, latent_dim, generator, encoding)
    label_model = architecture.label_model(n_values, architecture.label_dim, generator)
    if layout is not None and isinstance(label_model, LabelModel):
        label_model.move_apart(_IMAGE_SEPARATION)
    return ReVAE(encoder, decoder, likelihood, label_model, architecture.style_dim)
