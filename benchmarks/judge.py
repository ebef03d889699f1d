"""The judge: a convolutional classifier of avatars that saw every label.

It shares nothing with the models whose pictures it judges: not the few labels they were
given, not their weights, not their noise. Like all that is measured by a network, what
it says of blurred pictures is less sure than what it says of drawn ones.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from trained import PICTURES, as_rows, in_chunks, read_or_train

from sklearn_revae._model.convolutions import conv_encoder_body
from sklearn_revae._model.networks import linear

EPOCHS = 10
BATCH_SIZE = 100
LEARNING_RATE = 2e-3
SEED = 12345


class Judge(nn.Module):
    """Logits (n, n_labels) of flat rows: the paper's encoder and one layer."""

    def __init__(self, n_labels):
        super().__init__()
        generator = torch.Generator().manual_seed(SEED)
        body, width = conv_encoder_body(PICTURES, generator)
        self.layers = nn.Sequential(body, linear(width, n_labels, generator))

    def forward(self, rows):
        """(n, n_features) -> (n, n_labels)."""
        return self.layers(rows)

    def predict(self, pictures):
        """Labels (n, n_labels), 0 or 1, of pictures (n, 64, 64, 3)."""
        return in_chunks(lambda p: (self(as_rows(p)) > 0).long(), pictures)


def train(judge, X, y):
    """Cross-entropy of all labels of pictures X, the rate rising and falling once."""
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
    """Judge trained on pictures X (n, 64, 64, 3) with labels y (n, n_labels), or read."""
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


def turned(y, label, value, n_rows):
    """Up to `n_rows` rows, the same at every call, whose label is not yet `value`."""
    rows = np.flatnonzero(y[:, label] != value)
    random = np.random.RandomState(2 * label + value)
    return np.sort(random.permutation(rows)[:n_rows])
