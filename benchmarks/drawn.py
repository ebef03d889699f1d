"""Ground truth of edits: the same faces redrawn with one label changed."""

from joblib import Memory
from trained import HOME

from sklearn_revae.datasets._avatar_faces import RECIPE
from sklearn_revae.datasets._avatars import redraw_avatars

# Seed of the faces, and of what a changed label does not determine.
SEED = 0
N_REDRAWS = 4


@Memory(HOME, verbose=0, compress=1).cache
def _redraw(rows, name, value, settings, recipe):
    """Redraw faces; `recipe` only serves as part of the cache key."""
    return redraw_avatars(rows, name, value, random_state=SEED, **settings)[0]


def drawn_edits(rows, name, value):
    """Return faces (n, 4, 64, 64, 3) with label `name` set to `value`.

    A label does not determine all details (which glasses, for example), so each face is
    redrawn four times with random details. Results are cached on disk.
    """
    settings = {"seed": SEED, "n_redraws": N_REDRAWS}
    return _redraw(rows, name, value, settings, RECIPE)
