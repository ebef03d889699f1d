"""The fitted module applied to many samples."""
