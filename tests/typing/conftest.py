"""The scripts here are for a type checker, not for pytest to import."""

collect_ignore_glob = ["*.py"]
