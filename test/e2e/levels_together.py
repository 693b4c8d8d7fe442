"""levels_together.py BATTEN: one artifact for two CPU levels runs at either, with the bits that each alone has.

A level is hidden from the bind by asking more of the CPU than there is, in this process's copy of the description. The
worse level, none, and the better one where this machine has it, are bound in turn. Standard library only.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import array
import ctypes
import pathlib
import sys

from program import Program, numbers

BATTEN = sys.argv[1]
SOURCE = pathlib.Path(__file__).resolve().parent / "Inputs/levels.btn"
LEVELS = ["x86-64-v4", "x86-64-v3"]  # best first, whatever the order in --target
E_CPU = 12
WEIGHTS = [numbers(96 * 40, 1), numbers(96, 2), numbers(96 * 33, 3), numbers(33, 4)]


class Level(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("required", ctypes.POINTER(ctypes.c_uint32)), ("count", ctypes.c_int64)]


def levels_of(program):
    words = ctypes.cast(program.function("describe", ctypes.c_void_p)(), ctypes.POINTER(ctypes.c_uint64))
    return (Level * words[15]).from_address(words[14])


def hide(level):
    """No CPU has all 32 bits of a register that cpuid fills."""
    address, page = ctypes.addressof(level.required.contents), 4096
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    begin = address // page * page
    length = ctypes.c_size_t(address + 16 - begin)
    assert protect(ctypes.c_void_p(begin), length, 1 | 2) == 0, ctypes.get_errno()
    level.required[3] = 0xFFFFFFFF


def results(program):
    """Of every function at several batch sizes."""
    found = []
    for batch in (1, 7, 8, 33):
        x, y, mean = numbers(40 * batch, batch), array.array("f", bytes(4 * 33 * batch)), array.array("f", bytes(4 * 33))
        assert program.call("forward", [batch], [x, y]) == 0
        assert program.call("average", [batch], [x, mean]) == 0
        found += [y.tobytes(), mean.tobytes()]
    return found


def level_and_memory(program):
    """What the bind left: the level that it chose and what lies behind the header."""
    memory = ctypes.string_at(program.address, program.size)
    return int.from_bytes(memory[12:16], "little"), memory[64:]


alone = Program(BATTEN, SOURCE, WEIGHTS, LEVELS[1])
expected = results(alone)
both = Program(BATTEN, SOURCE, WEIGHTS, ",".join(reversed(LEVELS)))
levels = levels_of(both)
assert [level.name.decode() for level in levels] == LEVELS

has_better = "avx512vl" in pathlib.Path("/proc/cpuinfo").read_text()
chosen, best_memory = level_and_memory(both)
assert chosen == (0 if has_better else 1), chosen
assert results(both) == expected, "the level that this machine prefers has other bits"

hide(levels[0])
ctypes.memset(both.address, 0, both.size)  # so that the gaps between weights are alike
assert both.bind(WEIGHTS) == 0
chosen, memory = level_and_memory(both)
assert chosen == 1, chosen
assert results(both) == expected, "the worse level has other bits"
assert memory[: alone.size - 64] == level_and_memory(alone)[1], "its weights are packed otherwise than alone"
assert not has_better or memory != best_memory, "both levels pack alike: the test shows nothing"

hide(levels[1])
before = ctypes.string_at(both.address, both.size)
error = ctypes.create_string_buffer(1024)
assert both.bind(WEIGHTS, error) == E_CPU
sentence = b"memory: this CPU or its operating system has none of the levels built in: x86-64-v4, x86-64-v3"
assert sentence in error.raw, error.raw
assert both.bound.value is None
