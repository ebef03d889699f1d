"""Change a row's label, keep the rest: the mixin with intervene and reconstruct."""

from collections.abc import Mapping
from numbers import Integral

import numpy as np
import torch
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sklearn_revae._inference import apply
from sklearn_revae._tables import restore, restore_draws
from sklearn_revae._validation import check_n_samples
from sklearn_revae.model.edits import METHODS, move
from sklearn_revae.model.objective import sample_posterior
from sklearn_revae.training.run import generator


class InterventionMixin:
    """Interventions of a fitted ReVAE; mixed into both estimators."""

    def reconstruct(self, X):
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
        _, x = self._rows_for_use(X)
        decoded = apply(
            self.module_, lambda m, rows: m.expected_row(m.encode(rows)[0]), x
        )
        return restore(X, self._columns.from_model(decoded), self._table)

    def intervene(
        self,
        X,
        do,
        *,
        method="transport",
        keep=None,
        n_samples=None,
        random_state=None,
    ):
        """Return rows as they would look with other labels, the rest kept.

        A row is encoded, the characteristic latents of the named labels are moved, all
        other latents stay, and the result is decoded. It is an edit along what the data
        associates with the label, not a causal effect.

        .. versionadded:: 0.1

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, in the units of the training data.
        do : dict, or a single value where there is one label
            `{label: value}`: a label by its name in `label_names_` or its index, a
            value as it was written in y; an array gives each row its own.
        method : {"transport", "sample", "mean"}, default="transport"
            How the latents z_l of a label move to value v. "transport" carries them by
            the affine map that takes p(z_l|u) onto p(z_l|v), u being the row's
            predicted value: *how* the row shows the label is kept. "sample" draws them
            from p(z_l|v). "mean" sets them to its mean.
        keep : array-like of str or int, default=None
            Columns that come back exactly as they went in.
        n_samples : int, default=None
            Number of draws a row. The row's latents are then drawn from q(z|x), where
            None takes their mean.
        random_state : int, RandomState instance or None, default=None
            Decides the draws. Nothing is drawn by "transport" and "mean" without
            `n_samples`.

        Returns
        -------
        X_new : array-like of shape (n_samples, n_features) \
                or (n_samples, `n_samples`, n_features)
            Of X's type and units; a DataFrame keeps its columns and index. With
            `n_samples`, an array.

        Raises
        ------
        ValueError
            For an unknown label, value, method or column, naming the known ones.

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
        >>> kept = model.intervene(X[:3], {"label_0": 2}, keep=[0, 1])
        >>> bool((kept[:, :2] == X[:3, :2]).all())
        True
        """
        values, x = self._rows_for_use(X)
        targets = self._read_do(do, len(x))
        if method not in METHODS:
            raise ValueError(f"method={method!r} is none of {list(METHODS)}.")
        kept = self._column_indices(keep)
        check_n_samples(n_samples)
        seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
        noise = generator(int(seed))
        labels = np.array(list(targets), dtype=np.int64)
        codes = np.stack(list(targets.values()), axis=1)

        def edit(module, rows, target):
            return _edited_rows(module, rows, labels, target, method, n_samples, noise)

        decoded = self._columns.from_model(apply(self.module_, edit, x, codes))
        if n_samples is None:
            return restore(X, decoded[:, 0], self._table, kept)
        return restore_draws(X, values, decoded, self._table, kept)

    def _read_do(self, do, n_rows):
        """Codes (n_rows,) asked for, by the index of their label."""
        check_is_fitted(self)
        if self._labels is None:
            raise ValueError(
                "intervene needs a label to change, but the model was fitted without y."
            )
        names = self._labels.names_
        if not isinstance(do, Mapping):
            if len(names) != 1:
                raise ValueError(
                    f"do={do!r} names no label, and there are several: write "
                    f"{{label: value}} with labels among {names}."
                )
            do = {0: do}
        if not do:
            raise ValueError("do={} asks for nothing: write {label: value}.")
        targets = {}
        for label, value in do.items():
            index = self._labels.index(label)
            if index in targets:
                raise ValueError(f"do names the label {names[index]!r} twice.")
            wanted = np.asarray(value)
            if wanted.ndim == 0:
                code = self._labels.encode_values([wanted.item()], index)
                targets[index] = np.repeat(code, n_rows)
            elif wanted.shape == (n_rows,):
                targets[index] = self._labels.encode_values(wanted, index)
            else:
                raise ValueError(
                    f"do has values of shape {wanted.shape} for {names[index]!r}: give "
                    f"one value, or one for each of the {n_rows} rows."
                )
        return targets

    def _column_indices(self, keep):
        """Indices of the columns named by `keep`."""
        names = getattr(self, "feature_names_in_", None)
        known = [] if names is None else list(names)
        indices = []
        if keep is None:
            keep = []
        elif isinstance(keep, str) or np.ndim(keep) == 0:
            keep = [keep]
        for column in keep:
            if column in known:
                indices.append(known.index(column))
            elif isinstance(column, Integral) and 0 <= column < self.n_features_in_:
                indices.append(column)
            else:
                listed = known or f"0..{self.n_features_in_ - 1}"
                raise ValueError(
                    f"keep names {column!r}, which is no column of X: {listed}."
                )
        return indices


def _edited_rows(module, rows, labels, target, method, n_samples, noise):
    """Decoded edits of scaled rows, (n, n_samples or 1, n_features)."""
    mean, scale = module.encode(rows)
    if n_samples is None:
        z = mean[None]
    else:
        z = sample_posterior(mean, scale, n_samples, noise)
    blocks = module.blocks(z)
    source = module.label_model.log_classifier(module.blocks(mean)).argmax(-1)
    for column, label in enumerate(labels):
        blocks = move(
            module.label_model,
            blocks,
            label,
            source[:, label],
            target[:, column],
            method,
            noise,
        )
    moved = torch.cat([blocks.flatten(-2), module.style(z)], dim=-1)
    return module.expected_row(moved).transpose(0, 1)
