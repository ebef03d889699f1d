"""The model in plain torch: networks, likelihoods, labels, the bound, edits."""
