"""jax.py - JAX: the row's graph traced and compiled by XLA for this CPU. Weights are arguments, as in training loops.

XLA takes as many threads as the process has CPUs, which the bench sees to.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import os

import numpy as np

from graph import evaluate
from peers import Contender, Stopwatch

NAME = "jax"


class Traced:
    """jax.numpy and what it does not have, for graph.py."""

    def __init__(self):
        import jax

        self.jax, self.xp = jax, jax.numpy

    def gelu(self, x):
        return self.jax.nn.gelu(x, approximate=False)

    def conv(self, x, w, b, stride, pad):
        layout = ("NCHW", "OIHW", "NCHW")
        y = self.jax.lax.conv_general_dilated(x, w, (stride, stride), [(pad, pad)] * 2, dimension_numbers=layout)
        return y + b[:, None, None]

    def max_pool(self, x, size, stride, pad):
        pads = [(0, 0), (0, 0), (pad, pad), (pad, pad)]
        window = (1, 1, size, size), (1, 1, stride, stride), pads
        return self.jax.lax.reduce_window(x, -self.xp.inf, self.jax.lax.max, *window)


def version():
    import jax

    return jax.__version__


def refuses(row):
    return "no dot instructions for products of bytes" if row.dtype == "int8" else None


def prepare(row, threads):
    if threads == 1:
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    module = Traced()
    jax, dtype = module.jax, module.xp.bfloat16 if row.dtype == "bf16" else module.xp.float32
    graph = row.graph
    arrays = {name: v for name, v in (graph.inputs | graph.constants).items() if v.dtype == np.float32}
    fixed = {name: v for name, v in graph.constants.items() if v.dtype != np.float32}  # shapes
    arrays = {name: module.xp.asarray(v, dtype) for name, v in arrays.items()}
    compute = jax.jit(lambda given: evaluate(graph, given | fixed, module))
    with Stopwatch() as ready:
        compiled = compute.lower(arrays).compile()
    last = []

    def call():
        last[:] = [jax.block_until_ready(compiled(arrays))]

    return Contender(NAME, call, lambda: np.asarray(last[0], np.float32).reshape(row.result), ready.ms)
