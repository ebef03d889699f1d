"""Change a row's label, keep the rest: the mixin with intervene, swap, reconstruct."""

from collections.abc import Sequence
from numbers import Real
from typing import Any, Literal, Unpack, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sklearn_revae._data.chunks import dense, float_dtype
from sklearn_revae._inference.chunked import apply
from sklearn_revae._inference.latents import LatentsMixin
from sklearn_revae._interventions.constraints import Constraints
from sklearn_revae._interventions.decoding import decode_edits, latents_of
from sklearn_revae._interventions.report import InterventionReport, intervention_report
from sklearn_revae._interventions.requests import read_do, read_labels, read_method
from sklearn_revae._model.edits import SPAN, implied, move, replace, traverse
from sklearn_revae._model.objective import sample_posterior
from sklearn_revae._random import draw_seed, generator
from sklearn_revae._typing import (
    ArrayRows,
    Bounds,
    Container,
    Direction,
    Do,
    EditOptions,
    LabelName,
    Method,
    RandomState,
    Rows,
)
from sklearn_revae._validation import check_n_samples


class InterventionMixin(LatentsMixin):
    """Interventions of a fitted ReVAE; mixed into both estimators."""

    @overload
    def reconstruct(self, X: Container) -> Container: ...
    @overload
    def reconstruct(self, X: ArrayRows) -> NDArray[Any]: ...
    def reconstruct(self, X: Rows) -> Any:
        """Rows encoded and decoded again, E[x|z] at the posterior's mean.

        .. versionadded:: 0.1

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, in the units of the training data.

        Returns
        -------
        X_new : array-like of shape (n_samples, n_features)
            Of X's type and units; a DataFrame keeps its columns and index.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAETransformer
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAETransformer(max_iter=2, random_state=0).fit(X, y)
        >>> model.reconstruct(X).shape
        (150, 4)
        """
        x = self._scaled(X)
        decoded = apply(
            self.module_, lambda m, rows: m.expected_row(m.encode(rows)[0]), x
        )
        return self._codec.inverse_transform(decoded, X)

    @overload
    def intervene(
        self,
        X: Container,
        do: Do,
        *,
        n_samples: None = None,
        report: Literal[False] = False,
        **options: Unpack[EditOptions],
    ) -> Container: ...
    @overload
    def intervene(
        self,
        X: Container,
        do: Do,
        *,
        n_samples: None = None,
        report: Literal[True],
        **options: Unpack[EditOptions],
    ) -> tuple[Container, InterventionReport]: ...
    @overload
    def intervene(
        self,
        X: ArrayRows,
        do: Do,
        *,
        n_samples: int | None = None,
        report: Literal[False] = False,
        **options: Unpack[EditOptions],
    ) -> NDArray[Any]: ...
    @overload
    def intervene(
        self,
        X: ArrayRows,
        do: Do,
        *,
        n_samples: int | None = None,
        report: Literal[True],
        **options: Unpack[EditOptions],
    ) -> tuple[NDArray[Any], InterventionReport]: ...
    def intervene(
        self,
        X: Rows,
        do: Do,
        *,
        method: Method = "transport",
        strength: float = 1.0,
        keep: ArrayLike | None = None,
        bounds: Bounds | None = None,
        direction: Direction | None = None,
        residual: bool = True,
        n_samples: int | None = None,
        report: bool = False,
        random_state: RandomState = None,
    ) -> Any:
        """Return rows as they would look with other labels, the rest kept.

        A row is encoded, the characteristic latents of the named labels are moved, all
        other latents stay, and the result is decoded. Labels whose value the new one
        excludes (see `exclusions_`) give way to it: who turns blond is no longer grey. It
        is an edit along what the data associates with the label, not a causal effect.

        .. versionadded:: 0.1

        .. versionchanged:: 0.2
           `strength`, `bounds`, `direction`, `residual`, `report`, and methods, places
           and latents label by label as `method`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, in the units of the training data.
        do : dict, or a single value where there is one label
            `{label: value}`: a label by its name in `label_names_` or its index, a
            value as it was written in y; an array gives each row its own.
        method : {"transport", "sample", "mean"} or dict, default="transport"
            How the latents z_l of a label move to value v. "transport" carries them by
            the affine map that takes p(z_l|u) onto p(z_l|v), u being the row's
            predicted value: *how* the row shows the label is kept. "sample" draws them
            from p(z_l|v). "mean" sets them to its mean. A dict gives each label asked
            for its own: one of these; or a number, a place on the line that
            :meth:`traverse` runs along from the first class to the last, 0 at its
            start and 1 at its end; or the latents outright, of shape `(label_dim_,)` or
            `(n_samples, label_dim_)`.
        strength : float, default=1.0
            Share of the way that the latents are moved, not negative: 0 not at all, 1 all
            of it, more beyond.
        keep : array-like of str or int, default=None
            Columns that come back exactly as they went in.
        bounds : dict of column to (low, high), default=None
            Limits that these columns of the result obey, in X's units; None leaves a
            side open.
        direction : dict of column to {1, -1}, default=None
            Columns that may only rise (1) or only fall (-1) from what they are in X.
        residual : bool, default=True
            Add what the edit changes in the decoded row to the row itself, so that what
            the decoder does not draw is kept; a category changes where the decoded one
            does.
        n_samples : int, default=None
            Number of draws a row. The row's latents are then drawn from q(z|x), where
            None takes their mean.
        report : bool, default=False
            Return an :class:`~sklearn_revae.InterventionReport` as well.
        random_state : int, RandomState instance or None, default=None
            Decides the draws. Nothing is drawn by "transport" and "mean" without
            `n_samples`.

        Returns
        -------
        X_new : array-like of shape (n_samples, n_features) \
                or (n_samples, `n_samples`, n_features)
            Of X's type and units; a DataFrame keeps its columns and index. With
            `n_samples`, an array.
        report : InterventionReport
            Whether the edits did what was asked; only if `report` is True.

        Raises
        ------
        ValueError
            For an unknown label, value, method or column, naming the known ones, and for
            bounds that no value obeys.

        References
        ----------
        .. [1] T. Joy et al., "Capturing Label Characteristics in VAEs", ICLR 2021,
           arXiv:2006.10102, section 3: interventions on the latents of a label.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=200, random_state=0).fit(X, y)
        >>> as_virginica = model.intervene(X[:3], 2)
        >>> model.predict(as_virginica)
        array([2, 2, 2])
        >>> kept = model.intervene(X[:3], {"label_0": 2}, keep=[0, 1], bounds={3: (0, 2)})
        >>> bool((kept[:, :2] == X[:3, :2]).all() and kept[:, 3].max() <= 2)
        True
        """
        x = self._scaled(X)
        targets = read_do(self._labels, do, len(x))
        asked = list(targets)
        methods, given = read_method(self._labels, method, asked, len(x), self.label_dim_)
        _check_strength(strength)
        constraints = self._constraints(keep, bounds, direction)
        check_n_samples(n_samples)
        random = check_random_state(random_state)
        draws = n_samples is not None or "sample" in methods
        noise = generator(draw_seed(random)) if draws else None
        codes = np.stack(list(targets.values()), axis=1)

        def edit(module, rows, target, given):
            mean, scale = module.encode(rows)
            z = mean[None]
            if n_samples is not None:
                z = sample_posterior(mean, scale, n_samples, noise)
            blocks = module.blocks(z)
            labels = module.label_model
            source = labels.log_classifier(module.blocks(mean)).argmax(-1)
            wanted = implied(labels, source, dict(zip(asked, target.T, strict=True)))
            for label in range(labels.n_labels):
                how = methods[asked.index(label)] if label in asked else "transport"
                if how == "given":
                    how = given[:, asked.index(label)]
                elif isinstance(how, float):
                    how = _at(labels, label, module.blocks(mean), source, how)
                blocks = move(
                    labels,
                    blocks,
                    label,
                    source[:, label],
                    wanted[:, label],
                    how,
                    noise,
                    strength,
                )
            return z, latents_of(module, blocks, module.style(z))

        edited = decode_edits(
            self.module_, x, edit, codes, given, copies=n_samples or 1, residual=residual
        )
        X_new = self._finish(X, x.values, edited, constraints, n_samples is not None)
        if not report:
            return X_new
        # What the same call does to a row without moving it is no part of the edit.
        unmoved = self.intervene(
            X,
            do,
            strength=0.0,
            keep=keep,
            bounds=bounds,
            direction=direction,
            residual=residual,
        )
        return X_new, intervention_report(self, X, X_new, do, baseline=unmoved)

    @overload
    def swap(
        self,
        X: Container,
        donors: Rows,
        labels: LabelName | Sequence[LabelName] | None = None,
        *,
        keep: ArrayLike | None = None,
        residual: bool = True,
    ) -> Container: ...
    @overload
    def swap(
        self,
        X: ArrayRows,
        donors: Rows,
        labels: LabelName | Sequence[LabelName] | None = None,
        *,
        keep: ArrayLike | None = None,
        residual: bool = True,
    ) -> NDArray[Any]: ...
    def swap(
        self,
        X: Rows,
        donors: Rows,
        labels: LabelName | Sequence[LabelName] | None = None,
        *,
        keep: ArrayLike | None = None,
        residual: bool = True,
    ) -> Any:
        """Rows with the characteristics that other rows have of some labels.

        The latents z_l of the named labels are taken from the donors, all others stay.
        So a smile becomes *that* smile, not an average one.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, in the units of the training data.
        donors : array-like of shape (n_samples, n_features) or (1, n_features)
            The rows that give, one for each row of X or one for all.
        labels : str, int or sequence of these, default=None
            Labels by name or index; None takes all.
        keep : array-like of str or int, default=None
            Columns that come back exactly as they went in.
        residual : bool, default=True
            As in :meth:`intervene`.

        Returns
        -------
        X_new : array-like of shape (n_samples, n_features)
            Of X's type and units; a DataFrame keeps its columns and index.

        Raises
        ------
        ValueError
            For an unknown label, naming the known ones, and another number of donors.

        References
        ----------
        .. [1] T. Joy et al., "Capturing Label Characteristics in VAEs", ICLR 2021,
           arXiv:2006.10102: characteristic swaps.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=200, random_state=0).fit(X, y)
        >>> model.predict(model.swap(X[:3], X[-3:]))
        array([2, 2, 2])
        """
        x = self._scaled(X)
        swapped = read_labels(self._labels, labels)
        given = self._scaled(donors)
        if len(given) not in (1, len(x)):
            raise ValueError(
                f"donors has {len(given)} rows, but X has {len(x)}: pass one donor for "
                "all rows, or one for each."
            )
        blocks = apply(self.module_, lambda m, r: m.blocks(m.encode(r)[0]), given)
        blocks = np.broadcast_to(blocks, (len(x), *blocks.shape[1:]))

        def edit(module, rows, donated):
            z = module.encode(rows)[0][None]
            new = module.blocks(z)
            for label in swapped:
                new = replace(new, label, donated[:, label])
            return z, latents_of(module, new, module.style(z))

        edited = decode_edits(self.module_, x, edit, blocks, residual=residual)
        return self._finish(X, x.values, edited, self._constraints(keep), False)

    def _constraints(self, keep=None, bounds=None, direction=None):
        check_is_fitted(self)
        codec = self._codec
        return Constraints(
            keep,
            bounds,
            direction,
            codec.names,
            codec.n_features,
            whole=np.isin(codec.kinds_, ["binary", "count"]),
            unordered=np.isin(np.arange(codec.n_features), list(codec.levels_)),
        )

    def _finish(self, X, values, edited, constraints, draws):
        """Edits (n, m, n_features) within their constraints, in X's container."""
        if constraints.limits:
            dtypes = self._codec.dtypes(X)
            if draws:
                dtypes = [float_dtype(values)] * len(dtypes)
            constraints.apply(edited, dense(values), dtypes)
        if draws:
            return self._codec.restore_draws(edited, X, values, constraints.kept_)
        return self._codec.restore(edited[:, 0], X, values, constraints.kept_)


def _at(labels, label, blocks, source, share):
    """Blocks (n, d) of a label at a share of its line."""
    ends = 0, labels.n_values[label] - 1
    block = blocks[:, label]
    shares = block.new_tensor([share])
    return traverse(labels, label, block, source[:, label], ends, shares, SPAN)[0]


def _check_strength(strength):
    number = isinstance(strength, Real) and not isinstance(strength, (bool, np.bool_))
    if not number or not 0 <= strength < np.inf:
        raise ValueError(
            f"strength={strength!r} is no finite number from 0: 0 moves nothing, 1 all "
            "the way."
        )
