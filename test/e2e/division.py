"""division.py BATTEN: quotients and remainders are those of Python's integers and fmod, at every CPU level.

All pairs of bytes; of longer integers the ends, powers of two and their neighbours, and multiples with theirs, so that
quotients lie next to whole numbers; of floats all exponents, quotients of every length and next to whole numbers, and the
special ones. Standard library only. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import array
import itertools
import math
import random
import struct
import sys
import tempfile

from program import Program

LEVELS = ["x86-64-v3", "native"]
CODES = {"i8": "b", "u8": "B", "i32": "i", "i64": "q", "f32": "f", "f64": "d"}
WIDTHS = {"i32": 32, "i64": 64}
DIVISORS = [-7, -1, 1, 3, 10]  # that the program holds as constants
random.seed(11)


def source():
    lines = ["dim N"]
    for dtype in CODES:
        arguments = f"(x: {dtype}[N |], y: {dtype}[N |]) -> {dtype}[N |]"
        lines.append(f"pub fn rem_{dtype}{arguments} = x % y")
        if dtype[0] != "f":
            lines.append(f"pub fn div_{dtype}{arguments} = x / y")
    for dtype, (i, divisor) in itertools.product(("i32", "u8"), enumerate(DIVISORS)):
        if dtype == "i32" or divisor > 0:
            for name, operator in (("div", "/"), ("rem", "%")):
                lines.append(f"pub fn {name}_{dtype}_{i}(x: {dtype}[N |]) -> {dtype}[N |] = x {operator} {divisor}")
    return "\n".join(lines) + "\n"


def wrapped(value, dtype):
    bits = {"i8": 8, "u8": 8, "i32": 32, "i64": 64}[dtype]
    value &= (1 << bits) - 1
    return value - (1 << bits) if dtype[0] == "i" and value >> bits - 1 else value


def quotient(x, y, dtype):
    return wrapped((-1 if (x < 0) != (y < 0) else 1) * (abs(x) // abs(y)), dtype) if y else 0


def remainder(x, y, dtype):
    return wrapped(x - quotient(x, y, dtype) * y, dtype)


def integers(dtype):
    if dtype in ("i8", "u8"):
        values = range(-128, 128) if dtype == "i8" else range(256)
        return list(itertools.product(values, values))
    width = WIDTHS[dtype]
    special = {wrapped(sign * (1 << i) + d, dtype) for sign in (1, -1) for i in range(width) for d in (-1, 0, 1)}
    pairs = list(itertools.product(sorted(special)[:: 1 if width == 32 else 3], sorted(special)[:: 3]))
    for bits in (width, 52, 51, 30):
        for _ in range(4000):
            y = random.getrandbits(random.randrange(1, min(bits, width))) or 1
            x = random.randrange((1 << min(bits, width) - 1) // y + 1) * y + random.choice((-1, 0, 1))
            pairs.append((wrapped(x, dtype), random.choice((-1, 1)) * y))
    random.shuffle(pairs)  # long and short ones in one vector
    return pairs + [(x, y) for x, y in pairs if abs(x) < 1 << 51 and abs(y) < 1 << 51]


def number(dtype):
    bits = {"f32": 4, "f64": 8}[dtype]
    return struct.unpack("<" + CODES[dtype], random.randbytes(bits))[0]


def rounded(value, dtype):
    try:
        return struct.unpack("<" + CODES[dtype], struct.pack("<" + CODES[dtype], value))[0]
    except OverflowError:
        return math.inf


def floats(dtype):
    digits, tiny = (23, -149) if dtype == "f32" else (52, -1074)
    special = [0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, 3.0, 2.0**tiny, -3 * 2.0**tiny, 2.0 ** (tiny + digits),
               (2 - 2.0**-digits) * 2.0 ** (tiny + 2 * digits + 30), (2 - 2.0**-digits) * 2.0 ** -(tiny + digits - 1)]
    pairs = list(itertools.product(special, special))
    pairs += [(number(dtype), number(dtype)) for _ in range(30000)]
    for length in (1, 4, digits - 2, digits - 1, digits, digits + 1, digits + 9):
        for _ in range(3000):
            y = rounded(math.ldexp(random.getrandbits(digits + 1), random.randrange(-2 * digits, digits)), dtype)
            x = rounded(random.getrandbits(length) * y, dtype)
            neighbour = x + random.choice((-1, 0, 1)) * abs(x) * 2.0**-digits
            pairs.append((rounded(random.choice((-1, 1)) * neighbour, dtype), y))
    near = [(x, y) for x, y in pairs if y and abs(x) < abs(y) * 2.0 ** (digits - 1) < math.inf]
    return pairs + near  # with vectors that have no long quotient


def fmod(x, y):
    return math.nan if math.isnan(x) or math.isnan(y) or math.isinf(x) or y == 0 else math.fmod(x, y)


def same(found, wanted):
    return math.isnan(found) if wanted != wanted else found == wanted and math.copysign(1, found) == math.copysign(1, wanted)


def check(program, name, columns, wanted, code):
    found = array.array(code, [0]) * len(wanted)
    result = program.call(name, [len(wanted)], [array.array(code, column) for column in columns] + [found])
    bad = [i for i, pair in enumerate(zip(found, wanted)) if not same(*pair)]
    if result or bad:
        at = bad[0] if bad else 0
        print(f"{name}: {len(bad)} wrong, {[column[at] for column in columns]} give {found[at]}, not {wanted[at]}")
    return bool(result or bad)


def main():
    faults, checks = 0, 0
    with tempfile.NamedTemporaryFile("w", suffix=".btn") as file:
        file.write(source())
        file.flush()
        programs = [Program(sys.argv[1], file.name, target=level) for level in LEVELS]
    for dtype, code in CODES.items():
        pairs = integers(dtype) if dtype[0] != "f" else floats(dtype)
        x, y = zip(*pairs)
        cases = [(f"rem_{dtype}", (x, y), [(fmod(*pair) if dtype[0] == "f" else remainder(*pair, dtype)) for pair in pairs])]
        if dtype[0] != "f":
            cases.append((f"div_{dtype}", (x, y), [quotient(*pair, dtype) for pair in pairs]))
        if dtype in ("i32", "u8"):
            for i, divisor in enumerate(DIVISORS):
                if dtype == "i32" or divisor > 0:
                    cases.append((f"div_{dtype}_{i}", (x,), [quotient(value, divisor, dtype) for value in x]))
                    cases.append((f"rem_{dtype}_{i}", (x,), [remainder(value, divisor, dtype) for value in x]))
        for program, (name, columns, wanted) in itertools.product(programs, cases):
            checks += 1
            faults += check(program, name, columns, wanted, code)
    print(f"{checks} checks, {faults} faults")
    return faults > 0


sys.exit(main())
