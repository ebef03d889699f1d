"""Samples with other labels, everything else kept: the mixin with intervene and swap."""

from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import StrOptions, validate_parameter_constraints

from sklearn_revae._data.chunks import dense
from sklearn_revae._inference.arguments import AT_LEAST_ONE, AT_LEAST_ZERO
from sklearn_revae._interventions.decoding import decode_edits, editors
from sklearn_revae._interventions.editing import EditingMixin
from sklearn_revae._interventions.few_columns import edit_few_columns
from sklearn_revae._interventions.judging import judge
from sklearn_revae._interventions.moves import mover
from sklearn_revae._interventions.requests import (
    check_combination,
    read_labels,
    read_method,
)
from sklearn_revae._interventions.signatures import Signatures, typed_as
from sklearn_revae._model.edits import replace
from sklearn_revae._random import draw_seed, generator
from sklearn_revae._typing import (
    Auto,
    Bounds,
    Columns,
    Direction,
    Do,
    LabelNames,
    Method,
    RandomState,
    Rows,
)

CONSTRAINTS = {
    "strength": [AT_LEAST_ZERO, StrOptions({"auto"})],
    "n_samples": [AT_LEAST_ONE, None],
    "max_columns": [AT_LEAST_ONE, None],
    "residual": ["boolean"],
    "report": ["boolean"],
}


class InterventionMixin(EditingMixin):
    """The methods `intervene` and `swap` of a fitted estimator."""

    @typed_as(Signatures.intervene)
    def intervene(
        self,
        X: Rows,
        do: Do,
        *,
        method: Method = "transport",
        strength: float | Auto = "auto",
        keep: Columns | None = None,
        bounds: Bounds | None = None,
        direction: Direction | None = None,
        max_columns: int | None = None,
        residual: bool = True,
        n_samples: int | None = None,
        report: bool = False,
        random_state: RandomState = None,
    ) -> Any:
        r"""Edit samples so that they have other labels.

        A sample is encoded, the characteristic latents of the requested labels are moved,
        all other latent dimensions are left unchanged, and the result is decoded. The
        style latents move as well with `keep`, and in images that a convolutional network
        edits, see Notes. Other labels are kept, unless their value is incompatible with a
        requested one (see `exclusions_`): making a face blond also removes grey hair. An
        edit follows the associations in the data; it is not a causal effect.

        .. versionadded:: 0.1

        .. versionchanged:: 0.2
           New parameters `strength`, `bounds`, `direction`, `max_columns`, `residual` and
           `report`. As `method`, a dict with a method, a position or latents for each
           label.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples, in the units of the training data.
        do : dict, or a single value if the model has one label
            `{label: value}`. A label is given by its name in `label_names_` or by its
            index, a value as it was written in y. An array of shape (n_samples,) gives
            each sample its own value. Where the array is not labelled, that is, where it
            holds `unlabeled_value`, None or NaN, the label is left as it is. A sample
            for which no label has a value is returned unchanged.
        method : {"transport", "sample", "mean"} or dict, default="transport"
            How the characteristic latents of a label move to its new value, see Notes.
            "transport" preserves *how* the sample shows the label. "sample" draws the
            latents from the prior of the value. "mean" sets them to its mean. A dict
            gives every requested label its own entry: one of these names; a number, the
            position on the line that
            :meth:`~sklearn_revae.ReVAEClassifier.traverse` follows from the first class
            to the last, 0 at its start and 1 at its end; or the latents themselves, of
            shape (`label_dim_`,) or (n_samples, `label_dim_`).
        strength : float or "auto", default="auto"
            Scales the shift in latent space, not negative: 0 does not move the latents,
            0.5 moves them half-way to the new value, and values above 1 overshoot it.
            With "auto", each sample moves as far as it needs, from 0.3 to 3.4, for the
            ensemble to be as certain of each requested value as it is of the median
            training sample that it predicts to have the value, and at most 0.99. It is 1
            if a single member makes the edit, or if `method` or `n_samples` draws or sets
            the latents.
        keep : str, int, or array-like of these, default=None
            Columns, by name or index, that are returned unchanged. The others are
            adjusted to them, see Notes.
        bounds : dict of column to (low, high), default=None
            Limits on the values of columns in the result, in the units of X. None leaves
            a side open. An array of shape (n_samples,) in the place of a number gives
            each sample its own limit, and NaN leaves it open. With `max_columns`, they
            are limits of the columns that change.
        direction : dict of column to {1, -1}, default=None
            Columns that may only increase (1) or only decrease (-1).
        max_columns : int, default=None
            The largest number of columns that change in a sample; the values of all
            others are exactly those of X. The columns are chosen for each sample, see
            Notes. If None, any number of columns may change.
        residual : bool, default=True
            Whether to add what the edit changes in the decoded sample to the sample
            itself, so that details that the decoder does not reproduce are kept. Positive
            features change by a factor. A category that becomes less than half as
            probable changes to the one whose probability grows most. Edits of images by a
            convolutional network show the decoded image where it clearly changes, and the
            sample elsewhere. If False, the decoded sample is returned.
        n_samples : int, default=None
            Number of edits of each sample, made from latent codes that are drawn from
            q(z|x). If None, one edit is made, from the mean of q(z|x).
        report : bool, default=False
            Whether to return an :class:`~sklearn_revae.InterventionReport` as well.
        random_state : int, RandomState instance or None, default=None
            Seed of the draws. Nothing is drawn by "transport" and "mean" if `n_samples`
            is None.

        Returns
        -------
        X_new : array-like of shape (n_samples, n_features)
            Edited samples, in the container, the dtypes and the units of X. With
            `residual`, values that the edit does not change are exactly those of X.
            Missing values are replaced by decoded ones, except in the columns of `keep`
            and those that `max_columns` leaves as they are. With the parameter
            `n_samples`, the result is an array of shape (n_samples, n_draws, n_features).
            It holds floats, or objects if X has categories or integers beyond 2**53 that
            are kept.
        report : InterventionReport
            Diagnostics of the edits. Only returned if `report` is True.

        Raises
        ------
        ValueError
            For an unknown label, value, method or column, naming the known ones, for
            bounds that no value satisfies, and for `max_columns` with `n_samples`.

        Notes
        -----
        Let :math:`z_l` be the characteristic latents of label l, u the class that the
        model predicts for the sample, and v the requested class. The default method,
        "transport", applies the affine map that takes the conditional prior
        :math:`p(z_l|u) = N(m_u, s_u^2)` to :math:`p(z_l|v) = N(m_v, s_v^2)`,

        .. math::

            z_l' = m_v + \frac{s_v}{s_u} (z_l - m_u)

        element by element, where m and s are the vectors of means and standard
        deviations. "sample" draws :math:`z_l'` from :math:`p(z_l|v)`, and "mean" sets it
        to :math:`m_v`. With `strength` c, the latents are set to
        :math:`z_l + c (z_l' - z_l)`. Section 3 of [1]_ describes interventions on
        characteristic latents.

        With `residual`, x is edited by the difference of two decoded samples,

        .. math::

            x' = x + E[x|z'] - E[x|z]

        where z is the latent code of the sample and z' the edited code.

        Every member of the ensemble edits the sample in its own latent space, starting
        from the class u that the ensemble predicts. The result adds the median of the
        members' changes to each number; the probabilities of a category are means of
        those of the members. Only the first member edits images, whose median
        would be blurred, and samples for which `method` gives latents, which are those of
        the first member.

        Networks of convolutions edit an image twice. The style latents of the second edit
        are those of the mean of :math:`q(z|x')`, where :math:`x'` is the image after the
        first: a style that does not occur with the new value is thereby replaced by one
        that does.

        With `keep`, the style latents :math:`z_s'` move as well. They maximise
        :math:`\log p(x_k|z') + \log q(z_s'|x)`, where :math:`x_k` are the kept columns as
        they are decoded before the edit. They do not move in networks of convolutions,
        and if there are more than 256 columns.

        With `max_columns`, each column is scored by how much the log-odds of the
        requested values rise if only this column is edited, plus how much they fall if
        all columns except this one are. Only the best columns are edited, up to ten times
        from where they are, until the model predicts the requested values.

        References
        ----------
        .. [1] T. Joy, S. M. Schmon, P. H. S. Torr, N. Siddharth, T. Rainforth, "Capturing
           Label Characteristics in VAEs", ICLR 2021, arXiv:2006.10102.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=20, random_state=0).fit(X, y)
        >>> as_virginica = model.intervene(X[:3], 2)
        >>> model.predict(as_virginica)
        array([2, 2, 2])
        >>> kept = model.intervene(X[:3], {"label_0": 2}, keep=[0, 1], bounds={3: (0, 2)})
        >>> bool((kept[:, :2] == X[:3, :2]).all() and kept[:, 3].max() <= 2)
        True
        """
        x = self._scaled(X)
        requested, asked, left = self._requests(do, x)
        labels, n = list(requested), len(x)
        methods, latents = read_method(self._labels, method, labels, n, self.label_dim_)
        constraints = self._constraints(n, keep, bounds, direction)
        numbers = {"n_samples": n_samples, "max_columns": max_columns}
        others = {"strength": strength, "residual": residual, "report": report}
        validate_parameter_constraints(CONSTRAINTS, {**numbers, **others}, "intervene")
        drawn, first_only = n_samples is not None, "given" in methods
        check_combination(n_samples, max_columns)
        random = check_random_state(random_state)
        noise = generator(draw_seed(random)) if drawn or "sample" in methods else None
        by_first = first_only or len(editors(self.module_)) == 1
        as_needed = strength == "auto" and set(methods) == {"transport"} and not drawn
        strength = 1.0 if strength == "auto" else float(strength)
        given = [asked, latents]
        edit = self._editor(x, labels, methods, given, constraints, residual, noise)
        if max_columns is not None:
            edited, unedited, left = self._edit_few(
                edit, x, labels, asked, constraints, strength, max_columns
            )
        else:
            if as_needed and not by_first:
                given = [*given, self._needed_strength(edit, x, labels, asked)]
            edited, unedited = decode_edits(
                self.module_,
                x,
                mover(self.module_, labels, methods, strength, noise),
                *given,
                n_edits=n_samples or 1,
                residual=residual,
                noise=noise if drawn else None,
                unedited=report,
                first_only=first_only,
                kept=constraints.kept_mask(n),
            )
            if as_needed:
                self._edit_filled(edit, x, edited, labels, asked, by_first)
        X_new = self._finish(X, x, edited, constraints, drawn, left)
        if not report:
            return X_new
        # Whatever the same call changes without a shift does not count as an edit.
        baseline = self._finish(X, x, unedited, constraints, left=left)
        return X_new, judge(self, X, x, X_new, requested, asked, baseline, by_first)

    def _editor(self, x, requested, methods, given, constraints, residual, noise):
        """A function that edits some of the samples, once each, within the constraints.

        It takes their positions (m,), their strengths (m,), and their present values
        (m, n_features), which are those of `x` by default.
        """
        move = mover(self.module_, requested, methods, noise=noise)

        def edit(rows, strengths, values=None):
            return self._edited_rows(
                x,
                rows,
                move,
                *(array[rows] for array in given),
                strengths,
                constraints=constraints,
                residual=residual,
                first_only="given" in methods,
                values=values,
            )

        return edit

    def _edit_few(self, edit, x, labels, asked, constraints, strength, n_columns):
        """Edit at most `n_columns` of each sample.

        Returns
        -------
        edited, own : ndarray (n, 1, n_features)
            The samples after the edit and before.
        left : ndarray of bool (n, n_features)
            Which values are the same.
        """
        own = dense(x.values).astype(np.float64)
        free = np.ones(own.shape[1], dtype=bool)
        free[constraints.kept_] = False

        def scaled_edit(rows, factors, values):
            return edit(rows, factors * strength, values)

        edited = edit_few_columns(
            scaled_edit, self.module_, x.scaling, own, labels, asked, n_columns, free
        )
        return edited[:, None], own[:, None], edited == own

    @typed_as(Signatures.swap)
    def swap(
        self,
        X: Rows,
        donors: Rows,
        labels: LabelNames | None = None,
        *,
        keep: Columns | None = None,
        residual: bool = True,
    ) -> Any:
        """Give samples the label characteristics of other samples.

        The characteristic latents of the named labels are those of the donors, and all
        other latent dimensions are left unchanged. A face gets the smile of the other
        face, not an average smile.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples, in the units of the training data.
        donors : array-like of shape (n_samples, n_features) or (1, n_features)
            Samples whose characteristics are copied: one for each sample of X, or one
            for all of them.
        labels : str, int, or array-like of these, default=None
            Labels, by name or index, whose characteristics are copied. If None, all.
        keep : str, int, or array-like of these, default=None
            Columns, by name or index, that are returned unchanged. The others are
            adjusted to them, as by :meth:`intervene`.
        residual : bool, default=True
            Whether to add what the edit changes in the decoded sample to the sample
            itself, so that details that the decoder does not reproduce are kept. If
            False, the decoded sample is returned.

        Returns
        -------
        X_new : array-like of shape (n_samples, n_features)
            Edited samples, in the container, the dtypes and the units of X. With
            `residual`, values that the edit does not change are exactly those of X.
            Missing values are replaced by decoded ones, except in the columns of `keep`.

        Raises
        ------
        ValueError
            For an unknown label, naming the known ones, and for another number of donors.

        References
        ----------
        .. [1] T. Joy, S. M. Schmon, P. H. S. Torr, N. Siddharth, T. Rainforth, "Capturing
           Label Characteristics in VAEs", ICLR 2021, arXiv:2006.10102. Introduces
           characteristic swaps.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=20, random_state=0).fit(X, y)
        >>> model.predict(model.swap(X[:3], X[-3:]))
        array([2, 2, 2])
        """
        validate_parameter_constraints(CONSTRAINTS, {"residual": residual}, "swap")
        x = self._scaled(X)
        swapped = read_labels(self._labels, labels, "labels")
        given = self._scaled(donors)
        if len(given) not in (1, len(x)):
            raise ValueError(
                f"donors has {len(given)} rows, but X has {len(x)}: pass one donor for "
                "all samples, or one for each."
            )
        given = np.broadcast_to(given[:], (len(x), *given.shape[1:]))

        def edit(member, source, mean, blocks, donors):
            donated = member.blocks(member.encode(donors)[0])
            for label in swapped:
                blocks = replace(blocks, label, donated[:, label])
            return blocks

        limits = self._constraints(len(x), keep)
        kept = limits.kept_mask(len(x))
        edited, _ = decode_edits(
            self.module_, x, edit, given, residual=residual, kept=kept
        )
        return self._finish(X, x, edited, limits)
