"""Faces of `make_avatars` drawn again with one label changed: exact counterfactuals."""

import numpy as np
from sklearn.utils import check_random_state

from sklearn_revae.datasets import _avatar_faces as face
from sklearn_revae.datasets._avatar_labels import NO_VALUE, VALUES, binary_codes
from sklearn_revae.datasets._avatars import draw_images, sample_faces

# Labels of other groups that become 0 when a label is set to 1.
_EXCLUDED_BY = {
    "Sunglasses": {"Eyes_Closed"},
    "Eyes_Closed": {"Sunglasses"},
    **dict.fromkeys(face.HAIR_COLORS, face.HAIRLESS),
}


def redraw_avatars(rows, label, value, *, seed, n_redraws=1, random_state=None):
    """Draw faces with one label changed.

    The label, the labels that depend on it (see the notes of `make_avatars`) and the
    parts that show them change; everything else is drawn as before. Where the change
    leaves a choice, for example which glasses a face wears, each redraw chooses at
    random.

    Parameters
    ----------
    rows : array-like of int of shape (n,)
        Positions of the faces in the result of
        ``make_avatars(n_samples, random_state=seed)``.
    label : str
        Name of the label to change, binary or grouped.
    value : int or str
        Its new value. Faces that already have this value are drawn as before.
    seed : int
        The `random_state` that was passed to `make_avatars`.
    n_redraws : int, default=1
        Number of images per face.
    random_state : int, RandomState instance or None, default=None
        Determines the choices that the change leaves open.

    Returns
    -------
    images : ndarray of uint8 of shape (n, n_redraws, 64, 64, 3)
        The faces with the changed label.
    target : ndarray of int of shape (n, n_redraws, 16)
        All their binary labels.

    Raises
    ------
    ValueError
        If `rows` are not positions, or the label does not have the value.
    """
    rows = np.asarray(rows)
    if rows.ndim != 1 or rows.size == 0 or rows.dtype.kind not in "iu" or rows.min() < 0:
        raise ValueError(
            "rows must be a non-empty 1-D array of positions of faces (integers >= 0), "
            f"got {rows!r}."
        )
    sampled = sample_faces(int(rows.max()) + 1, np.random.RandomState(seed))
    random = check_random_state(random_state)
    faces = [
        _redrawn(*sampled[row], label, value, random)
        for row in rows
        for _ in range(n_redraws)
    ]
    positive, parts = zip(*faces, strict=True)
    # Redraws of a face are often identical: each distinct image is drawn once.
    keys = [tuple(sorted(p.items())) for p in parts]
    positions = {key: position for position, key in enumerate(dict.fromkeys(keys))}
    images = draw_images([dict(key) for key in positions], n_jobs=None)
    shape = (len(rows), n_redraws)
    images = images[[positions[key] for key in keys]]
    return (
        images.reshape(*shape, *images.shape[1:]),
        binary_codes(positive).reshape(*shape, -1),
    )


def _redrawn(positive, parts, label, value, random):
    """Return the positive labels and the parts of a face with one label changed."""
    label, value = binary_change(positive, label, value)
    if (label in positive) == bool(value):
        return positive, parts
    changed = change_labels(positive, parts, label, value, random)
    return changed, change_parts(positive, parts, changed, random)


def binary_change(positive, label, value):
    """Return the binary label, and its value, that sets a grouped label of a face.

    Parameters
    ----------
    positive : set of str
        The positive binary labels of the face.
    label : str
        A grouped or a binary label.
    value : str or int
        Its new value.

    Raises
    ------
    ValueError
        If the label does not have this value.
    """
    values = VALUES.get(label, {})
    possible = [*values.values(), NO_VALUE] if values else [0, 1]
    if label == "Hair":
        possible.remove(NO_VALUE)
    if value not in possible:
        raise ValueError(
            f"value={value!r} is no value of {label}. Choose from {possible}."
        )
    if not values:
        return label, value
    for binary, name in values.items():
        if name == value:
            return binary, 1
    present = [binary for binary in values if binary in positive]
    return (present or list(values))[0], 0


def _hidden(positive):
    """Return the names of the parts that are not visible in the image."""
    # Eyes are never hidden: open eyes show faintly through sunglasses.
    hidden = set()
    if "Wearing_Hat" not in positive:
        hidden.add("hat_color")
    if positive & face.HAIRLESS and not positive & {"Beard", "Mustache"}:
        hidden.add("hair_color")
    return hidden


def change_labels(positive, parts, label, value, random):
    """Set one label of a face, and change the labels that depend on it.

    Setting a label to 1 sets the labels that it excludes to 0: the other kind of glasses,
    a hat on a bald head, closed eyes behind sunglasses. Hair that becomes visible has the
    colour of the beard, or a random colour if there is no beard. If the label of the hair
    colour is set to 0, another colour is drawn.

    Parameters
    ----------
    positive : set of str
        Positive labels of the face.
    parts : dict
        Parts of the face, as `sample_parts` returns them.
    label : str
        The label to set.
    value : {0, 1}
        Its new value.
    random : RandomState
        Draws the hair colour where there is a choice.

    Returns
    -------
    changed : set of str
        The new positive labels.
    """
    changed = set(positive)
    if value:
        changed -= next(group for group in face.GROUPS if label in group).keys()
        changed -= _EXCLUDED_BY.get(label, set())
        changed.add(label)
    else:
        changed.discard(label)
    if changed & face.HAIRLESS:
        changed -= face.HAIR_COLORS.keys()
    elif not changed & face.HAIR_COLORS.keys():
        others = [name for name in face.HAIR_COLORS if name != label]
        same = [name for name in others if parts["hair_color"] in face.HAIR_COLORS[name]]
        if "hair_color" in _hidden(positive):
            same = []
        changed.add(face.one_of(same or others, random))
    return changed


def change_parts(positive, parts, changed, random):
    """Change the parts of a face to those of its new positive labels `changed`.

    A part that the new labels allow stays as it is. A part that they do not allow, or
    that was hidden and becomes visible, is drawn at random.
    """
    uncovered = _hidden(positive) - _hidden(changed)
    kept = {
        name: parts[name]
        if parts[name] in values and name not in uncovered
        else face.one_of(values, random)
        for name, values in face.options_of(changed).items()
    }
    return {**parts, **kept, "top_kind": face.top_of(changed)[0]}
