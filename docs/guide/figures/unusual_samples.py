"""Compare the scores of test digits with those of rotated and shuffled digits."""

import matplotlib.pyplot as plt
import numpy as np
from digits_model import X_test, model

shuffled = np.random.default_rng(0).permuted(X_test.reshape(-1, 64), axis=1)
groups = {
    "test digits": X_test,
    "rotated by 90 degrees": np.rot90(X_test, axes=(1, 2)),
    "pixels shuffled": shuffled.reshape(X_test.shape),
}
scores = {name: model.score_samples(samples) for name, samples in groups.items()}
threshold = model.training_score_quantiles_[1]

fig, ax = plt.subplots(figsize=(7.5, 3.4), layout="constrained")
all_scores = np.concatenate(list(scores.values()))
bins = np.linspace(all_scores.min(), all_scores.max(), 60)
for name, values in scores.items():
    below = np.mean(values < threshold)
    ax.hist(values, bins, alpha=0.6, label=f"{name}: {below:.0%} below the threshold")
ax.axvline(threshold, color="black", lw=1)
ax.set(xlabel="score_samples [nats]", ylabel="number of samples")
ax.set_title("99 % of the training samples score above the threshold (line)")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)
