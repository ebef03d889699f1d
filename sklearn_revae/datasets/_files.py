"""Files that are written completely or not at all."""

import os
from contextlib import contextmanager, suppress
from uuid import uuid4


@contextmanager
def written_whole(path):
    """Context manager that writes a file under a temporary name until it is complete.

    If the block raises, `path` is left as it was and the temporary file is deleted.

    Parameters
    ----------
    path : Path
        The file to write. If it exists when the block ends, it is replaced.

    Yields
    ------
    unfinished : Path
        Temporary path in the same folder, to which the block must write.
    """
    unfinished = path.with_name(f"{path.name}.{uuid4().hex}.part")
    try:
        yield unfinished
        os.replace(unfinished, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(unfinished)
        raise
