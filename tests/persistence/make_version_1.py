"""Write the files of format 1 that later versions must read, and their results.

Run with the first version that wrote this format (0.2.0):
`python tests/persistence/make_version_1.py`. Existing files are kept.
"""

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from sklearn_revae import ReVAEClassifier, ReVAETransformer
from sklearn_revae.persistence import save

FOLDER = Path(__file__).parent / "version_1"


def rows():
    """A frame of different columns with missing values, and two labels."""
    i = np.arange(60)
    frame = pd.DataFrame({"size": np.sin(i), "price": np.exp(i / 10)})
    frame.loc[::7, "size"] = np.nan
    frame["visits"] = i % 4
    frame["colour"] = np.array(["red", "green", "blue"])[i % 3]
    frame["grade"] = pd.Categorical.from_codes(
        i % 3, ["low", "mid", "high"], ordered=True
    )
    labels = pd.DataFrame({"place": np.array(["left", "middle", "right"])[i // 20]})
    labels["late"] = i >= 40
    labels.loc[::4, "place"] = None
    return frame, labels


def pictures():
    """Pictures of 16 x 18 pixels with a bar across or down, half of them labelled.

    They have more than 256 pixels, so that no rule for `impute` is learned, which would
    make the file larger.
    """
    i = np.arange(40)
    X = np.zeros((40, 16, 18), dtype=np.uint8)
    for n in i:
        place = slice(1 + n % 13, 3 + n % 13)
        X[n][(place, slice(None)) if n % 2 else (slice(None), place)] = 100 + n
    return X, np.where(i < 20, np.array(["down", "across"])[i % 2], None)


def thin_out(model, n_kept=2000):
    """Set all but the largest weights of each layer to zero, to compress the file."""
    with torch.no_grad():
        for weights in model.module_.parameters():
            sizes = weights.abs().flatten()
            weights[weights.abs() < sizes.topk(min(n_kept, len(sizes))).values[-1]] = 0
    return model


def answers(model, X, do):
    """The results for a few rows, a frame or an array, as JSON."""
    said = {
        "transform": model.transform(X).tolist(),
        "score_samples": model.score_samples(X).tolist(),
        "reconstruct": np.asarray(model.reconstruct(X)).tolist(),
        "impute": np.asarray(model.impute(X)).tolist(),
        "sample": np.asarray(model.sample(2, noise=False, random_state=0)[0]).tolist(),
    }
    if do is not None:
        said["predict"] = model.predict(X).tolist()
        said["predict_proba"] = [p.tolist() for p in model.predict_proba(X)]
        said["intervene"] = np.asarray(model.intervene(X, do, residual=False)).tolist()
    return said


def models():
    """Names and models, with the rows and the intervention whose results are stored."""
    frame, labels = rows()
    classifier = ReVAEClassifier((6,), max_iter=30, batch_size=20, random_state=0)
    yield "classifier", classifier.fit(frame, labels), frame[:3], {"place": "left"}
    array = frame[["size", "price"]].to_numpy()
    transformer = ReVAETransformer(
        (5, 4), likelihood=["student_t", "laplace"], max_iter=20, random_state=0
    )
    yield "transformer", transformer.fit(array), array[:3], None
    X, y = pictures()
    convolutional = ReVAEClassifier(max_iter=20, batch_size=20, random_state=0)
    yield "pictures", thin_out(convolutional.fit(X, y)), X[:2], {"label_0": "down"}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, model, X, do in models():
        file = FOLDER / f"{name}.safetensors"
        if any(FOLDER.glob(f"{name}.*")):
            continue
        save(model, file)
        if file.stat().st_size > 100_000:
            packed = gzip.compress(file.read_bytes(), mtime=0)
            file.with_suffix(".safetensors.gz").write_bytes(packed)
            file.unlink()
        text = json.dumps(answers(model, X, do), indent=1)
        (FOLDER / f"{name}.json").write_text(text + "\n")
