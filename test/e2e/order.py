"""order.py BATTEN: topk and argmax give what sorting a list in Python does, at two CPU levels, whatever order the rows
come in: rising, falling, of equal elements, of NaN, of the least integers.

Standard library only. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import array
import math
import pathlib
import random
import re
import struct
import sys

from program import Program

SOURCE = pathlib.Path(__file__).resolve().parent / "Inputs/order.btn"
CODES = {"f32": "f", "f64": "d", "i32": "i", "i64": "q", "u8": "B"}
LEAST = {"i": -(2**31), "q": -(2**63), "B": 0, "f": -math.inf, "d": -math.inf}
# about the lanes, the blocks and the sampled elements, and beyond these
LENGTHS = [*range(1, 70), 100, 127, 128, 129, 200, 257, 1023, 1025, 4095, 4097, 20000]
source = random.Random(5)


def order(x):
    """Indices from the greatest element down; sorting keeps those of equal ones in order."""
    return sorted(range(len(x)), key=lambda i: (not math.isnan(x[i]), -x[i]))


def rows(code, n):
    """Rows that a selection may find hard."""
    if code in "fd":
        wide, special = [source.gauss(0, 1) for _ in range(n)], [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0]
    else:
        bits = 8 if code == "B" else 32 if code == "i" else 64
        wide = [source.getrandbits(bits) + (LEAST[code] if code != "B" else 0) for _ in range(n)]
        special = [LEAST[code], LEAST[code] + 1, 2 ** (bits - 1) - 1, 0, 1, 2]
    straight = [wide] + [sorted(wide), sorted(wide, reverse=True)]
    few = [source.choice(special) for _ in range(n)]
    rare = [source.choice(special) if source.random() < 0.01 else LEAST[code] for _ in range(n)]
    equal = [[value] * n for value in special]
    nans = [[math.nan if source.random() < 0.5 else value for value in wide]] if code in "fd" else []
    return [array.array(code, row) for row in [*straight, few, rare, *equal, *nans]]


def check(program, name, code, n, k, sizes, others):
    """The faults of one call with a batch of all rows."""
    given = rows(code, n)
    x = array.array(code, b"".join(row.tobytes() for row in given))
    values, indices = array.array(code, bytes(x.itemsize * k * len(given))), array.array("i", bytes(4 * k * len(given)))
    assert program.call(name, [len(given), *sizes], [x, *others(len(given)), values, indices]) == 0
    faults = 0
    for i, row in enumerate(given):
        want = order(row)[:k]
        chosen = array.array(code, [row[j] for j in want])
        found, places = values[i * k : (i + 1) * k], list(indices[i * k : (i + 1) * k])
        if places != want or found.tobytes() != chosen.tobytes():
            print(f"{name}, n {n}, k {k}, row {i}: {places[:10]} came, {want[:10]} is expected")
            faults += 1
    return faults


def halves(dtype, row):
    """The floats of `row` in 16 bits: as memory holds them, and as numbers."""
    if dtype == "f16":
        packed = struct.pack(f"<{len(row)}e", *row)
        return array.array("H", packed), struct.unpack(f"<{len(row)}e", packed)
    words = array.array("H", row.tobytes())
    words[::2] = array.array("H", bytes(2 * len(row)))
    return words[1::2], array.array("f", words.tobytes())


def check_argmax(program, name, dtype, n):
    given = rows(CODES.get(dtype, "f"), n)
    stored = given
    if dtype in ("f16", "bf16"):
        given.append(array.array("f", (source.choice([-math.nan, math.inf]) for _ in range(n))))
        stored, given = zip(*(halves(dtype, row) for row in given))
    x = array.array(stored[0].typecode, b"".join(row.tobytes() for row in stored))
    places = array.array("i", bytes(4 * len(given)))
    assert program.call(name, [len(given)], [x, places]) == 0
    faults = 0
    for i, row in enumerate(given):
        want = min(range(n), key=lambda j: (not math.isnan(row[j]), -row[j] if row[j] == row[j] else 0))
        if places[i] != want:
            print(f"{name}, n {n}, row {i}: {places[i]} came, {want} is expected")
            faults += 1
    return faults


def check_nan(program, name, code, n, k):
    """A NaN that says something: every row gives it the same bits, whatever the batch."""
    nan = struct.pack("<Q", 0x7FF8000000012345) if code == "d" else struct.pack("<I", 0x7FC12345)
    row, found = array.array(code, bytes(8 * (n - 1) if code == "d" else 4 * (n - 1)) + nan).tobytes(), set()
    for batch in range(1, 20):
        x, values = array.array(code, row * batch), array.array(code, [0] * k * batch)
        assert program.call(name, [batch], [x, values, array.array("i", [0] * k * batch)]) == 0
        found |= {values[i : i + k].tobytes() for i in range(0, k * batch, k)}
    if len(found) > 1:
        print(f"{name}: a NaN has {len(found)} forms")
    return len(found) > 1


def check_all(program):
    faults, nothing = 0, lambda batch: []
    places = re.findall(r"^pub fn (\w+)\(x: (\w+)\[B \| (\d+)\].*argmax", SOURCE.read_text(), re.M)
    for name, dtype, n in places:
        faults += check_argmax(program, name, dtype, int(n))
    declared = re.findall(r"^pub fn (\w+)\(x: (\w+)\[B \| (\w+)\].*k: (\w+)\)", SOURCE.read_text(), re.M)
    for name, dtype, n, k in declared:
        code = CODES[dtype]
        if n != "N":
            faults += check(program, name, code, int(n), int(k), [], nothing)
            faults += code in "fd" and check_nan(program, name, code, int(n), int(k))
            continue
        for length in LENGTHS:
            if name == "k_of_n":
                for taken in {1, length // 3, length - 1} - {0}:
                    unused = lambda batch: [array.array(code, bytes(4 * batch * taken))]
                    faults += check(program, name, code, length, taken, [length, taken], unused)
            elif k == "N" or int(k) <= length:
                faults += check(program, name, code, length, length if k == "N" else int(k), [length], nothing)
    return len(declared) + len(places), faults


for target in ("native", "x86-64-v3"):
    print(target, "%d functions, %d faults" % check_all(Program(sys.argv[1], SOURCE, target=target)))
