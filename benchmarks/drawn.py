"""What edits should look like: the same faces drawn with one label changed."""

from joblib import Memory
from trained import HOME

from sklearn_revae.datasets._avatar_faces import RECIPE
from sklearn_revae.datasets._avatars import redraw_avatars

# Of the faces, and of what a change leaves open.
SEED = 0
N_REDRAWS = 4


@Memory(HOME, verbose=0, compress=1).cache
def _drawn(rows, name, value, settings, recipe):
    """`recipe` is part of the key alone."""
    return redraw_avatars(rows, name, value, random_state=SEED, **settings)[0]


def drawn_edits(rows, name, value):
    """Faces (n, 4, 64, 64, 3) with label `name` changed, from disk if drawn before.

    What the change leaves open is drawn four times.
    """
    settings = {"seed": SEED, "n_redraws": N_REDRAWS}
    return _drawn(rows, name, value, settings, RECIPE)
