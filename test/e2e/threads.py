"""threads.py BATTEN FILE: which calls of the functions of FILE, on eight threads, run kernels in parallel.

None of one sample does; all of 4,000 do, with the bits of one thread. Standard library only.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import array
import ctypes
import pathlib
import re
import sys

from program import Call, ParallelFor, Program, numbers

THREADS, MANY, ROOM = 8, 4_000, 1 << 24
CODES = {"f32": "f", "bf16": "H", "i32": "i"}


def tensor(type_, samples, seed):
    dtype, shape = re.fullmatch(r"(\w+)\[(.*)\]", type_).groups()
    batch, core = shape.split("|")
    elements = samples if batch.strip() else 1
    for size in filter(None, core.split(",")):
        elements *= int(size)
    if dtype == "bf16":
        return array.array("H", (0x3F00 + (i * 37 + seed) % 256 for i in range(elements)))
    return numbers(elements, seed) if dtype == "f32" else array.array(CODES[dtype], bytes(4 * elements))


def called(program, name, types, samples, threads):
    """The results of a call, and how many times it asked for threads."""
    asked = []

    @ParallelFor
    def run(_, count, body, context):
        asked.append(count)
        for piece in reversed(range(count)):
            body(context, piece, piece + 1)

    call = Call(ctypes.sizeof(Call), threads, run, None, None, None, None)
    tensors = [tensor(type_, samples, seed) for seed, type_ in enumerate(types)]
    bytes_ = program.workspace(name, samples) + ROOM
    result = program.call(name, [samples], tensors, bytes_, ctypes.byref(call))
    if result:
        sys.exit(f"{name}: a call of {samples} samples gives {result}")
    return tensors[-1], len(asked)


program, faults = Program(sys.argv[1], sys.argv[2]), []
for name, arguments, result in re.findall(r"pub fn (\w+)\((.*)\) -> (\S.*?) =", pathlib.Path(sys.argv[2]).read_text()):
    types = [*re.findall(r": (\w+\[[^]]*\])", arguments), result]
    if called(program, name, types, 1, THREADS)[1]:
        faults.append(f"{name}: a call of one sample asks for threads")
    alone, shared = (called(program, name, types, MANY, threads) for threads in (1, THREADS))
    if not shared[1]:
        faults.append(f"{name}: a call of {MANY} samples asks for none")
    if shared[0] != alone[0]:
        faults.append(f"{name}: threads change bits")
print("\n".join(faults))
sys.exit(bool(faults))
