"""Edit consistency: rows that are edited should be recognised as what was requested."""

from typing import NamedTuple

import torch

from sklearn_revae._model.edits import implied, move

# Weight of each label that an edit must leave unchanged, relative to the label that it
# changes. The former are in the majority.
UNCHANGED_LABEL_WEIGHT = 0.3


class Edits(NamedTuple):
    """Edits of some rows by every member: one label is set to another value.

    Attributes
    ----------
    rows : the positions of the rows in their batch, (m,).
    z : their latent codes after the edit, (M, m, latent_dim), without a gradient.
    expected : what should be predicted for their labels, (M, m, L, ...).
    label_weight : weight of each label in the loss, (L,).
    """

    rows: torch.Tensor
    z: torch.Tensor
    expected: torch.Tensor
    label_weight: torch.Tensor


def draw_edits(stacked, z, codes, predictions, label, n_edits, generator):
    """Set one label, the same in all rows, to a random value in each row.

    The predictions of all other labels should stay, unless the new value excludes
    theirs.

    Parameters
    ----------
    stacked : StackedReVAE
        The members.
    z : tensor (M, n, latent_dim)
        Latent codes of the rows.
    codes : long tensor (n, L)
        The code of each label, -1 where it is not observed; or a tensor of numbers, of
        shape (n, L) or (M, n, L), NaN where the label is not observed.
    predictions : tensor (M, n, L, ...)
        What the label model predicts, for unobserved labels.
    label : int
        The label.
    n_edits : int
        The largest number of rows to edit.
    generator : torch.Generator
        Decides which rows and which values.

    Returns
    -------
    Edits
    """
    labels, device = stacked.label_model, generator.device
    order = torch.randperm(z.shape[1], generator=generator, device=device)
    rows = order[:n_edits].to(z.device)
    z, before = z.detach()[:, rows], predictions.detach()[:, rows]
    requested = labels.random_values(label, z.shape[:2], generator).to(z.device)
    source = labels.values(codes[..., rows, :], before)
    target = implied(labels, source, {label: requested})
    blocks = stacked.blocks(z)
    for other in range(labels.n_labels):
        blocks = move(
            labels, blocks, other, source[..., other], target[..., other], "transport"
        )
    edited = torch.cat([blocks.flatten(-2), stacked.style(z)], dim=-1).detach()
    weights = torch.full_like(before[0, 0, :, 0], UNCHANGED_LABEL_WEIGHT)
    weights[label].fill_(1.0)
    changed = (target != source) | (weights == 1.0)
    return Edits(rows, edited, labels.targets_of_edits(before, target, changed), weights)


def edited_inputs(stacked, x, inputs, decoded, edits, complete):
    """What encoders read (M, m, n_inputs) of edited rows.

    It is the row plus the change that the edit makes to the decoded row. A decoder that
    is trained to make this change also decodes better than one that is trained on whole
    decoded rows.

    Parameters
    ----------
    stacked : StackedReVAE
        The members.
    x : tensor (n, n_features)
        The rows.
    inputs : tensor (n, n_inputs)
        What the encoder reads of them.
    decoded : tensor (M, n + m, n_outputs)
        What the decoder returns for the rows, and then for the edited ones.
    edits : Edits
        The edits.
    complete : bool
        Whether no value of `x` is missing, which saves time.
    """
    likelihood, rows = stacked.likelihood, edits.rows
    before = likelihood.expected_features(decoded[:, rows]).detach()
    edited = likelihood.expected_features(decoded[:, len(x) :])
    added = inputs[rows] + edited - before
    if complete:
        return added
    # A change cannot be added to a missing value.
    missing = x[rows].isnan().any(-1, keepdim=True)
    return torch.where(missing, edited, added)


def missed_edits(stacked, edited, edits, judge):
    """Mismatch (M, m) between the labels that edited rows should have and have.

    It is a cross-entropy for classes, and a squared difference for numbers.

    Parameters
    ----------
    stacked : StackedReVAE
        The members.
    edited : tensor (M, m, n_inputs)
        The result of :func:`edited_inputs`.
    edits : Edits
        The edits.
    judge : NextMember or ImageJudges
        Predicts the labels of the edited rows. It gets no gradient.
    """
    seen = judge(stacked, edited)
    return stacked.label_model.mismatch(edits.expected, seen) @ edits.label_weight
