"""libxsmm.py - libxsmm (Debian's package, unpacked beside the build) for batches of small products; the loop is in C.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import ctypes
import os
import subprocess
from pathlib import Path

from peers import Contender, Stopwatch, aligned, aligned_copy

NAME = "libxsmm"
LARGEST = 128  # of m, n and k: beyond, one kernel is no longer what it is made for


def unpacked():
    """The folder of Debian's package, which is fetched and not installed: this needs no root."""
    folder = Path(os.environ["BATTEN_BENCH_WORK"]) / "libxsmm"
    if not (folder / "usr/lib/libxsmm.a").exists():
        folder.mkdir(exist_ok=True)
        steps = "apt-get -qq download libxsmm-dev && dpkg -x libxsmm-dev_*.deb ."
        done = subprocess.run(steps, shell=True, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            raise ImportError((done.stderr.strip() or "apt-get download failed").splitlines()[-1])
    return folder / "usr"


def shim():
    """Compiled by gcc, whose OpenMP is there wherever it is."""
    source = Path(__file__).with_name("libxsmm_shim.c")
    library = Path(os.environ["BATTEN_BENCH_WORK"]) / "libxsmm_shim.so"
    if not library.exists() or library.stat().st_mtime < source.stat().st_mtime:
        package = unpacked()
        command = ["gcc", "-O2", "-march=native", "-fopenmp", "-shared", "-fPIC", source, "-o", library]
        command += ["-isystem", package / "include", package / "lib/libxsmm.a", package / "lib/libxsmmnoblas.a"]
        done = subprocess.run([*command, "-lpthread", "-lm", "-ldl"], capture_output=True, text=True)
        if done.returncode:
            raise ImportError(done.stderr.splitlines()[0])
    loaded = ctypes.CDLL(str(library))
    loaded.xsmm_version.restype, loaded.xsmm_time.restype = ctypes.c_char_p, ctypes.c_double
    loaded.xsmm_kernel.restype = ctypes.c_void_p
    return loaded


def version():
    return shim().xsmm_version().decode()


def refuses(row):
    if row.dtype != "f32" or row.matrix is None or [node.op for node in row.graph.nodes] != ["MatMul"]:
        return "not one product of matrices in f32"
    return None if max(row.matrix[1:]) <= LARGEST else "not small"


class Batch(ctypes.Structure):
    _fields_ = [("kernel", ctypes.c_void_p)]
    _fields_ += [(name, ctypes.c_int64) for name in ("count", "a_elements", "b_elements", "c_elements")]
    _fields_ += [(name, ctypes.c_void_p) for name in ("a", "b", "c")] + [("threads", ctypes.c_int64)]


class SmallProducts(Contender):
    def __init__(self, row, threads):
        self.library, self.name = shim(), NAME
        batch, m, n, k = row.matrix
        a, b = (aligned_copy(v) for v in [*row.graph.inputs.values(), *row.graph.constants.values()][:2])
        out = aligned(row.result)
        with Stopwatch() as ready:
            kernel = self.library.xsmm_kernel(*map(ctypes.c_int64, (m, n, k)))
        if not kernel:
            raise RuntimeError("no kernel of this size")
        pointers = [array.ctypes.data for array in (a, b, out)]
        self.batch = Batch(kernel, batch, m * k, 0 if b.ndim == 2 else k * n, m * n, *pointers, threads)
        self.ready_ms, self.output, self.keep = ready.ms, lambda: out, (a, b)

    def time(self, calls):
        return self.library.xsmm_time(ctypes.byref(self.batch), ctypes.c_int64(calls))


def prepare(row, threads):
    return SmallProducts(row, threads)
