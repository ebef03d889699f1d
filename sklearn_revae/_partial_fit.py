"""Training one epoch at a time, on a batch of samples or on an iterator of batches."""

import numpy as np

from sklearn_revae._data.storage import is_stream


class PartialFitMixin:
    """The parts of `partial_fit` that the estimators share."""

    def _partial_fit(self, X, y, classes, sample_weight):
        """Train one epoch on a batch of rows, or on each of a generator's."""
        if is_stream(X):
            return self._partial_fit_each(X, y, classes, sample_weight)
        first = not hasattr(self, "module_")
        if first and self._needs_labels and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        if not first and classes is not None and self._labels is not None:
            known = self._labels.classes_
            given = classes if self._labels.several_ else [classes]
            if len(given) != len(known) or not all(
                np.array_equal(np.unique(g), k) for g, k in zip(given, known, strict=True)
            ):
                raise ValueError(
                    f"classes={classes!r} are not those of the first call to "
                    f"partial_fit, {[k.tolist() for k in known]}."
                )
        return self._fit(
            X, y, sample_weight, resume=not first, classes=classes, one_epoch=True
        )

    def _partial_fit_each(self, batches, y, classes, sample_weight):
        """Train one epoch on each batch: X, (X, y) or (X, y, sample_weight)."""
        if y is not None or sample_weight is not None:
            raise ValueError(
                f"X is a {type(batches).__name__}: y and sample_weight have to come with "
                "its batches, as (X, y) or (X, y, sample_weight)."
            )
        batch = None
        for batch in batches:
            parts = batch if isinstance(batch, tuple) else (batch,)
            if not 1 <= len(parts) <= 3 or is_stream(parts[0]):
                raise ValueError(
                    "X gave a batch that is neither rows nor a tuple (X, y) or "
                    "(X, y, sample_weight)."
                )
            X, y, weight = (*parts, None, None)[:3]
            self._partial_fit(X, y, classes, weight)
        if batch is None:
            raise ValueError(
                f"X is a {type(batches).__name__} without any batch: at least one is "
                "needed. One that has been used up gives none."
            )
        return self
