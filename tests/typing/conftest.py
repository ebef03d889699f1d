"""The scripts in this folder are for a type checker. pytest does not import them."""

collect_ignore_glob = ["*.py"]
