"""How many samples a second one process trains on, and two, each on a core of its own.

Both split each batch into two parts, so that they do the same arithmetic and learn the
same model. `torchrun` starts the processes, and each pins itself to a core. The
first epoch, in which memory is allocated, does not count. Runs of one and of two
processes take turns, and the fastest of each counts::

    python benchmarks/data_parallel.py
    python benchmarks/data_parallel.py --rounds 3 table

The script needs Linux, and two cores that are otherwise idle. "processor" is the ratio of
the processor time that a process takes for a batch, which other work disturbs less: the
ratio of the speeds is lower, because processes wait for each other. The losses of one and
of two processes should be the same.
"""

import argparse
import json
import os
import subprocess
import sys
import time

import numpy as np

# Number of samples, shape of a sample, and parameters of the classifier.
CASES = {
    "images": (1536, (32, 32), {"batch_size": 256}),
    "table": (16384, (500,), {"batch_size": 2048, "hidden_layer_sizes": (256,)}),
}
N_EPOCHS = 3


def samples(case):
    """Samples in two classes, one in ten labelled, and the parameters of the case."""
    n_samples, shape, parameters = CASES[case]
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=n_samples)
    centres = rng.random((2, *shape))
    X = 0.5 * centres[y] + 0.5 * rng.random((n_samples, *shape))
    return X, np.where(np.arange(n_samples) % 10 == 0, y, -1), parameters


def work(case):
    """Fit in this process, pinned to a core; the first process prints its speed."""
    rank = int(os.environ.get("LOCAL_RANK", 0))
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[rank % len(cores)]})

    import torch
    from accelerate import Accelerator
    from skorch.callbacks import Callback

    from sklearn_revae import DataParallel, ReVAEClassifier

    class Clock(Callback):
        times = []

        def on_epoch_end(self, net, **kwargs):
            if len(net.history) <= N_EPOCHS:
                self.times.append((time.perf_counter(), time.process_time()))

    torch.set_num_threads(1)
    X, y, parameters = samples(case)
    model = ReVAEClassifier(
        max_iter=N_EPOCHS,
        # Without edits, which a decoder learns after the last epoch.
        edit_weight=0.0,
        callbacks=[DataParallel(n_parts=2), clock := Clock()],
        random_state=0,
        verbose=False,
        **parameters,
    )
    model.fit(X, y)
    seconds, of_processor = np.subtract(clock.times[-1], clock.times[0])
    # An epoch passes over the unlabelled samples once, in batches with labelled ones.
    n_batches = -(-int((y == -1).sum()) // round(0.75 * model.batch_size_))
    n_trained = (N_EPOCHS - 1) * n_batches * model.batch_size_
    if rank == 0:
        result = n_trained / seconds, n_trained / of_processor, model.loss_curve_[-1]
        print(json.dumps([Accelerator().num_processes, *result]))


def measured(case, n_processes):
    """Samples a second, also of processor time, and the loss of the last epoch."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    torchrun += [f"--nproc_per_node={n_processes}", __file__, "--worker", case]
    ran = subprocess.run(
        torchrun,
        env=os.environ
        | {
            "ACCELERATE_USE_CPU": "true",
            "OMP_NUM_THREADS": "1",
            "PYTHONWARNINGS": "ignore",
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found, *result = json.loads(ran.stdout.splitlines()[-1])
    assert found == n_processes
    return result


def main(arguments=None):
    """Print the speed of one and of two processes for each case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", default=[], metavar="case")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--worker", action="store_true")
    options = parser.parse_args(arguments)
    cases = options.cases or list(CASES)
    if options.worker:
        return work(*cases)
    print(f"load before: {os.getloadavg()[0]:.1f}, cores: {os.cpu_count()}")
    print("data      one, /s   two, /s   ratio   processor   losses")
    for case in cases:
        found = [[measured(case, n) for n in (1, 2)] for _ in range(options.rounds)]
        one, two = np.max(found, axis=0)
        ratio, of_processor, _ = two / one
        losses = " ".join(f"{run[-1]:.6g}" for run in found[0])
        print(
            f"{case:7} {one[0]:9,.0f} {two[0]:9,.0f} {ratio:7.2f} {of_processor:11.2f}"
            f"   {losses}",
            flush=True,
        )


if __name__ == "__main__":
    main()
