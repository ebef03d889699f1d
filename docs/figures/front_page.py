"""Make the pictures and the two tables at the top of the front page.

Run it again when edits change, and look at the result before you commit it::

    python docs/figures/front_page.py

It needs matplotlib, h5py, Pillow, and the data of two packages:
``pip install --no-deps palmerpenguins scanpy==1.11.5``.
"""

from html import escape
from importlib.metadata import distribution
from pathlib import Path

import h5py
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from PIL import Image
from scipy.sparse import csr_matrix
from sklearn.manifold import TSNE

from sklearn_revae import ReVAEClassifier
from sklearn_revae.datasets import mask_labels
from sklearn_revae.demo import load_avatars

DOCS = Path(__file__).parents[1]
FACE, EDIT = 49, {"Facial_Hair": "beard"}
BIRDS = [0, 2, 277]  # two Adelie penguins and a Chinstrap penguin
SIDE, CARD = 256, (4, 2)
CALL = 'model.intervene(birds, "Gentoo", keep="sex")'


def save_face(model, faces, folder):
    """Save a face that grows a beard and loses it again, and a still of both."""
    face = faces[[FACE]]
    strengths = np.linspace(0, 1, 13)
    edits = [model.intervene(face, EDIT, strength=s)[0] for s in strengths]
    edits[0] = face[0]
    frames = [
        Image.fromarray(edit).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        for edit in edits
    ]
    frames += frames[-2:0:-1]
    # Both ends stay for longer, in milliseconds.
    durations = [1400, *[70] * 11, 1800, *[70] * 11]
    frames[0].save(
        folder / "front_face.webp",
        save_all=True,
        append_images=frames[1:],
        duration=durations,
        loop=0,
        quality=85,
        method=6,
    )
    frames[12].save(folder / "front_face_still.webp", quality=90)


def penguins():
    """Return the measurements and species of penguins, and a model of few labels."""
    path = distribution("palmerpenguins").locate_file("palmerpenguins/data/penguins.csv")
    table = pd.read_csv(path)
    species = table.pop("species")
    table = table.drop(columns="year")
    y = mask_labels(species, n_per_class=10, random_state=0)
    return table, species, ReVAEClassifier(random_state=0).fit(table, y)


def html_table(table, other, caption):
    """Return a table as HTML, with its cells that differ from `other` in bold."""
    # Long names may break after an underscore.
    names = [escape(column).replace("_", "_<wbr>") for column in table]
    head = "".join(f"<th>{name}</th>" for name in names)
    lines = [f"<table><caption>{caption}</caption>", f"<tr>{head}</tr>"]
    for i in range(len(table)):
        cells = []
        for column in table:
            value, before = table[column].iloc[i], other[column].iloc[i]
            number = isinstance(value, float)
            text = f"{value:.{0 if value >= 1000 else 1}f}" if number else str(value)
            changed = ' class="changed"' if value != before else ""
            cells.append(f"<td{changed}>{escape(text)}</td>")
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return "\n".join([*lines, "</table>"])


def save_card(fig, name):
    """Save the picture of a card, without axes."""
    for ax in fig.axes:
        ax.set_axis_off()
    fig.savefig(DOCS / "images" / f"card_{name}.png", dpi=160)
    plt.close(fig)


def draw_tables(table, species, model):
    """Draw penguins before and after an edit to Gentoo penguins."""
    fig, ax = plt.subplots(figsize=CARD, layout="constrained")
    axes = ["bill_length_mm", "bill_depth_mm"]
    ax.scatter(*table.loc[species == "Gentoo", axes].to_numpy().T, s=40, c="#cfe8cf")
    birds = table[species == "Adelie"].dropna().iloc[::8]
    edited = model.intervene(birds, "Gentoo", keep="sex")
    before, after = birds[axes].to_numpy(), edited[axes].to_numpy()
    for start, end in zip(before, after, strict=True):
        ax.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": "0.7"})
    ax.scatter(*before.T, s=18, c="tab:orange")
    ax.scatter(*after.T, s=18, c="tab:green")
    save_card(fig, "tables")


def draw_cells():
    """Draw the latent codes of blood cells, in the colours of their types."""
    path = distribution("scanpy").locate_file("scanpy/datasets/10x_pbmc68k_reduced.h5ad")
    with h5py.File(path) as file:
        cells = file["obs"][:]
        shape = len(cells), len(file["raw.var"])
        parts = tuple(file["raw.X"][key][:] for key in ["data", "indices", "indptr"])
    counts = csr_matrix(parts, shape=shape).expm1()
    counts = counts.multiply(cells["n_counts"][:, None] / 1e4).tocsr()
    counts.data = counts.data.round()
    types = cells["bulk_labels"].astype(int)
    y = mask_labels(types, n_per_class=5, random_state=0)
    model = ReVAEClassifier(likelihood="negative_binomial", random_state=0)
    latent_codes = model.fit(counts, y).transform(counts)[:, : model.label_dim_]
    fig, ax = plt.subplots(figsize=CARD, layout="constrained")
    places = TSNE(random_state=0).fit_transform(latent_codes)
    ax.scatter(*places.T, s=7, c=types, cmap="tab10", lw=0)
    save_card(fig, "cells")


def draw_images(model, faces):
    """Draw faces above their edits."""
    chosen = faces[[FACE, 43, 66, 30]]
    edited = model.intervene(chosen, EDIT)
    tiles = np.vstack([np.hstack(list(chosen)), np.hstack(list(edited))])
    fig, ax = plt.subplots(figsize=CARD, layout="constrained")
    ax.imshow(tiles, interpolation="bicubic")
    save_card(fig, "images")


def main():
    """Write the files that docs/index.rst shows."""
    faces_model, faces = load_avatars()
    save_face(faces_model, faces, DOCS / "_static")
    draw_images(faces_model, faces)
    table, species, model = penguins()
    draw_tables(table, species, model)
    birds = table.loc[BIRDS]
    gentoo = model.intervene(birds, "Gentoo", keep="sex")
    tables = [
        html_table(birds, birds, "<code>birds</code>"),
        html_table(gentoo, birds, f"<code>{CALL}</code>"),
    ]
    (DOCS / "snippets" / "front_tables.html").write_text("\n".join(tables) + "\n")
    draw_cells()


if __name__ == "__main__":
    main()
