"""Files that are written completely or not at all."""

import os
import secrets
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def written_whole(path, temporary=None):
    """Context manager that writes a file: at any moment it is the old or the new one.

    If the path is a symbolic link, the file that it points to is replaced. If the block
    raises, the old file stays and the unfinished one is deleted.

    Parameters
    ----------
    path : path-like
        The file. If it exists when the block ends, it is replaced.
    temporary : str, optional
        Name of the file, in the same folder, that is written first. By default a random
        name, so that several processes may write the same file. A killed process leaves
        this file, and the next one that uses the same name replaces it.

    Yields
    ------
    unfinished : Path
        The file to which the block must write. It exists and is empty.
    """
    path = Path(os.path.realpath(path))
    # In the same folder, because a file cannot be renamed across disks.
    unfinished = path.with_name(temporary or f".{secrets.token_hex(8)}.tmp")
    if temporary is not None:
        unfinished.unlink(missing_ok=True)
    # Others may read it like any new file, and unlike those of tempfile. It is never a
    # file or a link that somebody else has put there.
    os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    try:
        yield unfinished
        with open(unfinished, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise
    _flush_folder(path.parent)


def replace_file(path, data, temporary=None):
    """Replace a file by `data` (bytes); see :func:`written_whole`."""
    with written_whole(path, temporary) as unfinished:
        unfinished.write_bytes(data)


def _flush_folder(folder):
    """Make sure that a new name survives a power failure, on systems that allow it."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
