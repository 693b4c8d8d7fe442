"""batten.py - the compiler under test: compiles a row's program and calls it from a loop in C, as its hosts do.

SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import ctypes
import os
import re
import resource
import subprocess
from pathlib import Path

import numpy as np

from peers import Contender, Stopwatch, aligned, aligned_copy, bf16_bits, bf16_values

NAME = "batten"
BUILD = Path(os.environ.get("BATTEN_BENCH_BUILD", "build"))
WORK = Path(os.environ.get("BATTEN_BENCH_WORK", "build/bench"))


class HostCall(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in ("entry", "program", "sizes", "tensors", "workspace")]
    _fields_ += [("workspace_bytes", ctypes.c_int64), ("pool", ctypes.c_void_p)]


class Error(ctypes.Structure):
    _fields_ = [("result", ctypes.c_int32), ("message", ctypes.c_char * 252)]


def host_library():
    host = ctypes.CDLL(str(WORK / "libhost.so"))
    for name in ("host_program_bytes", "host_weight_count", "host_workspace"):
        getattr(host, name).restype = ctypes.c_int64
    for name in ("host_weight_field", "host_compiler"):
        getattr(host, name).restype = ctypes.c_char_p
    for name in ("host_load", "host_entry", "host_pool"):
        getattr(host, name).restype = ctypes.c_void_p
    host.host_time.restype = ctypes.c_double
    return host


def version():
    shown = subprocess.run([BUILD / "bin/batten", "--version"], capture_output=True, text=True, check=True)
    return shown.stdout.splitlines()[0]


def refuses(row):
    return None


def source(row):
    """The row's program; for bf16 the same with its line `type F = f32` changed, in the work folder."""
    if row.dtype != "bf16":
        return row.program
    text, count = re.subn(r"^type F = f32\b", "type F = bf16", row.program.read_text(), flags=re.M)
    if count != 1:
        raise ValueError(f"{row.program.name} has no `type F = f32` to change")
    changed = WORK / f"{row.program.stem}_bf16.btn"
    changed.write_text(text)
    return changed


def compile_row(row):
    """The library, the name of its program, and user milliseconds of the compiler."""
    program = source(row)
    tag = "".join(f"_{name}{size}" for name, size in row.dims.items())
    output = WORK / f"lib{program.stem}{tag}.so"
    command = [BUILD / "bin/batten", "build", "--quiet", program, "-o", output]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run(
        command + [f"--dim={n}={size}" for n, size in row.dims.items()], capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    return output, program.stem, 1e3 * (resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)


class Native(Contender):
    def __init__(self, row, threads):
        self.compile = {}
        with Stopwatch() as build:
            path, stem, self.compile["user_ms"] = compile_row(row)
        self.compile |= {"wall_ms": build.ms, "so_bytes": path.stat().st_size}
        self.host, self.error, self.keep = host_library(), Error(), []
        convert = bf16_bits if row.dtype == "bf16" else aligned_copy
        values = row.arrays
        prepare = lambda v: convert(v) if v.dtype == np.float32 else aligned_copy(v)
        weights = {field: prepare(values[name]) for field, name in row.weights.items()}
        self.compile["load_and_bind_ms"] = self.bind(path, stem, weights)
        self.name, self.ready_ms = NAME, build.ms + self.compile["load_and_bind_ms"]
        out = aligned(row.result, np.uint16 if row.dtype == "bf16" else row.result_type)
        self.output = lambda: bf16_values(out) if row.dtype == "bf16" else out
        self.describe_call(row, [prepare(values[name]) for name in row.arguments] + [out], threads)

    def bind(self, path, stem, weights):
        """Milliseconds of loading the library and of its bind, as a C program meets them."""
        load, bind = ctypes.c_double(), ctypes.c_double()
        describe = re.sub(r"\W", "_", stem) + "_describe"
        self.description = ctypes.c_void_p(self.host.host_load(str(path).encode(), describe.encode(), ctypes.byref(load)))
        if not self.description:
            raise RuntimeError(f"{path} cannot be loaded, or has no {describe}")
        host, count = self.host, self.host.host_weight_count(self.description)
        fields = [host.host_weight_field(self.description, ctypes.c_int64(i)).decode() for i in range(count)]
        pointers = (ctypes.c_void_p * max(count, 1))(*(weights[field].ctypes.data for field in fields))
        memory = aligned((host.host_program_bytes(self.description),), np.uint8)
        self.program = ctypes.c_void_p()
        place = ctypes.c_void_p(memory.ctypes.data)
        outputs = ctypes.byref(self.program), ctypes.byref(bind), ctypes.byref(self.error)
        if host.host_bind(self.description, place, pointers, *outputs):
            raise RuntimeError(self.error.message.decode())
        self.keep += [memory]
        return 1e3 * (load.value + bind.value)

    def describe_call(self, row, tensors, threads):
        host = self.host
        entry = ctypes.c_void_p(host.host_entry(self.description, row.entry.encode()))
        if not entry:
            raise RuntimeError(f"{row.program.name} has no entry {row.entry}")
        sizes = (ctypes.c_int64 * max(len(row.sizes), 1))(*row.sizes)
        size = host.host_workspace(entry, sizes, ctypes.c_int64(threads))
        workspace = aligned((max(size, 64),), np.uint8)
        pointers = (ctypes.c_void_p * len(tensors))(*(t.ctypes.data for t in tensors))
        pool = host.host_pool(ctypes.c_int32(threads))
        address = lambda a: ctypes.cast(a, ctypes.c_void_p)
        self.given = HostCall(
            entry, self.program, address(sizes), address(pointers), workspace.ctypes.data, max(size, 0), pool
        )
        self.keep += [sizes, tensors, workspace, pointers]

    def time(self, calls):
        seconds = self.host.host_time(ctypes.byref(self.given), ctypes.c_int64(calls), ctypes.byref(self.error))
        if seconds < 0:
            raise RuntimeError(f"the call was refused: {self.error.message.decode()}")
        return seconds


def from_python(native):
    """The same calls, one at a time from Python: what is then left of a difference is not Python's."""
    return Contender("batten (ctypes)", lambda: native.time(1), native.output, native.ready_ms)


def prepare(row, threads):
    return Native(row, threads)
