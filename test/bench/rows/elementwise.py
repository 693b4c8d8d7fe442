"""elementwise.py - softmax, layer norm, GELU and sums of rows: work that is bound by memory; and a call with next to no
work.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

from functools import partial

import numpy as np

from row import PROGRAMS, Graph, Row, Source, Spec

KINDS = {  # the entry of the program, and operations an element, about, for the roofline
    "softmax": ("soft_max", 5),
    "layer norm": ("norm", 7),
    "GELU": ("gelu_of", 20),
    "residual + norm": ("residual_norm", 8),
    "ReLU": ("relu_of", 1),
}


def rows_of(kind, count, size, dtype, name):
    data = Source(name, dtype)
    graph, arguments = Graph({"x": data.normal(count, size)}), ["x"]
    if kind == "softmax":
        graph("Softmax", "x", axis=-1)
    elif kind in ("GELU", "ReLU"):
        graph(kind.capitalize(), "x")
    else:
        graph.constants |= {"g": data.normal(size), "b": data.normal(size)}
        source = "x"
        if kind == "residual + norm":
            graph.inputs["y"] = data.normal(count, size)
            source, arguments = graph("Add", "x", "y"), ["x", "y"]
        graph("LayerNormalization", source, "g", "b", axis=-1, epsilon=1e-5)
        arguments += ["g", "b"]
    entry, flops = KINDS[kind]
    row = Row(PROGRAMS / "rows.btn", entry, [count], graph, flops * count * size, (count, size), arguments)
    row.dims, row.dtype, row.probe = {"N": size}, dtype, "copy" if count > 1 else "fma"
    return row


def reduction(kind, count, size, name):
    """A number of each row: what is read binds it."""
    graph = Graph({"x": Source(name).normal(count, size)})
    graph(f"Reduce{kind.capitalize()}", "x", graph.constant(np.array([-1], np.int64)), keepdims=0)
    row = Row(PROGRAMS / "rows.btn", f"{kind}_of", [count], graph, count * size, (count,), ["x"])
    row.dims, row.probe = {"N": size}, "read"
    return row


BOUND_BY_MEMORY = ["softmax", "layer norm", "GELU", "residual + norm"]
SIZES = [(4096, 1024), (65536, 128), (8192, 768), (512, 4096)]


def specs():
    call = "a call: ReLU of one value"
    rows = [Spec(call, "calls", partial(rows_of, "ReLU", 1, 1, "f32", call), quick=True)]
    for dtype in ("f32", "bf16"):
        for kind in BOUND_BY_MEMORY:
            for count, size in SIZES if dtype == "f32" else SIZES[:1]:
                name = f"{kind} {count}x{size} {dtype}"
                make = partial(rows_of, kind, count, size, dtype, name)
                rows.append(Spec(name, "rows", make, quick=(count, dtype) == (4096, "f32")))
    for kind in ("sum", "max"):
        name = f"{kind} 4096x1024 f32"
        rows.append(Spec(name, "rows", partial(reduction, kind, 4096, 1024, name)))
    return rows
