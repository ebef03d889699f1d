"""CUDA graphs: a GPU is given all kernels of a training step at once.

A step of small networks launches about a thousand kernels. Each runs for a few
microseconds, which is less than the time that Python needs to launch it. A graph holds
the kernels of a step, and launches them again without Python.
"""

from typing import NamedTuple

import torch

from sklearn_revae._model.views import strong_view


class CaptureError(RuntimeError):
    """A step cannot be a graph."""


class _Graph(NamedTuple):
    """A graph, and the tensors that it writes its results to."""

    graph: torch.cuda.CUDAGraph
    loss: torch.Tensor
    bound: tuple
    gradients: list


def can_be_graphs(settings, device):
    """Whether the steps of a training are the same kernels again and again.

    Code of the user's own may look at numbers on the GPU, and several processes have to
    exchange theirs.
    """
    views = settings.views
    return (
        device.type == "cuda"
        and not settings.own_modules
        and settings.processes.n_parts is None
        and (views is None or views.function is strong_view)
    )


class Graphs:
    """The graphs of a training: one for each kind of step.

    The first step of a kind is computed without a graph, which also prepares what a graph
    must not do, such as loading kernels. The second one is captured. The random numbers
    are the same with and without graphs.
    """

    def __init__(self):
        self._graphs, self._seen = {}, set()
        self._inputs = self._pool = self._stream = None

    def compute(self, net, batch):
        """Return the loss of a batch and the terms of its ELBO, and set the gradients.

        Parameters
        ----------
        net : ReVAENet
            The net.
        batch : tuple of tensor
            The arguments of the loss after the module.

        Raises
        ------
        CaptureError
            If PyTorch cannot capture the step.
        """
        loss = net.criterion_
        kind = loss.next_kind(net.module_.label_model.n_labels)
        if kind not in self._graphs:
            if kind not in self._seen:
                self._seen.add(kind)
                return self._on_stream(net, batch)
            self._graphs[kind] = self._capture(net, batch)
        else:
            # As the loss itself does, which is called while it is captured.
            loss.step += 1
        found = self._graphs[kind]
        torch._foreach_copy_(self._inputs, list(batch))
        found.graph.replay()
        for parameter, gradient in zip(_parameters(net), found.gradients, strict=True):
            parameter.grad = gradient
        # The next step overwrites the graph's own tensors.
        bound = found.bound and type(found.bound)(*(term.clone() for term in found.bound))
        return found.loss.clone(), bound

    def _on_stream(self, net, batch):
        """Compute a step without a graph, on the stream on which graphs are captured."""
        if self._stream is None:
            self._stream = torch.cuda.Stream(batch[0].device)
            self._inputs = [part.clone() for part in batch]
        present = torch.cuda.current_stream(batch[0].device)
        self._stream.wait_stream(present)
        with torch.cuda.stream(self._stream):
            loss, bound = net.criterion_(net.module_, *batch)
            if loss.requires_grad:
                loss.backward()
        present.wait_stream(self._stream)
        return loss.detach(), bound

    def _capture(self, net, batch):
        graph, parameters = torch.cuda.CUDAGraph(), _parameters(net)
        generator = net.criterion_.generator
        untouched = generator.clone_state()
        graph.register_generator_state(generator)
        try:
            return self._captured(net, graph, parameters)
        except RuntimeError as error:
            # The generator still belongs to the graph, and would refuse to draw.
            generator.graphsafe_set_state(untouched)
            if isinstance(error, torch.cuda.OutOfMemoryError):
                raise
            raise CaptureError(str(error)) from error

    def _captured(self, net, graph, parameters):
        with torch.cuda.graph(
            graph, self._pool, self._stream, capture_error_mode="thread_local"
        ):
            loss, bound = net.criterion_(net.module_, *self._inputs)
            found = [None] * len(parameters)
            if loss.requires_grad:
                found = torch.autograd.grad(loss, parameters, allow_unused=True)
            # A gradient may share memory with another one, but the limit of the gradient
            # norm changes each of them in place.
            gradients = [
                None if gradient is None else torch.empty_like(parameter).copy_(gradient)
                for parameter, gradient in zip(parameters, found, strict=True)
            ]
            loss = loss.detach()
            bound = bound and type(bound)(*(term.detach() for term in bound))
        self._pool = graph.pool()
        return _Graph(graph, loss, bound, gradients)


def _parameters(net):
    """Everything that the optimizer changes."""
    return [p for group in net.optimizer_.param_groups for p in group["params"]]
