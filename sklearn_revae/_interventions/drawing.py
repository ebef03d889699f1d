"""New samples from latent codes near those of training samples.

The latent codes of training samples are not distributed as p(z): among them are some that
the prior makes improbable, and it makes others probable that no sample has. New codes are
therefore drawn around stored codes of training samples, which is known as ex-post density
estimation, [1]_. The noise of continuous features has the covariance that decoded samples
lack. At last, the values of a feature get the distribution that they have in the training
samples.

References
----------
.. [1] P. Ghosh, M. S. M. Sajjadi, A. Vergari, M. Black, B. Schölkopf, "From Variational
   to Deterministic Autoencoders", ICLR 2020, arXiv:1903.12436.
"""

from statistics import NormalDist

import numpy as np
import torch

from sklearn_revae._data.codec import ScaledRows
from sklearn_revae._data.storage import sample_rows
from sklearn_revae._imputation.covariance import covariance_with_missing_values
from sklearn_revae._inference.chunked import apply
from sklearn_revae._interventions.decoding import latents_of
from sklearn_revae._model.edits import implied, move, replace, sample
from sklearn_revae._model.images import convolves
from sklearn_revae._random import draw_seed, generator

# Codes are stored of at most so many samples, and so many numbers, but not of fewer
# samples than the last number.
_MOST_ROWS, _MOST_CELLS, _FEWEST_ROWS = 1000, 400_000, 100
# Codes are drawn at this fraction of the scales of q(z|x): with 1, decoded samples vary
# more than training samples in some directions.
_NEARNESS = 0.5
# Of more continuous features, and of pixels that are convolved, the noise is independent.
_MOST_COLUMNS = 256
# The variance that is added to that of each feature, relative to it.
_RIDGE = 1e-6
# Codes are moved to labels that fewer stored samples than this are expected to have.
_FEWEST_EXPECTED = 0.5
# Numbers of draws that determine the covariance of each member, and the quantiles, of
# which few draws reach the last ones.
_N_DRAWS, _N_DRAWS_OF_QUANTILES = 4000, 20_000
# The probabilities of the quantiles are dense where values are rare, at both ends.
_PROBABILITIES = np.array(
    [0.0, *(NormalDist().cdf(q) for q in np.linspace(-3.6, 3.6, 61)), 1.0]
)


class StoredCodes:
    """Latent codes of training samples, and what decoded samples lack to look real.

    Attributes
    ----------
    means : ndarray of float16 (M, n, D)
        Mean of q(z|x) of n training samples, for each of M ensemble members.
    scales : ndarray of float32 (M, D)
        Root mean square of the scales of q(z|x).
    columns : ndarray of int (m,)
        Features with an unbounded continuous likelihood, or none if there are too many
        or they are pixels that are convolved.
    roots : ndarray of float32 (M, m, m)
        The product of a root with its transpose is the covariance of the noise of these
        scaled features.
    mapped : ndarray of int (k,)
        These features, and those of counts, of levels, and of 0 and 1.
    drawn, seen : ndarray of float32 (k, 63)
        Quantiles of these scaled features in draws with such noise, and in training
        samples. To whole numbers, uniform noise from [0, 1) was added.
    """

    def __init__(self, means, scales, columns, roots, mapped, drawn, seen):
        self.means, self.scales, self.columns = means, scales, columns
        self.roots, self.mapped, self.drawn, self.seen = roots, mapped, drawn, seen

    @classmethod
    def of(cls, module, values, scaling, seed):
        """Learn them from training samples.

        Parameters
        ----------
        module : Ensemble
            The trained module.
        values : ndarray, sparse matrix or stored rows (n, n_features)
            Training samples in the units of X.
        scaling : Scaling
            Their scaling.
        seed : int
            Decides which samples are used, and the draws.
        """
        random = np.random.RandomState(seed)
        n_members = len(module.members)
        n_taken = max(_MOST_CELLS // (n_members * module.latent_dim), _FEWEST_ROWS)
        rows = sample_rows(values, min(n_taken, _MOST_ROWS), random)
        x = ScaledRows(rows, scaling)
        whole = scaling.counts | (scaling.kinds == "binary")
        whole[list(scaling.levels)] = True
        mapped = np.flatnonzero(scaling.unbounded | whole)
        if len(mapped) > _MOST_COLUMNS or convolves(module.encoder):
            mapped = mapped[:0]
        columns = mapped[scaling.unbounded[mapped]]
        if len(mapped):
            # Rows may be on disk, from which they are read a few at a time.
            x = apply(module, lambda _, rows: rows, x)
        encoded = apply(module, _encoded, x, copies=n_members)
        means, scales = encoded[:, 0].swapaxes(0, 1), encoded[:, 1].swapaxes(0, 1)
        scales = np.sqrt(np.square(scales).mean(axis=1))
        means, scales = means.astype(np.float16), scales.astype(np.float32)
        roots = np.zeros((n_members, len(columns), len(columns)), np.float32)
        quantiles = np.zeros((len(mapped), len(_PROBABILITIES)), np.float32)
        codes = cls(means, scales, columns, roots, mapped, quantiles, quantiles)
        if len(mapped):
            codes._learn_noise(module, x, random)
        return codes

    def _learn_noise(self, module, x, random):
        """Set what concerns the continuous features, from scaled rows."""
        n_rows = len(x)
        rows = np.repeat(np.arange(n_rows), -(-_N_DRAWS // n_rows))
        for i in range(len(self.means) if len(self.columns) else 0):
            member = np.full(len(rows), i)
            decoded = apply(module, _expected, self._near(member, rows, random), member)
            covariance = _covariance(x[:, self.columns])
            decoded = np.cov(decoded[:, self.columns].T).reshape(covariance.shape)
            self.roots[i] = _root(covariance - decoded)
        member = random.randint(len(self.means), size=_N_DRAWS_OF_QUANTILES)
        rows = _each_in_turn(n_rows, len(member), random)
        z = self._near(member, rows, random)
        drawn = self._with_noise(module, random, z, member)
        # A quantile that counts half of each value does not lose the variance of tails.
        self.drawn, self.seen = (
            np.nanquantile(
                self._jittered(values, random), _PROBABILITIES, axis=0, method="hazen"
            ).T.astype(np.float32)
            for values in (drawn, x)
        )

    def _with_noise(self, module, random, z, *codes):
        """Draws (n, n_features) from p(x|z), continuous ones with correlated noise."""
        source = generator(draw_seed(random))

        def draw(module, *tensors):
            return _by_member(
                module, lambda m, o: m.likelihood.sample(o, source), *tensors
            )

        x = apply(module, draw, z, *codes)
        if len(self.columns):
            decoded = apply(module, _expected, z, *codes)[:, self.columns]
            x[:, self.columns] = decoded + self._noise(codes[0], random)
        return x

    def _jittered(self, x, random):
        """The mapped features of `x`, with uniform noise added to whole numbers."""
        whole = ~np.isin(self.mapped, self.columns)
        return x[:, self.mapped] + whole * random.random_sample((len(x), len(whole)))

    def _near(self, member, rows, random):
        """Codes (n, D) drawn near those of the stored samples `rows`."""
        normal = random.standard_normal((len(rows), self.means.shape[2]))
        return self.means[member, rows] + _NEARNESS * self.scales[member] * normal

    def _noise(self, member, random):
        """Correlated noise (n, m) of the continuous features."""
        normal = random.standard_normal((len(member), len(self.columns)))
        noise = np.empty_like(normal)
        for i, root in enumerate(self.roots):
            noise[member == i] = normal[member == i] @ root.T
        return noise

    def draw(self, module, n_samples, requested, random, noise):
        """Draw new samples.

        Parameters
        ----------
        module : Ensemble
            The module whose encoders computed these codes.
        n_samples : int
            Number of samples.
        requested : dict of int to ndarray of int (n_samples,)
            Codes of labels that are given, by the position of the label.
        random : RandomState
            Source of the draws.
        noise : bool
            Whether values are drawn from p(x|z), or are E[x|z].

        Returns
        -------
        x : ndarray (n_samples, n_features)
            Scaled rows.
        labels : ndarray of int (n_samples, n_labels)
            Codes of their labels.
        """
        means = self.means.swapaxes(0, 1).astype(np.float64)
        probabilities = apply(module, _probabilities, means)
        rows, moved = _choose(probabilities, n_samples, requested, random)
        predicted = np.zeros((n_samples, 0), dtype=np.int64)
        if module.label_model.n_labels:
            predicted = probabilities.argmax(axis=-1)[rows]
        target = implied(
            module.label_model,
            torch.from_numpy(predicted),
            {label: torch.from_numpy(codes) for label, codes in requested.items()},
        ).numpy()
        target = np.where(moved[:, None], target, predicted)
        labels = np.where(target == predicted, -1, target)
        for label, codes in requested.items():
            labels[:, label] = codes
        labels = _draw_others(module.label_model, labels, probabilities[rows], random)
        member = random.randint(len(self.means), size=n_samples)
        z = self._near(member, rows, random)
        if not noise:
            return apply(module, _expected, z, member, predicted, target), labels
        x = self._with_noise(module, random, z, member, predicted, target)
        if len(self.mapped):
            values = self._as_seen(self._jittered(x, random))
            whole = ~np.isin(self.mapped, self.columns)
            x[:, self.mapped] = np.where(whole, np.floor(values), values)
        return x, labels

    def continuous_as_seen(self, x):
        """Scaled rows (..., n_features), continuous features distributed as in X."""
        x = x.copy()
        for j, drawn, seen in zip(self.mapped, self.drawn, self.seen, strict=True):
            if j in self.columns:
                x[..., j] = np.interp(x[..., j], drawn, seen)
        return x

    def _as_seen(self, values):
        """Values (n, k) with the distributions of the training samples."""
        pairs = zip(values.T, self.drawn, self.seen, strict=True)
        return np.stack([np.interp(v, drawn, seen) for v, drawn, seen in pairs], axis=1)


def _encoded(module, x):
    """Mean and scale of q(z|x) by member: (n, 2, M, D)."""
    parts = [torch.stack(member.encode(x), dim=1) for member in module.members]
    return torch.stack(parts, dim=2)


def _probabilities(module, means):
    """Probabilities (n, L, K) of all labels, from the members' codes (n, M, D)."""
    log_members = [
        member.label_model.predictions(member.blocks(z))
        for member, z in zip(module.members, means.unbind(1), strict=True)
    ]
    return torch.stack(log_members).exp().mean(0)


def _by_member(module, value_of, z, member, source=None, target=None):
    """`value_of` a member and what it decodes, for codes (n, D) of different members.

    Labels whose codes `source` (n, L) and `target` differ are moved to the latter.
    """
    result = z.new_empty(len(z), len(module.likelihood.discrete))
    for i, one in enumerate(module.members):
        own = member == i
        if not own.any():
            continue
        code = z[own]
        if source is not None:
            blocks = one.blocks(code)
            for label in range(one.label_model.n_labels):
                ends = source[own, label], target[own, label]
                blocks = move(one.label_model, blocks, label, *ends, "transport")
            code = latents_of(blocks, one.style(code))
        result[own] = value_of(one, one.decode(code))
    return result


def _expected(module, z, member, source=None, target=None):
    """E[x|z] (n, n_features) of codes of different members."""
    return _by_member(
        module, lambda m, o: m.likelihood.mean(o), z, member, source, target
    )


def _covariance(x):
    """Covariance (m, m) of features (n, m), NaN where missing."""
    centred = x - np.nanmean(x, axis=0)
    spread = np.sqrt(np.nanmean(np.square(centred), axis=0))
    unit = np.where(spread > 0, spread, 1.0)
    filled = np.nan_to_num(centred / unit)
    covariance = covariance_with_missing_values(filled, ~np.isnan(x), _RIDGE)
    return spread[:, None] * covariance * spread


def _root(covariance):
    """Root (m, m) of the nearest matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(values.clip(0.0))


def _choose(probabilities, n_samples, requested, random):
    """Positions (n_samples,) of stored samples that probably have requested labels.

    The second result, a mask (n_samples,), says where it is likely that no stored sample
    has them, so that the codes have to be moved.
    """
    n_rows, moved = len(probabilities), np.zeros(n_samples, dtype=bool)
    if not requested:
        return _each_in_turn(n_rows, n_samples, random), moved
    rows = np.empty(n_samples, dtype=np.intp)
    combinations, own = np.unique(
        np.stack(list(requested.values()), axis=1), axis=0, return_inverse=True
    )
    for i, combination in enumerate(combinations):
        weight = probabilities[:, list(requested), combination].prod(axis=1)
        places = np.flatnonzero(own.ravel() == i)
        moved[places] = weight.sum() < _FEWEST_EXPECTED
        # Where no sample has these labels, that of any can be moved to them.
        weight = weight + 1e-12
        rows[places] = random.choice(n_rows, len(places), p=weight / weight.sum())
    return rows, moved


def _each_in_turn(n_rows, n_drawn, random):
    """Random positions (n_drawn,) of rows, each of them almost equally often.

    Otherwise it would depend on chance how often the rows with far values are drawn.
    """
    order = random.permutation(n_rows)
    return random.permutation(order[np.arange(n_drawn) % n_rows])


def _draw_others(label_model, labels, probabilities, random):
    """Replace -1 in the codes `labels` (n, L) by random values, and return all codes.

    The values are drawn label by label from the probabilities (n, L, K). Values that the
    other labels exclude are not drawn, unless they exclude all.
    """
    labels = labels.copy()
    for label in range(label_model.n_labels):
        possible = probabilities[:, label].copy()
        for other, value, excluding, excluded, _ in label_model.exclusions:
            if excluding == label:
                possible[labels[:, other] == value, excluded] = 0.0
        none = possible.sum(axis=1) == 0
        possible[none] = probabilities[none, label]
        below = possible.cumsum(axis=1)
        uniform = random.random_sample((len(labels), 1))
        drawn = (uniform >= below / below[:, -1:]).sum(axis=1)
        labels[:, label] = np.where(labels[:, label] < 0, drawn, labels[:, label])
    return labels


def draw_from_prior(module, n_samples, requested, random, noise):
    """Draw new samples from p(y), p(z|y) and p(x|z), for a model without stored codes.

    Parameters and results are those of :meth:`StoredCodes.draw`.
    """
    prior = module.label_model
    frequencies = prior.log_prior.detach().cpu().double().exp().numpy()
    labels = np.full((n_samples, prior.n_labels), -1, dtype=np.int64)
    for label, codes in requested.items():
        labels[:, label] = codes
    frequencies = np.broadcast_to(frequencies, (n_samples, *frequencies.shape))
    labels = _draw_others(prior, labels, frequencies, random)
    source = generator(draw_seed(random))
    style = random.standard_normal((n_samples, module.style_dim))
    member = random.randint(len(module.members), size=n_samples)

    def draw(module, style, labels, member):
        likelihood = module.likelihood
        result = style.new_empty(len(style), len(likelihood.discrete))
        for i, one in enumerate(module.members):
            own = member == i
            if own.any():
                output = one.decode(_from_prior(one, style[own], labels[own], source))
                result[own] = (
                    one.likelihood.sample(output, source)
                    if noise
                    else one.likelihood.mean(output)
                )
        return result

    width = -(-len(module.likelihood.discrete) // max(module.style_dim, 1))
    return apply(module, draw, style, labels, member, copies=width), labels


def _from_prior(member, style, codes, source):
    """Draws from p(z|y) of one member, for labels (n, L) and style (n, s)."""
    labels = member.label_model
    blocks = style.new_zeros(len(style), labels.n_labels, labels.dim)
    for label in range(labels.n_labels):
        block = sample(labels, label, blocks[:, label], codes[:, label], source)
        blocks = replace(blocks, label, block)
    return latents_of(blocks, style)
