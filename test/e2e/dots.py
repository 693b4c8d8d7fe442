"""dots.py BATTEN FOLDER: products and attention of bf16, and products of bytes, have the bits of the exact evaluator at every level.

Levels that the machine lacks are emulated, and so is one that it may have. The numbers of bf16 are such that products
and sums meet the border of the subnormals, with zeros of both signs, infinities and NaNs among them; where they are
flushed, and where not, is part of the bits. Standard library only.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""

import array
import pathlib
import random
import re
import subprocess
import sys

batten, folder = sys.argv[1], pathlib.Path(sys.argv[2])
source = pathlib.Path(__file__).resolve().parent / "Inputs" / "dots.btn"
LEVELS = [["native"], ["native", "--fuse=off"], ["x86-64-v3"]]
LEVELS += [[level, "--emulate"] for level in ("x86-64-v4", "znver4", "sapphirerapids")]
LEVELS += [["sapphirerapids", "--emulate", "--fuse=off"]]
random.seed(7)


def bf16(count):
    """As f32, which is how .npy files hold bf16. Most products of two lie near 2^-126."""
    exponents = [0, 1, 2] + list(range(58, 70)) + [126, 127, 128]
    bits = [
        random.getrandbits(1) << 15 | random.choice(exponents) << 7 | random.choice((0, 0, random.getrandbits(7)))
        for _ in range(count)
    ]
    if random.random() < 0.3:
        bits[random.randrange(count)] = random.choice((0x7F80, 0xFF80, 0x7FC0, 0x8000))
    return array.array("I", [word << 16 for word in bits]).tobytes()


def save(name, dtype, shape):
    count = 1
    for size in shape:
        count *= size
    if dtype == "bf16":
        data = bf16(count)
    elif dtype == "i32":
        data = array.array("i", [random.randrange(70) for _ in range(count)]).tobytes()
    elif dtype == "bool":
        data = bytes(random.getrandbits(1) for _ in range(count))
    else:
        data = bytes(random.choice((0, 127, 128, 255, random.getrandbits(8))) for _ in range(count))
    descr = {"bf16": "<f4", "i8": "|i1", "u8": "|u1", "i32": "<i4", "bool": "|b1"}[dtype]
    tuple_ = "(" + "".join(f"{size}, " for size in shape) + ")"
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {tuple_}}}"
    header = header.ljust(117) + "\n"
    path = folder / f"{name}.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + data)
    return f"--{name}=@{path}"


def words(path, isReal):
    """The result's 32-bit words; all NaNs are one."""
    data = path.read_bytes()
    result = array.array("I", data[10 + int.from_bytes(data[8:10], "little"):])
    return [0x7FC00000 if isReal and word & 0x7FFFFFFF > 0x7F800000 else word for word in result]


def build(level, *options):
    library = folder / ("-".join([level, *options]) + ".so")
    subprocess.run([batten, "build", "--quiet", source, f"--target=cpu:{level}", *options, "-o", library], check=True)
    return library


def run(program, function, inputs, isReal, *options):
    out = folder / "out.npy"
    subprocess.run([batten, "run", program, function, *inputs, *options, "-o", out], check=True)
    return words(out, isReal)


libraries = [(level, options, build(level, *options)) for level, *options in LEVELS]
faults, differing, tiles = [], 0, 0
for function, arguments in re.findall(r"pub fn (\w+)\((.*?)\) ->", source.read_text()):
    isWindow = re.search(r"\bw: \w+\[\w* ?\| (\w+, ){3}", arguments)
    isFixed = isWindow and not re.search(r"\b[KM]\b", arguments)
    for B, K, M in ((2, 9, 70),) if isFixed else ((1, 9, 70), (35, 98, 5)):
        sizes = {"B": B, "K": K, "M": M}
        inputs = []
        for name, dtype, dims in re.findall(r"(\w+): (\w+)\[(.*?)\]", arguments):
            shape = [sizes.get(dim) or int(dim) for dim in re.findall(r"\w+", dims)]
            inputs.append(save(name, dtype, shape))
        isReal = "bf16" in arguments
        exact = {level: run(source, function, inputs, isReal, "--exact", f"--target=cpu:{level}")
                 for level in ("native", "x86-64-v3", "znver4", "sapphirerapids")}
        differing += exact["x86-64-v3"] != exact["znver4"]
        tiles += exact["sapphirerapids"] not in (exact["x86-64-v3"], exact["znver4"])
        for level, options, library in libraries:
            wanted = exact.get(level) or exact["x86-64-v3"]
            for threads in (1, 2) if isWindow and level == "sapphirerapids" else (1,):
                found = run(library, function, inputs, isReal, f"--threads={threads}")
                if found == wanted:
                    continue
                at = [i for i, pair in enumerate(zip(found, wanted)) if pair[0] != pair[1]][0]
                faults.append(f"{function}, {sizes}, {level} {options}, {threads} threads: "
                              f"{found[at]:08x} at {at}, not {wanted[at]:08x}")
if differing < 4:
    faults.append(f"only {differing} results depend on what becomes of subnormals")
if tiles < 4:
    faults.append(f"only {tiles} results depend on the order of tiles")
print("\n".join(faults))
sys.exit(bool(faults))
