"""Compare predictions at the mean of q(z|x) with predictions averaged over q(z|x).

Run ``python benchmarks/mean_or_average.py``. Both predictions are computed from the same
fitted models. The estimators only offer the first, so the second accesses their
internals. It averages over 256 draws of z per sample.
"""

import numpy as np
import torch
from accuracy import revae, split_of
from sklearn.datasets import load_breast_cancer, load_digits, load_wine

from sklearn_revae.datasets import mask_labels

N_DRAWS = 256


def averaged_predictions(model, X):
    """Return the most probable classes under q(y|x), the mean of q(y|z) over q(z|x)."""
    rows = torch.from_numpy(model._codec.scaling_.transform(X))
    generator = torch.Generator().manual_seed(0)
    probabilities = []
    with torch.no_grad():
        for member in model.module_.members:
            mean, scale = member.encode(rows)
            noise = torch.randn((N_DRAWS, *mean.shape), generator=generator)
            log_q = member.label_model.predictions(member.blocks(mean + scale * noise))
            probabilities.append(log_q[:, :, 0].exp().mean(0))
    return model.classes_[torch.stack(probabilities).mean(0).argmax(-1)]


def compare(title, load, n_per_class, seeds):
    """Print the accuracy of both predictions, averaged over the seeds."""
    split = split_of(load)
    scores = []
    for seed in seeds:
        X, X_test, y, y_test = split(seed)
        model = revae(X, mask_labels(y, n_per_class, random_state=seed), seed)
        average = np.mean(averaged_predictions(model, X_test) == y_test)
        scores.append((model.score(X_test, y_test), average))
    mean, average = np.mean(scores, axis=0)
    print(
        f"{title:<14} {n_per_class:>3} labels per class  mean {mean:.4f}  "
        f"average {average:.4f}  ({len(scores)} seeds)",
        flush=True,
    )


if __name__ == "__main__":
    compare("digits", load_digits, 3, range(5))
    compare("breast_cancer", load_breast_cancer, 5, range(5))
    compare("wine", load_wine, 5, range(5))
