"""A fitted model and the samples that a page or widget shows it on."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from sklearn_revae import ReVAEClassifier, ReVAETransformer
from sklearn_revae._interventions.decoding import editors
from sklearn_revae._model.edits import SPAN, positions_around
from sklearn_revae.demo._edit import classes_of, predicted_classes, take
from sklearn_revae.demo._images import Images
from sklearn_revae.inspection._tabular import column_names

# More samples would make the page slow to load and the gallery tedious to look through.
MAX_SAMPLES = 100
# A slider begins so many standard deviations of the prior before the mean of the first
# class, and ends as many after that of the second. Farther away, edits are implausible.
_REACH = 1.0
# Step of the sliders.
STEP = 0.005


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
    presets : mapping of str to dict
        Classes that a button sets labels to, by the text on the button.

    Raises
    ------
    ValueError
        If the model is not a fitted ReVAE, or does not accept the samples, or does not
        have a label or a class of a preset.
    """

    model: object
    X: object
    image_shape: Sequence[int] | None = None
    setup: str = ""
    presets: Mapping = field(default_factory=dict)

    def __post_init__(self):
        _check_model(self.model)
        if not isinstance(self.presets, Mapping) or not all(
            isinstance(values, Mapping) for values in self.presets.values()
        ):
            raise ValueError(
                "presets must be a dict {text: {label: class}}, with the text on each "
                f"button, got {self.presets!r}."
            )
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
        for name, values in self.presets.items():
            for label, value in values.items():
                known = self.classes(label) if label in self.editable else []
                if value not in known:
                    raise ValueError(
                        f"presets[{name!r}] sets {label!r} to {value!r}, but the model "
                        f"has the labels {self.editable}, and {label!r} has the classes "
                        f"{known}. Set a label of the model to one of its classes."
                    )

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
        return [name for name in self.labels if len(self.classes(name)) > 1]

    def classes(self, label):
        """Classes of a label."""
        return classes_of(self.model, label)

    @cached_property
    def ends(self):
        """Positions at the two ends of each slider, a dict by the name of the label.

        Labels of two classes have sliders. The classes of other labels have no order.
        """
        members = editors(self.model.module_)
        found = {}
        for i, label in enumerate(self.labels):
            if len(self.classes(label)) == 2:
                ends = [
                    positions_around(member.label_model, i, (0, 1), SPAN, _REACH)
                    for member in members
                ]
                first, last = torch.stack(ends).mean(0).tolist()
                found[label] = (_on_grid(first), _on_grid(last))
        return found

    def predicted(self, row):
        """Predicted class of each label of the sample at index `row`, a dict."""
        if not self.labels:
            return {}
        return predicted_classes(self.model, take(self.X, row))

    def positions(self, sample):
        """Positions at which the sliders show a sample.

        Parameters
        ----------
        sample : int or array-like of shape (1, n_features)
            Index of the sample in X, or the sample itself.

        Returns
        -------
        positions : dict of str to float
            The position of each slider, which is at its end for a sample beyond it.
        """
        if not self.ends:
            return {}
        sample = take(self.X, sample) if isinstance(sample, int) else sample
        located = self.model.locate(sample)[0]
        return {
            label: _on_grid(float(np.clip(located[self.labels.index(label)], *ends)))
            for label, ends in self.ends.items()
        }

    def surprise(self, row):
        """Classes to set one or two labels to, drawn at random.

        Parameters
        ----------
        row : int
            Index of the sample in X, whose predicted classes are not drawn.

        Returns
        -------
        values : dict of str to value
            A class for each drawn label.
        """
        random = np.random.default_rng()
        first, *others = random.permutation(self.editable).tolist()
        excluded = {
            (self.labels[label], self.labels[other])
            for label, _, other, *_ in self.model.module_.label_model.exclusions
        }
        compatible = [other for other in others if (first, other) not in excluded]
        values, predicted = {}, self.predicted(row)
        for label in [first, *compatible[:1]]:
            new = [value for value in self.classes(label) if value != predicted[label]]
            values[label] = new[random.integers(len(new))]
        return values

    def is_initial(self, row, label, position):
        """Whether the slider of a label is where the sample at index `row` puts it."""
        return position == self.positions(row)[label]


def _on_grid(position):
    return round(round(position / STEP) * STEP, 3)


def _check_model(model):
    if not isinstance(model, (ReVAEClassifier, ReVAETransformer)):
        raise ValueError(
            "estimator must be a fitted ReVAEClassifier or ReVAETransformer, got a "
            f"{type(model).__name__}. For a Pipeline, pass its last step, and X "
            "transformed by the steps before it."
        )
    check_is_fitted(model)


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
    _check_model(model)
    X, _ = model.sample(MAX_SAMPLES, noise=False, random_state=0)
    return X, f"X, _ = model.sample({MAX_SAMPLES}, noise=False, random_state=0)\n"
