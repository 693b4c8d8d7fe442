"""elementwise.py - softmax, layer norm and GELU of rows: work that is bound by memory.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

from functools import partial

from row import PROGRAMS, Graph, Row, Source, Spec

FLOPS = {"softmax": 5, "layer norm": 7, "GELU": 20, "residual + norm": 8}  # an element, about; for the roofline
ENTRIES = {"softmax": "soft_max", "layer norm": "norm", "GELU": "gelu_of", "residual + norm": "residual_norm"}


def rows_of(kind, count, size, dtype, name):
    data = Source(name, dtype)
    graph, arguments = Graph({"x": data.normal(count, size)}), ["x"]
    if kind == "softmax":
        graph("Softmax", "x", axis=-1)
    elif kind == "GELU":
        graph("Gelu", "x")
    else:
        graph.constants |= {"g": data.normal(size), "b": data.normal(size)}
        source = "x"
        if kind == "residual + norm":
            graph.inputs["y"] = data.normal(count, size)
            source, arguments = graph("Add", "x", "y"), ["x", "y"]
        graph("LayerNormalization", source, "g", "b", axis=-1, epsilon=1e-5)
        arguments += ["g", "b"]
    row = Row(
        PROGRAMS / "rows.btn", ENTRIES[kind], [count], graph, FLOPS[kind] * count * size, (count, size), arguments
    )
    row.dims, row.dtype, row.probe = {"N": size}, dtype, "copy"
    return row


SIZES = [(4096, 1024), (65536, 128), (8192, 768), (512, 4096)]


def specs():
    rows = []
    for dtype in ("f32", "bf16"):
        for kind in FLOPS:
            for count, size in SIZES if dtype == "f32" else SIZES[:1]:
                name = f"{kind} {count}x{size} {dtype}"
                make = partial(rows_of, kind, count, size, dtype, name)
                rows.append(Spec(name, "rows", make, quick=(count, dtype) == (4096, "f32")))
    return rows
