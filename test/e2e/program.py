"""program.py - a compiled program in this process, called as a C program calls it; tensors in files.

Standard library only. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import array
import ast
import ctypes
import faulthandler
import json
import mmap
import pathlib
import re
import struct
import subprocess
import tempfile

DTYPES = {"f": "<f4", "d": "<f8", "i": "<i4", "q": "<i8", "B": "|u1"}

# Options of builds whose results have the same bits; a level that the machine lacks is emulated.
BUILDS = {
    "native": ["--target=cpu:native"],
    "unfused": ["--target=cpu:native", "--fuse=off"],
    "x86-64-v3": ["--target=cpu:x86-64-v3"],
    "x86-64-v4": ["--target=cpu:x86-64-v4"],
}
if "avx512bw" not in pathlib.Path("/proc/cpuinfo").read_text():
    BUILDS["x86-64-v4"].append("--emulate")

LIBC = ctypes.CDLL(None, use_errno=True)
faulthandler.enable()  # a call that reads or writes on says where it was made

Body = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
ParallelFor = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, Body, ctypes.c_void_p)


class Call(ctypes.Structure):
    """batten_call of runtime/abi.h."""

    _fields_ = [
        ("size", ctypes.c_uint32),
        ("threads", ctypes.c_int32),
        ("parallel_for", ParallelFor),
        *((name, ctypes.c_void_p) for name in ("pool", "stream", "error", "row_status")),
    ]


class BeforeGuard:
    """A copy of a tensor with its end at a page that nobody may touch."""

    def __init__(self, tensor):
        self.tensor, self.bytes = tensor, len(tensor) * tensor.itemsize
        touched = -(-self.bytes // mmap.PAGESIZE) * mmap.PAGESIZE
        self.memory = mmap.mmap(-1, touched + mmap.PAGESIZE)
        guard = ctypes.addressof(ctypes.c_char.from_buffer(self.memory)) + touched
        result = LIBC.mprotect(ctypes.c_void_p(guard), ctypes.c_size_t(mmap.PAGESIZE), 0)
        assert result == 0, ctypes.get_errno()
        self.address = guard - self.bytes
        ctypes.memmove(self.address, tensor.buffer_info()[0], self.bytes)

    def copy_back(self):
        ctypes.memmove(self.tensor.buffer_info()[0], self.address, self.bytes)


def aligned(bytes_):
    """The address of so many bytes at a multiple of 64, and what keeps them."""
    memory = ctypes.create_string_buffer(bytes_ + 64)
    return (ctypes.addressof(memory) + 63) & -64, memory


class Program:
    """`source` built for the levels of `target` and bound to `weights`, array.arrays in the header's order."""

    def __init__(self, batten, source, weights=(), target="native"):
        self.folder = tempfile.TemporaryDirectory()
        library = pathlib.Path(self.folder.name) / "lib.so"
        subprocess.run([batten, "build", source, f"--target=cpu:{target}", "-o", library], check=True)
        header = next(library.parent.glob("*.h"))
        self.name, self.library = header.stem, ctypes.CDLL(str(library))
        size = int(re.search(r"_BYTES INT64_C\((\d+)\)", header.read_text())[1])
        self.address, self.memory = aligned(size)
        self.size = size
        result = self.bind(weights)
        assert result == 0, f"{self.name}_bind gives {result}"

    def bind(self, weights, error=None):
        """The result of NAME_bind; `error` is a buffer for the batten_error."""
        self.bound = ctypes.c_void_p()
        pointers = (ctypes.c_void_p * len(weights))(*[weight.buffer_info()[0] for weight in weights])
        arguments = [ctypes.c_void_p(self.address), ctypes.c_int64(self.size)] + ([pointers] if weights else [])
        return self.function("bind")(*arguments, ctypes.byref(self.bound), error)

    def function(self, name, result=ctypes.c_int):
        function = getattr(self.library, f"{self.name}_{name}")
        function.restype = result
        return function

    def workspace(self, name, *sizes):
        return self.function(name + "_workspace", ctypes.c_int64)(*[ctypes.c_int64(size) for size in sizes])

    def call(self, name, sizes, tensors, bytes_=None, service=None):
        """The result of NAME_name. A tensor is an array.array, or None for NULL; `service`: its batten_call."""
        bytes_ = max(self.workspace(name, *sizes), 0) if bytes_ is None else bytes_
        workspace, memory = aligned(bytes_)
        sizes = [ctypes.c_int64(size) for size in sizes]
        guarded = [BeforeGuard(tensor) if tensor is not None else None for tensor in tensors]
        pointers = [ctypes.c_void_p(tensor.address) if tensor else None for tensor in guarded]
        behind = [ctypes.c_void_p(workspace), ctypes.c_int64(bytes_), service]
        result = self.function(name)(self.bound, *sizes, *pointers, *behind)
        for tensor in filter(None, guarded):
            tensor.copy_back()
        del memory
        return result


def save_npy(path, values, shape):
    header = f"{{'descr': '{DTYPES[values.typecode]}', 'fortran_order': False, 'shape': {tuple(shape)}}}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    pathlib.Path(path).write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + values.tobytes())


def load_npy(path):
    data = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack_from("<H", data, 8)
    descr = ast.literal_eval(data[10 : 10 + length].decode())["descr"]
    values = array.array(next(code for code, dtype in DTYPES.items() if dtype == descr))
    values.frombytes(data[10 + length :])
    return values


def save_safetensors(path, tensors):
    """`tensors`: name -> (shape, array of f32)."""
    entries, end = {}, 0
    for name, (shape, values) in tensors.items():
        begin, end = end, end + 4 * len(values)
        entries[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [begin, end]}
    header = json.dumps(entries).encode()
    data = b"".join(values.tobytes() for _, values in tensors.values())
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(header)) + header + data)


def numbers(count, seed):
    """Small eighths that look random; their sums and products are exact for a while."""
    return array.array("f", ((i * 7919 + seed * 104_729) % 97 % 17 / 8 - 1 for i in range(count)))
