"""Processes that train one model together, as accelerate has connected them."""

import contextlib
import os
import threading
from numbers import Integral

import torch
from joblib.parallel import get_active_backend

from sklearn_revae._training.callbacks import only_one
from sklearn_revae._training.device import resolve_device
from sklearn_revae._training.parallel import DataParallel

_SAME_CALLS = (
    "Every process has to call fit with the same data and parameters: let all of them "
    "read the same files in the same order, and pass the same random_state to what "
    "shuffles or splits the data."
)


class ProcessesError(RuntimeError):
    """The processes cannot go on together, and every one of them is told."""


class OneProcess:
    """A fit in this process only."""

    n_parts = None
    number, rank, is_first = 1, 0, True

    @contextlib.contextmanager
    def together(self):
        """Context of a fit."""
        yield

    def device(self, device, n_cells):
        """Return the device on which this process trains.

        Parameters
        ----------
        device : str or torch.device
            The parameter of the estimator.
        n_cells : int
            Number of cells of X.
        """
        return resolve_device(device, n_cells)

    def of_first(self, value):
        """Return the number that the first process passes."""
        return value

    def copy_from_first(self, *modules):
        """Give modules the weights that they have in the first process."""

    def compare(self, identity, saved):
        """Compare the data, the parameters and the checkpoint of a fit."""


class Processes(OneProcess):
    """The processes that accelerate has connected.

    They meet before they exchange anything, and say what they want to exchange. If a fit
    fails in one of them, it comes to the next meeting only to say so. None of them can
    therefore wait for another that does something else.

    Parameters
    ----------
    n_parts : int or None
        The parameter of :class:`DataParallel`.
    """

    def __init__(self, n_parts):
        state = _connected()
        self.number, self.rank = state.num_processes, state.process_index
        # accelerate gives CPUs a number as well.
        on_cpu = state.device.type == "cpu"
        self._device = torch.device("cpu") if on_cpu else state.device
        self.is_first = self.rank == 0
        if n_parts is None:
            n_parts = self.number
        is_number = isinstance(n_parts, Integral) and not isinstance(n_parts, bool)
        if not is_number or n_parts < 1 or n_parts % self.number:
            raise ValueError(
                f"n_parts={n_parts!r} of DataParallel must be a multiple of the number "
                f"of processes, {self.number}."
            )
        self.n_parts = n_parts

    @contextlib.contextmanager
    def together(self):
        """Context of a fit, which fails in every process if it fails in one of them."""
        try:
            yield
        except ProcessesError:
            raise
        except Exception:
            # The error that is raised here says more than a lost connection.
            with contextlib.suppress(ProcessesError):
                self._meet(0, failed=True)
            raise
        self._meet(0)

    def _meet(self, size, failed=False):
        """Compare how many numbers the processes want to exchange next.

        Raises
        ------
        ProcessesError
            If they differ, or if another process has failed.
        """
        said = torch.zeros(self.number, 2, dtype=torch.float64)
        said[self.rank] = torch.tensor([failed, size])
        have_failed, sizes = self._sum(said.to(self._device)).T.tolist()
        if failed:
            return
        if any(have_failed):
            raise ProcessesError(
                f"fit has failed in process {have_failed.index(1)} of this DataParallel "
                "training. The error that it raised there says why."
            )
        if len(set(sizes)) > 1:
            raise ProcessesError(
                "The processes of this DataParallel training do different things. A "
                "callback or a signal may have ended the training in one of them only. "
                + _SAME_CALLS
            )

    def _sum(self, tensor):
        from accelerate.utils import reduce

        with _lost_connections():
            return reduce(tensor, "sum")

    def sum(self, tensor):
        """Return the sum of a tensor over the processes."""
        self._meet(tensor.numel())
        return self._sum(tensor)

    def device(self, device, n_cells):
        """Return the device that accelerate has chosen for this process.

        Raises
        ------
        ValueError
            If the parameter of the estimator is a device of another kind.
        """
        if self.number == 1:
            return resolve_device(device, n_cells)
        if device != "auto" and resolve_device(device, n_cells).type != self._device.type:
            raise ValueError(
                f"device={str(device)!r} cannot be used in this DataParallel training, "
                "because accelerate has connected the processes for "
                f"{self._device.type!r}. Pass device='auto'. To train on the CPU, set "
                "the environment variable ACCELERATE_USE_CPU=true before they start."
            )
        return self._device

    def of_first(self, value):
        """Return the number that the first process passes."""
        own = [value if self.is_first else 0]
        own = torch.tensor(own, dtype=torch.float64, device=self._device)
        return type(value)(self.sum(own).item())

    def copy_from_first(self, *modules):
        """Give modules the weights that they have in the first process.

        Rounding errors, and the statistics of layers such as BatchNorm, may differ.
        """
        from accelerate.utils import broadcast

        tensors = [t for module in modules for t in module.state_dict().values()]
        self._meet(sum(tensor.numel() for tensor in tensors))
        with _lost_connections():
            for tensor in tensors:
                tensor.copy_(broadcast(tensor.to(self._device)))

    def compare(self, identity, saved):
        """Compare the data, the parameters and the checkpoint of a fit.

        Parameters
        ----------
        identity : dict
            Descriptions of the data and the parameters, by name.
        saved : SavedTraining or None
            The checkpoint.

        Raises
        ------
        ValueError
            If a process has others than the first one.
        """
        if self.number == 1:
            return
        from accelerate.utils import gather_object

        found = None if saved is None else saved.position
        self._meet(-1)
        with _lost_connections():
            first, *others = gather_object([{"file of the Checkpoint": found} | identity])
        for rank, other in enumerate(others, start=1):
            names = [n for n in first | other if first.get(n) != other.get(n)]
            if names:
                raise ValueError(
                    f"Process {rank} of this DataParallel training does not have the "
                    f"same {', '.join(names)} as process 0. {_SAME_CALLS}"
                )


@contextlib.contextmanager
def _lost_connections():
    """Context in which errors of torch.distributed get a plain message."""
    try:
        yield
    except RuntimeError as error:
        raise ProcessesError(
            "The connection to the other processes of this DataParallel training was "
            "lost. One of them may have been stopped, may have run out of memory, or may "
            f"not have called fit within the timeout. torch reported: {error}"
        ) from error


def processes_of(callbacks):
    """Return the processes that the callbacks of an estimator ask for."""
    requested = only_one(callbacks, DataParallel)
    return OneProcess() if requested is None else Processes(requested.n_parts)


def _connected():
    """Connect the processes, unless they are; return accelerate's Accelerator."""
    try:
        from accelerate import Accelerator
    except ImportError as error:
        raise ImportError(
            "DataParallel needs accelerate. Install it with "
            "pip install sklearn-revae[parallel]"
        ) from error
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or get_active_backend()[0].nesting_level:
        raise RuntimeError(
            "DataParallel cannot be used in a worker of joblib or in any other than the "
            "main thread, because the processes would not fit the same estimators in the "
            "same order. Pass n_jobs=None to what calls fit, or remove DataParallel from "
            "callbacks."
        )
    accelerator = Accelerator()
    launched = int(os.environ.get("WORLD_SIZE", 1))
    if accelerator.num_processes == 1 < launched:
        raise RuntimeError(
            f"WORLD_SIZE says that {launched} processes were started, but accelerate has "
            "not connected them. To train on the CPU, set the environment variable "
            "ACCELERATE_USE_CPU=true before they start. Do not create an Accelerator "
            "before this variable is set."
        )
    return accelerator
