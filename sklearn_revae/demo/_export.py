"""A page that needs no server: one HTML file with the model and its samples."""

import base64
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from os import PathLike
from string import Template
from typing import Any

import numpy as np
import torch

from sklearn_revae._files import replace_file
from sklearn_revae._inference.chunked import apply
from sklearn_revae._interventions.decoding import editors, edits_twice
from sklearn_revae._model.edits import SPAN
from sklearn_revae._typing import Model, Rows
from sklearn_revae.demo._edit import words
from sklearn_revae.demo._export_features import cuts, feature_facts
from sklearn_revae.demo._export_networks import layers_of, norm_facts, style_layers
from sklearn_revae.demo._session import STEP, Session
from sklearn_revae.demo._views import sample_names


def export_html(
    estimator: Model,
    X: Rows,
    path: str | PathLike[str],
    *,
    image_shape: Sequence[int] | None = None,
    presets: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Write a page on which samples are edited, as one HTML file that needs no server.

    The file contains the networks and the samples, and it can be opened from a disk, sent
    by mail or put on any web site. Its sliders are those of :func:`launch`. The browser
    computes the edits, and loads nothing from elsewhere. A sample that is not an image is
    shown as a table with its values before and after the edit.

    .. versionadded:: 0.2

    Parameters
    ----------
    estimator : ReVAEClassifier or ReVAETransformer
        Fitted model, with networks of this package.
    X : array-like of shape (n_samples, n_features)
        Samples, in the units of the training data. The file contains the first 100, so
        do not share it if nobody else may see them.
    path : str or path-like
        The file to write, usually `*.html`. An existing file is replaced.
    image_shape : tuple of int, default=None
        Shape of an image, if the samples are flattened images. If None, the
        `image_shape` of the estimator is used.
    presets : dict of str to dict, default=None
        Buttons that set several labels at once: the text on the button, and the class of
        each label.

    Raises
    ------
    ValueError
        If the estimator is not a fitted ReVAE, or does not accept `X`; if the decoder, or
        the convolutional encoder, is not a default or published one; if the features of
        images are not all pixels; or if a preset has a label or a class that the model
        does not have.
    OSError
        If the file cannot be written.

    See Also
    --------
    launch : Serve a page with more controls.

    Notes
    -----
    The page computes :meth:`~sklearn_revae.ReVAEClassifier.intervene` with `strength=1`.
    Pixels agree up to one of 255 shades, and numbers of a table to about five digits,
    because the browser computes in single precision. The file has about 5.3 bytes for
    each weight of the decoder, and of the encoder if it is convolutional, 1.3 bytes for
    each pixel of images of `uint8`, 5.3 for each pixel of other images, and 10.7 for each
    value of a table.

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
    session = Session(estimator, X, image_shape, presets=presets or {})
    numbers = _Numbers()
    facts = feature_facts(session, numbers) | _label_facts(session, numbers)
    facts |= {"names": sample_names(session), "presets": _preset_facts(session)}
    files = resources.files("sklearn_revae.demo")
    style, model_script, page_script, page = (
        (files / name).read_text("utf-8")
        for name in ("export.css", "export.js", "export_page.js", "export.html")
    )
    script = f"{model_script}\n{page_script}"
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
        data = np.ascontiguousarray(values, dtype=dtype)
        found = {"offset": self._length, "length": data.size, "type": data.dtype.name}
        # The browser needs floats to begin at multiples of their size.
        content = data.tobytes() + b"\0" * (-data.nbytes % 8)
        self._parts.append(content)
        self._length += len(content)
        return found

    def as_text(self):
        """All arrays in base64."""
        return base64.b64encode(b"".join(self._parts)).decode()


def _preset_facts(session):
    """The presets, with the indices of labels and classes."""
    return [
        {
            "name": name,
            "values": {
                session.labels.index(label): session.classes(label).index(value)
                for label, value in values.items()
            },
        }
        for name, values in session.presets.items()
    ]


def _label_facts(session, numbers):
    """The labels, the latent codes of the samples, and the members that edit them."""
    model = session.model
    module = model.module_
    x = model._codec.transform(session.shown, model)
    members = editors(module) if session.labels else module.members[:1]
    twice = session.labels and edits_twice(module)

    def encode(module, rows):
        parts = module.members[: len(members)]
        return torch.stack([member.encode(rows)[0] for member in parts], dim=1)

    codes = apply(module, encode, x, copies=len(members))
    labels = module.label_model
    found = [session.positions(i) for i in range(session.n_shown)]
    positions = [[each.get(label) for label in session.labels] for each in found]
    predicted = model._codes_of(x).tolist() if session.labels else [[]] * len(x)
    return {
        "labels": [
            {
                "name": str(name),
                "classes": words(session.classes(name)),
                "values": [str(value) for value in session.classes(name)],
                "ends": session.ends.get(name),
            }
            for name in session.labels
        ],
        "step": STEP,
        "exclusions": labels.exclusions,
        "predicted": predicted,
        "positions": positions,
        "latents": module.latent_dim,
        "dim": labels.dim,
        "widest": max(labels.n_values, default=0),
        "span": SPAN,
        **norm_facts(module),
        "styleLayers": style_layers(module, numbers) if twice else [],
        "members": [
            {
                "codes": numbers.add(codes[:, m]),
                "means": numbers.add(member.label_model.means),
                "scales": numbers.add(member.label_model.scales),
                "layers": layers_of(member.decoder, numbers),
                "cuts": [] if session.images else cuts(member.likelihood),
            }
            for m, member in enumerate(members)
        ],
    }
