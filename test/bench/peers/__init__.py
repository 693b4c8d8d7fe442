"""peers - everything that can run a row, a module each, behind one interface.

A module has NAME, `version()`, which raises ImportError (or OSError) where the library is not there, `refuses(row)`, a
reason or None, and `prepare(row, threads)`, which gives a Contender. Modules import their library inside functions: a
bench without it must start.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import importlib
import time

import numpy as np


class Contender:
    """One library ready to compute one row; `call` computes it once, `output` shows what it computed."""

    def __init__(self, name, call, output, ready_ms):
        self.name, self.call, self.output, self.ready_ms = name, call, output, ready_ms

    def time(self, calls):
        """Seconds of `calls` calls. Libraries that are called from Python keep this loop."""
        call = self.call
        begin = time.perf_counter()
        for _ in range(calls):
            call()
        return time.perf_counter() - begin

    def result(self):
        self.time(1)
        return np.asarray(self.output(), np.float32)


def aligned(shape, dtype=np.float32):
    """Zeros at a multiple of 64 bytes: no library shall suffer from where NumPy puts an array."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.zeros(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size].view(dtype).reshape(shape)


def aligned_copy(values):
    copy = aligned(values.shape, values.dtype)
    copy[...] = values
    return copy


def bf16_bits(values):
    """The upper halves of values that have no lower ones."""
    return aligned_copy((np.ascontiguousarray(values).view(np.uint32) >> 16).astype(np.uint16))


def bf16_values(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32)


class Stopwatch:
    """`with Stopwatch() as ready: ...` and then ready.ms."""

    def __enter__(self):
        self.begin = time.perf_counter()
        return self

    def __exit__(self, *_):
        self.ms = 1e3 * (time.perf_counter() - self.begin)


def load(names):
    """(modules that work here, {name: why it is absent})."""
    present, absent = [], {}
    for name in names:
        module = importlib.import_module(f"peers.{name}")
        try:
            module.VERSION = module.version()
            present.append(module)
        except (ImportError, OSError) as error:
            absent[module.NAME] = str(error).splitlines()[0]
    return present, absent
