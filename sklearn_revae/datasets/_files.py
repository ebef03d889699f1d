"""Files that are there as a whole or not at all."""

import os
from contextlib import contextmanager, suppress
from uuid import uuid4


@contextmanager
def written_whole(path):
    """Give a path to write to, which becomes `path` if nothing goes wrong.

    Parameters
    ----------
    path : Path
        Where the file is to appear. What others write there meanwhile is replaced.
    """
    unfinished = path.with_name(f"{path.name}.{uuid4().hex}.part")
    try:
        yield unfinished
        os.replace(unfinished, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(unfinished)
        raise
