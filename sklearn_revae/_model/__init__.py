"""The model, which only needs torch: networks, likelihoods, labels, the ELBO, edits."""
