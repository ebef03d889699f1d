"""The accuracies of benchmarks/RESULTS.rst, as a figure of one list of data sets."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

METHODS = ["ReVAE", "forest", "logistic", "SVC", "self-training", "spreading"]
N_LABELS = 10


def tables():
    """Return {(data set, labels per class): accuracies} of `choose` and of `confirm`."""
    folders = [Path.cwd(), *Path.cwd().parents]
    [path, *_] = [
        f for f in (g / "benchmarks/RESULTS.rst" for g in folders) if f.exists()
    ]
    found, inside = [], False
    for line in path.read_text().splitlines():
        words = line.split()
        if words[:2] == ["data", "set"] and words[3 : 3 + len(METHODS)] == METHODS:
            found.append({})
            inside = True
        elif words[:1] == ["mean"]:
            inside = False
        elif inside and not line.startswith("="):
            values = [float(word) for word in words[2 : 2 + len(METHODS)]]
            found[-1][words[0], int(words[1])] = values
    return found


def draw(table, title):
    """Draw one line per data set, sorted by the lead of ReVAE over the best other."""
    rows = {name: values for (name, n), values in table.items() if n == N_LABELS}
    lead = {name: values[0] - max(values[1:]) for name, values in rows.items()}
    names = sorted(rows, key=lead.get)
    values = np.array([rows[name] for name in names])
    fig, ax = plt.subplots(figsize=(7.2, 0.27 * len(names) + 1.5), layout="constrained")
    positions = np.arange(len(names))
    ax.hlines(positions, values.min(axis=1), values.max(axis=1), color="0.88", zorder=0)
    for method, column in zip(METHODS[1:], values.T[1:], strict=True):
        marker = {"forest": "s", "logistic": "^", "SVC": "v", "self-training": "D"}
        ax.plot(
            column,
            positions,
            marker.get(method, "x"),
            color="0.55",
            ms=4,
            label=method,
        )
    ax.plot(values[:, 0], positions, "o", color="C0", ms=8, label="ReVAE")
    ax.set_yticks(positions, names)
    ax.tick_params(axis="y", length=0)
    ax.set(xlabel=f"accuracy with {N_LABELS} labels per class", title=title)
    ax.grid(axis="x", alpha=0.3)
    ax.spines[["top", "right", "left"]].set_visible(False)
    fig.legend(loc="outside lower center", ncols=6, frameon=False, fontsize="small")


chosen, confirmed = tables()
draw(confirmed, f"The second list: {len(confirmed) // 3} data sets")
