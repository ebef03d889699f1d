"""Batches that are too large for the memory of a device are computed in pieces."""

import torch

from sklearn_revae._training.graphs import CaptureError
from sklearn_revae._warning import warn_user

# How often a batch is halved before training gives up.
MAX_HALVINGS = 3


class Pieces:
    """Computes the loss of a batch and its gradients, in one piece as long as possible.

    When the device runs out of memory, the batch is halved and the step repeated. The
    gradients of the pieces are added, so that the step is one for the whole batch: the
    loss is a mean over rows, in pieces too, only with other noise. When a step cannot be
    a graph, it is repeated without one.

    Parameters
    ----------
    graphs : Graphs, optional
        Computes whole batches.
    """

    def __init__(self, graphs=None):
        self.graphs = graphs
        self.n_halvings = 0

    def compute(self, net, parts):
        """Return the loss and the terms of the ELBO of a batch, and add the gradients.

        Parameters
        ----------
        net : ReVAENet
            The net.
        parts : list of tuple of tensor
            The parts of the batch that this process computes: one, unless a
            :class:`~sklearn_revae._training.parallel.DataParallel` splits it.

        Raises
        ------
        MemoryError
            If the memory does not suffice after the last halving.
        """
        # The loss counts how often it is called.
        count = net.criterion_.step
        while True:
            try:
                return self._compute(net, parts, count)
            except torch.cuda.OutOfMemoryError as error:
                # What the error holds would take up the memory of the next attempt.
                message = str(error)
            except CaptureError as error:
                self._end_graphs(error)
                continue
            self._halve(parts[0][0], message)
            net._zero_grad_optimizer()

    def _compute(self, net, parts, count):
        if self.graphs is not None:
            return self.graphs.compute(net, parts[0])
        n_rows, losses, bounds = sum(len(part[0]) for part in parts), [], []
        for piece in self._pieces(net, parts):
            net.criterion_.step = count
            loss, bound = net.criterion_(net.module_, *piece)
            if len(piece[0]) < n_rows:
                loss = loss * (len(piece[0]) / n_rows)
            # Nothing can be learned from columns that are all constant categories.
            if loss.requires_grad:
                loss.backward()
            losses.append(loss.detach())
            bounds.append(bound)
        if len(losses) == 1:
            return losses[0], bounds[0]
        bound = bounds[0] and type(bounds[0])(*map(_joined, zip(*bounds, strict=True)))
        return torch.stack(losses).sum(), bound

    def _pieces(self, net, parts):
        """Yield the pieces of every part, whose noise is seeded before."""
        for number, part in enumerate(parts):
            net.share.begin(net, number)
            if self.n_halvings == 0:
                yield part
            else:
                yield from zip(*(p.chunk(2**self.n_halvings) for p in part), strict=True)

    def _end_graphs(self, error):
        """Compute all further batches without graphs, which takes longer."""
        self.graphs = None
        warn_user(
            "A training step could not be captured as a CUDA graph. Training continues "
            f"without graphs and takes longer. PyTorch reported: {error}",
            RuntimeWarning,
        )

    def _halve(self, x, message):
        if self.n_halvings == MAX_HALVINGS:
            raise MemoryError(
                f"{x.device} ran out of memory in a training step, even with one eighth "
                f"of a batch of {len(x)} samples at a time. Decrease batch_size, "
                "n_members or hidden_layer_sizes, or pass device='cpu'. The device "
                f"reported: {message}"
            )
        if self.n_halvings == 0:
            warn_user(
                f"{x.device} ran out of memory in a training step with a batch of "
                f"{len(x)} samples. From now on each batch is computed in halves, or in "
                "smaller parts if that is not enough, which takes longer. Decrease "
                "batch_size to avoid this.",
                RuntimeWarning,
            )
        self.n_halvings += 1
        self.graphs = None
        if x.is_cuda:
            torch.cuda.empty_cache()


def _joined(parts):
    """The parts of a tensor whose last axis is that of the rows."""
    return torch.cat([part.detach() for part in parts], dim=-1)
