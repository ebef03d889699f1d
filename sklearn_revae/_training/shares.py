"""The share of a batch that a process computes, and how the shares are put together."""

import torch

from sklearn_revae._random import spawn_seeds
from sklearn_revae._training.callbacks import joined


class WholeBatch:
    """Says that this process computes every batch by itself, as one part."""

    def of_index(self, index):
        """Return the indices of the rows that this process looks up."""
        return index

    def parts(self, batch):
        """Split the rows that this process has looked up into the parts of the batch."""
        return [batch]

    def begin(self, net, number):
        """Prepare to compute the part with this number in :meth:`parts`."""

    def combine(self, net, n_rows, loss, summary):
        """Return the loss of the whole batch and its summary, and set its gradients.

        Parameters
        ----------
        net : ReVAENet
            Its parameters have the gradients of the rows of this process.
        n_rows : int
            Number of these rows.
        loss : tensor
            Their loss.
        summary : tensor or None
            Their :func:`~sklearn_revae._training.callbacks.summary_of`.
        """
        return loss, summary


class Share(WholeBatch):
    """Part p of P holds the rows p, p + P, p + 2P, ... of a batch.

    A process computes the parts whose number, modulo the number of processes, is its own.

    A batch holds labelled rows first. Each part has its fraction of them.

    Parameters
    ----------
    processes : Processes
        The processes.
    generator : torch.Generator
        Source of the noise, with the same seed in all processes.
    global_generators : bool
        Whether modules draw from torch's global generators too.
    """

    def __init__(self, processes, generator, global_generators):
        self.processes = processes
        self.generator, self.seed = generator, generator.initial_seed()
        self.global_generators = global_generators

    def of_index(self, index):
        """Return the indices of the rows that this process looks up."""
        n_parts = self.processes.n_parts
        if len(index) < n_parts:
            raise ValueError(
                f"A batch of {len(index)} samples cannot be split into the {n_parts} "
                "parts of DataParallel. Increase batch_size, or start fewer processes."
            )
        return index[self.processes.rank :: self.processes.number]

    def parts(self, batch):
        """Split the rows that this process has looked up into the parts of the batch."""
        n_own = self.processes.n_parts // self.processes.number
        if n_own == 1:
            return [batch]
        return [tuple(t[k::n_own].contiguous() for t in batch) for k in range(n_own)]

    def begin(self, net, number):
        """Seed the noise of the part with this number in :meth:`parts`."""
        part = self.processes.rank + number * self.processes.number
        own, of_modules = spawn_seeds((self.seed, net.steps_, part), 2)
        self.generator.manual_seed(own)
        if self.global_generators:
            torch.default_generator.manual_seed(of_modules)
            if self.generator.device.type == "cuda":
                with torch.cuda.device(self.generator.device):
                    torch.cuda.manual_seed(of_modules)

    def combine(self, net, n_rows, loss, summary):
        """Return the loss of the whole batch and its summary, and set its gradients."""
        processes = self.processes
        if processes.number == 1:
            return loss, summary
        # A parameter without a gradient here may have one in another process.
        learned = [p for _, p in net.get_all_learnable_params() if p.requires_grad]
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in learned]
        means = torch.cat([*(g.flatten() for g in gradients), loss.reshape(1)])
        shares = means.new_zeros(processes.number, 0 if summary is None else len(summary))
        if summary is not None:
            shares[processes.rank] = summary
        sent = torch.cat([means * n_rows, means.new_tensor([n_rows]), shares.flatten()])
        received = processes.sum(sent)
        n_all = received[len(means)]
        sizes = [p.numel() for p in learned]
        *gradients, loss = (received[: len(means)] / n_all).split([*sizes, 1])
        for parameter, gradient in zip(learned, gradients, strict=True):
            parameter.grad = gradient.view_as(parameter)
        if summary is not None:
            summary = joined(received[len(means) + 1 :].view_as(shares))
        return loss[0], summary
