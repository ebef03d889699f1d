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
from sklearn_revae._interventions.decoding import decode_edits, editors, latents_of
from sklearn_revae._interventions.requests import read_do, read_labels, read_lines
from sklearn_revae._interventions.signatures import Signatures, typed_as
from sklearn_revae._model.edits import SPAN, locate, replace, sample, traverse
from sklearn_revae._random import draw_seed, generator
from sklearn_revae._typing import Do, LabelName, RandomState, Rows

_TRAVERSE_CONSTRAINTS = {"steps": [AT_LEAST_TWO], "span": [AT_LEAST_ZERO]}
_SAMPLE_CONSTRAINTS = {"n_samples": [AT_LEAST_ONE]}


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
        means of two classes. The sample's own deviation perpendicular to the line is
        kept, and all other latent dimensions are left unchanged. Two labels give a grid.

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
        >>> model = ReVAEClassifier(max_iter=200, random_state=0).fit(X, y)
        >>> path = model.traverse(X[:1], 0, steps=5, span=0.0)
        >>> path.shape
        (1, 5, 4)
        >>> model.predict(path[0, [0, -1]])
        array([0, 2])
        """
        x = self._scaled(X)
        validate_parameter_constraints(
            _TRAVERSE_CONSTRAINTS, {"steps": steps, "span": span}, "traverse"
        )
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
        >>> model = ReVAEClassifier(max_iter=200, random_state=0).fit(X, y)
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
        random_state: RandomState = None,
    ) -> tuple[Any, NDArray[Any] | Any]:
        """Generate new samples together with their labels.

        Labels are drawn from p(y), or are those of `do`. Latent codes are drawn from
        p(z|y) and decoded to E[x|z], without noise, by an ensemble member that is drawn
        for each sample.

        .. versionadded:: 0.2

        Parameters
        ----------
        n_samples : int, default=1
            Number of samples.
        do : dict, or a single value if the model has one label, default=None
            Labels that are given, as in :meth:`intervene`. All others are drawn.
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

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn_revae import ReVAEClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = ReVAEClassifier(max_iter=200, random_state=0).fit(X, y)
        >>> flowers, species = model.sample(3, 1, random_state=0)
        >>> flowers.shape, species
        ((3, 4), array([1, 1, 1]))
        """
        check_is_fitted(self)
        validate_parameter_constraints(
            _SAMPLE_CONSTRAINTS, {"n_samples": n_samples}, "sample"
        )
        random = check_random_state(random_state)
        codes = self._draw_codes(n_samples, random)
        if do is not None:
            for label, requested in read_do(self._labels, do, n_samples).items():
                codes[:, label] = requested
        noise = generator(draw_seed(random))
        style = random.standard_normal((n_samples, self.style_dim_))
        chosen = random.randint(len(self.module_.members), size=n_samples)

        def draw(module, style, codes, chosen):
            result = style.new_empty(len(style), self.n_features_in_)
            for i, member in enumerate(module.members):
                own = chosen == i
                if own.any():
                    result[own] = _drawn(member, style[own], codes[own], noise)
            return result

        width = -(-self.n_features_in_ // max(self.style_dim_, 1))
        decoded = apply(self.module_, draw, style, codes, chosen, copies=width)
        X = self._codec.new_rows(decoded)
        return X, None if self._labels is None else self._labels.decode(codes)

    def _draw_codes(self, n_rows, random):
        """Codes (n_rows, L) drawn from p(y)."""
        prior = self.module_.label_model.log_prior.detach().cpu().double().exp().numpy()
        n_values = self.module_.label_model.n_values
        codes = np.empty((n_rows, len(n_values)), dtype=np.int64)
        for label, n in enumerate(n_values):
            probabilities = prior[label, :n] / prior[label, :n].sum()
            codes[:, label] = random.choice(n, n_rows, p=probabilities)
        return codes


def _located(member, rows, positions):
    """Positions (n, L) of rows on the lines of labels, according to one member."""
    blocks, labels = member.blocks(member.encode(rows)[0]), member.label_model
    lines = [(label, (0, labels.n_values[label] - 1)) for label in positions]
    found = [locate(labels, i, blocks[:, i], ends, SPAN) for i, ends in lines]
    return torch.stack(found, dim=1)


def _drawn(member, style, codes, noise):
    """Decoded draws from p(z|y) of one member, for labels (n, L) and style (n, s)."""
    labels = member.label_model
    blocks = style.new_zeros(len(style), labels.n_labels, labels.dim)
    for label in range(labels.n_labels):
        block = sample(labels, label, blocks[:, label], codes[:, label], noise)
        blocks = replace(blocks, label, block)
    return member.expected_row(latents_of(blocks, style))
