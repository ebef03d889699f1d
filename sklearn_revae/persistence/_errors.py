"""The errors of saving and loading."""


class ModelFileError(ValueError):
    """A file does not hold a model that can be loaded; the message says why.

    .. versionadded:: 0.2

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_revae.persistence import ModelFileError, load
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "model.safetensors")
    ...     _ = path.write_bytes(b"0123456789")
    ...     try:
    ...         load(path)
    ...     except ModelFileError as error:
    ...         print("This file does not hold a model.")
    This file does not hold a model.
    """


class UnstorableError(ValueError):
    """A value cannot be written to a file."""
