"""A page that needs no server: one HTML file with the model and its samples."""

import base64
import json
from collections.abc import Sequence
from importlib import resources
from os import PathLike
from string import Template

import numpy as np
import torch
from torch import nn

from sklearn_revae._data.chunks import dense
from sklearn_revae._files import replace_file
from sklearn_revae._inference.chunked import apply
from sklearn_revae._interventions.blending import LIMITS, blended_layout
from sklearn_revae._interventions.decoding import editors
from sklearn_revae._model.convolutions import ImageDecoder
from sklearn_revae._model.edits import SPAN
from sklearn_revae._model.families import FAMILIES, Bernoulli, Beta, ContinuousBernoulli
from sklearn_revae._model.images import FastFormat, ImagesToRows, image_layout
from sklearn_revae._typing import Model, Rows
from sklearn_revae.demo._edit import classes_of
from sklearn_revae.demo._session import Session

# By the class of a family: which function of the script gives its mean.
_MEANS = {Bernoulli: "sigmoid", Beta: "sigmoid", ContinuousBernoulli: "continuous"}


def export_html(
    estimator: Model,
    X: Rows,
    path: str | PathLike[str],
    *,
    image_shape: Sequence[int] | None = None,
) -> None:
    """Write a page on which images are edited, as one HTML file that needs no server.

    The file contains the decoder and the samples, and it can be opened from a disk, sent
    by mail or put on any web site. Its sliders are those of :func:`launch`. The browser
    computes the edits, and loads nothing from elsewhere.

    .. versionadded:: 0.2

    Parameters
    ----------
    estimator : ReVAEClassifier or ReVAETransformer
        Fitted model of images, with a decoder of this package.
    X : array-like of shape (n_samples, n_features)
        Images, in the units of the training data. The file contains the first 100, so
        do not share it if nobody else may see them.
    path : str or path-like
        The file to write, usually `*.html`. An existing file is replaced.
    image_shape : tuple of int, default=None
        Shape of an image, if the samples are flattened images. If None, the
        `image_shape` of the estimator is used.

    Raises
    ------
    ValueError
        If the estimator is not a fitted ReVAE, or does not accept `X`; if the samples are
        not images; or if the decoder is not the default one, or the pixels are not real
        numbers or within a range.
    OSError
        If the file cannot be written.

    See Also
    --------
    launch : Serve a page with more controls, for tables as well.

    Notes
    -----
    The pixels of the page are those of
    :meth:`~sklearn_revae.ReVAEClassifier.intervene` with `strength=1`, up to one of 255
    shades, because the browser computes in single precision. The file has about 5.3 bytes
    for each weight of the decoder, and for images of `uint8` 1.3 bytes for each pixel,
    otherwise 5.3.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_revae import ReVAEClassifier
    >>> from sklearn_revae.demo import export_html
    >>> X, y = load_digits(return_X_y=True)
    >>> model = ReVAEClassifier((16,), max_iter=2, image_shape=(8, 8)).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export_html(model, X, Path(folder, "digits.html"))
    ...     page = Path(folder, "digits.html").read_text(encoding="utf-8")
    >>> page.startswith("<!doctype html>")
    True
    """
    session = Session(estimator, X, image_shape)
    numbers = _Numbers()
    facts = _image_facts(session, numbers) | _label_facts(session, numbers)
    files = resources.files("sklearn_revae.demo")
    style, script, page = (
        (files / f"export.{kind}").read_text("utf-8") for kind in ("css", "js", "html")
    )
    # A name of a label must not end the element that holds it.
    model = json.dumps(facts, allow_nan=False).replace("<", "\\u003c")
    written = Template(page).substitute(
        style=style, script=script, model=model, numbers=numbers.as_text()
    )
    replace_file(path, written.encode())


class _Numbers:
    """Arrays of a page, one behind another."""

    def __init__(self):
        self._parts, self._length = [], 0

    def add(self, values, dtype=np.float32):
        """Add an array, and return what stands for it in the facts of the page."""
        if isinstance(values, torch.Tensor):
            values = values.detach().cpu().numpy()
        with np.errstate(over="ignore"):
            data = np.ascontiguousarray(values, dtype=dtype)
        found = {"offset": self._length, "length": data.size, "type": data.dtype.name}
        # The browser needs floats to begin at multiples of four bytes.
        content = data.tobytes() + b"\0" * (-data.nbytes % 4)
        self._parts.append(content)
        self._length += len(content)
        return found

    def add_layer(self, layer):
        """Add a linear or convolutional layer."""
        return {"weight": self.add(layer.weight), "bias": self.add(layer.bias)}

    def as_text(self):
        """All arrays in base64."""
        return base64.b64encode(b"".join(self._parts)).decode()


def _image_facts(session, numbers):
    """The samples, and how scaled pixels become pixels.

    Raises
    ------
    ValueError
        For samples that are not images, and for pixels that the script cannot restore.
    """
    if session.images is None:
        raise ValueError(
            "X holds samples that are not images, and export_html requires images. Pass "
            "image_shape= if they are flattened images, or use launch for tables."
        )
    codec = session.model._codec
    scaling = codec.scaling_
    if (scaling._logged | scaling.clipped | scaling.counts).any() or codec.levels_:
        raise ValueError(
            "The features of the model are not all pixels, as its column_kinds_ says, "
            "but export_html requires pixels. Fit the model with image_shape= set."
        )
    shape = session.images.shape or tuple(session.X.shape[1:])
    layout = image_layout(shape)
    low, high = scaling.range_
    samples = dense(codec.read(session.shown, session.model))
    constants = {
        "shift": scaling.shift_,
        "scale": scaling.scale_,
        "low": low,
        "high": high,
        "whole": scaling.whole_,
        "unit": scaling.scale_ * scaling.spread_,
    }
    return {
        "image": {
            "height": layout.height,
            "width": layout.width,
            "channels": layout.channels,
            "channelsLast": layout.channels_last or layout.channels == 1,
        },
        "limits": session.images.limits,
        "blend": None if blended_layout(session.model.module_) is None else LIMITS,
        "samples": numbers.add(
            samples, np.uint8 if samples.dtype == np.uint8 else np.float32
        ),
        "mean": _mean_of(session.model),
        **{name: numbers.add(_short(values)) for name, values in constants.items()},
    }


def _short(values):
    """One number in place of an array whose numbers are all equal."""
    return values[:1] if (values == values[0]).all() else values


def _mean_of(model):
    """Name of the function that gives the means of the pixels' distributions.

    Raises
    ------
    ValueError
        If they are of several kinds.
    """
    classes = {FAMILIES[name] for name in model.likelihood_.tolist()}
    names = {_MEANS.get(family, "real") for family in classes}
    if len(names) > 1:
        raise ValueError(
            f"The model has the likelihoods {sorted(set(model.likelihood_.tolist()))}, "
            "but export_html requires one likelihood for all pixels: fit the model with "
            "likelihood= set to one of them."
        )
    return names.pop()


def _label_facts(session, numbers):
    """The labels, the latent codes of the samples, and the members that edit them."""
    model = session.model
    module = model.module_
    x = model._codec.transform(session.shown, model)
    members = editors(module) if session.labels else module.members[:1]

    def encode(module, rows):
        parts = module.members[: len(members)]
        return torch.stack([member.encode(rows)[0] for member in parts], dim=1)

    codes = apply(module, encode, x, copies=len(members))
    labels = module.label_model
    positions = [
        list(session.positions(i).values()) if session.labels else []
        for i in range(session.n_shown)
    ]
    predicted = model._codes_of(x).tolist() if session.labels else [[]] * len(x)
    return {
        "labels": [
            {"name": str(name), "classes": [str(v) for v in classes_of(model, name)]}
            for name in session.labels
        ],
        "exclusions": labels.exclusions,
        "predicted": predicted,
        "positions": positions,
        "latents": module.latent_dim,
        "dim": labels.dim,
        "widest": max(labels.n_values, default=0),
        "span": SPAN,
        **_norm_facts(module),
        "members": [
            {
                "codes": numbers.add(codes[:, m]),
                "means": numbers.add(member.label_model.means),
                "scales": numbers.add(member.label_model.scales),
                "layers": _layers_of(member.decoder, numbers),
            }
            for m, member in enumerate(members)
        ],
    }


def _norm_facts(module):
    """Settings of group normalisation, which are those of all layers."""
    norms = [part for part in module.decoder.modules() if isinstance(part, nn.GroupNorm)]
    return {"groups": norms[0].num_groups, "epsilon": norms[0].eps} if norms else {}


def _layers_of(network, numbers):
    """The layers of a decoder, as the script runs them.

    Raises
    ------
    ValueError
        If there is a layer that the script does not know.
    """
    if isinstance(network, nn.Sequential):
        return [layer for part in network for layer in _layers_of(part, numbers)]
    if isinstance(network, (nn.Identity, FastFormat)):
        return []
    if isinstance(network, nn.ReLU):
        return [{"kind": "relu"}]
    if isinstance(network, nn.Linear):
        return [{"kind": "linear", **numbers.add_layer(network)}]
    if isinstance(network, nn.Unflatten):
        return [{"kind": "grid", "grid": network.unflattened_size[1:]}]
    if isinstance(network, ImagesToRows):
        return [{"kind": "rows"}]
    if isinstance(network, ImageDecoder):
        return [{"kind": "image", **_image_decoder(network, numbers)}]
    if isinstance(network, nn.ConvTranspose2d) and _is_plain(network):
        sizes = {
            "kernel": network.kernel_size,
            "stride": network.stride,
            "padding": network.padding,
            "extra": network.output_padding,
        }
        return [{"kind": "transposed", **sizes, **numbers.add_layer(network)}]
    raise ValueError(
        f"The decoder has a layer of type {type(network).__name__}, which the page "
        "cannot compute. Fit the model with decoder='auto' or decoder='published'."
    )


def _is_plain(layer):
    """Whether a convolution has no special settings."""
    return layer.dilation == (1, 1) and layer.groups == 1 and layer.bias is not None


def _image_decoder(network, numbers):
    """The layers of the default decoder of images."""
    return {
        "grid": network.grid[1:],
        "first": numbers.add_layer(network.first),
        "stages": [
            {
                "size": stage.size,
                "convolution": numbers.add_layer(stage.convolution),
                "modulation": numbers.add_layer(stage.modulation),
            }
            for stage in network.stages
        ],
        "last": numbers.add_layer(network.last),
    }
