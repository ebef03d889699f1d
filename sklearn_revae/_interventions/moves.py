"""The move of characteristic latents that an intervention makes."""

import torch

from sklearn_revae._model.edits import SPAN, implied, move, traverse, unrequested


def mover(module, requested, methods, strength=1.0, noise=None):
    """The `edit` of :func:`decode_edits` that moves labels to other values.

    It takes the codes (n, len(requested)) of the values, -1 for none, the latents
    (n, len(requested), d) of the labels whose method is "given", and, if `strength` is
    not the same for all samples, their strengths (n,).
    """

    def edit(member, source, mean, blocks, codes, latents, strengths=None):
        labels = member.label_model
        shift = strength if strengths is None else strengths[:, None]
        # All members have the same exclusions.
        target = implied(
            module.label_model, source, dict(zip(requested, codes.T, strict=True))
        )
        for label in range(labels.n_labels):
            # Other labels may move as well, where their value is incompatible.
            how = "transport"
            if label in requested:
                place = requested.index(label)
                how = methods[place]
                if how == "given":
                    how = latents[:, place]
                elif isinstance(how, float):
                    how = _at_position(labels, label, mean, source, how)
            values = source[:, label], target[:, label]
            moved = move(labels, blocks, label, *values, how, noise, shift)
            if label in requested and (none := unrequested(codes[:, place])).any():
                # As a label that nobody requested.
                kept = move(labels, blocks, label, *values, "transport", None, shift)
                moved = torch.where(none[:, None, None], kept, moved)
            blocks = moved
        return blocks

    return edit


def _at_position(labels, label, mean, source, position):
    """Characteristic latents (n, d) of a label at a position on its line."""
    ends = 0, labels.n_values[label] - 1
    block = mean[:, label]
    positions = block.new_tensor([position])
    return traverse(labels, label, block, source[:, label], ends, positions, SPAN)[0]
