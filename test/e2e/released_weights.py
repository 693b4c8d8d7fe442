"""released_weights.py BATTEN WORK: weights that are built in are not resident beside the packed ones.

A second bind finds them in the file again; where the program lies in memory of no file, a bind leaves them alone.
Standard library only. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import ctypes
import mmap
import pathlib
import re
import subprocess
import sys

from program import LIBC, aligned, numbers, save_safetensors

BATTEN, WORK = sys.argv[1], pathlib.Path(sys.argv[2])
ROWS, COLUMNS = 1024, 2048
SOURCE = f"""dim B
model Dense {{ param w: f32[| {ROWS}, {COLUMNS}] from "w"  fn apply(x: f32[| {ROWS}]) -> f32[| {COLUMNS}] = x @ w }}
pub fn dense(x: f32[B | {ROWS}]) -> f32[B | {COLUMNS}] = Dense(x)
"""
MAP_FIXED = 0x10


def mappings(library):
    """Begin, end and resident bytes of each mapping of the library's file."""
    entry = rf"^(\w+)-(\w+) \S+ \w+ \S+ \d+ +{re.escape(str(library))}\n(?:\w+: .*\n)*?Rss: +(\d+) kB"
    found = re.findall(entry, pathlib.Path("/proc/self/smaps").read_text(), re.MULTILINE)
    return [(int(begin, 16), int(end, 16), int(kilobytes) * 1024) for begin, end, kilobytes in found]


def outputs(dense, size):
    """What a program says that is bound anew."""
    (address, memory), bound = aligned(size), ctypes.c_void_p()
    assert dense.dense_bind(ctypes.c_void_p(address), ctypes.c_int64(size), ctypes.byref(bound), None) == 0
    dense.dense_dense_workspace.restype = ctypes.c_int64
    bytes_ = dense.dense_dense_workspace(ctypes.c_int64(1))
    (workspace, room), x = aligned(bytes_), numbers(ROWS, 3)
    y = (ctypes.c_float * COLUMNS)()
    arguments = [ctypes.c_void_p(x.buffer_info()[0]), y, ctypes.c_void_p(workspace), ctypes.c_int64(bytes_), None]
    assert dense.dense_dense(bound, ctypes.c_int64(1), *arguments) == 0
    return bytes(y)


def copy_to_no_file(begin, end):
    content = ctypes.string_at(begin, end - begin)
    LIBC.mmap.restype = ctypes.c_void_p
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_FIXED
    size, access = ctypes.c_size_t(end - begin), mmap.PROT_READ | mmap.PROT_WRITE
    assert LIBC.mmap(ctypes.c_void_p(begin), size, access, flags, -1, ctypes.c_long(0)) == begin
    ctypes.memmove(begin, content, end - begin)


library = (WORK / "libdense.so").resolve()
(WORK / "dense.btn").write_text(SOURCE)
save_safetensors(WORK / "w.safetensors", {"w": ((ROWS, COLUMNS), numbers(ROWS * COLUMNS, 1))})
weights = f"--weights={WORK / 'w.safetensors'}:embed"
subprocess.run([BATTEN, "build", "--quiet", WORK / "dense.btn", weights, "-o", library], check=True)
size = int(re.search(r"_BYTES INT64_C\((\d+)\)", (WORK / "dense.h").read_text())[1])
dense = ctypes.CDLL(str(library))
first = outputs(dense, size)
resident = sum(bytes_ for _, _, bytes_ in mappings(library))
# A page that is read brings up to 2 MiB of neighbours along, as the file lies in the page cache.
print("of 8 MiB, resident after a bind:", "the lesser part" if 0 < resident < 4 << 20 else resident)
print("bound again: the same bits:", outputs(dense, size) == first)
begin, end, _ = max(mappings(library), key=lambda mapping: mapping[1] - mapping[0])
copy_to_no_file(begin, end)
print("in memory of no file: the same bits:", [outputs(dense, size) == first for _ in range(2)])
