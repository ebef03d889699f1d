"""The soak of benchmarks/soak.py, for seconds."""

import sys

import numpy as np
import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def soak(benchmark_module):
    return benchmark_module("soak")


def test_fits_leave_no_threads_or_files_behind(soak, few_blobs, tmp_path):
    X, y = few_blobs
    early, late = soak.watched("fits", 12, soak.fits(12, X, y, tmp_path, max_iter=1))
    assert late.threads <= early.threads
    assert late.files <= early.files


def test_calls_leave_no_threads_or_files_behind(soak, blobs_model, blobs):
    X = np.tile(blobs[0], (3, 1))
    early, late = soak.watched("calls", 60, soak.calls(60, blobs_model, X))
    assert late.threads <= early.threads
    assert late.files <= early.files


def test_growth_is_noticed(soak):
    early = soak.Use(100.0, 3, 5)
    assert not soak.grown(early, soak.Use(140.0, 3, 5))
    assert soak.grown(early, soak.Use(160.0, 3, 5))
    assert soak.grown(early, soak.Use(100.0, 4, 5))
    assert soak.grown(early, soak.Use(100.0, 3, 6))
