"""Draw the dependencies of the generative model and of the inference model."""

import matplotlib.pyplot as plt
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

RADIUS = 0.34
POSITIONS = {"y": (0, 2), "c": (0, 1), "s": (1.4, 1), "x": (0.7, -0.2)}
NAMES = {"y": r"$y_l$", "c": r"$z_l$", "s": r"$z_s$", "x": r"$x$"}
COLORS = {"y": "0.9", "c": "white", "s": "white", "x": "0.75"}
MODELS = {
    "Generative model": [
        ("y", "c", r"$p(z_l\,|\,y_l)$", (-0.12, 0), "right"),
        ("c", "x", r"$p(x\,|\,z)$", (-0.2, -0.12), "right"),
        ("s", "x", "", (0, 0), "left"),
    ],
    "Inference model": [
        ("x", "c", r"$q(z\,|\,x)$", (-0.2, -0.12), "right"),
        ("x", "s", "", (0, 0), "left"),
        ("c", "y", r"$q(y_l\,|\,z_l)$", (-0.12, 0), "right"),
    ],
}

fig, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
for ax, (title, arrows) in zip(axes, MODELS.items(), strict=True):
    box = FancyBboxPatch(
        (-0.95, 0.48), 1.5, 2.02, boxstyle="round,pad=0.05", fc="none", ec="0.6", lw=1
    )
    ax.add_patch(box)
    ax.text(0.52, 2.4, "each label $l$", ha="right", va="center", color="0.4")
    for name, position in POSITIONS.items():
        ax.add_patch(Circle(position, RADIUS, fc=COLORS[name], ec="black", zorder=2))
        ax.text(*position, NAMES[name], ha="center", va="center", fontsize=15, zorder=3)
    for start, end, text, (dx, dy), side in arrows:
        (x0, y0), (x1, y1) = POSITIONS[start], POSITIONS[end]
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        ux, uy = RADIUS * (x1 - x0) / length, RADIUS * (y1 - y0) / length
        arrow = FancyArrowPatch(
            (x0 + ux, y0 + uy),
            (x1 - ux, y1 - uy),
            arrowstyle="-|>",
            mutation_scale=16,
            shrinkA=0,
            shrinkB=0,
        )
        ax.add_patch(arrow)
        ax.text((x0 + x1) / 2 + dx, (y0 + y1) / 2 + dy, text, ha=side, va="center")
    ax.text(1.4 + 0.45, 1, "style", va="center", color="0.4")
    ax.set(title=title, xlim=(-1.3, 2.6), ylim=(-0.7, 2.7), aspect="equal")
    ax.axis("off")
