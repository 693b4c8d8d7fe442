"""matrices.py - products of matrices: squares, layers of BERT-base, few rows against large weights, many small ones.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

from functools import partial

from row import EXAMPLES, PROGRAMS, Graph, Row, Source, Spec


def linear(name):
    """nn.Linear as PyTorch stores it; a call takes less than a microsecond."""
    data = Source(name)
    weight, bias, x = data.normal(5, 10), data.normal(5), data.normal(32, 10)
    graph = Graph({"x": x}, {"w": weight, "b": bias})
    graph("Gemm", "x", "w", "b", transB=1)
    weights = {"weight": "w", "bias": "b"}
    row = Row(EXAMPLES / "simple/simple.btn", "forward", [32], graph, 2 * 32 * 10 * 5, (32, 5), ["x"], weights)
    row.matrix = (1, 32, 5, 10)
    return row


def projection(name):
    """The right-hand side is an argument: the others may pack it at load, Batten may not."""
    data = Source(name)
    x, w = data.normal(32, 128, 512), data.normal(512, 64, scale=512**-0.5)
    graph = Graph({"x": x}, {"w": w})
    graph("MatMul", "x", "w")
    flops = 2 * 4096 * 512 * 64
    row = Row(EXAMPLES / "qproj/qproj.btn", "q_proj", [32, 128], graph, flops, (32, 128, 64), ["x", "w"])
    row.matrix = (1, 4096, 64, 512)
    return row


def product(m, n, k, dtype, activation, probe, name):
    """[m, k] @ weights of [k, n], bias and GELU fused where asked for."""
    data = Source(name, dtype)
    x, w, b = data.normal(m, k), data.normal(k, n, scale=k**-0.5), data.normal(n)
    graph = Graph({"x": x}, {"w": w})
    product = graph("MatMul", "x", "w")
    weights = {"w": "w"}
    if activation:
        graph.constants["b"] = b
        graph("Gelu", graph("Add", product, "b"))
        weights["b"] = "b"
    program = PROGRAMS / ("layer.btn" if activation else "gemm.btn")
    row = Row(program, "forward", [m], graph, 2 * m * n * k, (m, n), ["x"], weights, {"K": k, "N": n}, dtype, probe)
    row.matrix = (1, m, n, k)
    return row


def given(m, n, k, name):
    """Both sides are arguments of everybody: what packs does so in the call."""
    data = Source(name)
    graph = Graph({"x": data.normal(m, k), "w": data.normal(k, n, scale=k**-0.5)})
    graph("MatMul", "x", "w")
    dims, program = {"K": k, "N": n}, PROGRAMS / "gemm_given.btn"
    row = Row(program, "forward", [m], graph, 2 * m * n * k, (m, n), ["x", "w"], dims=dims)
    row.matrix = (1, m, n, k)
    return row


def bytes_product(m, n, k, name):
    """i8 in Batten; the left side has seven bits, so that the others may take it as the u8 that they are made for."""
    data = Source(name)
    x, w = data.integers(m, k, low=0, high=127), data.integers(k, n, low=-127, high=127)
    graph = Graph({"x": x}, {"w": w})
    graph("MatMulInteger", "x", "w")
    row = Row(PROGRAMS / "gemm_int8.btn", "forward", [m], graph, 2 * m * n * k, (m, n), ["x"], {"w": "w"})
    row.dims, row.dtype, row.matrix = {"K": k, "N": n}, "int8", (1, m, n, k)
    return row


def batched(batch, m, n, k, shared, name):
    """Both operands are arguments."""
    data = Source(name)
    a, b = data.normal(batch, m, k), data.normal(*([] if shared else [batch]), k, n)
    graph = Graph({"a": a, "b": b})
    graph("MatMul", "a", "b")
    flops, entry = 2 * batch * m * n * k, "shared" if shared else "product"
    dims = {"M": m, "N": n, "K": k}
    row = Row(PROGRAMS / "batched.btn", entry, [batch], graph, flops, (batch, m, n), ["a", "b"], {}, dims)
    row.matrix = (batch, m, n, k)
    return row


SQUARES = [256, 512, 1024, 2048]
BERT_SIZES = [(768, 768), (2304, 768), (3072, 768), (768, 3072)]
BERT_LAYERS = [(m, *size) for m in (128, 1024) for size in BERT_SIZES]
FEW_ROWS = [(m, 4096, 4096) for m in (1, 4, 8, 16, 32)] + [(1, 11008, 4096), (1, 4096, 11008)]
SMALL_CUBES = [8, 16, 32, 64]
SMALL = [(batch, s, s, s) for batch in (1024, 64) for s in SMALL_CUBES] + [(12, 128, 128, 64)]


def specs():
    rows = [
        Spec("Linear 10->5, B 32", "calls", partial(linear, "linear"), quick=True),
        Spec("32x128x512 @ 512x64", "gemm", partial(projection, "projection"), quick=True),
    ]
    add = lambda name, group, make, quick=False: rows.append(Spec(name, group, partial(make, name=name), quick))
    for dtype in ("f32", "bf16"):
        for s in SQUARES:
            make = partial(product, s, s, s, dtype, False, "fma")
            add(f"GEMM {s}^3 {dtype}", "gemm", make, s == 512)
        for m, n, k in BERT_LAYERS:
            make = partial(product, m, n, k, dtype, True, "fma")
            add(f"BERT {m}x{k} @ {k}x{n} + bias, GELU {dtype}", "bert", make, (m, n, k) == (128, 3072, 768))
        for m, n, k in FEW_ROWS:
            make = partial(product, m, n, k, dtype, False, "read" if m <= 8 else "fma")
            add(f"{m} x {k} @ {k}x{n} {dtype}", "few rows", make, m == 1 and n == k)
    for s in SQUARES:
        add(f"GEMM {s}^3 f32, both sides given", "gemm", partial(given, s, s, s))
    for m, n, k in [(s, s, s) for s in SQUARES] + BERT_LAYERS:
        add(f"{m}x{k} @ {k}x{n} int8", "gemm", partial(bytes_product, m, n, k), m == n == 512)
    for batch, m, n, k in SMALL:
        name = f"{batch} of {m}x{k} @ {k}x{n} f32"
        add(name, "small", partial(batched, batch, m, n, k, False), (batch, m) == (1024, 16))
    for s in SMALL_CUBES:
        add(f"64 of {s}x{s} @ one {s}x{s} f32", "small", partial(batched, 64, s, s, s, True))
    return rows
