"""Time of a training step of the convolutional networks, by memory format and precision.

Run ``OMP_WAIT_POLICY=PASSIVE python benchmarks/convolutions.py 2 20``, where 2 is the
number of threads (default 1) and 20 the number of rounds (default 20). A step computes
the encoder, the decoder and the gradient of the squared error for 200 images. Each round
times every variant once, so that other load on the machine affects all variants equally.
The printed ratios are medians over the rounds of the time of a variant relative to
contiguous float32 in the same round. "X" says whether the images are stored as (channels,
height, width) or as (height, width, channels). Each result is given as elapsed time and,
in parentheses, as processor time, which is less sensitive to other load.

All variants have the default networks, except for one that has those of the paper.

The script also prints the error of the gradient in bfloat16, the time of forward passes
in double precision, and whether the gradient depends on the number of threads.
"""

import itertools
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

from sklearn_revae._model.convolutions import image_decoder, image_encoder_body
from sklearn_revae._model.images import FastFormat, ImageShape
from sklearn_revae._model.networks import GaussianEncoder
from sklearn_revae._model.published import published_decoder, published_encoder_body

LATENT_DIM = 45
N_IMAGES = 200
NETWORKS = {
    "default": (image_encoder_body, image_decoder),
    "published": (published_encoder_body, published_decoder),
}
FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


def networks(image_shape, memory_format, name="default"):
    """Return an encoder and a decoder that use the given memory format."""
    make_body, make_decoder = NETWORKS[name]
    generator = torch.Generator().manual_seed(0)
    body, width = make_body(image_shape, generator)
    encoder = GaussianEncoder(body, width, LATENT_DIM, generator)
    pair = nn.ModuleList([encoder, make_decoder(LATENT_DIM, image_shape, generator)])
    for module in pair.modules():
        if isinstance(module, FastFormat):
            module.on_cpu = memory_format
    return pair


def example(image_shape):
    """Return 200 smooth images, the same for both orders of the axes."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(N_IMAGES, image_shape.channels, 8, 8, generator=generator)
    size = (image_shape.height, image_shape.width)
    images = F.interpolate(coarse, size, mode="bilinear")
    return image_shape.rows(images).contiguous()


def forward(pair, x):
    """Return the reconstruction from the latent mean plus the latent scale."""
    mean, scale = pair[0](x)
    return pair[1](mean + scale)


def step(pair, x, bfloat16):
    """Compute the gradient of the squared error, as the `grad` of the parameters."""
    pair.zero_grad(set_to_none=True)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
        output = forward(pair, x)
    ((output.float() - x).square().sum() / len(x)).backward()


def timed(function):
    """Return the elapsed time and the processor time of a call, in seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - wall, time.process_time() - processor


def compare(variants, n_rounds):
    """Print the median times of each variant and their ratios to the first variant."""
    for function in variants.values():
        function()
    rounds = [{name: timed(f) for name, f in variants.items()} for _ in range(n_rounds)]
    first = next(iter(variants))
    for name in variants:
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
    """Time a step for each order of axes of X, memory format and precision."""
    variants = {}
    for shape, (name, memory_format), bfloat16 in itertools.product(
        shapes, FORMATS.items(), (False, True)
    ):
        order = "(H, W, C)" if shape.channels_last else "(C, H, W)"
        title = f"X {order}, {name} {'bfloat16' if bfloat16 else 'float32'}"
        default, images = networks(shape, memory_format), example(shape)
        variants[title] = lambda p=default, x=images, b=bfloat16: step(p, x, b)
    pair, x = networks(shapes[-1], FastFormat.on_cpu, "published"), example(shapes[-1])
    variants["published networks, float32"] = lambda: step(pair, x, False)
    compare(variants, n_rounds)


def double_precision(shape, n_rounds):
    """Time forward passes without gradients, in single and double precision."""
    variants = {}
    for (name, memory_format), dtype in itertools.product(
        FORMATS.items(), (torch.float32, torch.float64)
    ):
        pair, x = networks(shape, memory_format).to(dtype), example(shape).to(dtype)
        variants[f"forward, {name} {dtype}"] = torch.no_grad()(
            lambda p=pair, x=x: forward(p, x)
        )
    compare(variants, n_rounds)


def gradient(shape, memory_format, bfloat16):
    """Return the gradient of one step, one tensor per parameter."""
    pair = networks(shape, memory_format)
    step(pair, example(shape), bfloat16)
    return [parameter.grad for parameter in pair.parameters()]


def bfloat16_error(shape):
    """Print the relative error of the bfloat16 gradient against the float32 gradient."""
    exact = gradient(shape, torch.channels_last, False)
    approximate = gradient(shape, torch.channels_last, True)
    by_parameter = [
        (a - b).norm() / a.norm() for a, b in zip(exact, approximate, strict=True)
    ]
    whole = torch.stack([(a - b).norm() for a, b in zip(exact, approximate, strict=True)])
    whole = whole.norm() / torch.stack([a.norm() for a in exact]).norm()
    print(
        f"  relative error of the bfloat16 gradient: {whole:.4f}, median over the "
        f"parameters {statistics.median(by_parameter):.4f}, worst {max(by_parameter):.4f}"
    )


def difference(a, b):
    """Return the largest relative difference over the parameters."""
    return max(((p - q).norm() / p.norm()).item() for p, q in zip(a, b, strict=True))


def thread_dependence(shape):
    """Print how gradients differ between thread counts and between repeated runs."""
    before = torch.get_num_threads()
    for name, memory_format in FORMATS.items():
        runs = []
        for n_threads in (1, 1, 2, 2):
            torch.set_num_threads(n_threads)
            runs.append(gradient(shape, memory_format, False))
        one, again, two, two_again = runs
        print(
            f"  {name}: relative difference of gradients, 1 and again 1 thread "
            f"{difference(one, again):.1e}, 2 and again 2 "
            f"{difference(two, two_again):.1e}, 1 and 2 {difference(one, two):.1e}"
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
