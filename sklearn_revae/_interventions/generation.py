"""Samples along a label, and new samples: the mixin with traverse, locate and sample."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import validate_parameter_constraints
from sklearn.utils.validation import check_is_fitted

from sklearn_revae._inference.arguments import AT_LEAST_ONE, AT_LEAST_TWO, AT_LEAST_ZERO
from sklearn_revae._inference.chunked import apply
from sklearn_revae._inference.latents import LatentsMixin
from sklearn_revae._interventions.decoding import decode_edits, editors
from sklearn_revae._interventions.drawing import draw_from_prior
from sklearn_revae._interventions.requests import (
    read_do,
    read_labels,
    read_lines,
    without_request,
)
from sklearn_revae._interventions.signatures import Signatures, typed_as
from sklearn_revae._model.edits import SPAN, locate, replace, traverse
from sklearn_revae._typing import Do, LabelName, RandomState, Rows

_TRAVERSE_CONSTRAINTS = {
    "steps": [AT_LEAST_TWO],
    "span": [AT_LEAST_ZERO],
    "residual": ["boolean"],
}
_SAMPLE_CONSTRAINTS = {"n_samples": [AT_LEAST_ONE], "noise": ["boolean"]}


class GenerationMixin(LatentsMixin):
    """The methods `traverse`, `locate` and `sample` of a fitted estimator."""

    @typed_as(Signatures.traverse)
    def traverse(
        self,
        X: Rows,
        label: LabelName | Sequence[LabelName] | NDArray[Any],
        *,
        steps: int = 10,
        span: float = SPAN,
        values: Sequence[Any] | NDArray[Any] | None = None,
        residual: bool = True,
    ) -> NDArray[Any]:
        r"""Interpolate samples along the latent direction of a label.

        The characteristic latents of the label follow the straight line through the prior
        means of two classes. The sample's own offset from the line is kept, and all other
        latent dimensions are left unchanged. Two labels give a grid.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples, in the units of the training data.
        label : str, int, or array-like of two of these
            The label, by name or index, or two labels for a grid.
        steps : int, default=10
            Number of points on the line, at least 2.
        span : float, default=4.0
            How far the line extends beyond the two means, in prior standard deviations.
            Not negative.
        values : array-like of two values, default=None
            The values between which the label is interpolated. For a grid, two such
            pairs, or None in place of a pair. If None, the first and the last class.
        residual : bool, default=True
            Whether to add what the edit changes in the decoded sample to the sample
            itself, so that details that the decoder does not reproduce are kept. If
            False, the decoded samples are returned.

        Returns
        -------
        X_new : ndarray of shape (n_samples, `steps`, [`steps`,] n_features)
            Edited samples, in the units of X: an array of floats, or of objects if X has
            categories or integers beyond 2**53 that do not change. In a grid, the first
            axis of steps belongs to the first label.

        Raises
        ------
        ValueError
            For an unknown label or value, naming the known ones, and for a label with
            only one class.

        Notes
        -----
        Let m and s be the vectors of prior means and standard deviations of the label's
        characteristic latents for the first value, u, and the last one, v, and let e be
        the unit vector from :math:`m_u` to :math:`m_v`. The line runs from

        .. math::

            m_u - c \, \lVert e \odot s_u \rVert \, e
            \quad \text{to} \quad
            m_v + c \, \lVert e \odot s_v \rVert \, e

        where c is `span` and :math:`\odot` multiplies element by element. Perpendicular
        to e, a sample keeps its deviation from the mean of its predicted class in units
        of that class's standard deviation; along the line, the unit changes linearly from
        :math:`s_u` to :math:`s_v`.

        References
        ----------
        .. [1] T. Joy, S. M. Schmon, P. H. S. Torr, N. Siddharth, T. Rainforth, "Capturing
           Label Characteristics in VAEs", ICLR 2021, arXiv:2006.10102. Introduces
           traversals of characteristic latents.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=20, random_state=0).fit(X, y)
        >>> path = model.traverse(X[:1], 0, steps=5, span=0.0)
        >>> path.shape
        (1, 5, 4)
        >>> model.predict(path[0, [0, -1]])
        array([0, 2])
        """
        x = self._scaled(X)
        given = {"steps": steps, "span": span, "residual": residual}
        validate_parameter_constraints(_TRAVERSE_CONSTRAINTS, given, "traverse")
        lines = read_lines(self._labels, label, values)

        def edit(member, source, mean, blocks):
            labels = member.label_model
            for position, ends in lines:
                line = traverse(
                    labels,
                    position,
                    mean[:, position],
                    source[:, position],
                    ends,
                    torch.linspace(0, 1, steps, device=mean.device, dtype=mean.dtype),
                    float(span),
                )
                # Each point of the lines so far gets a line of this label.
                grid = (len(blocks), steps, *blocks.shape[1:])
                line = line.expand(len(blocks), *line.shape)
                blocks = blocks[:, None].expand(grid)
                blocks = replace(blocks, position, line).flatten(0, 1)
            return blocks

        n_points = steps ** len(lines)
        edited, _ = decode_edits(
            self.module_, x, edit, n_edits=n_points, residual=residual
        )
        result = self._codec.restore_draws(edited, X, x.values)
        return result.reshape(len(x), *[steps] * len(lines), *result.shape[2:])

    def locate(self, X: Rows) -> NDArray[Any]:
        """Compute the position of samples on the line that `traverse` follows.

        The line of a label is that of :meth:`traverse` with the default `span` and
        `values`, from the first class to the last. The position is the mean over the
        ensemble members. :meth:`intervene` accepts such positions as its `method`.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples, in the units of the training data.

        Returns
        -------
        positions : ndarray of shape (n_samples, n_labels)
            0 at the start of the label's line and 1 at its end. Samples beyond an end
            have positions below 0 or above 1. NaN for a label with only one class.

        Raises
        ------
        ValueError
            If the model was fitted without y.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=20, random_state=0).fit(X, y)
        >>> setosa, virginica = model.locate(X[[0, -1]])[:, 0]
        >>> bool(setosa < 0.5 < virginica)
        True
        >>> middle = model.intervene(X[:1], 2, method={0: 0.5})
        >>> np.allclose(middle, model.traverse(X[:1], 0, steps=3)[:, 1])
        True
        """
        x = self._scaled(X)
        positions = read_labels(self._labels, None, "label")

        def located(module, part):
            found = [_located(member, part, positions) for member in editors(module)]
            return torch.stack(found).mean(0)

        found = apply(self.module_, located, x)
        found[:, [len(classes) < 2 for classes in self._labels.classes_]] = np.nan
        return found

    def sample(
        self,
        n_samples: int = 1,
        do: Do | None = None,
        *,
        noise: bool = True,
        random_state: RandomState = None,
    ) -> tuple[Any, NDArray[Any] | Any]:
        r"""Generate new samples together with their labels.

        A latent code is drawn near that of a training sample, which probably has the
        labels of `do`, and decoded by an ensemble member that is drawn for each sample.
        The values of the features are drawn from p(x|z).

        .. versionadded:: 0.2

        Parameters
        ----------
        n_samples : int, default=1
            Number of samples.
        do : dict, or a single value if the model has one label, default=None
            Labels that are given, as in :meth:`intervene`. All others are drawn from
            q(y|x) of the training sample, one after another and without the values that
            those before exclude (see `exclusions_`).
        noise : bool, default=True
            Whether values are drawn from p(x|z), so that features have the standard
            deviations, rates and correlations that they have in the training data. If
            False, samples are the expected values E[x|z], and the most likely categories:
            pictures without noise, but tables with too little variation.
        random_state : int, RandomState instance or None, default=None
            Seed of the draws.

        Returns
        -------
        X : array-like of shape (`n_samples`, n_features)
            New samples, in the container, the dtypes and the units of the training data.
        y : ndarray of shape (`n_samples`,) or (`n_samples`, n_labels), or None
            Their labels. None if the model was fitted without y.

        Raises
        ------
        ValueError
            For an unknown label or value, naming the known ones.

        Notes
        -----
        The latent codes of training samples are not distributed as the prior. The model
        therefore keeps those of up to 1,000 training samples, and draws codes

        .. math::

            z = \mu_i + s \odot \epsilon, \quad \epsilon \sim N(0, I)

        where :math:`\mu_i` is the mean of q(z|x) of the training sample i, which is
        drawn with a probability proportional to that of the given labels, and s is half
        the root mean square of the scales of q(z|x). This is known as ex-post density
        estimation [1]_. If the kept training samples probably do not include one with
        the given labels, because the probabilities of all of them add up to less than
        0.5, the characteristic latents are moved to these labels as by :meth:`intervene`.

        The noise of up to 256 continuous features has the covariance that decoded samples
        lack: that of the training samples minus that of E[x|z]. Of more features, and of
        counts, categories and values in [0, 1], the noise is independent. The values of
        up to 256 features are then mapped, feature by feature, to the quantiles of the
        training samples.

        New samples are not anonymous: a sample may resemble the training sample from
        whose latent code it was drawn, and a saved model contains these codes.

        A model that was saved before codes were kept draws z from p(z|y).

        References
        ----------
        .. [1] P. Ghosh, M. S. M. Sajjadi, A. Vergari, M. Black, B. Schölkopf, "From
           Variational to Deterministic Autoencoders", ICLR 2020, arXiv:1903.12436.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=20, random_state=0).fit(X, y)
        >>> flowers, species = model.sample(3, 1, random_state=0)
        >>> flowers.shape, species
        ((3, 4), array([1, 1, 1]))
        """
        check_is_fitted(self)
        validate_parameter_constraints(
            _SAMPLE_CONSTRAINTS, {"n_samples": n_samples, "noise": noise}, "sample"
        )
        random = check_random_state(random_state)
        requested = {} if do is None else read_do(self._labels, do, n_samples)
        if requested and without_request(requested).any():
            raise ValueError(
                "do must give every new sample a value, but an array in it holds entries "
                "that are not labelled: leave the label out of do to have its values "
                "drawn."
            )
        stored = self._statistic("codes")
        draw = draw_from_prior if stored is None else stored.draw
        drawn, codes = draw(self.module_, n_samples, requested, random, noise)
        X = self._codec.new_rows(drawn)
        return X, None if self._labels is None else self._labels.decode(codes)


def _located(member, rows, positions):
    """Positions (n, L) of rows on the lines of labels, according to one member."""
    blocks, labels = member.blocks(member.encode(rows)[0]), member.label_model
    lines = [(label, (0, labels.n_values[label] - 1)) for label in positions]
    found = [locate(labels, i, blocks[:, i], ends, SPAN) for i, ends in lines]
    return torch.stack(found, dim=1)
