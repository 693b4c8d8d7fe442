"""rounding.py BATTEN: bf16 is rounded as NUMERICS.md says at every level, by its instructions or emulated.

Products of numbers whose last bits make ties of both kinds, around the border of the subnormals, with zeros, infinities and
NaNs; some rows have no subnormal result, some nothing else. Standard library only.
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
"""
random.seed(5)


def number(exponents):
    bits = random.getrandbits(1) << 15 | random.randrange(*exponents) << 7 | random.choice((0, 64, random.getrandbits(7)))
    return bits << 16


def numbers(exponents):
    """As f32, which is how .npy files hold bf16."""
    words = array.array("I")
    for row in range(ROWS):
        words.extend(number(exponents[row % len(exponents)]) for _ in range(COLUMNS))
        if row % 4 == 3:
            for special in (0, 0x80000000, 0x7F800000, 0xFF800000, 0x7FC00000, 0x00010000):
                words[-1 - random.randrange(COLUMNS)] = special
    return array.array("f", words.tobytes())


def words(path):
    """The result's words; all NaNs are one."""
    data = pathlib.Path(path).read_bytes()
    found = array.array("I", data[10 + int.from_bytes(data[8:10], "little"):])
    return [0x7FC00000 if word & 0x7FFFFFFF > 0x7F800000 else word for word in found]


def main():
    faults, tiny = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        source, out = pathlib.Path(folder, "rounding.btn"), f"{folder}/out.npy"
        source.write_text(SOURCE)
        for name, exponents in (("x", ((60, 70), (100, 140), (0, 3))), ("y", ((54, 68), (100, 140), (126, 129)))):
            save_npy(f"{folder}/{name}.npy", numbers(exponents), (ROWS, COLUMNS))
        inputs = [f"--{name}=@{folder}/{name}.npy" for name in "xy"]
        for function in ("product", "narrowed"):
            def run(*options):
                subprocess.run([BATTEN, "run", source, function, *inputs, *options, "-o", out], check=True)
                return words(out)
            exact = run("--exact")
            tiny += sum(0 < word & 0x7FFFFFFF < 0x00800000 for word in exact)
            for level, *options in LEVELS:
                bad = [i for i, pair in enumerate(zip(run(f"--target=cpu:{level}", *options), exact)) if pair[0] != pair[1]]
                if bad:
                    faults += 1
                    print(f"{function}, {level}: {len(bad)} wrong, the first at {bad[0]}, not {exact[bad[0]]:08x}")
    print(f"{'many' if tiny > 2000 else tiny} subnormal results, {faults} faults")
    return faults > 0


sys.exit(main())
