"""attention.py - scaled dot products, full and causal; the others get the usual six operations, which they fuse.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

from functools import partial

import numpy as np

from row import PROGRAMS, Graph, Row, Source, Spec

MASKED = -1e9  # exp of it is 0 in every type, and no library makes NaN of it


def attention_nodes(graph, q, k, v, scale, mask=None):
    """Scores, mask, softmax and the mean of the values, for [.., T, D] each."""
    rank = 4
    keys = graph("Transpose", k, perm=[*range(rank - 2), rank - 1, rank - 2])
    scores = graph("Mul", graph("MatMul", q, keys), graph.constant(np.float32(scale)))
    if mask is not None:
        scores = graph("Add", scores, mask)
    return graph("MatMul", graph("Softmax", scores, axis=-1), v)


def attention(b, h, t, d, causal, dtype, name):
    data = Source(name, dtype)
    graph = Graph({tensor: data.normal(b, h, t, d) for tensor in "qkv"})
    mask = graph.constant(np.triu(np.full((t, t), MASKED, np.float32), 1)) if causal else None
    attention_nodes(graph, "q", "k", "v", d**-0.5, mask)
    flops = 4 * b * h * t * t * d / (2 if causal else 1)
    entry, shape = "causal" if causal else "full", (b, h, t, d)
    return Row(
        PROGRAMS / "attention.btn", entry, [b, h, t], graph, flops, shape, ["q", "k", "v"], dims={"D": d}, dtype=dtype
    )


SIZES = [(8, 12, 128, 64), (8, 12, 512, 64), (1, 12, 2048, 64), (1, 16, 1024, 128)]


def specs():
    rows = []
    for dtype in ("f32", "bf16"):
        for causal in (False, True):
            for b, h, t, d in SIZES:
                name = f"attention B {b}, H {h}, T {t}, D {d}{', causal' if causal else ''} {dtype}"
                make = partial(attention, b, h, t, d, causal, dtype, name)
                rows.append(Spec(name, "attention", make, quick=(t, dtype) == (512, "f32")))
    return rows
