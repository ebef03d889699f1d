"""What all methods share that edit samples: limits of columns, and the container of X."""

import numpy as np

from sklearn_revae._data.chunks import dense, float_dtype
from sklearn_revae._data.scaling import ScaledRows
from sklearn_revae._data.storage import rows_at
from sklearn_revae._inference.chunked import apply
from sklearn_revae._inference.latents import LatentsMixin
from sklearn_revae._interventions.constraints import Constraints
from sklearn_revae._interventions.decoding import decode_edits
from sklearn_revae._interventions.requests import completed, read_do, without_request
from sklearn_revae._interventions.strength import needed_strength


def predicted_values(module, rows):
    """Values (n, L) that the ensemble predicts: codes, or standardised numbers."""
    return module.label_model.combined(module.member_predictions(rows))


class EditingMixin(LatentsMixin):
    """Constraints on edited samples, and their way back to the container of X."""

    def _constraints(self, n_rows, keep=None, bounds=None, direction=None):
        codec = self._codec
        return Constraints(
            keep,
            bounds,
            direction,
            codec.names,
            codec.n_features,
            n_rows,
            integer=np.isin(codec.kinds_, ["binary", "count"]) | codec.scaling_.whole_,
            categorical=np.isin(np.arange(codec.n_features), list(codec.levels_)),
        )

    def _requests(self, do, x):
        """What `do` requests for samples `x`.

        Returns
        -------
        requested : dict of int to ndarray (n,)
            Codes by the position of their label. Where no value is requested, it is the
            predicted one, from which an edit does not move the label.
        asked : ndarray (n, len(requested))
            The same codes, but -1, or NaN for numbers, where no value is requested.
        left : ndarray of bool (n,)
            The samples for which none is requested.
        """
        requested = read_do(self._labels, do, len(x))
        asked = np.stack(list(requested.values()), axis=1)
        none = without_request(requested)
        if none.any():
            requested = completed(requested, apply(self.module_, predicted_values, x))
        return requested, asked, none.all(axis=1)

    def _edited_rows(
        self,
        x,
        rows,
        move,
        *arrays,
        constraints,
        residual,
        first_only=False,
        values=None,
    ):
        """Edits (m, n_features) of some of the samples, within the constraints.

        Parameters
        ----------
        x : ScaledRows (n, n_features)
            All samples.
        rows : ndarray of int (m,)
            Positions of the samples to edit.
        move : callable
            The `edit` of :func:`decode_edits`.
        *arrays : ndarray (m, ...)
            What `move` needs to know about each of these samples.
        constraints : Constraints
            What must not change, and limits.
        residual, first_only : bool
            See :func:`decode_edits`.
        values : ndarray (m, n_features), optional
            Values that the samples have now, instead of those of `x`.
        """
        own = dense(rows_at(x.values, rows))
        part = ScaledRows(own if values is None else values, x.scaling)
        edited, _ = decode_edits(
            self.module_,
            part,
            move,
            *arrays,
            residual=residual,
            first_only=first_only,
            kept=constraints.kept_mask(len(part)),
        )
        edited = edited[:, 0]
        if constraints.limits:
            dtypes = [np.dtype(np.float64)] * edited.shape[1]
            constraints.apply(edited, own, dtypes, rows)
        edited[:, constraints.kept_] = own[:, constraints.kept_]
        return edited

    def _needed_strength(self, edit, x, labels, asked):
        """How far each sample has to move, (n,), for the codes `asked` (n, n_labels)."""
        certainty = self._statistic("certainty")
        return needed_strength(edit, self.module_, x.scaling, labels, asked, certainty)

    def _edit_filled(self, edit, x, edited, labels, asked, by_first):
        """Edit samples that lost the requested value as missing values were filled in.

        Parameters
        ----------
        edit : callable
            Takes the positions of samples, their strengths and their present values.
        x : ScaledRows (n, n_features)
            The samples.
        edited : ndarray (n, 1, n_features)
            Their edits, in which no value is missing. It is changed.
        labels : list of int
            Positions of the requested labels.
        asked : ndarray of int (n, len(labels))
            Their requested values, -1 where there is none.
        by_first : bool
            Whether only the first member edits, which it then does with a strength of 1.
        """
        values = x.scaling.without_codes(dense(x.values).astype(np.float64))
        rows = np.flatnonzero(np.isnan(values).any(axis=1))
        if not rows.size:
            return
        before, after = (
            apply(self.module_, predicted_values, ScaledRows(part, x.scaling))[:, labels]
            for part in (values[rows], edited[rows, 0])
        )
        wanted = asked[rows]
        rows = rows[((before == wanted) & (after != wanted)).any(axis=1)]
        filled, wanted = edited[rows, 0], asked[rows]

        def edit_again(chosen, strengths):
            return edit(rows[chosen], strengths, filled[chosen])

        strengths = np.ones(len(rows))
        if not by_first:
            strengths = self._needed_strength(edit_again, x, labels, wanted)
        edited[rows, 0] = edit_again(np.arange(len(rows)), strengths)

    def _finish(self, X, x, edited, constraints, drawn=False, left=None):
        """Edits (n, m, n_features) within their constraints, in the container of X.

        The samples, or the cells, of the mask `left` are returned as they are.
        """
        kept = constraints.kept_cells(left)
        if constraints.limits:
            dtypes = self._codec.dtypes(X)
            if drawn:
                dtypes = [float_dtype(x.values)] * len(dtypes)
            constraints.apply(edited, dense(x.values), dtypes)
        if drawn:
            return self._codec.restore_draws(edited, X, x.values, kept)
        return self._codec.restore(edited[:, 0], X, x.values, kept)
