"""Scores of rows like the training rows, and of rows unlike them."""

import matplotlib.pyplot as plt
import numpy as np
from digits_model import X_test, model

shuffled = np.random.default_rng(0).permuted(X_test.reshape(-1, 64), axis=1)
kinds = {
    "digits not seen in fit": X_test,
    "the same, turned by a quarter": np.rot90(X_test, axes=(1, 2)),
    "the same, pixels shuffled": shuffled.reshape(X_test.shape),
}
scores = {name: model.score_samples(rows) for name, rows in kinds.items()}
limit = model.training_score_quantiles_[1]

fig, ax = plt.subplots(figsize=(7.5, 3.4), layout="constrained")
every = np.concatenate(list(scores.values()))
bins = np.linspace(every.min(), every.max(), 60)
for name, values in scores.items():
    below = np.mean(values < limit)
    ax.hist(values, bins, alpha=0.6, label=f"{name}: {below:.0%} below the line")
ax.axvline(limit, color="black", lw=1)
ax.set(xlabel="score_samples [nats]", ylabel="rows")
ax.set_title("99 % of the training rows score above the line")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)
