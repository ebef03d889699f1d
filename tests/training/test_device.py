"""Where training runs, and on how many threads."""

import pytest
import torch

from sklearn_revae._training.device import LARGE, fitting_threads, resolve_device


@pytest.fixture
def devices(monkeypatch):
    """Pretend which devices there are."""

    def pretend(cuda, mps):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return pretend


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (0, 0, "cpu")],
)
def test_auto_takes_the_best_there_is_for_large_data(devices, cuda, mps, expected):
    devices(cuda, mps)
    assert resolve_device("auto", LARGE).type == expected


def test_auto_keeps_small_data_on_the_cpu(devices):
    devices(True, True)
    assert resolve_device("auto", LARGE - 1).type == "cpu"


@pytest.mark.parametrize("device", ["cpu", "cpu:0", torch.device("cpu")])
def test_named_devices_are_taken_as_they_are(device):
    assert resolve_device(device, 10**9) == torch.device(device)


@pytest.mark.parametrize(
    ("n_cuda", "mps", "listed"),
    [
        (0, False, "'cpu'"),
        (2, False, "'cpu', 'cuda:0', 'cuda:1'"),
        (0, True, "'cpu', 'mps'"),
    ],
)
@pytest.mark.parametrize(
    ("device", "problem"),
    [
        ("gpu", "is not the name of a torch device"),
        ("privateuseone", "is not available on this machine"),
        ("meta", "is not available on this machine"),
    ],
)
def test_errors_name_the_devices_of_the_machine_only(
    device, problem, n_cuda, mps, listed, monkeypatch
):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: n_cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    with pytest.raises(ValueError, match=f"device='{device}' {problem}") as caught:
        resolve_device(device, 1)
    assert str(caught.value).endswith(
        f"Pass 'auto' or a device of this machine: {listed}."
    )


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
@pytest.mark.parametrize("device", ["cuda", "cuda:0", torch.device("cuda")])
def test_cuda_is_not_proposed_where_there_is_none(device):
    with pytest.raises(ValueError, match="is not available on this machine") as caught:
        resolve_device(device, 1)
    assert "cuda:0" not in str(caught.value).partition("(")[2]


@pytest.mark.parametrize(("n_cells", "expected"), [(LARGE - 1, 1), (LARGE, 3)])
def test_small_data_train_on_one_thread(three_threads, n_cells, expected):
    with fitting_threads(n_cells):
        assert torch.get_num_threads() == expected
    assert torch.get_num_threads() == 3


def test_number_of_threads_is_put_back_after_an_error(three_threads):
    with pytest.raises(KeyboardInterrupt), fitting_threads(1):
        raise KeyboardInterrupt
    assert torch.get_num_threads() == 3
