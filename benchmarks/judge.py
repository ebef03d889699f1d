"""The judge: an independent convolutional classifier of faces, trained with all labels.

The judge shares neither weights nor random numbers with the models that it evaluates, and
is trained with all labels rather than the few that they see. As with any network, its
predictions are less reliable for blurred images than for images like its training data.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from trained import IMAGES, as_rows, in_chunks, read_or_train

from sklearn_revae._model.networks import make_layer
from sklearn_revae._model.published import published_encoder_body

EPOCHS = 10
BATCH_SIZE = 100
LEARNING_RATE = 2e-3
SEED = 12345


class Judge(nn.Module):
    """Classifier of flattened images: the encoder of the paper and one linear layer."""

    def __init__(self, n_labels):
        super().__init__()
        generator = torch.Generator().manual_seed(SEED)
        body, width = published_encoder_body(IMAGES, generator)
        self.layers = nn.Sequential(
            body, make_layer(nn.Linear, width, n_labels, generator=generator)
        )

    def forward(self, rows):
        """Return the logits (n, n_labels) of images (n, n_features)."""
        return self.layers(rows)

    def predict(self, images):
        """Return the labels (n, n_labels), 0 or 1, of images (n, 64, 64, 3)."""
        return in_chunks(lambda chunk: (self(as_rows(chunk)) > 0).long(), images)


def train(judge, X, y):
    """Minimise the cross-entropy of all labels, with a one-cycle learning rate."""
    targets = torch.as_tensor(y).float()
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
            loss = F.binary_cross_entropy_with_logits(
                judge(as_rows(X[batch.numpy()])), targets[batch]
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()


def load_judge(X, y):
    """Train a judge on images X and labels y, or read it from disk."""
    settings = {
        "epochs": EPOCHS,
        "batch_size": BATCH_SIZE,
        "learning_rate": LEARNING_RATE,
        "seed": SEED,
        "shape": [*X.shape, y.shape[1]],
        "labels": int(y.sum()),
    }
    return read_or_train(
        "judge", Judge(y.shape[1]), settings, lambda judge: train(judge, X, y)
    )


def rows_to_edit(y, label, value, n_rows):
    """Return up to `n_rows` indices of samples whose label does not have `value`.

    They are chosen at random, but are the same in every call.
    """
    rows = np.flatnonzero(y[:, label] != value)
    random = np.random.RandomState(2 * label + value)
    return np.sort(random.permutation(rows)[:n_rows])
