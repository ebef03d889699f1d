"""Judges: independent convolutional classifiers of faces, trained with all labels.

They share neither weights nor random numbers with the models that they evaluate, and are
trained with all labels rather than the few that the models see. One judge sees the whole
face and predicts all labels. A judge of a region sees a crop of the face, and only
predicts the labels that show there: an edit has to draw the label where a person looks
for it, and a judge of the crown does not infer a bald head from a beard. As with any
network, predictions are less reliable for blurred images than for images like the
training data.
"""

import numpy as np
import torch
from torch import nn
from trained import read_or_train

from sklearn_revae._model.convolutions import image_encoder_body
from sklearn_revae._model.images import ImageShape
from sklearn_revae._model.networks import make_layer

EPOCHS = 10
BATCH_SIZE = 100
LEARNING_RATE = 2e-3
SEED = 12345
# Standard deviation of the noise on pixels in [0, 1] that training adds.
NOISE = 0.03
_CHUNK = 500
_CHANNELS = (16, 32, 64)
# First and last row, first and last column, in images of 64 pixels.
REGIONS = {
    "crown": (0, 24, 0, 64),
    "sides": (32, 64, 0, 64),
    "eyes": (20, 44, 8, 56),
    "mouth": (32, 64, 12, 52),
    "face": (0, 64, 0, 64),
}
REGION_OF = {
    "Glasses": "eyes",
    "Facial_Hair": "mouth",
    "Smiling": "mouth",
    "Mouth_Open": "mouth",
    "Hair": "crown",
    "Long_Hair": "sides",
    "Dark_Skin": "face",
    "Eyes_Closed": "eyes",
}


def cropped(images, region):
    """Cut a region out of images (n, size, size, channels)."""
    top, bottom, left, right = (edge * images.shape[1] // 64 for edge in REGIONS[region])
    return images[:, top:bottom, left:right]


class Judge(nn.Module):
    """Classifier of images: a convolutional encoder and one linear layer.

    Parameters
    ----------
    size : int
        Height and width of the images.
    n_values : sequence of int
        Number of values of each label.
    region : str
        The region that the judge sees.
    """

    def __init__(self, size, n_values, region):
        super().__init__()
        generator = torch.Generator().manual_seed(SEED)
        self.region = region
        shape = cropped(np.empty((1, size, size, 3)), region).shape[1:]
        layout = ImageShape(*shape, channels_last=True)
        body, width = image_encoder_body(layout, generator, widths=_CHANNELS)
        counts = torch.tensor(n_values)
        self.absent = torch.arange(max(n_values)) >= counts[:, None]
        head = make_layer(nn.Linear, width, self.absent.numel(), generator=generator)
        self.layers = nn.Sequential(body, head)

    def rows(self, images):
        """Cut the region out of images of integers, flatten it and scale it to [0, 1]."""
        return torch.tensor(cropped(images, self.region)).flatten(1).float() / 255

    def forward(self, rows):
        """Return log-probabilities (n, L, K) of the labels of rows."""
        logits = self.layers(rows).unflatten(-1, self.absent.shape)
        return logits.masked_fill(self.absent, -1e9).log_softmax(-1)

    @torch.no_grad()
    def predict(self, images):
        """Return the codes of the labels (n, L) of images (n, size, size, 3)."""
        starts = range(0, len(images), _CHUNK)
        chunks = (self.rows(images[start : start + _CHUNK]) for start in starts)
        return torch.cat([self(chunk).argmax(-1) for chunk in chunks]).numpy()


def train(judge, X, y):
    """Minimise the cross-entropy of all labels, with a one-cycle learning rate."""
    targets = torch.as_tensor(y)
    order = torch.Generator().manual_seed(SEED)
    optimizer = torch.optim.AdamW(judge.parameters())
    batches = torch.utils.data.DataLoader(
        range(len(X)), BATCH_SIZE, shuffle=True, generator=order
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, total_steps=EPOCHS * len(batches)
    )
    for _ in range(EPOCHS):
        for batch in batches:
            rows = judge.rows(X[batch.numpy()])
            rows = rows + NOISE * torch.randn(rows.shape, generator=order)
            loss = -judge(rows).gather(-1, targets[batch].unsqueeze(-1)).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()


class RegionJudges:
    """Judges of regions: each label is predicted from its own region.

    Parameters
    ----------
    judges : dict
        For each region, the positions of its labels and the judge.
    """

    def __init__(self, judges):
        self.judges = judges

    def predict(self, images):
        """Return the codes of the labels (n, L) of images (n, size, size, 3)."""
        n_labels = sum(len(labels) for labels, _ in self.judges.values())
        found = np.empty((len(images), n_labels), dtype=int)
        for labels, judge in self.judges.values():
            found[:, labels] = judge.predict(images)
        return found


def load_judge(X, y, region="face"):
    """Train a judge on images X and codes of labels y, or read it from disk."""
    settings = {
        "epochs": EPOCHS,
        "batch_size": BATCH_SIZE,
        "learning_rate": LEARNING_RATE,
        "noise": NOISE,
        "channels": _CHANNELS,
        "seed": SEED,
        "shape": [*X.shape, y.shape[1]],
        "labels": int(y.sum()),
        "region": REGIONS[region],
    }
    n_values = [int(n) for n in y.max(axis=0) + 1]
    judge = Judge(X.shape[1], n_values, region)
    return read_or_train("judge", judge, settings, lambda judge: train(judge, X, y))


def load_region_judges(X, y, names):
    """Train judges of the regions of labels `names`, or read them from disk."""
    judges = {}
    for region in REGIONS:
        labels = [i for i, name in enumerate(names) if REGION_OF[name] == region]
        if labels:
            judges[region] = labels, load_judge(X, y[:, labels], region)
    return RegionJudges(judges)


def rows_to_edit(y, label, value, n_rows):
    """Return up to `n_rows` indices of samples whose label does not have `value`.

    They are chosen at random, but are the same in every call.
    """
    rows = np.flatnonzero(y[:, label] != value)
    random = np.random.RandomState(100 * label + value)
    return np.sort(random.permutation(rows)[:n_rows])
