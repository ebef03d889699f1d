"""Data sets, labels hidden at random, and lists of images, for trying the estimators."""

from sklearn_revae.datasets._avatars import make_avatars
from sklearn_revae.datasets._celeba import load_celeba
from sklearn_revae.datasets._fashion_mnist import fetch_fashion_mnist
from sklearn_revae.datasets._images import list_images
from sklearn_revae.datasets._masking import mask_labels

__all__ = [
    "fetch_fashion_mnist",
    "list_images",
    "load_celeba",
    "make_avatars",
    "mask_labels",
]
