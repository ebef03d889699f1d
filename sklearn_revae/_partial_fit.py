"""Training one epoch at a time: on a batch of samples, or on each batch of a stream."""

import numpy as np

from sklearn_revae._data.labels import LabelCodes
from sklearn_revae._data.storage import is_stream


class PartialFitMixin:
    """The parts of `partial_fit` that the estimators share."""

    def _partial_fit(self, X, y, classes, sample_weight):
        """Train one epoch on a batch, or on each batch of an iterator or DataLoader."""
        if is_stream(X):
            return self._partial_fit_each(X, y, classes, sample_weight)
        if isinstance(X, (list, tuple)) and any(map(_is_batch, X)):
            raise ValueError(
                "X is a list of batches. Pass an iterator over them, iter(X)."
            )
        if not isinstance(self.class_weight, dict) and "balanced" in (
            self.class_weight or ()
        ):
            raise ValueError(
                "class_weight='balanced' is not supported by partial_fit, because the "
                "class frequencies of a batch may differ from those of all samples. Pass "
                "the weights as a dict, for example those that "
                "sklearn.utils.class_weight.compute_class_weight returns."
            )
        first = not hasattr(self, "module_")
        if first and self._needs_labels and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        if not first and classes is not None and self._labels is not None:
            self._compare_classes(classes)
        return self._fit(
            X, y, sample_weight, resume=not first, classes=classes, one_epoch=True
        )

    def _compare_classes(self, classes):
        """Refuse classes that differ from those of the first call."""
        known = self._labels
        given = LabelCodes(known.unlabeled_value)
        given.fit_classes(classes, known.names_, known.several_)
        if not all(map(np.array_equal, given.classes_, known.classes_)):
            raise ValueError(
                f"classes={classes!r} are not those of the first call to partial_fit, "
                f"{[k.tolist() for k in known.classes_]}. Pass the same classes, or none."
            )

    def _partial_fit_each(self, batches, y, classes, sample_weight):
        """Train one epoch on each batch: X, (X, y) or (X, y, sample_weight)."""
        kind = type(batches).__name__
        if y is not None or sample_weight is not None:
            raise ValueError(
                f"X is a {kind}: y and sample_weight have to come with its batches, as "
                "(X, y) or (X, y, sample_weight)."
            )
        n_batches = 0
        for batch in batches:
            X, y, weight = _parts_of(batch)
            if y is None and self._needs_labels:
                raise ValueError(
                    f"X is a {kind} with a batch without y. Its batches have to be "
                    "(X, y) or (X, y, sample_weight), where all of y may be unlabelled."
                )
            self._partial_fit(X, y, classes, weight)
            n_batches += 1
        if n_batches == 0:
            raise ValueError(
                f"X is a {kind} without any batch, but at least one is needed. An "
                "iterator that was used before has no batches left."
            )
        return self


def _parts_of(batch):
    """X, y and sample_weight of a batch, None where the batch does not have them."""
    parts = batch if isinstance(batch, tuple) or _is_batch(batch) else (batch,)
    if not 1 <= len(parts) <= 3 or is_stream(parts[0]):
        raise ValueError(
            "X has a batch that is neither rows nor a tuple or list "
            f"(X, y) or (X, y, sample_weight), but a {type(batch).__name__} of "
            f"{len(parts)} part(s)."
        )
    return (*parts, None, None)[:3]


def _is_batch(batch):
    """Whether it is [X], [X, y] or [X, y, sample_weight], or such a tuple.

    A list of rows has no array of two dimensions as its first entry.
    """
    return (
        isinstance(batch, (list, tuple))
        and 1 <= len(batch) <= 3
        and len(getattr(batch[0], "shape", ())) >= 2
    )
