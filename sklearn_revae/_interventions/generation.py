"""Rows along a label, and rows out of nothing: the mixin with traverse and sample."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sklearn_revae._inference.chunked import apply
from sklearn_revae._inference.latents import LatentsMixin
from sklearn_revae._interventions.decoding import decode_edits, latents_of
from sklearn_revae._interventions.requests import read_do, read_ends, read_labels
from sklearn_revae._model.edits import SPAN, locate, replace, sample, traverse
from sklearn_revae._random import draw_seed, generator
from sklearn_revae._typing import Do, LabelName, RandomState, Rows
from sklearn_revae._validation import check_n_samples


class GenerationMixin(LatentsMixin):
    """New rows of a fitted ReVAE; mixed into both estimators."""

    def traverse(
        self,
        X: Rows,
        label: LabelName | Sequence[LabelName],
        *,
        steps: int = 10,
        span: float = SPAN,
        values: Sequence[Any] | None = None,
        residual: bool = True,
    ) -> NDArray[Any]:
        """Rows as a label goes from well inside one value to well inside another.

        The latents z_l run along the straight line through the prior's means of both
        values; across it, and in all other latents, the row stays as it is. Two labels
        give a grid.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, in the units of the training data.
        label : str, int or pair of these
            The label, by name or index, or two of them.
        steps : int, default=10
            Number of points, at least 2.
        span : float, default=4.0
            How far the line goes on beyond the two means, in standard deviations of the
            prior p(z_l|y_l) there; not negative.
        values : pair, default=None
            The values at both ends, a pair of such for two labels. None takes the first
            and the last class.
        residual : bool, default=True
            As in :meth:`intervene`.

        Returns
        -------
        X_new : ndarray of shape (n_samples, `steps`, n_features) \
                or (n_samples, `steps`, `steps`, n_features)
            In X's units; of objects where X has categories. In a grid the first axis of
            steps is that of the first label.

        Raises
        ------
        ValueError
            For an unknown label or value, naming the known ones.

        References
        ----------
        .. [1] T. Joy et al., "Capturing Label Characteristics in VAEs", ICLR 2021,
           arXiv:2006.10102: latent traversals.

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
        _check_steps(steps)
        if not isinstance(span, Real) or not 0 <= span < np.inf:
            raise ValueError(f"span={span!r} is no finite number from 0.")
        pair = isinstance(label, (tuple, list))
        if pair and len(label) != 2:
            raise ValueError(f"label={label!r} names neither one label nor two.")
        if pair and values is not None and np.shape(values)[:1] != (2,):
            raise ValueError(
                f"values={values!r} is no pair of pairs, one for each label."
            )
        crossed = read_labels(self._labels, label)
        if len(set(crossed)) < len(crossed):
            raise ValueError(f"label={label!r} names the same label twice.")
        ends = [
            read_ends(self._labels, index, given)
            for index, given in zip(
                crossed, values or [None] * 2 if pair else [values], strict=True
            )
        ]

        def edit(module, part):
            z = module.encode(part)[0][None]
            blocks = module.blocks(z)
            source = module.label_model.log_classifier(blocks[0]).argmax(-1)
            for index, pair_of_ends in zip(crossed, ends, strict=True):
                line = traverse(
                    module.label_model,
                    index,
                    module.blocks(z)[0, :, index],
                    source[:, index],
                    pair_of_ends,
                    torch.linspace(0, 1, steps, device=z.device, dtype=z.dtype),
                    span,
                )
                # Each label's line runs within each step of the one before.
                grid = (len(blocks), steps, *blocks.shape[1:])
                line = line.expand(len(blocks), *line.shape)
                blocks = replace(blocks[:, None].expand(grid), index, line).flatten(0, 1)
            return z, latents_of(module, blocks, module.style(z))

        n_points = steps ** len(crossed)
        edited = decode_edits(self.module_, x, edit, copies=n_points, residual=residual)
        result = self._codec.restore_draws(edited, X, x.values)
        return result.reshape(len(x), *[steps] * len(crossed), *result.shape[2:])

    def locate(self, X: Rows) -> NDArray[Any]:
        """Where rows are on the line of each label that :meth:`traverse` runs along.

        With `steps`, `span` and `values` left as they are: the line from the first class
        to the last. :meth:`intervene` takes such places as its `method`.

        .. versionadded:: 0.2

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, in the units of the training data.

        Returns
        -------
        places : ndarray of shape (n_samples, n_labels)
            0 at the start of the line, 1 at its end, which a row may lie beyond; NaN for
            a label of a single class.

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
        crossed = read_labels(self._labels, None)

        def places(module, part):
            blocks = module.blocks(module.encode(part)[0])
            labels = module.label_model
            lines = [(label, (0, labels.n_values[label] - 1)) for label in crossed]
            found = [locate(labels, i, blocks[:, i], ends, SPAN) for i, ends in lines]
            return torch.stack(found, dim=1)

        found = apply(self.module_, places, x)
        found[:, [len(classes) < 2 for classes in self._labels.classes_]] = np.nan
        return found

    def sample(
        self,
        n_samples: int = 1,
        do: Do | None = None,
        *,
        random_state: RandomState = None,
    ) -> tuple[Any, NDArray[Any] | Any]:
        """New rows with their labels: y from p(y) or as asked, z from p(z|y), decoded.

        .. versionadded:: 0.2

        Parameters
        ----------
        n_samples : int, default=1
            Number of rows.
        do : dict, or a single value where there is one label, default=None
            Labels that are set, as in :meth:`intervene`; the others are drawn from p(y).
        random_state : int, RandomState instance or None, default=None
            Decides the draws.

        Returns
        -------
        X : array-like of shape (`n_samples`, n_features)
            E[x|z], of the training data's type and units: a DataFrame if it was one.
        y : ndarray of shape (`n_samples`,) or (`n_samples`, n_labels), or None
            The rows' labels; None for a model without labels.

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
        if n_samples is None:
            raise ValueError("n_samples=None should be a whole number of at least 1.")
        check_n_samples(n_samples)
        random = check_random_state(random_state)
        codes = self._draw_codes(n_samples, random)
        if do is not None:
            for label, asked in read_do(self._labels, do, n_samples).items():
                codes[:, label] = asked
        noise = generator(draw_seed(random))
        style = random.standard_normal((n_samples, self.style_dim_))

        def draw(module, style, codes):
            labels = module.label_model
            blocks = style.new_zeros(len(style), labels.n_labels, labels.dim)
            for label in range(labels.n_labels):
                block = sample(labels, label, blocks[:, label], codes[:, label], noise)
                blocks = replace(blocks, label, block)
            return module.expected_row(latents_of(module, blocks, style))

        width = -(-self.n_features_in_ // max(self.style_dim_, 1))
        decoded = apply(self.module_, draw, style, codes, copies=width)
        X = self._codec.new_rows(decoded)
        return X, None if self._labels is None else self._labels.decode(codes)

    def _draw_codes(self, n_rows, random):
        """Codes (n_rows, L) from p(y)."""
        prior = self.module_.label_model.log_prior.detach().cpu().double().exp().numpy()
        n_values = self.module_.label_model.n_values
        codes = np.empty((n_rows, len(n_values)), dtype=np.int64)
        for label, n in enumerate(n_values):
            chances = prior[label, :n] / prior[label, :n].sum()
            codes[:, label] = random.choice(n, n_rows, p=chances)
        return codes


def _check_steps(steps):
    whole = isinstance(steps, Integral) and not isinstance(steps, (bool, np.bool_))
    if not whole or steps < 2:
        raise ValueError(f"steps={steps!r} should be a whole number of at least 2.")
