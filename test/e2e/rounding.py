"""rounding.py BATTEN: bf16 and f16 are rounded as NUMERICS.md says at every level, by its instructions or emulated.

Numbers whose last bits make ties of both kinds, around the border of the subnormals, with zeros, infinities and NaNs of
several payloads; some rows have no subnormal result, some nothing else. Standard library only.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import array
import pathlib
import random
import subprocess
import sys
import tempfile

from program import save_npy

BATTEN = sys.argv[1]
LEVELS = [["native"], ["x86-64-v3"], ["x86-64-v4", "--emulate"], ["znver4", "--emulate"],
          ["sapphirerapids", "--emulate"]]
ROWS, COLUMNS = 24, 331
SOURCE = f"""dim B
pub fn product(x: bf16[B | {COLUMNS}], y: bf16[B | {COLUMNS}]) -> bf16[B | {COLUMNS}] = x * y
pub fn narrowed(x: bf16[B | {COLUMNS}], y: bf16[B | {COLUMNS}]) -> bf16[B | {COLUMNS}] = ((x as f32) * (y as f32)) as bf16
pub fn positive(x: bf16[B | {COLUMNS}]) -> bf16[B | {COLUMNS}] = relu(x)
pub fn to_bf16(z: f32[B | {COLUMNS}]) -> bf16[B | {COLUMNS}] = z as bf16
pub fn to_f16(z: f32[B | {COLUMNS}]) -> f16[B | {COLUMNS}] = z as f16
"""
INPUTS = {"product": "xy", "narrowed": "xy", "positive": "x", "to_bf16": "z", "to_f16": "z"}
NANS = (0x7FC00000, 0xFFC50000, 0x7F800001, 0xFF812345, 0x7FFFFFFF)
random.seed(5)


def number(exponents):
    bits = random.getrandbits(1) << 15 | random.randrange(*exponents) << 7 | random.choice((0, 64, random.getrandbits(7)))
    return bits << 16


def numbers(exponents, lower, specials):
    """As f32, which is how .npy files hold bf16."""
    words = array.array("I")
    for row in range(ROWS):
        words.extend(number(exponents[row % len(exponents)]) | lower() for _ in range(COLUMNS))
        if row % 4 == 3:
            for special in (0, 0x80000000, 0x7F800000, 0xFF800000, 0x00010000, *specials):
                words[-1 - random.randrange(COLUMNS)] = special
    return array.array("f", words.tobytes())


def words(path, code):
    data = pathlib.Path(path).read_bytes()
    return array.array(code, data[10 + int.from_bytes(data[8:10], "little"):])


def main():
    faults, tiny = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        source, out = pathlib.Path(folder, "rounding.btn"), f"{folder}/out.npy"
        source.write_text(SOURCE)
        nothing, anything = lambda: 0, lambda: random.choice((0, 0x8000, random.getrandbits(16)))
        for name, exponents, lower, specials in (("x", ((60, 70), (100, 140), (0, 3)), nothing, NANS),
                                                 ("y", ((54, 68), (100, 140), (126, 129)), nothing, ()),
                                                 ("z", ((60, 70), (100, 145), (0, 3)), anything, NANS)):
            save_npy(f"{folder}/{name}.npy", numbers(exponents, lower, specials), (ROWS, COLUMNS))
        for function, names in INPUTS.items():
            code = "H" if function == "to_f16" else "I"

            def run(*options):
                inputs = [f"--{name}=@{folder}/{name}.npy" for name in names]
                subprocess.run([BATTEN, "run", source, function, *inputs, *options, "-o", out], check=True)
                return words(out, code)
            exact = run("--exact")
            if code == "I":
                tiny += sum(0 < word & 0x7FFFFFFF < 0x00800000 for word in exact)
            for level, *options in LEVELS:
                bad = [i for i, pair in enumerate(zip(run(f"--target=cpu:{level}", *options), exact)) if pair[0] != pair[1]]
                if bad:
                    faults += 1
                    print(f"{function}, {level}: {len(bad)} wrong, the first at {bad[0]}, not {exact[bad[0]]:08x}")
    print(f"{'many' if tiny > 2000 else tiny} subnormal results, {faults} faults")
    return faults > 0


sys.exit(main())
