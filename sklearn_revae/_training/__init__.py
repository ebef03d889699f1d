"""Training: batches, the loss, and the loop that skorch runs."""
