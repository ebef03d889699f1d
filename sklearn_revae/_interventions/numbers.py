"""Samples with other numbers, everything else kept: the mixin of the regressor."""

from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from sklearn_revae._data.scaling import ScaledRows
from sklearn_revae._inference.chunked import apply
from sklearn_revae._interventions.decoding import decode_edits
from sklearn_revae._interventions.editing import EditingMixin, predicted_values
from sklearn_revae._interventions.moves import mover
from sklearn_revae._typing import (
    ArrayRows,
    Bounds,
    Columns,
    Container,
    Direction,
    Do,
    Rows,
)

# A prediction is close enough at this distance, in standard deviations of y.
_CLOSE = 0.01
# Each edit aims further by what the closest one before has missed.
_MOST_TRIES = 8


class NumberEditingMixin(EditingMixin):
    """The method `intervene` of a fitted estimator whose labels are numbers."""

    @overload
    def intervene(
        self,
        X: Container,
        do: Do,
        *,
        keep: Columns | None = None,
        bounds: Bounds | None = None,
        direction: Direction | None = None,
        residual: bool = True,
    ) -> Container: ...
    @overload
    def intervene(
        self,
        X: ArrayRows,
        do: Do,
        *,
        keep: Columns | None = None,
        bounds: Bounds | None = None,
        direction: Direction | None = None,
        residual: bool = True,
    ) -> NDArray[Any]: ...
    def intervene(
        self,
        X: Rows,
        do: Do,
        *,
        keep: Columns | None = None,
        bounds: Bounds | None = None,
        direction: Direction | None = None,
        residual: bool = True,
    ) -> Any:
        r"""Edit samples so that they have another target.

        A sample is encoded, the characteristic latents of the target are moved along
        their line until the model predicts the requested number, all other latent
        dimensions are left unchanged, and the result is decoded. An edit follows the
        associations in the data; it is not a causal effect.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples, in the units of the training data.
        do : float, array-like of shape (n_samples,), or dict
            The requested number, in the units of y, or one for each sample, where NaN
            leaves the target as it is. A sample without a requested number is returned
            unchanged. For several targets, a dict with such an entry for some of them, by
            the name in `label_names_` or by the index of the target.
        keep : str, int, or array-like of these, default=None
            Columns, by name or index, that are returned unchanged. The others are
            adjusted to them, as by :meth:`~sklearn_revae.ReVAEClassifier.intervene`.
        bounds : dict of column to (low, high), default=None
            Limits on the values of columns in the result, in the units of X. None leaves
            a side open. An array of shape (n_samples,) in the place of a number gives
            each sample its own limit, and NaN leaves it open.
        direction : dict of column to {1, -1}, default=None
            Columns that may only increase (1) or only decrease (-1).
        residual : bool, default=True
            Whether to add what the edit changes in the decoded sample to the sample
            itself, so that details that the decoder does not reproduce are kept. Positive
            features change by a factor. A category that becomes less than half as
            probable changes to the one whose probability grows most. If False, the
            decoded sample is returned.

        Returns
        -------
        X_new : array-like of shape (n_samples, n_features)
            Edited samples, in the container, the dtypes and the units of X. With
            `residual`, values that the edit does not change are exactly those of X.
            Missing values are replaced by decoded ones, except in the columns of `keep`.

        Raises
        ------
        ValueError
            For something else than finite numbers, for an unknown target or column,
            naming the known ones, and for bounds that no value satisfies.

        Notes
        -----
        Let :math:`\hat y` be the number that the ensemble predicts and :math:`y'` the
        requested one, both standardised. Every member sets the characteristic latents to

        .. math::

            z_l' = z_l + \frac{y' - \hat y}{1 - v} w

        where w is the slope of the line and v the variance of y given the latents, so
        that :math:`E[y|z_l']` differs from :math:`E[y|z_l]` by :math:`y' - \hat y`. The
        deviation from the line stays the same. The result adds the median of the members'
        changes to each number; the probabilities of a category are means of those of the
        members.

        References
        ----------
        .. [1] T. Joy, S. M. Schmon, P. H. S. Torr, N. Siddharth, T. Rainforth, "Capturing
           Label Characteristics in VAEs", ICLR 2021, arXiv:2006.10102.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from sklearn_revae import ReVAERegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> model = ReVAERegressor(max_iter=20, random_state=0).fit(X, y)
        >>> better, worse = (model.intervene(X[:1], number) for number in (80, 250))
        >>> bool(model.predict(better)[0] < model.predict(worse)[0])
        True
        """
        x = self._scaled(X)
        requested, asked, left = self._requests(do, x)
        constraints = self._constraints(len(x), keep, bounds, direction)
        aims = self._aims(x, requested, asked, constraints, residual)
        edited, _ = decode_edits(
            self.module_,
            x,
            _mover(self.module_, requested),
            aims,
            _no_latents(aims),
            residual=residual,
            kept=constraints.kept_mask(len(x)),
        )
        return self._finish(X, x, edited, constraints, left=left)

    def _aims(self, x, requested, asked, constraints, residual):
        """Numbers (n, len(requested)) to aim at, so that the requested ones are reached.

        `asked` are the requested numbers, NaN where there is none. An edit reaches what
        the ensemble predicts for the edited sample.
        """
        move, labels = _mover(self.module_, requested), list(requested)
        best, missed = asked.copy(), np.zeros_like(asked)
        nearest, step = np.full(len(x), np.inf), np.ones(len(x))
        rows = np.flatnonzero(~np.isnan(asked).all(axis=1))
        for _ in range(_MOST_TRIES):
            if not len(rows):
                break
            aim = best[rows] + step[rows, None] * missed[rows]
            edited = self._edited_rows(
                x,
                rows,
                move,
                aim,
                _no_latents(aim),
                constraints=constraints,
                residual=residual,
            )
            predicted = apply(
                self.module_, predicted_values, ScaledRows(edited, x.scaling)
            )
            error = np.nan_to_num(asked[rows] - predicted[:, labels])
            distance = np.abs(error).max(axis=1)
            closer = distance < nearest[rows]
            found = rows[closer]
            best[found], missed[found] = aim[closer], error[closer]
            nearest[found] = distance[closer]
            # A category may have changed, and the number with it by more than is missed.
            step[rows[~closer]] *= 0.5
            rows = rows[nearest[rows] > _CLOSE]
        return best


def _mover(module, requested):
    """The `edit` of :func:`decode_edits` that moves labels to other numbers."""
    return mover(module, list(requested), ["transport"] * len(requested))


def _no_latents(aims):
    """What :func:`_mover` takes as latents, as no label is given latents of its own."""
    return np.empty((len(aims), 0))
