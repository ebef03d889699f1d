"""A search on the worker processes of a dask cluster, through joblib's backend."""

import multiprocessing
import os
import signal
from multiprocessing import forkserver

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV

from sklearn_revae import ReVAEClassifier
from sklearn_revae.model_selection import LabeledKFold, labeled_scorer

dask = pytest.importorskip("dask", reason="requires pip install dask[distributed]")
distributed = pytest.importorskip(
    "distributed", reason="requires pip install dask[distributed]"
)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """A client of two worker processes.

    They are forked from a process that has imported this package, for which each of them
    would take seconds, as would the one that replaces the worker that is killed.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["distributed", "sklearn_revae"])
    forkserver.ensure_running()
    with (
        dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            local_directory=tmp_path_factory.mktemp("dask"),
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_a_grid_search_on_two_worker_processes(client, few_blobs, quick_classifier):
    X, y = few_blobs
    # With shorter fits, the first worker is done before the second one gets any.
    search = GridSearchCV(
        quick_classifier(max_iter=15),
        {"label_dim": [1, 2, 3]},
        cv=LabeledKFold(2),
        scoring=labeled_scorer("accuracy"),
        error_score="raise",
    )
    expected = search.fit(X, y).cv_results_["mean_test_score"]
    with parallel_config(backend="dask"):
        search.fit(X, y)
    executed = client.run(lambda dask_worker: dask_worker.state.executed_count)
    assert len(executed) == 2
    assert min(executed.values()) > 0
    np.testing.assert_allclose(search.cv_results_["mean_test_score"], expected)


def test_a_search_survives_a_worker_that_is_killed(client, few_blobs, tmp_path):
    killed = tmp_path / "killed"

    # A class of the test's own, so that the workers get its code.
    class KilledOnce(ReVAEClassifier):
        def fit(self, X, y):
            if not killed.exists():
                killed.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return super().fit(X, y)

    X, y = few_blobs
    search = GridSearchCV(
        KilledOnce(max_iter=3, n_members=1, random_state=0),
        {"label_dim": [1, 2]},
        cv=LabeledKFold(2),
        scoring=labeled_scorer("accuracy"),
        error_score="raise",
    )
    before = set(client.scheduler_info()["workers"])
    with parallel_config(backend="dask", scatter=[X, y]):
        search.fit(X, y)
    assert killed.exists()
    assert not before <= set(client.scheduler_info()["workers"])
    found = search.cv_results_["mean_test_score"]
    expected = search.fit(X, y).cv_results_["mean_test_score"]
    np.testing.assert_allclose(found, expected)
