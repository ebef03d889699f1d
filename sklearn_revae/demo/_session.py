"""A fitted model and the samples that a page or widget shows it on."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_revae import ReVAEClassifier, ReVAETransformer
from sklearn_revae.demo._edit import take
from sklearn_revae.demo._images import Images
from sklearn_revae.inspection._tabular import column_names

# More samples would make the page slow to load and the gallery tedious to look through.
MAX_SAMPLES = 100


@dataclass(frozen=True, eq=False)
class Session:
    """A fitted model and samples to try it on; both are never modified.

    Parameters
    ----------
    model : ReVAEClassifier or ReVAETransformer
        Fitted model.
    X : array-like of shape (n_samples, n_features)
        Samples, as the model accepts them. The first `MAX_SAMPLES` are shown.
    image_shape : tuple of int or None
        Shape of an image, if the samples are flattened images.
    setup : str
        Python code that defines `model` and `X`.

    Raises
    ------
    ValueError
        If the model is not a fitted ReVAE, or does not accept the samples.
    """

    model: object
    X: object
    image_shape: Sequence[int] | None = None
    setup: str = ""

    def __post_init__(self):
        if not isinstance(self.model, (ReVAEClassifier, ReVAETransformer)):
            raise ValueError(
                "estimator must be a fitted ReVAEClassifier or ReVAETransformer, got a "
                f"{type(self.model).__name__}. For a Pipeline, pass its last step, and X "
                "transformed by the steps before it."
            )
        check_is_fitted(self.model)
        if not hasattr(self.X, "shape"):
            object.__setattr__(self, "X", np.asarray(self.X))
        if len(self.X.shape) < 2 or self.X.shape[0] == 0:
            raise ValueError(
                "X must have the shape (n_samples, n_features) with at least one sample, "
                f"got the shape {tuple(self.X.shape)}."
            )
        # Raise here if the model does not accept the samples, not when one is picked.
        # Images all have the same shape and dtype, so the first is enough, and the page
        # opens sooner.
        is_table = self.images is None
        self.model.transform(self.shown if is_table else take(self.X, 0))

    @cached_property
    def shown(self):
        """The samples that can be picked."""
        if hasattr(self.X, "iloc"):
            return self.X.iloc[:MAX_SAMPLES]
        return self.X[:MAX_SAMPLES]

    @property
    def n_shown(self):
        """Number of samples that can be picked."""
        return self.shown.shape[0]

    @cached_property
    def images(self):
        """How samples are drawn as images, or None if X is a table."""
        shape = self.image_shape or self.model.image_shape
        return Images.of(self.shown, shape)

    @cached_property
    def feature_names(self):
        """Names of the features of a table."""
        return column_names(self.model)

    @property
    def lockable(self):
        """Pairs (text, key for `keep`) of the features that can be locked.

        The key is the index of a feature if the model was fitted without names. Images
        have no features to lock.
        """
        if self.images is not None:
            return []
        has_names = hasattr(self.model, "feature_names_in_")
        return [
            (name, name if has_names else j) for j, name in enumerate(self.feature_names)
        ]

    @property
    def labels(self):
        """Names of the labels; empty for a model without labels."""
        return list(self.model.label_names_)

    @property
    def editable(self):
        """Names of the labels with at least two classes."""
        positions = self.positions(0)
        return [name for name, position in positions.items() if position is not None]

    def positions(self, sample):
        """Positions of a sample between the first and the last class of each label.

        Parameters
        ----------
        sample : int or array-like of shape (1, n_features)
            Index of the sample in X, or the sample itself.

        Returns
        -------
        positions : dict of str to float or None
            For each label, the position from 0 to 1, rounded to two decimals; None for a
            label with a single class.
        """
        if not self.labels:
            return {}
        sample = take(self.X, sample) if isinstance(sample, int) else sample
        located = self.model.locate(sample)[0]
        return {
            name: None if np.isnan(at) else round(float(np.clip(at, 0, 1)), 2)
            for name, at in zip(self.labels, located, strict=True)
        }

    def is_initial(self, row, label, position):
        """Whether the slider of a label is where the sample at index `row` puts it."""
        return position == self.positions(row)[label]


def load_code(path):
    """Return Python code that loads `model` from a file."""
    return (
        f"from sklearn_revae.persistence import load\nmodel = load({os.fspath(path)!r})\n"
    )


def draw_samples(model):
    """Draw samples to show a model on.

    Returns
    -------
    X : array-like of shape (n_samples, n_features)
        The samples.
    code : str
        Python code that draws them as `X`.
    """
    X, _ = model.sample(MAX_SAMPLES, noise=False, random_state=0)
    return X, f"X, _ = model.sample({MAX_SAMPLES}, noise=False, random_state=0)\n"
