"""onednn.py - oneDNN 3 for rows that are one of its primitives with what it fuses; the loop of calls is in C++.

PyPI has the SYCL build only, whose layer adds 8 to 10 us to a call: rows of few microseconds say nothing about oneDNN.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from peers import Contender, Stopwatch, aligned, aligned_copy

NAME = "onednn"
PREFIX = Path(sys.prefix)
INTEL = ["libintlc.so.5", "libimf.so", "libirng.so", "libsvml.so", "libsycl.so.9", "libtbb.so.12"]
LAYERS = {("Gemm",), ("MatMul",), ("MatMulInteger",), ("MatMul", "Add", "Gelu")}
TYPES = ["f32", "bf16", "int8"]  # numbered as in the shim
ROWS = {("Softmax",): 0, ("LayerNormalization",): 1, ("Gelu",): 2}


def shim():
    """Compiled when it is older than its source."""
    source = Path(__file__).with_name("onednn_shim.cpp")
    library = Path(os.environ["BATTEN_BENCH_WORK"]) / "libonednn_shim.so"
    if not (PREFIX / "include/dnnl.hpp").exists():
        raise ImportError("onednn-devel is not installed")
    if not library.exists() or library.stat().st_mtime < source.stat().st_mtime:
        place = PREFIX / "lib"
        command = ["clang++-22", "-std=c++20", "-O2", "-Wall", "-shared", "-fPIC", source, "-o", library]
        command += [
            "-isystem",
            PREFIX / "include",
            place / "libdnnl.so",
            f"-Wl,-rpath,{place}",
            "-Wl,--allow-shlib-undefined",
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise ImportError(done.stderr.splitlines()[0])
    os.environ["OCL_ICD_FILENAMES"] = str(PREFIX / "lib/libintelocl.so")
    for needed in INTEL:  # they do not find each other
        ctypes.CDLL(str(PREFIX / "lib" / needed), ctypes.RTLD_GLOBAL)
    loaded = ctypes.CDLL(str(library))
    loaded.dnn_error.restype, loaded.dnn_time.restype = ctypes.c_char_p, ctypes.c_double
    for name in ("dnn_layer", "dnn_batched", "dnn_convolution", "dnn_rows"):
        getattr(loaded, name).restype = ctypes.c_void_p
    return loaded


def version():
    parts = [ctypes.c_int() for _ in range(3)]
    shim().dnn_version(*map(ctypes.byref, parts))
    return ".".join(str(part.value) for part in parts)


def operations(row):
    return tuple(node.op for node in row.graph.nodes)


def refuses(row):
    known = operations(row) in LAYERS or operations(row) in ROWS or operations(row) == ("Conv",)
    return None if known else "not one of its primitives"


def problem(library, row, values):
    """The primitive of a row; `values`: its arrays in f32."""
    dtype, place = TYPES.index(row.dtype), lambda name: ctypes.c_void_p(values[name].ctypes.data)
    numbers = lambda *given: [ctypes.c_int64(n) for n in given]
    inputs = [name for node in row.graph.nodes for name in node.inputs if name in values]
    if operations(row) == ("Conv",):
        node, x, w = row.graph.nodes[0], values[inputs[0]], values[inputs[1]]
        window = node.attributes
        shape = [x.shape[0], x.shape[2], *w.shape[1::-1], w.shape[2], window["strides"][0], window["pads"][0]]
        return library.dnn_convolution(dtype, (ctypes.c_int64 * 7)(*shape), *map(place, inputs))
    if operations(row) in ROWS:
        given = [place(name) for name in inputs] + [None, None]
        return library.dnn_rows(dtype, ROWS[operations(row)], *numbers(*row.result), *given[:3])
    batch, m, n, k = row.matrix
    if batch > 1:
        shared = int(values[inputs[1]].ndim == 2)
        return library.dnn_batched(*numbers(batch, m, n, k), shared, *map(place, inputs))
    if operations(row) == ("Gemm",):  # its right-hand side is stored by results
        values[inputs[1]] = aligned_copy(values[inputs[1]].T)
    bias = place(inputs[2]) if len(inputs) > 2 else None
    packed, gelu = int(inputs[1] in row.graph.constants), int("Gelu" in operations(row))
    return library.dnn_layer(dtype, *numbers(m, n, k), packed, *map(place, inputs[:2]), bias, gelu)


class Primitive(Contender):
    def __init__(self, row, threads):
        os.environ["DPCPP_CPU_NUM_CUS"] = str(threads)
        self.library, self.name = shim(), NAME
        arrays = row.graph.inputs | row.graph.constants
        values = {name: aligned_copy(v.astype(np.float32, copy=False)) for name, v in arrays.items()}
        with Stopwatch() as ready:
            self.problem = ctypes.c_void_p(problem(self.library, row, values))
        if not self.problem:
            raise RuntimeError(self.library.dnn_error().decode())
        self.ready_ms, self.shape = ready.ms, row.result

    def time(self, calls):
        return self.library.dnn_time(self.problem, ctypes.c_int64(calls))

    def output(self):
        values = aligned(self.shape)
        self.library.dnn_result(self.problem, ctypes.c_void_p(values.ctypes.data))
        return values


def prepare(row, threads):
    return Primitive(row, threads)
