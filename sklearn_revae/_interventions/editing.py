"""What all methods share that edit samples: limits of columns, and the container of X."""

import numpy as np

from sklearn_revae._data.chunks import dense, float_dtype
from sklearn_revae._inference.latents import LatentsMixin
from sklearn_revae._interventions.constraints import Constraints


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

    def _finish(self, X, x, edited, constraints, drawn=False):
        """Edits (n, m, n_features) within their constraints, in the container of X."""
        if constraints.limits:
            dtypes = self._codec.dtypes(X)
            if drawn:
                dtypes = [float_dtype(x.values)] * len(dtypes)
            constraints.apply(edited, dense(x.values), dtypes)
        if drawn:
            return self._codec.restore_draws(edited, X, x.values, constraints.kept_)
        return self._codec.restore(edited[:, 0], X, x.values, constraints.kept_)
