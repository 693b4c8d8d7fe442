"""openblas.py - the OpenBLAS that NumPy brings, for rows that are one product of matrices in f32.

What follows a product (bias, GELU) is not BLAS: such rows are refused rather than timed without it.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import ctypes
from pathlib import Path

import numpy as np

from peers import Contender, aligned, aligned_copy

NAME = "openblas"


def library():
    found = sorted(Path(np.__file__).parent.parent.glob("numpy.libs/libscipy_openblas*.so"))
    if not found:
        raise ImportError("this NumPy does not bring OpenBLAS")
    return ctypes.CDLL(str(found[0]))


def version():
    text = library().scipy_openblas_get_config64_
    text.restype = ctypes.c_char_p
    return " ".join(text().decode().split()[1:2]) + f" in NumPy {np.__version__}"


def core_name():
    name = library().scipy_openblas_get_corename64_
    name.restype = ctypes.c_char_p
    return name().decode()


def refuses(row):
    if row.dtype != "f32":
        return f"no products of {row.dtype}"
    if row.matrix is None or [node.op for node in row.graph.nodes] != ["MatMul"]:
        return "not one product of matrices"
    return None


def prepare(row, threads):
    library().scipy_openblas_set_num_threads64_(threads)
    batch, m, n, k = row.matrix
    left, right = (aligned_copy(v) for v in [*row.graph.inputs.values(), *row.graph.constants.values()][:2])
    out = aligned(row.result)
    if right.ndim == 2:  # one right-hand side for all: one product of more rows
        a, c = left.reshape(-1, k), out.reshape(-1, n)
        return Contender(NAME, lambda: np.matmul(a, right, out=c), lambda: out, 0.0)
    return Contender(NAME, lambda: np.matmul(left, right, out=out), lambda: out, 0.0)
