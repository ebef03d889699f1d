"""The package's version, read at build time too."""

__version__ = "0.1.0.dev0"
