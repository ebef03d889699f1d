"""The package's version, read at build time too."""

__version__ = "0.2.0.dev0"
