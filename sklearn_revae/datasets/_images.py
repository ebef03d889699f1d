"""The images in a folder, in the order in which the estimators read them."""

from os import PathLike

import numpy as np
from numpy.typing import NDArray

from sklearn_revae._data.stored_items import picture_names


def list_images(folder: str | PathLike[str]) -> NDArray[np.str_]:
    """List the images in a folder, in the order in which the estimators read them.

    The order is that of the samples if the folder is passed as X. To be independent of
    it, pass y as a dict or a Series with these names.

    .. versionadded:: 0.2

    Parameters
    ----------
    folder : str or path-like
        A folder of images, or a folder of sub-folders of images. Sub-folders are
        searched only if the folder itself contains no images; a warning names images that
        lie deeper than others and are left out. Hidden files and folders are ignored.

    Returns
    -------
    names : ndarray of str of shape (n_samples,)
        Names of the files, sorted as text. Images in sub-folders are called
        "sub-folder/file".

    Raises
    ------
    ValueError
        If the folder does not exist or contains no images.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from sklearn_revae import ReVAEClassifier
    >>> from sklearn_revae.datasets import list_images
    >>> folder = tempfile.TemporaryDirectory()
    >>> for name in ("dark/1.png", "dark/2.png", "light/1.png", "light/10.png"):
    ...     path = Path(folder.name, name)
    ...     path.parent.mkdir(exist_ok=True)
    ...     Image.new("L", (8, 8), 40 if "dark" in name else 200).save(path)
    >>> names = list_images(folder.name)
    >>> names.tolist()
    ['dark/1.png', 'dark/2.png', 'light/1.png', 'light/10.png']
    >>> y = {name: name.split("/")[0] for name in names}
    >>> model = ReVAEClassifier(max_iter=5, random_state=0).fit(folder.name, y)
    >>> model.classes_.tolist()
    ['dark', 'light']
    >>> folder.cleanup()
    """
    return np.array(picture_names(folder))
