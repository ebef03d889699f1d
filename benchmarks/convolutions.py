"""Time of a training step of the convolutional networks, by memory format and precision.

Run ``OMP_WAIT_POLICY=PASSIVE python benchmarks/convolutions.py 2 20``: on 2 threads (the
default 1), 20 rounds (the default 20). A step is encoder, head, decoder and the gradient
of the squared error of 200 images. Each round takes every way once, so that other load
on the machine meets all alike; the ratios are the median over rounds of a way's time to
that of plain float32 in the same round. "rows" says whether X holds (channels, height,
width) or (height, width, channels) images. Each figure comes as elapsed time and, in
brackets, time on the processor, which other load disturbs less.

Then: bfloat16's error in the gradient, forward passes in double precision, and whether
the gradient's bytes depend on the number of threads.
"""

import itertools
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

from sklearn_revae._model.convolutions import (
    FastFormat,
    ImageShape,
    conv_decoder,
    conv_encoder_body,
)
from sklearn_revae._model.networks import GaussianEncoder

LATENT_DIM = 45
N_ROWS = 200
FORMATS = {"plain": torch.contiguous_format, "channels_last": torch.channels_last}


def networks(image_shape, memory_format):
    """Return encoder and decoder that keep images in that memory format."""
    generator = torch.Generator().manual_seed(0)
    body, width = conv_encoder_body(image_shape, generator)
    encoder = GaussianEncoder(body, width, LATENT_DIM, generator)
    pair = nn.ModuleList([encoder, conv_decoder(LATENT_DIM, image_shape, generator)])
    for module in pair.modules():
        if isinstance(module, FastFormat):
            module.on_cpu = memory_format
    return pair


def example(image_shape):
    """Return 200 smooth images, the same whatever the order of rows."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(N_ROWS, image_shape.channels, 8, 8, generator=generator)
    size = (image_shape.height, image_shape.width)
    images = F.interpolate(coarse, size, mode="bilinear")
    return image_shape.rows(images).contiguous()


def forward(pair, x):
    """Return the reconstruction from mean plus scale."""
    mean, scale = pair[0](x)
    return pair[1](mean + scale)


def step(pair, x, bfloat16):
    """Leave the gradient of the squared error in the parameters."""
    pair.zero_grad(set_to_none=True)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
        output = forward(pair, x)
    ((output.float() - x).square().sum() / len(x)).backward()


def timed(function):
    """Return elapsed seconds and seconds on the processor."""
    wall, processor = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - wall, time.process_time() - processor


def compare(ways, n_rounds):
    """Print median times of each way and their ratios to the first."""
    for function in ways.values():
        function()
    rounds = [{name: timed(f) for name, f in ways.items()} for _ in range(n_rounds)]
    first = next(iter(ways))
    for name in ways:
        ms, ratio = [], []
        for clock in (0, 1):
            ms.append(1e3 * statistics.median(r[name][clock] for r in rounds))
            ratios = (r[name][clock] / r[first][clock] for r in rounds)
            ratio.append(statistics.median(ratios))
        print(
            f"  {name:<42} {ms[0]:8.1f} ({ms[1]:.1f}) ms   "
            f"x {ratio[0]:.2f} ({ratio[1]:.2f})",
            flush=True,
        )


def training_steps(shapes, n_rounds):
    """Time a step by order of rows, memory format of weights, and precision."""
    ways = {}
    for shape, (name, memory_format), bfloat16 in itertools.product(
        shapes, FORMATS.items(), (False, True)
    ):
        order = "(H, W, C)" if shape.channels_last else "(C, H, W)"
        title = f"rows {order}, {name} {'bfloat16' if bfloat16 else 'float32'}"
        pair, x = networks(shape, memory_format), example(shape)
        ways[title] = lambda p=pair, x=x, b=bfloat16: step(p, x, b)
    compare(ways, n_rounds)


def double_precision(shape, n_rounds):
    """Time forward passes without gradients in single and double precision."""
    ways = {}
    for (name, memory_format), dtype in itertools.product(
        FORMATS.items(), (torch.float32, torch.float64)
    ):
        pair, x = networks(shape, memory_format).to(dtype), example(shape).to(dtype)
        ways[f"forward, {name} {dtype}"] = torch.no_grad()(
            lambda p=pair, x=x: forward(p, x)
        )
    compare(ways, n_rounds)


def gradient(shape, memory_format, bfloat16):
    """Return the gradient of one step, by parameter."""
    pair = networks(shape, memory_format)
    step(pair, example(shape), bfloat16)
    return [parameter.grad for parameter in pair.parameters()]


def bfloat16_error(shape):
    """Print by how much of its norm bfloat16 misses float32's gradient."""
    exact = gradient(shape, torch.channels_last, False)
    rough = gradient(shape, torch.channels_last, True)
    each = [(a - b).norm() / a.norm() for a, b in zip(exact, rough, strict=True)]
    whole = torch.stack([(a - b).norm() for a, b in zip(exact, rough, strict=True)])
    whole = whole.norm() / torch.stack([a.norm() for a in exact]).norm()
    print(
        f"  bfloat16's relative error of the gradient: {whole:.4f}, of the median "
        f"parameter {statistics.median(each):.4f}, of the worst {max(each):.4f}"
    )


def difference(a, b):
    """Return the relative difference of the parameter where it is largest."""
    return max(((p - q).norm() / p.norm()).item() for p, q in zip(a, b, strict=True))


def thread_dependence(shape):
    """Print whether the gradient's bytes are those of one thread, and of a second run."""
    before = torch.get_num_threads()
    for name, memory_format in FORMATS.items():
        runs = []
        for n_threads in (1, 1, 2, 2):
            torch.set_num_threads(n_threads)
            runs.append(gradient(shape, memory_format, False))
        one, again, two, two_again = runs

        print(
            f"  {name}: relative difference of gradients, 1 and 1 thread "
            f"{difference(one, again):.1e}, 2 and 2 {difference(two, two_again):.1e}, "
            f"1 and 2 {difference(one, two):.1e}"
        )
    torch.set_num_threads(before)


if __name__ == "__main__":
    n_threads, n_rounds = [*map(int, sys.argv[1:]), *(1, 20)[len(sys.argv) - 1 :]]
    torch.set_num_threads(n_threads)
    for size in ((64, 64, 3), (28, 28, 1)):
        shapes = [ImageShape(*size, last) for last in (False, True)]
        print(f"{size}, {n_threads} threads, {n_rounds} rounds")
        training_steps(shapes, n_rounds)
        double_precision(shapes[1], n_rounds)
        bfloat16_error(shapes[1])
        thread_dependence(shapes[1])
