"""Samples encoded, edited in latent space and decoded: what all interventions share.

Every member of the ensemble edits a sample in its own latent space. Of numbers, the
result is the median of the members' changes, which a single member that exaggerates does
not distort as it does the mean. Probabilities of levels are averaged; a sample keeps its
level unless the edit makes it much less probable, see `Levels.edited`.

Images are edited twice. The style code of a face with long hair says much about this
hair, and a bald head that is decoded from it has a ghost of the hair. The encoder knows
bald heads without ghosts: so it reads the style code of the edited image, and the edit is
decoded again with this style. On faces of 64 x 64 pixels, this reduces the error of the
pixels that should change from 0.244 to 0.214 times the error without an edit.
"""

import numpy as np
import torch

from sklearn_revae._data.chunks import dense
from sklearn_revae._data.codec import ScaledRows
from sklearn_revae._inference.chunked import apply
from sklearn_revae._interventions.blending import blended, blended_layout
from sklearn_revae._interventions.kept import (
    agreeing_style,
    decodings_of_style,
    infers_style,
)
from sklearn_revae._model.images import convolves
from sklearn_revae._model.objective import sample_posterior


def latents_of(blocks, style):
    """Latent codes (..., D) from those of the labels (..., L, d) and style (..., s)."""
    return torch.cat([blocks.flatten(-2), style.expand(*blocks.shape[:-2], -1)], dim=-1)


def editors(module):
    """The members of an ensemble that edit samples.

    Images are edited by the first member only, as a combination of images is blurred.
    """
    return module.members[:1] if convolves(module.encoder) else module.members


def decode_edits(
    module,
    x,
    edit,
    *arrays,
    n_edits=1,
    residual=True,
    noise=None,
    unedited=False,
    first_only=False,
    kept=None,
):
    """Edited samples in the units of X.

    Parameters
    ----------
    module : Ensemble
        The fitted module.
    x : ScaledRows (n, n_features)
        Scaled samples.
    edit : callable
        Takes a member, the labels' predicted values (n, L), the characteristic latents of
        the posterior's mean, (n, L, d), those to edit, (1 or n_edits, n, L, d), and a
        tensor for each of `arrays`. Returns edited ones, (n_edits, n, L, d).
    *arrays : ndarray (n, ...)
        What `edit` needs to know about each sample.
    n_edits : int, default=1
        Number of edits per sample.
    residual : bool, default=True
        Add what the edit changes in the decoded sample to the sample itself, so that
        details that the decoder does not reproduce are kept; see
        :func:`~sklearn_revae._interventions.blending.blended` for images.
    noise : torch.Generator, optional
        Draws `n_edits` latent codes per sample from q(z|x). Without it, the code to edit
        is the mean of q(z|x).
    unedited : bool, default=False
        Whether to return the second result as well.
    first_only : bool, default=False
        Whether only the first member edits, because latents of its own were given.
    kept : ndarray of bool (n, n_features), optional
        Values that will be kept, with which the style of edited samples agrees, see
        :func:`~sklearn_revae._interventions.kept.agreeing_style`. They are edited like
        all others. Images, and samples with many columns, keep their style.

    Returns
    -------
    edited : ndarray (n, n_edits, n_features)
        The edited samples.
    unedited : ndarray (n, 1, n_features) or None
        The same for the mean of q(z|x) without an edit: the sample itself if `residual`
        is True, except for its missing values; otherwise its reconstruction.
    """
    n_members = 1 if first_only else len(editors(module))
    settings = module, x, edit, arrays, n_members, n_edits, noise
    style = None
    if not infers_style(module):
        kept = None
    if edits_twice(module):
        state = None if noise is None else noise.get_state()
        first, _ = _decode(*settings, residual=True)
        style = _style_of(module, ScaledRows(first.reshape(-1, x.shape[1]), x.scaling))
        style = style.reshape(*first.shape[:2], style.shape[1])
        if noise is not None:
            noise.set_state(state)
    return _decode(*settings, residual, unedited, style, kept)


def edits_twice(module):
    """Whether edits are decoded again with the style codes of edited samples."""
    return convolves(module.encoder)


def _style_of(module, x):
    """Mean (n, s) of q(z_s|x) of the first member."""

    def run(module, rows):
        member = module.members[0]
        return member.style(member.encode(rows)[0])

    return apply(module, run, x)


def _decode(
    module,
    x,
    edit,
    arrays,
    n_members,
    n_edits,
    noise,
    residual,
    unedited=False,
    style=None,
    kept=None,
):
    """See :func:`decode_edits`; `n_members` edit.

    `style` (n, n_edits, s) are style codes of edited samples, if there is one member.
    """
    arrays = (*arrays, *(array for array in (style, kept) if array is not None))
    separately = unedited and (noise is not None or not residual)
    n_before = (1 if noise is None else n_edits) if residual else 0

    def run(module, rows, *tensors):
        tensors = list(tensors)
        fixed = None if kept is None else tensors.pop() & ~rows.isnan()
        new_style = None if style is None else tensors.pop()
        members = editors(module)[:n_members]
        codes = [member.encode(rows) for member in members]
        source = _predicted(module, members, rows, [mean for mean, _ in codes])
        decoded = []
        for member, (mean, scale) in zip(members, codes, strict=True):
            z = mean[None]
            if noise is not None:
                z = sample_posterior(mean, scale, n_edits, noise)
            blocks = edit(member, source, member.blocks(mean), member.blocks(z), *tensors)
            z_new = _edited_code(member, mean, z, blocks, new_style)
            if fixed is not None:
                z_new = agreeing_style(member, z, z_new, scale, fixed)
            start = [mean[None]] if separately else []
            decoded.append(_expectations(member, start, z, z_new, n_before))
        likelihood = module.likelihood
        combined = [
            combine(torch.stack(parts), family.discrete, n_edits, n_before)
            for family, parts in zip(
                likelihood.families.values(), zip(*decoded, strict=True), strict=True
            )
        ]
        return _values(likelihood, rows, combined, n_edits, n_before).transpose(0, 1)

    copies = (separately + n_before + n_edits) * n_members
    if kept is not None:
        copies += n_edits * decodings_of_style(module)
    decoded = apply(module, run, x, *arrays, copies=copies)
    decoded = x.scaling.inverse_transform(decoded, exact=residual)
    edited, mean = decoded[:, -n_edits:], decoded[:, :1]
    if residual:
        own = dense(x.values)[:, None]
        before = decoded[:, int(separately) : -n_edits]
        edited = _blended(module, x.scaling, own, before, edited)
        edited = x.scaling.add_change(own, before, edited)
        mean = x.scaling.add_change(own, mean, mean) if unedited else None
    return edited, mean if unedited else None


def _edited_code(member, mean, z, blocks, new_style=None):
    """Latent codes (n_edits, n, D) with edited characteristic latents.

    A sample that is not edited keeps its code exactly. What distinguishes the style of a
    draw z from that of the mean is added to the style code (n, n_edits, s) of the edited
    sample.
    """
    style = member.style(z)
    if new_style is not None:
        edited = (blocks != member.blocks(z)).flatten(-2).any(-1, keepdim=True)
        change = new_style.transpose(0, 1) - member.style(mean)
        style = torch.where(edited, style + change, style)
    return latents_of(blocks, style)


def _blended(module, scaling, own, *decoded):
    """What has to be decoded after an edit, so that edits of images are blended.

    Parameters
    ----------
    module : Ensemble
        The fitted module.
    scaling : Scaling
        Scales samples.
    own : ndarray (n, 1, n_features)
        The samples.
    *decoded : ndarray (n, 1 or n_edits, n_features)
        What is decoded before and after an edit.
    """
    layout = blended_layout(module)
    if layout is None:
        return decoded[-1]
    own, before, after = np.broadcast_arrays(np.asarray(own, dtype=np.float64), *decoded)
    unit = torch.from_numpy(scaling.scale_ * scaling.spread_)
    flat = (torch.tensor(a.reshape(-1, a.shape[-1])) for a in (own, before, after))
    return blended(*flat, layout, unit).numpy().reshape(after.shape)


def _predicted(module, members, rows, means):
    """Values (n, L) of the labels that the whole ensemble predicts.

    All members start from them: so nothing changes if the predicted value is requested.
    """
    if len(members) < len(module.members):
        return module.label_model.combined(module.member_predictions(rows))
    predictions = [
        member.label_model.predictions(member.blocks(mean))
        for member, mean in zip(members, means, strict=True)
    ]
    return module.label_model.combined(torch.stack(predictions))


def _expectations(member, start, z, z_new, n_before):
    """What a member decodes from codes to start with, before and after an edit."""
    before = [z] if n_before else []
    output = member.decode(torch.cat([*start, *before, z_new]))
    if n_before:
        # The same code may be decoded to slightly different numbers at another position
        # in the batch, but where nothing is edited nothing must change.
        unchanged = (z == z_new).all(dim=-1, keepdim=True)
        first, after = output[: -len(z_new)], output[-len(z_new) :]
        after = torch.where(unchanged, first[-n_before:], after)
        output = torch.cat([first, after])
    return member.likelihood.expectations(output)


def combine(members, discrete, n_edits, n_before):
    """Combine what the members expect for the columns of a family.

    Parameters
    ----------
    members : tensor (M, m, n, n_columns, width)
        What each of M members expects: for unedited samples first, then for the samples
        before their edits, `n_before`, and last for the edited ones, `n_edits`.
    discrete : bool
        Whether these are probabilities of levels.
    n_edits, n_before : int
        Numbers of entries.

    Returns
    -------
    tensor (m, n, n_columns, width)
    """
    if len(members) == 1:
        return members[0]
    centre = members.mean(0) if discrete else _median(members)
    if discrete or not n_before:
        return centre
    before = slice(-n_edits - n_before, -n_edits)
    change = members[:, -n_edits:] - members[:, before]
    return torch.cat([centre[:-n_edits], centre[before] + _median(change)])


def _values(likelihood, rows, combined, n_edits, n_before):
    """Values (m, n, n_columns) of what :func:`combine` returns for each family."""
    values = likelihood.values(combined)
    if not n_before:
        return values
    spans = slice(-n_edits - n_before, -n_edits), slice(-n_edits, None)
    before, after = ([part[span] for part in combined] for span in spans)
    start = values[: -n_edits - n_before]
    return torch.cat([start, *likelihood.edited(rows, before, after)])


def _median(members):
    """Median over the first axis, which for an even number averages the middle two."""
    ordered = members.sort(0).values
    middle = len(members) // 2
    return (ordered[(len(members) - 1) // 2] + ordered[middle]) / 2
